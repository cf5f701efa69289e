// What `config diff` says against what then happens: whole daemons, real sessions, a kernel in memory.

import test from 'ava';
import fc from 'fast-check';
import type { ConfigPreview, PeerPreview } from '../../src/api/model/types.js';
import { FAMILY_NAMES } from '../../src/base/family.js';
import { formatPrefix } from '../../src/base/prefix.js';
import type { MemoryWorld } from '../../src/kernel/memory/memory-world.js';
import { MESSAGE } from '../../src/wire/iana.js';
import type { TestSpeaker } from '../support/test-speaker.js';
import {
  BASE,
  type DaemonRig,
  hostWorld,
  passive,
  type TestDaemon,
  withDaemons,
  type Yaml,
} from './daemon-rig.js';

/** By prefix: all that is told of it, as text. */
type Told = ReadonlyMap<string, string>;

function toldTo({ told }: TestSpeaker): Told {
  const paths = new Map<string, string[]>();
  for (const [key, attributes] of told) {
    const [prefix = ''] = key.split(' ');
    const text = JSON.stringify(attributes, (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    paths.set(prefix, [...(paths.get(prefix) ?? []), text]);
  }
  return new Map([...paths].map(([prefix, texts]) => [prefix, texts.sort().join('\n')]));
}

const familiesOf = (peer: PeerPreview) => FAMILY_NAMES.map((family) => peer.families[family]);

const named = (peer: PeerPreview | undefined, kind: 'announced' | 'withdrawn' | 'changed'): string[] =>
  peer === undefined
    ? []
    : familiesOf(peer)
        .flatMap(({ prefixes }) => prefixes[kind])
        .sort();

/** What became of `before`, in the words of the preview. */
function happened(before: Told, after: Told): Record<'announced' | 'withdrawn' | 'changed', string[]> {
  return {
    announced: [...after.keys()].filter((prefix) => !before.has(prefix)).sort(),
    withdrawn: [...before.keys()].filter((prefix) => !after.has(prefix)).sort(),
    changed: [...after.keys()]
      .filter((prefix) => before.has(prefix) && before.get(prefix) !== after.get(prefix))
      .sort(),
  };
}

const predicted = (peer: PeerPreview | undefined) => ({
  announced: named(peer, 'announced'),
  withdrawn: named(peer, 'withdrawn'),
  changed: named(peer, 'changed'),
});

const OURS = 12;

const fibOf = (world: MemoryWorld): Told =>
  new Map(
    world
      .routes()
      .filter(({ protocol }) => protocol === OURS)
      .map((route) => [
        formatPrefix(route.prefix),
        JSON.stringify([route.metric, route.type, route.nextHops.map(({ gateway }) => gateway)]),
      ]),
  );

const SPEAKERS = {
  a: { address: '127.0.0.2', asn: 64512, routerId: 0x0a090901 },
  b: { address: '127.0.0.3', asn: 65001, routerId: 0x0a090902 },
  c: { address: '127.0.0.4', asn: 65002, routerId: 0x0a090903, addPath: true },
  d: { address: '127.0.0.5', asn: 64512, routerId: 0x0a090904 },
} as const;

const LEARNED = ['10.1.0.0/24', '10.1.1.0/24', '10.2.0.0/24', '10.2.1.0/24', '192.0.2.0/24', 'fd00:1::/64'];

const inside = (prefix: string) => ({ prefix: { in: [prefix] } });

const POLICIES = fc.record({
  one: fc.constantFrom<Yaml[]>(
    [{ action: 'accept' }],
    [{ match: inside('10.1.0.0/16'), action: 'accept' }],
    [{ match: inside('10.2.0.0/16'), action: 'reject' }, { action: 'accept' }],
    [{ set: { communities: { add: ['64512:7'] } }, action: 'accept' }],
  ),
  two: fc.constantFrom<Yaml[]>(
    [{ action: 'accept' }],
    [{ match: inside('10.0.0.0/8'), set: { localPref: 150 }, action: 'accept' }, { action: 'accept' }],
    [{ match: inside('10.1.0.0/24'), set: { prepend: 2 }, action: 'next' }, { action: 'accept' }],
    [{ match: { source: ['static', 'kernel'] }, action: 'accept' }],
    [{ set: { med: 5 }, action: 'accept' }],
  ),
});

const chain = fc.constantFrom(['one'], ['two'], ['one', 'two'], ['accept-all'], ['reject-all']);

const peerSettings = fc.record({
  import: chain,
  export: chain,
  nextHop: fc.constantFrom('auto', 'self'),
  advertise: fc.constantFrom('all', 'originated'),
});

const CHANGE = fc.record({
  policies: POLICIES,
  a: peerSettings,
  b: peerSettings,
  c: peerSettings,
  d: peerSettings,
  originate: fc.subarray(['10.65.1.0/24', '10.1.0.0/24', 'fd00:65::/64']),
  decision: fc.record({ alwaysCompareMed: fc.boolean(), localWeight: fc.constantFrom(0, 32_768) }),
  pool: fc.constantFrom('10.65.0.0/16', '10.66.0.0/16'),
  install: fc.constantFrom([], ['one'], ['reject-all']),
  clientToClient: fc.boolean(),
});
type Change = typeof CHANGE extends fc.Arbitrary<infer T> ? T : never;

const yamlOf = (change: Change): Yaml => ({
  ...BASE,
  routeReflector: { clientToClient: change.clientToClient },
  kernel: { backend: 'memory', import: [{ interfaces: ['cali*'] }], install: change.install },
  pools: [{ cidr: change.pool }],
  policies: change.policies,
  originate: change.originate.map((prefix) => ({ prefix, kind: 'static' })),
  decision: change.decision,
  peers: Object.entries(SPEAKERS).map(([name, { address, asn }]) =>
    passive(name, address, asn, {
      ...change[name as keyof typeof SPEAKERS],
      ...(name === 'c' ? { addPath: { send: 'all', receive: true } } : {}),
      routeReflectorClient: asn === 64512,
    }),
  ),
});

const OPEN: Change['a'] = {
  import: ['accept-all'],
  export: ['accept-all'],
  nextHop: 'auto',
  advertise: 'all',
};
const FIRST: Change = {
  policies: { one: [{ action: 'accept' }], two: [{ action: 'accept' }] },
  a: OPEN,
  b: OPEN,
  c: OPEN,
  d: OPEN,
  originate: ['10.65.1.0/24'],
  decision: { alwaysCompareMed: false, localWeight: 32_768 },
  pool: '10.65.0.0/16',
  install: [],
  clientToClient: true,
};

interface Stage {
  readonly daemon: TestDaemon;
  readonly world: MemoryWorld;
  readonly speakers: Readonly<Record<keyof typeof SPEAKERS, TestSpeaker>>;
}

async function stage(rig: DaemonRig): Promise<Stage> {
  const world = hostWorld();
  for (const name of ['cali1', 'cali2']) world.addLink(name);
  world.addRoute({ prefix: '10.65.9.1/32', dev: 'cali1' });
  world.addRoute({ prefix: '10.66.9.1/32', dev: 'cali2' });
  const daemon = await rig.start(yamlOf(FIRST), { world });
  const join = (name: keyof typeof SPEAKERS): Promise<TestSpeaker> =>
    rig.join(daemon, SPEAKERS[name].address, SPEAKERS[name]);
  const speakers = { a: await join('a'), b: await join('b'), c: await join('c'), d: await join('d') };
  speakers.a.announce(LEARNED.slice(0, 3), { nextHop: '10.0.0.9', med: 3 });
  speakers.b.announce(LEARNED.slice(0, 4), { nextHop: '10.0.0.10', med: 1 });
  speakers.c.announce(LEARNED.slice(1, 5), { nextHop: '10.0.0.11' }, 1);
  speakers.c.announce(LEARNED.slice(2, 3), { nextHop: '10.0.0.12', med: 9 }, 2);
  speakers.d.announce(LEARNED.slice(2), { nextHop: 'fd00::9' });
  speakers.d.announce(LEARNED.slice(2, 5), { nextHop: '10.0.0.9' });
  await daemon.until('all routes', () => daemon.routes({ all: true }).length >= 18);
  const scene = { daemon, world, speakers };
  await settled(scene);
  return scene;
}

/** The peers have what they were sent, and the kernel what it was asked for. */
async function settled({ daemon, speakers }: Stage): Promise<void> {
  const isTold = ([name, speaker]: readonly [string, TestSpeaker]): boolean =>
    FAMILY_NAMES.reduce((sum, family) => sum + daemon.peer(name).prefixes[family].advertised, 0) ===
    speaker.told.size;
  const hasHeard = ([name, { peer }]: readonly [string, TestSpeaker]): boolean =>
    daemon.peer(name).counters.sent.update === peer.count(MESSAGE.update);
  await daemon.until('the peers to have all', () => Object.entries(speakers).every(isTold));
  // A diff waits until no route is left to be decided.
  await daemon.diff(yamlOf(FIRST));
  await daemon.until('the peers to hear all', () =>
    Object.entries(speakers).every((each) => isTold(each) && hasHeard(each)),
  );
  await daemon.until('the kernel to have all', () => daemon.status.kernel()?.fib.pending === 0);
}

/** Applies the change, and waits until all that was foretold has come. */
async function check({ daemon, world, speakers }: Stage, change: Change): Promise<void> {
  const preview = await daemon.diff(yamlOf(change));
  const peers = Object.entries(speakers).map(([name, speaker]) => ({
    name,
    speaker,
    before: toldTo(speaker),
    wanted: preview.peers.find((peer) => peer.name === name),
  }));
  for (const { name, before, wanted } of peers) {
    const counted =
      wanted === undefined ? before.size : familiesOf(wanted).reduce((sum, each) => sum + each.before, 0);
    if (counted !== before.size)
      throw new Error(`${name} has ${before.size} prefixes, the preview says ${counted}`);
  }
  const fib = fibOf(world);
  const verdict = await daemon.apply(yamlOf(change), { force: true });
  if (!verdict.ok) throw new Error(verdict.message);
  for (const { name, speaker, before, wanted } of peers) {
    const want = JSON.stringify(predicted(wanted));
    const seen = (): string => JSON.stringify(happened(before, toldTo(speaker)));
    await daemon
      .until(`${name}: ${want}`, () => seen() === want)
      .catch((error: unknown) => {
        throw new Error(`${name}: foretold ${want}, seen ${seen()}: ${String(error).slice(0, 200)}`);
      });
  }
  await checkKernel(daemon, preview, fib, world);
}

async function checkKernel(
  daemon: TestDaemon,
  preview: ConfigPreview,
  before: Told,
  world: MemoryWorld,
): Promise<void> {
  const { installed, removed, changed } = preview.kernel?.prefixes ?? {
    installed: [],
    removed: [],
    changed: [],
  };
  const want = JSON.stringify([installed, removed, changed].map((prefixes) => [...prefixes].sort()));
  const seen = (): string => {
    const { announced, withdrawn, changed: others } = happened(before, fibOf(world));
    return JSON.stringify([announced, withdrawn, others]);
  };
  await daemon
    .until(`the kernel: ${want}`, () => seen() === want)
    .catch((error: unknown) => {
      throw new Error(`kernel: foretold ${want}, seen ${seen()}: ${String(error).slice(0, 200)}`);
    });
}

test('whatever changes of policies and peers, each peer and the kernel get exactly what the diff said', (t) =>
  withDaemons(async (rig) => {
    const scene = await stage(rig);
    await fc.assert(
      fc.asyncProperty(CHANGE, (change) => check(scene, change)),
      { numRuns: 40, endOnFailure: true, includeErrorInReport: true },
    );
    t.is(Object.keys(SPEAKERS).filter((name) => scene.daemon.isUp(name)).length, 4);
    t.is(scene.daemon.peer('a').counters.established, 1, 'no session was reset for it');
  }));

test('a diff leaves no trace: no message, no generation, no metric, no route in the kernel', (t) =>
  withDaemons(async (rig) => {
    const { daemon, world, speakers } = await stage(rig);
    const sent = () => Object.keys(SPEAKERS).map((name) => daemon.peer(name).counters.sent.update);
    const trace = async () => ({
      sent: sent(),
      told: Object.values(speakers).map(({ told }) => told.size),
      fib: [...fibOf(world)],
      generation: daemon.status.config().generation,
      sets: daemon.status.summary().attributeSets,
      groups: daemon.status.summary().updateGroups,
      guarded: await daemon.metric('bgpd_config_guarded_total'),
      log: daemon.log.length,
    });
    const before = await trace();
    const preview = await daemon.diff(
      yamlOf({ ...FIRST, a: { ...OPEN, export: ['reject-all'] }, originate: [] }),
    );
    t.true((preview.peers.find(({ name }) => name === 'a')?.families['ipv4-unicast'].withdrawn ?? 0) > 0);
    t.deepEqual(await trace(), before);
  }));

test('peers without a session are counted by themselves: nothing is known of what they would be told', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start(yamlOf(FIRST));
    await rig.join(daemon, SPEAKERS.a.address, SPEAKERS.a);
    const closed: Change['b'] = { ...OPEN, export: ['reject-all'] };
    const { peers, untouchedPeers, peersWithoutSession } = await daemon.diff(yamlOf({ ...FIRST, b: closed }));
    t.deepEqual(peers, []);
    t.is(untouchedPeers, 1);
    t.deepEqual(peersWithoutSession, { count: 3, names: ['b', 'c', 'd'] });
  }));
