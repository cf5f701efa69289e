// Graceful restart against other people's daemons and against ourselves: whoever is killed comes back to routes that stayed,
// and no packet is lost on the way (RFC 4724, RFC 8538).

import type { ExecutionContext } from 'ava';
import type { PeerDetail, RouteList, RouteStatus } from '../../src/api/model/types.js';
import { buildLab, programAllWorkloads, startRouters } from '../lab/builder.js';
import { createTopology } from '../lab/topology.js';
import { interop } from '../support/interop.js';
import { type NetNode, Network } from '../support/netns.js';
import { askBgpd, BgpdRouter } from '../support/peers/bgpd.js';
import type { NeighborWords, RouterKind, RouterSpec } from '../support/peers/types.js';
import { parsePing } from '../support/ping.js';
import { waitFor } from '../support/wait.js';
import { established, hasRoutes, OURS, type Pair, PEERS, start, withPair } from './pair.js';

const FAMILIES = ['ipv4-unicast', 'ipv6-unicast'] as const;
const OUR_ROUTES = { 'ipv4-unicast': '10.65.8.0/26', 'ipv6-unicast': '2001:db8:a41:8::/64' } as const;
const THEIR_ROUTES = { 'ipv4-unicast': '198.51.100.0/24', 'ipv6-unicast': '2001:db8:b::/48' } as const;

const GRACEFUL = { gracefulRestart: { mode: 'full', restartTime: 60, selectionDeferral: 20 } } as const;

/** How the others are told to keep routes and to ask for it. */
const WORDS: Readonly<Record<RouterKind, { router: RouterSpec['words']; neighbor: NeighborWords }>> = {
  bgpd: { router: { bgpd: GRACEFUL }, neighbor: {} },
  bird: { router: { options: ['-R'] }, neighbor: { bird: ['graceful restart on;'] } },
  frr: {
    router: {
      lines: [
        'no bgp graceful-restart-disable',
        'bgp graceful-restart',
        'bgp graceful-restart preserve-fw-state',
      ],
    },
    neighbor: {},
  },
  gobgp: {
    router: { options: ['-r'] },
    neighbor: {
      gobgp: [
        '[neighbors.graceful-restart.config]',
        'enabled = true',
        'restart-time = 60',
        'deferral-time = 5',
        'notification-enabled = true',
      ],
      gobgpFamily: ['[neighbors.afi-safis.mp-graceful-restart.config]', 'enabled = true'],
    },
  },
};

const stage = (peer: RouterKind, play: (pair: Pair) => Promise<void>): Promise<void> =>
  withPair(
    {
      peer,
      ourSpec: {
        announce: Object.values(OUR_ROUTES).map((prefix) => ({ prefix })),
        words: { bgpd: GRACEFUL },
      },
      peerSpec: {
        announce: Object.values(THEIR_ROUTES).map((prefix) => ({ prefix })),
        ...(WORDS[peer].router === undefined ? {} : { words: WORDS[peer].router }),
      },
      peerNeighbor: { words: WORDS[peer].neighbor },
    },
    async (pair) => {
      await start(pair);
      await established(pair);
      for (const family of FAMILIES) {
        await hasRoutes(pair, pair.ours, family, [THEIR_ROUTES[family]]);
        await hasRoutes(pair, pair.peer, family, [OUR_ROUTES[family]]);
      }
      await play(pair);
    },
  );

const routeOf = async (router: BgpdRouter, prefix: string): Promise<RouteStatus | undefined> => {
  const query = new URLSearchParams({ prefix, all: 'true' });
  return ((await askBgpd(router.socket, `/v1/routes?${query}`)) as RouteList).routes[0];
};

const ourselves = ({ ours }: Pair): BgpdRouter => {
  if (ours instanceof BgpdRouter) return ours;
  throw new Error('it is about bgpd');
};

const farEnds = { 'ipv4-unicast': PEERS.v4, 'ipv6-unicast': PEERS.v6 } as const;
const nearEnds = { 'ipv4-unicast': OURS.v4, 'ipv6-unicast': OURS.v6 } as const;

const inKernel = async (node: NetNode, prefix: string): Promise<boolean> =>
  (await node.routes(prefix.includes(':') ? 6 : 4)).some(({ dst }) => dst === prefix);

/** `ip monitor` from now on; returns what it has seen of lost routes when called. */
const watchLosses = async (node: NetNode): Promise<() => readonly string[]> => {
  const watcher = await node.start('monitor', 'ip', ['monitor', 'route']);
  return () =>
    watcher
      .log()
      .split('\n')
      .filter((line) => line.startsWith('Deleted') && /10\.65\.|198\.51\.100/.test(line));
};

const peerIsKilled = async (t: ExecutionContext, pair: Pair): Promise<void> => {
  const bgpd = ourselves(pair);
  const losses = await watchLosses(bgpd.node);
  await pair.peer.kill();
  for (const family of FAMILIES) {
    const far = farEnds[family];
    await pair.wait(`${far} to be away`, async () => (await bgpd.detail(far)).restart?.state === 'away');
    t.like(await bgpd.detail(far), { restart: { stalePaths: 1 } });
    t.like(await routeOf(bgpd, THEIR_ROUTES[family]), { best: true, stale: true });
    t.true(await inKernel(bgpd.node, THEIR_ROUTES[family]));
  }
  await pair.peer.start();
  await established(pair, { timeout: 50_000 });
  for (const family of FAMILIES) {
    const isOver = async (): Promise<boolean> => (await bgpd.detail(farEnds[family])).restart === null;
    await pair.wait('the restart to be over', isOver, { timeout: 50_000 });
    t.like(await routeOf(bgpd, THEIR_ROUTES[family]), { best: true, stale: false });
  }
  // GoBGP is told its routes after its start, so that it may have said End-of-RIB without them.
  if (pair.peer.kind !== 'gobgp') t.deepEqual(losses(), []);
};

const weAreKilled = async (t: ExecutionContext, pair: Pair): Promise<void> => {
  const losses = await watchLosses(pair.ours.node);
  await pair.ours.kill();
  const isAway = async () => (await pair.peer.session(OURS.v4)) !== 'Established';
  await pair.wait('the peer to miss us', isAway);
  const { peer } = pair;
  for (const family of FAMILIES) {
    if (peer instanceof BgpdRouter) {
      t.like(await routeOf(peer, OUR_ROUTES[family]), { best: true, stale: true });
    } else if (peer.kind !== 'gobgp') await hasRoutes(pair, peer, family, [OUR_ROUTES[family]]);
  }
  await pair.ours.start();
  await established(pair, { timeout: 50_000 });
  for (const family of FAMILIES) {
    await hasRoutes(pair, pair.peer, family, [OUR_ROUTES[family]]);
    await hasRoutes(pair, pair.ours, family, [THEIR_ROUTES[family]]);
    t.is(await pair.peer.session(nearEnds[family]), 'Established');
  }
  t.deepEqual(losses(), []);
};

for (const peer of ['bird', 'frr', 'gobgp', 'bgpd'] as const) {
  interop(`${peer} is killed and comes back: its routes stay`, ['bgpd', peer], async (t) => {
    t.timeout(120_000);
    await stage(peer, (pair) => peerIsKilled(t, pair));
  });
  interop(`we are killed and come back: ${peer} keeps our routes`, ['bgpd', peer], async (t) => {
    t.timeout(120_000);
    await stage(peer, (pair) => weAreKilled(t, pair));
  });
}

const KINDS = { hosts: 'bgpd', reflector: 'bgpd', tor: 'bgpd' } as const;

interop(
  'a host, then the reflector, dies by kill -9: a ping every 10 ms loses nothing',
  ['bgpd'],
  async (t) => {
    t.timeout(120_000);
    const network = Network.open('grlab');
    try {
      const deferral = { gracefulRestart: { mode: 'full', restartTime: 60, selectionDeferral: 4 } };
      const lab = await buildLab(network, createTopology(2), KINDS, { bgpd: deferral });
      const bgpd = (name: string): BgpdRouter => {
        const router = lab.routers.get(name);
        if (router instanceof BgpdRouter) return router;
        throw new Error(`${name} runs bgpd`);
      };
      const evidence = async (): Promise<string> =>
        (await Promise.all([...lab.routers.values()].map((router) => router.evidence()))).join('\n');
      const until = (what: string, probe: () => unknown): Promise<unknown> =>
        waitFor(what, probe, { timeout: 30_000, evidence, interval: 50 });
      await startRouters(lab);
      await programAllWorkloads(lab);
      const [a, b] = lab.topology.hosts;
      const [from, to] = [a?.workloads[0], b?.workloads[0]];
      if (a === undefined || b === undefined || from === undefined || to === undefined)
        throw new Error('two hosts');
      const source = network.node(from.name);
      for (const address of to.addresses)
        await until(`ping of ${address}`, async () => (await source.ping(address)).received === 1);
      const rr = lab.topology.reflector.address;
      const losses = await watchLosses(network.node(a.name));
      const pings = await Promise.all(
        to.addresses.map((address) => source.start('ping', 'ping', ['-n', '-q', '-i', '0.01', address])),
      );
      const restartOf = async (router: BgpdRouter, neighbor: string): Promise<PeerDetail['restart']> =>
        (await router.detail(neighbor)).restart;
      const reflector = bgpd('rr');

      await bgpd(b.name).kill();
      await until(
        'the reflector to miss it',
        async () => (await restartOf(reflector, b.address))?.state === 'away',
      );
      await bgpd(b.name).start();
      await until('the host to have told all', async () => (await restartOf(reflector, b.address)) === null);

      await bgpd('rr').kill();
      for (const host of [a, b])
        await until('hosts to miss it', async () => (await restartOf(bgpd(host.name), rr))?.state === 'away');
      await bgpd('rr').start();
      for (const host of [a, b])
        await until(
          'the reflector to have told all',
          async () => (await restartOf(bgpd(host.name), rr)) === null,
        );

      for (const ping of pings) {
        await ping.stop(5000, 'SIGINT');
        const { sent, received } = parsePing(ping.log());
        t.true(sent > 200, `${sent} pings`);
        t.is(received, sent);
        t.log(`${received} of ${sent} answered`);
      }
      t.deepEqual(losses(), []);
    } finally {
      network.close();
    }
  },
);
