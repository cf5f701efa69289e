// What is announced: every route once, in valid messages, with attributes that arrive as the feed says they must.

import test from 'ava';
import type { FamilyIndex } from '../../../src/base/family.js';
import { type IpAddress, parseIp } from '../../../src/base/ip.js';
import { decodeBlock, encodeBlock } from '../../../src/wire/block.js';
import { Framer } from '../../../src/wire/framer.js';
import { NlriCursor } from '../../../src/wire/nlri.js';
import type { PathAttributes } from '../../../src/wire/types.js';
import { UpdateDecoder } from '../../../src/wire/update.js';
import { Ledger } from './ledger.js';
import { buildFeed, type LoadFeed, newPacker } from './load-feed.js';
import { DAEMON_ASN, daemonAddress, type ScenarioPlan, speakersOf } from './plan.js';

const TABLE = { clients: 1, perClient: 0, routes: 20_000, rate: 0, seconds: 0 };

interface Announced {
  readonly attributes: PathAttributes;
  readonly ids: readonly number[];
}

const read = (feed: LoadFeed, external: boolean): readonly Announced[] => {
  const decoder = new UpdateDecoder({
    asn4: true,
    sessionType: external ? 'ebgp' : 'ibgp',
    families: [true, true],
    addPath: [false, false],
  });
  const cursor = new NlriCursor();
  const found: Announced[] = [];
  const take = (frame: Uint8Array): void => {
    const view = decoder.decode(frame);
    if (view.reset !== null || view.verdicts.length > 0) throw new Error('malformed');
    const [run] = view.runs;
    if (run === undefined || view.runs.length !== 1) throw new Error(`${view.runs.length} runs`);
    const ids: number[] = [];
    cursor.open(view.frame, run);
    while (cursor.next()) {
      ids.push(feed.catalogue.idOf(cursor.w0, cursor.w1, cursor.w2, cursor.w3, cursor.length));
    }
    found.push({ attributes: decodeBlock(view.scratch.slice(run.blockStart, run.blockEnd)), ids });
  };
  for (const chunk of feed.chunks) {
    new Framer().push(chunk, (_type, frame) => {
      take(frame);
      return true;
    });
  }
  return found;
};

/** One message: with the daemon's AS in front. */
const passOn = (
  feed: LoadFeed,
  attributes: PathAttributes,
  nextHop: IpAddress | null,
  ids: readonly number[],
): Uint8Array => {
  const packer = newPacker();
  const asns = [DAEMON_ASN, ...(attributes.asPath[0]?.asns ?? [])];
  const asPath = [{ kind: 'sequence', asns }] as const;
  packer.reach(feed.catalogue.family, encodeBlock({ ...attributes, nextHop, asPath }));
  for (const id of ids) feed.catalogue.pack(packer, id);
  return packer.take();
};

const planOf = (kind: 'transit' | 'fanout', family: FamilyIndex): ScenarioPlan => ({
  ...TABLE,
  kind,
  family,
});

for (const family of [0, 1] as const) {
  test(`family ${family}: a table has every route once and about six to a message`, (t) => {
    const plan = planOf('transit', family);
    const feed = buildFeed(plan, speakersOf(plan));
    const messages = read(feed, true);
    const ids = messages.flatMap((one) => one.ids).sort((a, b) => a - b);
    t.deepEqual(ids, [...Array(plan.routes).keys()]);
    const mean = plan.routes / messages.length;
    t.true(mean > 4 && mean < 9, `${mean} routes to a message`);
    t.true(messages.every(({ attributes }) => attributes.asPath[0]?.asns[0] === 65001));
  });

  test(`family ${family}: passed on by an eBGP speaker it is what the receiver must have`, (t) => {
    const plan = planOf('transit', family);
    const speakers = speakersOf(plan);
    const feed = buildFeed(plan, speakers);
    const messages = read(feed, true);
    const cases = [
      ['of the daemon', daemonAddress(family), 0],
      ['of the first speaker, left as it is', speakers[0]!.address, 0],
      ['of somebody else', parseIp(family === 0 ? '10.1.2.3' : '2001:db8::1'), plan.routes],
    ] as const;
    for (const [name, nextHop, wrong] of cases) {
      const ledger = new Ledger(feed, speakers);
      for (const { attributes, ids } of messages) ledger.take(1, passOn(feed, attributes, nextHop, ids), 0);
      t.is(ledger.incomplete, 0, name);
      t.is(ledger.tallies.wrongAttributes, wrong, name);
    }
  });

  test(`family ${family}: the same table for each run`, (t) => {
    const plan = planOf('fanout', family);
    const [first, second] = [buildFeed(plan, speakersOf(plan)), buildFeed(plan, speakersOf(plan))];
    t.deepEqual(first.chunks, second.chunks);
    t.deepEqual(first.digests, second.digests);
  });
}
