// The verifier: whole and correct feeds are accepted however they are cut, and every kind of fault is seen.

import test from 'ava';
import fc from 'fast-check';
import type { FamilyIndex } from '../../../src/base/family.js';
import { decodeBlock, encodeBlock } from '../../../src/wire/block.js';
import { Framer } from '../../../src/wire/framer.js';
import type { PathAttributes } from '../../../src/wire/types.js';
import { Ledger } from './ledger.js';
import { buildFeed, hostBlock, type LoadFeed, newPacker } from './load-feed.js';
import { ROUTER_ID_WORD, type ScenarioPlan, type Speaker, speakersOf } from './plan.js';

const NONE = { clients: 0, perClient: 0, routes: 0, rate: 0, seconds: 0 };

const mesh = (family: FamilyIndex, clients = 4, perClient = 70): ScenarioPlan => ({
  ...NONE,
  kind: 'reflector',
  family,
  clients,
  perClient,
});

const transit = (family: FamilyIndex): ScenarioPlan => ({
  ...NONE,
  kind: 'transit',
  family,
  clients: 1,
  routes: 3000,
});

/** What a reflector makes of a speaker's attributes. */
const reflected = (speaker: Speaker): PathAttributes => ({
  ...decodeBlock(hostBlock(speaker)),
  originatorId: speaker.routerId,
  clusterList: [ROUTER_ID_WORD],
});

const message = (feed: LoadFeed, attributes: PathAttributes | null, ids: readonly number[]): Uint8Array => {
  const packer = newPacker();
  if (attributes === null) packer.unreach(feed.catalogue.family);
  else packer.reach(feed.catalogue.family, encodeBlock(attributes));
  for (const id of ids) feed.catalogue.pack(packer, id);
  return packer.take();
};

const from = (first: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => first + index);

const deliver = (ledger: Ledger, receiver: number, bytes: Uint8Array, at = 1): void => {
  new Framer().push(bytes, (_type, frame) => {
    ledger.take(receiver, frame, at);
    return true;
  });
};

const faults = ({ tallies }: Ledger): number =>
  tallies.unexpected + tallies.wrongAttributes + tallies.malformed;

const meshOf = (plan: ScenarioPlan) => {
  const speakers = speakersOf(plan);
  const feed = buildFeed(plan, speakers);
  return { speakers, feed, ledger: new Ledger(feed, speakers) };
};

for (const family of [0, 1] as const) {
  test(`family ${family}: complete when every client has what the others announce, and at that moment`, (t) => {
    const { speakers, feed, ledger } = meshOf(mesh(family));
    let clock = 0;
    for (const [receiver] of speakers.entries()) {
      for (const [sender, speaker] of speakers.entries()) {
        if (sender === receiver) continue;
        t.not(ledger.incomplete, 0);
        clock += 1;
        deliver(ledger, receiver, message(feed, reflected(speaker), from(speaker.first, 70)), clock);
      }
    }
    t.is(ledger.incomplete, 0);
    t.is(ledger.completedAt, clock);
    t.is(faults(ledger), 0);
    t.is(ledger.differences(new Set()), 0);
  });

  test(`family ${family}: a withdrawal makes incomplete, an announcement complete again`, (t) => {
    const { speakers, feed, ledger } = meshOf(mesh(family, 2, 3));
    deliver(ledger, 0, message(feed, reflected(speakers[1]!), [3, 4, 5]));
    deliver(ledger, 1, message(feed, reflected(speakers[0]!), [0, 1, 2]));
    t.is(ledger.incomplete, 0);
    deliver(ledger, 1, message(feed, null, [1]));
    t.is(ledger.incomplete, 1);
    t.is(ledger.missing, 1);
    t.is(ledger.differences(new Set([1])), 0);
    t.is(ledger.differences(new Set()), 1);
    deliver(ledger, 1, message(feed, reflected(speakers[0]!), [1]), 9);
    t.is(ledger.incomplete, 0);
    t.is(ledger.completedAt, 9);
  });

  test(`family ${family}: an eBGP speaker that leaves its own AS out is seen`, (t) => {
    const { feed, ledger } = meshOf(transit(family));
    deliver(ledger, 1, feed.chunks[0]!);
    t.is(ledger.incomplete, 0);
    t.is(ledger.tallies.wrongAttributes, 3000);
  });
}

const ALTERATIONS = [
  ['next hop of another client', (_: PathAttributes, other: PathAttributes) => ({ nextHop: other.nextHop })],
  ['no ORIGINATOR_ID', () => ({ originatorId: null })],
  ['another ORIGINATOR_ID', () => ({ originatorId: 1 })],
  ['no CLUSTER_LIST', () => ({ clusterList: [] })],
  ['CLUSTER_LIST twice', () => ({ clusterList: [ROUTER_ID_WORD, ROUTER_ID_WORD] })],
  ['another LOCAL_PREF', () => ({ localPref: 101 })],
  ['a MULTI_EXIT_DISC', () => ({ med: 1 })],
  ['an AS in the path', () => ({ asPath: [{ kind: 'sequence', asns: [1] }] })],
  ['another ORIGIN', () => ({ origin: 2 })],
  ['a community', () => ({ communities: [1] })],
] as const satisfies readonly (readonly [
  string,
  (own: PathAttributes, other: PathAttributes) => Partial<PathAttributes>,
])[];

for (const [name, alter] of ALTERATIONS) {
  for (const count of [1, 70]) {
    test(`wrong attributes are seen, ${count} at a time: ${name}`, (t) => {
      const { speakers, feed, ledger } = meshOf(mesh(0));
      const own = reflected(speakers[1]!);
      const altered = { ...own, ...alter(own, reflected(speakers[2]!)) };
      deliver(ledger, 0, message(feed, own, from(70, count)));
      t.is(faults(ledger), 0);
      deliver(ledger, 0, message(feed, altered, from(70, count)));
      t.is(ledger.tallies.wrongAttributes, count);
      t.regex(ledger.evidence ?? '', /^f{32}/);
    });
  }
}

test('a MULTI_EXIT_DISC of 0 says nothing', (t) => {
  const { speakers, feed, ledger } = meshOf(mesh(0));
  deliver(ledger, 0, message(feed, { ...reflected(speakers[1]!), med: 0 }, [70]));
  t.is(faults(ledger), 0);
});

test('the same octets for another receiver are its own routes or not', (t) => {
  const { speakers, feed, ledger } = meshOf(mesh(0));
  const bytes = message(feed, reflected(speakers[1]!), from(70, 70));
  deliver(ledger, 0, bytes);
  deliver(ledger, 1, bytes);
  deliver(ledger, 0, bytes);
  t.is(ledger.tallies.echoes, 70);
  t.is(ledger.tallies.duplicates, 70);
  t.false(ledger.holds(1, 70));
  t.true(ledger.holds(0, 139));
  t.is(ledger.missing, 4 * 210 - 70);
});

test('prefixes nobody announced and messages that do not add up are counted', (t) => {
  const { speakers, feed, ledger } = meshOf(mesh(0));
  const stranger = newPacker();
  stranger.reach(0, encodeBlock(reflected(speakers[1]!)));
  stranger.prefix(0x01020304, 0, 0, 0, 32);
  deliver(ledger, 0, stranger.take());
  t.is(ledger.tallies.unexpected, 1);
  const bytes = message(feed, reflected(speakers[1]!), [70]);
  bytes[22] = bytes[22]! + 1;
  deliver(ledger, 0, bytes);
  t.is(ledger.tallies.malformed, 1);
});

test('any history of changes leaves what a set would', (t) => {
  const plan = mesh(0, 2, 150);
  const { speakers, feed } = meshOf(plan);
  const step = fc.record({
    leaves: fc.boolean(),
    first: fc.integer({ min: 150, max: 299 }),
    count: fc.integer({ min: 1, max: 150 }),
    gap: fc.constantFrom(1, 1, 3),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const ledger = new Ledger(feed, speakers);
      const model = new Set<number>();
      for (const { leaves, first, count, gap } of steps) {
        const ids = from(0, count)
          .map((index) => first + index * gap)
          .filter((id) => id < 300);
        deliver(ledger, 0, message(feed, leaves ? null : reflected(speakers[1]!), ids));
        for (const id of ids) leaves ? model.delete(id) : model.add(id);
      }
      const held = from(0, 300).filter((id) => ledger.holds(0, id));
      return (
        faults(ledger) === 0 &&
        held.every((id) => model.has(id)) &&
        held.length === model.size &&
        ledger.missing === 300 - model.size
      );
    }),
  );
  t.pass();
});
