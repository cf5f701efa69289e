// Graceful restart with a whole daemon: peers that are lost and come back or do not, what ends it, and our own start.

import test from 'ava';
import { encodeOpen } from '../../src/wire/open.js';
import type { Capability } from '../../src/wire/types.js';
import { fakeClock } from '../support/fake-clock.js';
import { openOf, type TestSpeaker } from '../support/test-speaker.js';
import { waitFor } from '../support/wait.js';
import {
  BASE,
  type DaemonRig,
  hostWorld,
  passive,
  type StartOptions,
  type TestDaemon,
  withDaemons,
  type Yaml,
} from './daemon-rig.js';

const A = '127.0.0.2';
const B = '127.0.0.3';

interface Restart {
  readonly restarting?: boolean;
  readonly notification?: boolean;
  readonly forwarding?: boolean;
}

const capabilities = ({
  restarting = false,
  notification = false,
  forwarding = true,
}: Restart = {}): Capability[] => [
  { kind: 'multiprotocol', afi: 1, safi: 1 },
  { kind: 'multiprotocol', afi: 2, safi: 1 },
  { kind: 'fourOctetAs', asn: 64512 },
  {
    kind: 'gracefulRestart',
    restarting,
    notification,
    restartTime: 30,
    families: [1, 2].map((afi) => ({ afi, safi: 1, forwarding })),
  },
];

const CONFIG: Yaml = {
  ...BASE,
  routeReflector: { clusterId: '10.0.0.1' },
  gracefulRestart: { selectionDeferral: 0 },
  peers: [
    passive('a', A, 64512, { routeReflectorClient: true }),
    passive('b', B, 64512, { routeReflectorClient: true }),
  ],
};

const joinA = (rig: DaemonRig, daemon: TestDaemon, restart?: Restart): Promise<TestSpeaker> =>
  rig.join(daemon, A, { asn: 64512, routerId: 0x0a090901, holdTime: 0, capabilities: capabilities(restart) });

const joinB = (rig: DaemonRig, daemon: TestDaemon): Promise<TestSpeaker> =>
  rig.join(daemon, B, { asn: 64512, routerId: 0x0a090902, holdTime: 0 });

/** A has told two routes, B has heard them, and A is gone. */
async function lost(rig: DaemonRig, restart: Restart = {}, yaml: Yaml = CONFIG, options: StartOptions = {}) {
  const daemon = await rig.start(yaml, options);
  const a = await joinA(rig, daemon, restart);
  const b = await joinB(rig, daemon);
  a.announce(['10.65.1.0/26', '10.65.2.0/26'], { nextHop: '10.0.0.11' });
  const pump = setInterval(() => options.clock?.advance(5), 5);
  await b.hasRoutes('10.65.1.0/26', '10.65.2.0/26').finally(() => clearInterval(pump));
  a.peer.socket.destroy();
  await daemon.until('the end', () => !daemon.isUp('a'));
  return { daemon, b };
}

test('routes of a lost peer stay and are stale; it comes back and tells one again, and the other goes', (t) =>
  withDaemons(async (rig) => {
    const { daemon, b } = await lost(rig);
    t.like(daemon.peer('a'), { restart: { state: 'away', stalePaths: 2 }, restarts: { away: 1, back: 0 } });
    t.is(daemon.peer('a').blame?.kind, 'closed', 'whose fault it is, is told all the same');
    t.deepEqual(
      daemon.routes({ peer: 'a' }).map(({ stale }) => stale),
      [true, true],
    );
    t.is(await daemon.metric('bgpd_peer_stale_paths', { peer: 'a' }), 2);
    const again = await joinA(rig, daemon, { restarting: true });
    t.like(daemon.peer('a'), { restart: { state: 'back', stalePaths: 2 } });
    again.announce(['10.65.2.0/26'], { nextHop: '10.0.0.11' });
    await daemon.until('one is fresh', () => daemon.peer('a').restart?.stalePaths === 1);
    t.deepEqual(b.withdrawn, []);
    again.sayEndOfRib();
    await b.hasRoutes('10.65.2.0/26');
    t.deepEqual(b.withdrawn, ['10.65.1.0/26']);
    t.is(daemon.peer('a').restart, null);
    t.is(daemon.logged('the routes of the peer stay').length, 1);
  }));

test('nobody comes back: the routes go when the restart time is over, and not before', (t) =>
  withDaemons(async (rig) => {
    const clock = fakeClock();
    const { daemon, b } = await lost(rig, {}, CONFIG, { clock });
    clock.advance(29_000);
    t.is(daemon.peer('a').restart?.stalePaths, 2);
    clock.advance(2_000);
    await waitFor('the withdrawal', () => {
      clock.advance(5);
      return b.routes.length === 0;
    });
    t.like(daemon.peer('a'), { restart: null, restarts: { away: 1, back: 0, expired: 1 } });
  }));

test('back without having kept forwarding: its routes go at once', (t) =>
  withDaemons(async (rig) => {
    const { daemon, b } = await lost(rig);
    await joinA(rig, daemon, { restarting: true, forwarding: false });
    await b.hasRoutes();
    t.is(daemon.peer('a').restart, null);
  }));

test('back as another router: nothing of the one before stays', (t) =>
  withDaemons(async (rig) => {
    const { daemon, b } = await lost(rig);
    const other = { asn: 64512, routerId: 0x0a090977, holdTime: 0, capabilities: capabilities() };
    const again = await rig.join(daemon, A, other);
    await b.hasRoutes();
    again.announce(['10.65.9.0/26'], { nextHop: '10.0.0.11' });
    await b.hasRoutes('10.65.9.0/26');
    t.is(daemon.peer('a').restart, null);
  }));

test('lost again before End-of-RIB: what it has not told in between goes, the rest stays', (t) =>
  withDaemons(async (rig) => {
    const { daemon, b } = await lost(rig);
    const again = await joinA(rig, daemon, { restarting: true });
    again.announce(['10.65.2.0/26'], { nextHop: '10.0.0.11' });
    await daemon.until('one is fresh', () => daemon.peer('a').restart?.stalePaths === 1);
    again.peer.socket.destroy();
    await b.hasRoutes('10.65.2.0/26');
    t.like(daemon.peer('a'), { restart: { state: 'away', stalePaths: 1 } });
  }));

const FORGETTING: readonly (readonly [string, (daemon: TestDaemon) => Promise<unknown>])[] = [
  ['an operator switches the peer off', (daemon) => daemon.administration.switch('a', false, '', false)],
  [
    'the peer is taken out of the configuration',
    (daemon) => daemon.reload({ ...CONFIG, peers: [passive('b', B, 64512, { routeReflectorClient: true })] }),
  ],
];

for (const [what, act] of FORGETTING) {
  test(`${what} while it is away: its routes go`, (t) =>
    withDaemons(async (rig) => {
      const { daemon, b } = await lost(rig);
      await act(daemon);
      await b.hasRoutes();
      t.pass();
    }));
}

test('mode off and peers without the capability: routes go with the session', (t) =>
  withDaemons(async (rig) => {
    const { daemon, b } = await lost(rig, {}, { ...CONFIG, gracefulRestart: { mode: 'off' } });
    await b.hasRoutes();
    t.is(daemon.peer('a').restart, null);
  }));

test('a reload to off is in force at the next loss, without a reset', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start(CONFIG);
    const a = await joinA(rig, daemon);
    const b = await joinB(rig, daemon);
    a.announce(['10.65.1.0/26'], { nextHop: '10.0.0.11' });
    await b.hasRoutes('10.65.1.0/26');
    t.true((await daemon.reload({ ...CONFIG, gracefulRestart: { mode: 'off', selectionDeferral: 0 } })).ok);
    t.is(daemon.peer('a').counters.flaps, 0);
    a.peer.socket.destroy();
    await b.hasRoutes();
  }));

const CEASE_SHUTDOWN = Buffer.from(`${'ff'.repeat(16)}0015030602`, 'hex');

for (const [notification, stays] of [
  [true, true],
  [false, false],
] as const) {
  test(`a Cease of a peer ${notification ? 'with' : 'without'} RFC 8538: its routes ${stays ? 'stay' : 'go'}`, (t) =>
    withDaemons(async (rig) => {
      const daemon = await rig.start(CONFIG);
      const a = await joinA(rig, daemon, { notification });
      const b = await joinB(rig, daemon);
      a.announce(['10.65.1.0/26'], { nextHop: '10.0.0.11' });
      await b.hasRoutes('10.65.1.0/26');
      a.peer.say(CEASE_SHUTDOWN);
      await daemon.until('the end', () => !daemon.isUp('a'));
      if (stays) t.is(daemon.peer('a').restart?.stalePaths, 1);
      else await b.hasRoutes();
      t.is(daemon.peer('a').restart === null, !stays);
    }));
}

test('a dynamic peer that restarts is not forgotten for being idle', (t) =>
  withDaemons(async (rig) => {
    const clock = fakeClock();
    const yaml: Yaml = {
      ...CONFIG,
      peers: [passive('b', B, 64512, { routeReflectorClient: true })],
      peerGroups: { hosts: { asn: 64512, routeReflectorClient: true } },
      dynamicPeers: [{ range: '127.0.0.2/32', group: 'hosts', idleTime: 1 }],
    };
    const daemon = await rig.start(yaml, { clock });
    const a = await rig.join(daemon, A, {
      asn: 64512,
      routerId: 0x0a090901,
      holdTime: 0,
      capabilities: capabilities(),
    });
    a.announce(['10.65.1.0/26'], { nextHop: '10.0.0.11' });
    await daemon.until('the route', () => daemon.routes({}).length === 1);
    a.peer.socket.destroy();
    await daemon.until('the end', () => !daemon.isUp(A));
    clock.advance(25_000);
    t.is(daemon.peer(A).restart?.stalePaths, 1);
    clock.advance(20_000);
    await waitFor('it to be forgotten', () => {
      clock.advance(20);
      return daemon.status.peer(A) === null;
    });
  }));

test('SIGTERM is a Hard Reset to a peer with RFC 8538, a plain Cease with shutdown.graceful', (t) =>
  withDaemons(async (rig) => {
    const first = await rig.start(CONFIG);
    const a = await joinA(rig, first, { notification: true });
    await first.daemon.stop('bye');
    t.is(await a.peer.hearsNotification(), '6/9 060203627965', 'with the real reason inside');
    const second = await rig.start({ ...CONFIG, shutdown: { graceful: true } });
    const again = await joinA(rig, second, { notification: true });
    const b = await joinA2(rig, second);
    await second.daemon.stop('bye');
    t.is(await again.peer.hearsNotification(), '6/2 03627965');
    await b.peer.isClosed();
    t.is(b.peer.notification, null, 'without RFC 8538 only silence keeps our routes');
  }));

const joinA2 = (rig: DaemonRig, daemon: TestDaemon): Promise<TestSpeaker> =>
  rig.join(daemon, B, { asn: 64512, routerId: 0x0a090902, holdTime: 0, capabilities: capabilities() });

const gracefulOf = (daemon: TestDaemon, name: string): string | undefined =>
  daemon.peer(name).capabilities.local.find((text) => text.startsWith('graceful'));

test('our own start over a kernel with workloads: R and F bits, local routes at once, End-of-RIB when all have told', (t) =>
  withDaemons(async (rig) => {
    const world = hostWorld();
    world.addLink('cali1');
    world.addRoute({ prefix: '10.65.8.1/32', dev: 'cali1' });
    const clock = fakeClock();
    const yaml: Yaml = {
      ...CONFIG,
      gracefulRestart: {},
      kernel: { backend: 'memory' },
      pools: [{ cidr: '10.65.0.0/16' }],
    };
    const daemon = await rig.start(yaml, { world, clock });
    const a = await joinA(rig, daemon);
    t.regex(gracefulOf(daemon, 'a') ?? '', /restarting .*ipv4-unicast forwarding/);
    await a.hasRoutes('10.65.8.1/32');
    a.announce(['10.65.1.0/26'], { nextHop: '10.0.0.11' });
    a.sayEndOfRib();
    await daemon.until('End-of-RIB', () => daemon.logged('End-of-RIB received').length === 2);
    clock.advance(100);
    t.deepEqual(a.endOfRib, [], 'b has not come');
    t.false(daemon.routes({ prefix: '10.65.1.0/26', all: true })[0]?.best, 'nothing of peers is chosen yet');
    const b = await rig.join(daemon, B, {
      asn: 64512,
      routerId: 0x0a090902,
      holdTime: 0,
      capabilities: capabilities(),
    });
    b.sayEndOfRib();
    await daemon.until('End-of-RIB', () => daemon.logged('End-of-RIB received').length === 4);
    clock.advance(100);
    await waitFor('our End-of-RIB', () => {
      clock.advance(5);
      return a.endOfRib.length === 2 && b.endOfRib.length === 2;
    });
    await b.hasRoutes('10.65.1.0/26', '10.65.8.1/32');
    t.is(daemon.logged('graceful restart is over').length, 1);
  }));

test('a cold start: no R bit, no F bit, and End-of-RIB at once', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start({ ...CONFIG, kernel: { backend: 'memory' } }, { world: hostWorld() });
    const a = await joinA(rig, daemon);
    t.notRegex(gracefulOf(daemon, 'a') ?? 'none', /restarting|forwarding|none/);
    await a.peer.watch.until(() => a.endOfRib.length === 2, 'End-of-RIB');
    t.pass();
  }));

test('peers that never come do not hold End-of-RIB for ever', (t) =>
  withDaemons(async (rig) => {
    const clock = fakeClock();
    const daemon = await rig.start({ ...CONFIG, gracefulRestart: { selectionDeferral: 40 } }, { clock });
    const a = await joinA(rig, daemon);
    a.announce(['10.65.1.0/26'], { nextHop: '10.0.0.11' });
    a.sayEndOfRib();
    await daemon.until('End-of-RIB', () => daemon.logged('End-of-RIB received').length === 2);
    clock.advance(6_000);
    await daemon.until(
      'the choice',
      () => daemon.routes({ prefix: '10.65.1.0/26', all: true })[0]?.best === true,
    );
    t.deepEqual(a.endOfRib, []);
    clock.advance(35_000);
    await waitFor('our End-of-RIB', () => {
      clock.advance(5);
      return a.endOfRib.length === 2;
    });
    t.pass();
  }));

test('a new connection while the session is up: the old one ends in silence once the OPEN is there', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start(CONFIG);
    const a = await joinA(rig, daemon);
    const b = await joinB(rig, daemon);
    a.announce(['10.65.1.0/26'], { nextHop: '10.0.0.11' });
    await b.hasRoutes('10.65.1.0/26');
    const again = await joinA(rig, daemon, { restarting: true });
    await a.peer.isClosed();
    t.is(a.peer.notification, null);
    await daemon.until('the second session', () => daemon.peer('a').counters.established === 2);
    t.like(daemon.peer('a'), { state: 'Established', restart: { state: 'back', stalePaths: 1 } });
    again.announce(['10.65.1.0/26'], { nextHop: '10.0.0.11' });
    again.sayEndOfRib();
    await daemon.until('the end of the restart', () => daemon.peer('a').restart === null);
    t.deepEqual(b.withdrawn, []);
  }));

test('a new connection that says no OPEN, or a wrong one, changes nothing', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start(CONFIG);
    const a = await joinA(rig, daemon);
    const mute = await rig.dial(daemon, A);
    mute.say(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    t.is(await mute.hearsNotification(), '6/7');
    const wrong = await rig.dial(daemon, A);
    wrong.say(encodeOpen(openOf({ asn: 64999 })));
    t.is(await wrong.hearsNotification(), '6/7');
    t.like(daemon.peer('a'), { state: 'Established', counters: { established: 1, flaps: 0 } });
    t.false(a.peer.closed);
  }));
