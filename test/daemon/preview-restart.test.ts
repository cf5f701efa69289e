// What `config diff` says while a peer restarts and after our own start, against what then happens.

import test from 'ava';
import type { PeerPreview } from '../../src/api/model/types.js';
import type { Capability } from '../../src/wire/types.js';
import { fakeClock } from '../support/fake-clock.js';
import type { TestSpeaker } from '../support/test-speaker.js';
import { BASE, type DaemonRig, passive, type TestDaemon, withDaemons, type Yaml } from './daemon-rig.js';

const A = '127.0.0.2';
const B = '127.0.0.3';
const KEPT = ['10.65.1.0/26', '10.65.2.0/26'] as const;

const CAPABILITIES: readonly Capability[] = [
  { kind: 'multiprotocol', afi: 1, safi: 1 },
  { kind: 'multiprotocol', afi: 2, safi: 1 },
  { kind: 'fourOctetAs', asn: 64512 },
  {
    kind: 'gracefulRestart',
    restarting: false,
    notification: false,
    restartTime: 120,
    families: [1, 2].map((afi) => ({ afi, safi: 1, forwarding: true })),
  },
];

interface Change {
  readonly a?: Yaml | null;
  readonly b?: Yaml;
  readonly c?: Yaml;
  readonly originate?: readonly string[];
  readonly deferral?: number;
}

const client = (name: string, address: string, more: Yaml = {}): Yaml =>
  passive(name, address, 64512, { routeReflectorClient: true, ...more });

const yamlOf = ({ a = {}, b = {}, c, originate = [], deferral = 0 }: Change = {}): Yaml => ({
  ...BASE,
  routeReflector: { clusterId: '10.0.0.1' },
  gracefulRestart: { selectionDeferral: deferral },
  policies: { one: [{ match: { prefix: { in: [KEPT[1]] } }, action: 'accept' }] },
  originate: originate.map((prefix) => ({ prefix, kind: 'static' })),
  peers: [
    ...(a === null ? [] : [client('a', A, a)]),
    client('b', B, b),
    ...(c === undefined ? [] : [client('c', '127.0.0.4', c)]),
  ],
});

const joinA = (rig: DaemonRig, daemon: TestDaemon): Promise<TestSpeaker> =>
  rig.join(daemon, A, { asn: 64512, routerId: 0x0a090901, holdTime: 0, capabilities: CAPABILITIES });
const joinB = (rig: DaemonRig, daemon: TestDaemon): Promise<TestSpeaker> =>
  rig.join(daemon, B, { asn: 64512, routerId: 0x0a090902, holdTime: 0 });

const counts = (peer: PeerPreview | undefined): readonly unknown[] => {
  const { before, announced, withdrawn, changed } = peer!.families['ipv4-unicast'];
  return [peer!.session, before, announced, withdrawn, changed];
};

interface Story {
  readonly what: string;
  readonly change: Change;
  /** Of the peers that the answer names: fate, before, announced, withdrawn, changed. */
  readonly foretold: Readonly<Record<string, readonly unknown[]>>;
  /** What b has then. */
  readonly left: readonly string[];
}

const STORIES: readonly Story[] = [
  {
    what: 'another route starts here',
    change: { originate: ['10.65.9.0/26'] },
    foretold: { b: ['stays', 2, 1, 0, 0] },
    left: [...KEPT, '10.65.9.0/26'],
  },
  {
    what: 'its import policy takes one of them',
    change: { a: { import: ['one'] } },
    foretold: { b: ['stays', 2, 0, 1, 0] },
    left: [KEPT[1]],
  },
  {
    what: 'it is taken out',
    change: { a: null },
    foretold: { a: ['ends', 0, 0, 0, 0], b: ['stays', 2, 0, 2, 0] },
    left: [],
  },
  {
    what: 'it is switched off',
    change: { a: { enabled: false } },
    foretold: { b: ['stays', 2, 0, 2, 0] },
    left: [],
  },
  {
    what: 'it is no client any more',
    change: { a: { routeReflectorClient: false } },
    foretold: { b: ['stays', 2, 0, 2, 0] },
    left: [],
  },
  {
    what: 'another session ends by it',
    change: { b: { families: ['ipv4-unicast'] } },
    foretold: { b: ['resets', 2, 0, 0, 0] },
    left: KEPT,
  },
  {
    what: 'a peer comes',
    change: { c: {} },
    foretold: { c: ['new', 0, 2, 0, 0] },
    left: KEPT,
  },
];

for (const { what, change, foretold, left } of STORIES) {
  test(`a peer restarts and its routes are kept; ${what}: as the diff said`, (t) =>
    withDaemons(async (rig) => {
      const daemon = await rig.start(yamlOf());
      const a = await joinA(rig, daemon);
      let b = await joinB(rig, daemon);
      a.announce(KEPT, { nextHop: '10.0.0.11' });
      await b.hasRoutes(...KEPT);
      a.peer.socket.destroy();
      await daemon.until('a to be away', () => daemon.peer('a').restart?.state === 'away');
      const preview = await daemon.diff(yamlOf(change));
      t.deepEqual(Object.fromEntries(preview.peers.map((peer) => [peer.name, counts(peer)])), foretold);
      t.true((await daemon.apply(yamlOf(change), { force: true })).ok);
      if (preview.peers.some(({ session }) => session === 'resets')) {
        await b.peer.isClosed();
        b = await joinB(rig, daemon);
      }
      await b.hasRoutes(...left);
    }));
}

test('before the selection after our own start nothing of peers is foretold, as nothing of them is told', (t) =>
  withDaemons(async (rig) => {
    const clock = fakeClock();
    const daemon = await rig.start(yamlOf({ deferral: 40 }), { clock });
    const a = await joinA(rig, daemon);
    a.announce(KEPT, { nextHop: '10.0.0.11' });
    await daemon.until('the routes', () => daemon.routes({ all: true }).length === KEPT.length);
    const change = { originate: ['10.65.9.0/26'], c: {}, deferral: 40 };
    const answer = daemon.diff(yamlOf(change));
    const pump = setInterval(() => clock.advance(1), 1);
    const preview = await answer.finally(() => clearInterval(pump));
    t.deepEqual(
      preview.peers.map((peer) => [peer.name, ...counts(peer)]),
      [
        ['a', 'stays', 0, 1, 0, 0],
        ['c', 'new', 0, 1, 0, 0],
      ],
    );
    t.is(daemon.logged('graceful restart is over').length, 0);
  }));
