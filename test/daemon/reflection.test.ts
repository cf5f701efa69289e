// A route reflector in one process: two clients, a peer that is none, and what each is told (RFC 4456).

import test from 'ava';
import { formatIp, parseIp } from '../../src/base/ip.js';
import type { TestSpeaker } from '../support/test-speaker.js';
import { BASE, type DaemonRig, passive, type TestDaemon, withDaemons, type Yaml } from './daemon-rig.js';

const [C1, C2, PEER] = ['127.0.0.2', '127.0.0.3', '127.0.0.4'];
const IDS = { c1: 0x0a090901, c2: 0x0a090902, peer: 0x0a090903 } as const;
const CLUSTER = 0xf4000001;

const PEERS: readonly Yaml[] = [
  passive('c1', C1, 64512, { routeReflectorClient: true }),
  passive('c2', C2, 64512, { routeReflectorClient: true }),
  passive('peer', PEER, 64512),
];

const REFLECTOR: Yaml = {
  ...BASE,
  routeReflector: { clusterId: '244.0.0.1' },
  peers: PEERS,
};

interface Bed {
  readonly daemon: TestDaemon;
  readonly c1: TestSpeaker;
  readonly c2: TestSpeaker;
  readonly peer: TestSpeaker;
}

async function bed(rig: DaemonRig, yaml: Yaml = REFLECTOR): Promise<Bed> {
  const daemon = await rig.start(yaml);
  return {
    daemon,
    c1: await rig.join(daemon, C1, { asn: 64512, routerId: IDS.c1 }),
    c2: await rig.join(daemon, C2, { asn: 64512, routerId: IDS.c2 }),
    peer: await rig.join(daemon, PEER, { asn: 64512, routerId: IDS.peer }),
  };
}

test('who hears of whose routes, with ORIGINATOR_ID and CLUSTER_LIST, everything else as it was', (t) =>
  withDaemons(async (rig) => {
    const { c1, c2, peer } = await bed(rig);
    const attributes = { nextHop: '10.0.0.11', localPref: 120, med: 7, communities: [0xfc000001] };
    c1.announce(['10.65.0.0/26'], attributes);
    c2.announce(['10.65.0.64/26'], { nextHop: '10.0.0.12' });
    peer.announce(['10.65.0.128/26'], { nextHop: '10.0.0.13' });
    await c1.hasRoutes('10.65.0.128/26', '10.65.0.64/26');
    await c2.hasRoutes('10.65.0.0/26', '10.65.0.128/26');
    await peer.hasRoutes('10.65.0.0/26', '10.65.0.64/26');
    for (const speaker of [c2, peer]) {
      t.like(speaker.told.get('10.65.0.0/26'), {
        originatorId: IDS.c1,
        clusterList: [CLUSTER],
        nextHop: parseIp('10.0.0.11'),
        localPref: 120,
        med: 7,
        communities: [0xfc000001],
        asPath: [],
      });
    }
    t.like(c1.told.get('10.65.0.128/26'), { originatorId: IDS.peer, clusterList: [CLUSTER] });
  }));

test('reflected once more: the originator stays, the cluster list grows', (t) =>
  withDaemons(async (rig) => {
    const { c1, c2 } = await bed(rig);
    c1.announce(['10.65.0.0/26'], {
      nextHop: '10.0.0.11',
      originatorId: 0x0a090999,
      clusterList: [0xf4000009],
    });
    await c2.hasRoutes('10.65.0.0/26');
    t.like(c2.told.get('10.65.0.0/26'), { originatorId: 0x0a090999, clusterList: [CLUSTER, 0xf4000009] });
  }));

const LOOPS: readonly (readonly [what: string, attributes: Yaml, why: string])[] = [
  ['through our cluster', { clusterList: [0xf4000009, CLUSTER] }, 'CLUSTER_LIST contains our cluster id'],
  ['from ourselves', { originatorId: 0x0a000001 }, 'ORIGINATOR_ID is our router id'],
  [
    'through our AS',
    { asPath: [{ kind: 'sequence', asns: [65001, 64512] }] },
    'AS_PATH contains our AS 64512',
  ],
];

for (const [what, attributes, why] of LOOPS) {
  test(`a route that came ${what} is refused and says why`, (t) =>
    withDaemons(async (rig) => {
      const { daemon, c1, c2 } = await bed(rig);
      c1.announce(['10.65.0.0/26'], { nextHop: '10.0.0.11', ...attributes });
      c1.announce(['10.65.0.64/26'], { nextHop: '10.0.0.11' });
      await c2.hasRoutes('10.65.0.64/26');
      t.like(daemon.route('10.65.0.0/26'), { best: false, decision: `not used: ${why}`, source: 'c1' });
      t.deepEqual(daemon.routes({ prefix: '10.65.0.0/26' }), [], 'it is shown among all paths only');
      t.like(daemon.peer('c1').prefixes['ipv4-unicast'], { received: 2, accepted: 1 });
      c1.announce(['10.65.0.0/26'], { nextHop: '10.0.0.11' });
      await c2.hasRoutes('10.65.0.0/26', '10.65.0.64/26');
      c1.announce(['10.65.0.0/26'], { nextHop: '10.0.0.11', ...attributes });
      await c2.hasRoutes('10.65.0.64/26');
    }));
}

const MESHED: Yaml = { ...REFLECTOR, routeReflector: { clusterId: '244.0.0.1', clientToClient: false } };

test('clients that are meshed hear of others only; a reload changes it while the sessions stay', (t) =>
  withDaemons(async (rig) => {
    const { daemon, c1, c2, peer } = await bed(rig, MESHED);
    c1.announce(['10.65.0.0/26'], { nextHop: '10.0.0.11' });
    peer.announce(['10.65.0.64/26'], { nextHop: '10.0.0.13' });
    await peer.hasRoutes('10.65.0.0/26');
    await c2.hasRoutes('10.65.0.64/26');
    const { message } = await daemon.reload(REFLECTOR);
    t.regex(message, /routeReflector\.clientToClient changed/);
    await c2.hasRoutes('10.65.0.0/26', '10.65.0.64/26');
    await daemon.reload(MESHED);
    await c2.hasRoutes('10.65.0.64/26');
    for (const name of ['c1', 'c2', 'peer']) t.is(daemon.peer(name).counters.flaps, 0);
  }));

const OTHER_CLUSTER = 0xf4000002;
const CLIENT: Yaml = { routeReflectorClient: true };

test('two clusters: each route passes the cluster of its client, and clients of the other one hear of it', (t) =>
  withDaemons(async (rig) => {
    const { daemon, c1, c2, peer } = await bed(rig, {
      ...MESHED,
      peerGroups: { second: { asn: 64512, ...CLIENT, clusterId: '244.0.0.2' } },
      peers: [
        passive('c1', C1, 64512, CLIENT),
        { name: 'c2', address: C2, group: 'second', passive: true },
        passive('peer', PEER, 64512),
      ],
    });
    c1.announce(['10.65.0.0/26'], { nextHop: '10.0.0.11' });
    c2.announce(['10.65.0.64/26'], { nextHop: '10.0.0.12' });
    peer.announce(['10.65.0.128/26'], { nextHop: '10.0.0.13' });
    await c1.hasRoutes('10.65.0.128/26', '10.65.0.64/26');
    await c2.hasRoutes('10.65.0.0/26', '10.65.0.128/26');
    await peer.hasRoutes('10.65.0.0/26', '10.65.0.64/26');
    for (const speaker of [c1, peer])
      t.deepEqual(speaker.told.get('10.65.0.64/26')?.clusterList, [OTHER_CLUSTER]);
    t.deepEqual(c2.told.get('10.65.0.0/26')?.clusterList, [CLUSTER]);
    t.deepEqual(
      c2.told.get('10.65.0.128/26')?.clusterList,
      [CLUSTER],
      'a peer that is no client is in our own',
    );
    t.is(daemon.peer('c1').clusterId, '244.0.0.1');
    t.is(daemon.peer('c2').clusterId, '244.0.0.2');
    t.is(daemon.peer('peer').clusterId, null);
    peer.announce(['10.65.1.0/26'], { nextHop: '10.0.0.13', clusterList: [OTHER_CLUSTER] });
    peer.announce(['10.65.1.64/26'], { nextHop: '10.0.0.13' });
    await c1.hasRoutes('10.65.0.128/26', '10.65.0.64/26', '10.65.1.64/26');
    t.like(daemon.route('10.65.1.0/26'), { decision: 'not used: CLUSTER_LIST contains our cluster id' });
  }));

test('loops are counted by the attribute that shows them, beyond the session', (t) =>
  withDaemons(async (rig) => {
    const { daemon, c1, c2 } = await bed(rig);
    c1.announce(['10.65.0.0/26', '10.65.0.64/26'], { nextHop: '10.0.0.11', clusterList: [CLUSTER] });
    c1.announce(['10.65.0.128/26'], { nextHop: '10.0.0.11', originatorId: 0x0a000001 });
    c1.announce(['10.65.1.0/26'], { nextHop: '10.0.0.11' });
    await c2.hasRoutes('10.65.1.0/26');
    const expected = { asPath: 0, originatorId: 1, clusterList: 2, onlyToCustomer: 0 };
    t.deepEqual(daemon.peer('c1').loops, expected);
    t.deepEqual(daemon.peer('c2').loops, { asPath: 0, originatorId: 0, clusterList: 0, onlyToCustomer: 0 });
    c1.peer.socket.destroy();
    await c2.hasRoutes();
    t.deepEqual(daemon.peer('c1').loops, expected);
  }));

test('a cluster that a reload makes ours: routes that passed it are loops from then on', (t) =>
  withDaemons(async (rig) => {
    const { daemon, c1, c2 } = await bed(rig);
    c1.announce(['10.65.0.0/26'], { nextHop: '10.0.0.11', clusterList: [OTHER_CLUSTER] });
    await c2.hasRoutes('10.65.0.0/26');
    const third = passive('c3', '127.0.0.5', 64512, { ...CLIENT, clusterId: '244.0.0.2' });
    await daemon.reload({ ...REFLECTOR, peers: [...PEERS, third] });
    await c2.hasRoutes();
    await daemon.reload(REFLECTOR);
    await c2.hasRoutes('10.65.0.0/26');
    t.is(daemon.peer('c1').counters.flaps, 0);
  }));

test('withdrawals and the end of a client are told; when it comes back it gets and gives everything', (t) =>
  withDaemons(async (rig) => {
    const { daemon, c1, c2, peer } = await bed(rig);
    c1.announce(['fd00:65::/64'], { nextHop: 'fd00::11' });
    c1.announce(['10.65.0.0/26', '10.65.0.64/26'], { nextHop: '10.0.0.11' });
    c2.announce(['10.65.1.0/26'], { nextHop: '10.0.0.12' });
    await peer.hasRoutes('10.65.0.0/26', '10.65.0.64/26', '10.65.1.0/26', 'fd00:65::/64');
    c1.withdraw(['10.65.0.64/26']);
    await peer.hasRoutes('10.65.0.0/26', '10.65.1.0/26', 'fd00:65::/64');
    for (let flap = 1; flap <= 3; flap++) {
      if (flap === 1) c1.peer.socket.destroy();
      await peer.hasRoutes('10.65.1.0/26');
      await c2.hasRoutes();
      const again = await rig.join(daemon, C1, { asn: 64512, routerId: IDS.c1 });
      await again.hasRoutes('10.65.1.0/26');
      again.announce(['10.65.0.0/26'], { nextHop: '10.0.0.11' });
      again.announce(['fd00:65::/64'], { nextHop: 'fd00::11' });
      await peer.hasRoutes('10.65.0.0/26', '10.65.1.0/26', 'fd00:65::/64');
      again.peer.socket.resetAndDestroy();
    }
    await peer.hasRoutes('10.65.1.0/26');
    t.is(daemon.peer('c1').counters.flaps, 4);
    for (const name of ['c2', 'peer']) t.is(daemon.peer(name).counters.flaps, 0);
    for (const { faults } of [c2, peer]) t.deepEqual(faults, []);
  }));

test('two clients with the same prefix: the better one is told, and the other one when it goes', (t) =>
  withDaemons(async (rig) => {
    const { daemon, c1, c2, peer } = await bed(rig);
    c1.announce(['10.65.0.0/26'], { nextHop: '10.0.0.11', localPref: 200 });
    c2.announce(['10.65.0.0/26'], { nextHop: '10.0.0.12', localPref: 100 });
    await daemon.until('both paths', () => daemon.routes({ prefix: '10.65.0.0/26', all: true }).length === 2);
    await peer.hasRoutes('10.65.0.0/26');
    await c2.hasRoutes('10.65.0.0/26');
    await c1.hasRoutes();
    t.deepEqual(
      daemon.routes({ prefix: '10.65.0.0/26', all: true }).map(({ source, decision }) => [source, decision]),
      [
        ['c1', 'best: step 4, highest LOCAL_PREF'],
        ['c2', 'lost at step 4, highest LOCAL_PREF'],
      ],
    );
    c1.withdraw(['10.65.0.0/26']);
    await c1.hasRoutes('10.65.0.0/26');
    await c2.hasRoutes();
    const nextHop = (): string => formatIp(peer.told.get('10.65.0.0/26')!.nextHop!);
    await peer.peer.watch.until(() => nextHop() === '10.0.0.12', 'the other path');
    t.deepEqual(peer.withdrawn, [], 'one replaced the other');
  }));

test('without routeReflector nothing goes from one internal peer to another', (t) =>
  withDaemons(async (rig) => {
    const peers = [passive('c1', C1, 64512), passive('c2', C2, 64512), passive('peer', PEER, 64512)];
    const { daemon, c1, c2, peer } = await bed(rig, { ...BASE, peers });
    c1.announce(['10.65.0.0/26'], { nextHop: '10.0.0.11' });
    await daemon.until('the route', () => daemon.routes({ prefix: '10.65.0.0/26' }).length === 1);
    await daemon.reload({ ...BASE, peers, originate: [{ prefix: '10.65.9.0/26' }] });
    for (const speaker of [c2, peer]) await speaker.hasRoutes('10.65.9.0/26');
    t.deepEqual(c2.withdrawn, []);
  }));
