// What bgpd has to do with any peer, as one table: each row runs against BIRD, FRR and GoBGP.

import type { ExecutionContext } from 'ava';
import { Capture, type WireNotification } from '../support/capture.js';
import { interop, type Need } from '../support/interop.js';
import type { AnnouncedRoute, ReceivedRoute, RouterKind, SeenNotification } from '../support/peers/types.js';
import {
  established,
  hasRoutes,
  OUR_ASN,
  OURS,
  type Pair,
  type PairOptions,
  PEERS,
  start,
  withPair,
} from './pair.js';

const FAMILIES = ['ipv4-unicast', 'ipv6-unicast'] as const;

/** Ours are plain: bgpd originates without extra attributes. */
const OUR_ROUTES = { 'ipv4-unicast': '10.65.8.0/26', 'ipv6-unicast': '2001:db8:a41:8::/64' } as const;
const THEIR_ROUTES = { 'ipv4-unicast': '198.51.100.0/24', 'ipv6-unicast': '2001:db8:b::/48' } as const;

const DECORATION: Omit<AnnouncedRoute, 'prefix'> = {
  communities: ['64512:100', '65000:65535'],
  largeCommunities: ['64512:1:2', '4200000000:4294967295:0'],
  med: 77,
  asPath: [65010, 4200000001],
};

const OUR_ANNOUNCEMENTS = Object.values(OUR_ROUTES).map((prefix) => ({ prefix }));
const THEIR_ANNOUNCEMENTS = Object.values(THEIR_ROUTES).map((prefix) => ({ prefix, ...DECORATION }));

const PEER_ASN = 65001;

interface Case {
  readonly title: string;
  readonly pair?: Omit<PairOptions, 'peer'>;
  /** Beyond the two routers. */
  readonly needs?: readonly Need[];
  readonly play: (t: ExecutionContext, pair: Pair) => Promise<void>;
}

const bothAnnounce = {
  ourSpec: { announce: OUR_ANNOUNCEMENTS },
  peerSpec: { announce: THEIR_ANNOUNCEMENTS },
} as const;

const up = async (pair: Pair): Promise<void> => {
  await start(pair);
  await established(pair);
};

const bothHaveAll = async (pair: Pair): Promise<void> => {
  for (const family of FAMILIES) {
    await hasRoutes(pair, pair.ours, family, [THEIR_ROUTES[family]]);
    await hasRoutes(pair, pair.peer, family, [OUR_ROUTES[family]]);
  }
};

const nextHopOf = (of: typeof OURS | typeof PEERS, family: (typeof FAMILIES)[number]): string =>
  family === 'ipv4-unicast' ? of.v4 : of.v6;

const checkDecoration = (t: ExecutionContext, route: ReceivedRoute | undefined): void => {
  t.deepEqual(route?.communities, DECORATION.communities);
  t.deepEqual(route?.largeCommunities.toSorted(), DECORATION.largeCommunities?.toSorted());
  t.is(route?.med, DECORATION.med);
  t.is(route?.origin, 'IGP');
};

const checkExchange = async (t: ExecutionContext, pair: Pair, asPaths: AsPaths): Promise<void> => {
  for (const family of FAMILIES) {
    const [theirs] = await hasRoutes(pair, pair.ours, family, [THEIR_ROUTES[family]]);
    checkDecoration(t, theirs);
    t.is(theirs?.asPath, asPaths.theirs);
    t.is(theirs?.nextHop, nextHopOf(PEERS, family));
    const [ours] = await hasRoutes(pair, pair.peer, family, [OUR_ROUTES[family]]);
    t.is(ours?.asPath, asPaths.ours);
    t.is(ours?.nextHop, nextHopOf(OURS, family));
    t.is(ours?.origin, 'IGP');
    t.deepEqual(ours?.communities, []);
  }
};

interface AsPaths {
  readonly ours: string;
  readonly theirs: string;
}

const sees = (notifications: readonly SeenNotification[], wanted: SeenNotification): boolean =>
  notifications.some(
    ({ direction, code, subcode }) =>
      direction === wanted.direction && code === wanted.code && subcode === wanted.subcode,
  );

const isBadPeerAs = ({ from, code, subcode }: WireNotification): boolean =>
  from === OURS.v4 && code === 2 && subcode === 2;

const peerReceives = (pair: Pair, code: number, subcode: number): Promise<unknown> =>
  pair.wait(`the peer to log NOTIFICATION ${code}/${subcode}`, async () =>
    sees(await pair.peer.notifications(OURS.v4), { direction: 'received', code, subcode }),
  );

const weReceive = (pair: Pair, code: number, subcode: number): Promise<unknown> =>
  pair.wait(`us to log NOTIFICATION ${code}/${subcode}`, async () =>
    sees(await pair.ours.notifications(PEERS.v4), { direction: 'received', code, subcode }),
  );

/** GoBGP rests for 30 s after a session's orderly end. */
const PATIENT = { timeout: 50_000 } as const;

const kernelHas = (pair: Pair, family: (typeof FAMILIES)[number], present: boolean): Promise<unknown> =>
  pair.wait(`our kernel ${present ? 'to have' : 'to lose'} ${THEIR_ROUTES[family]}`, async () => {
    const routes = await pair.ours.node.routes(family === 'ipv4-unicast' ? 4 : 6);
    const route = routes.find(({ dst }) => dst === THEIR_ROUTES[family]);
    return (route?.gateway === nextHopOf(PEERS, family)) === present && (present || route === undefined);
  });

const CASES: readonly Case[] = [
  {
    title: 'the session comes up when we connect',
    pair: { passive: 'peer' },
    play: async (t, pair) => {
      await up(pair);
      t.is(await pair.ours.session(PEERS.v4), 'Established');
    },
  },
  {
    title: 'the session comes up when the peer connects',
    pair: { passive: 'ours' },
    play: async (t, pair) => {
      await up(pair);
      t.is(await pair.ours.session(PEERS.v6), 'Established');
    },
  },
  {
    title: 'iBGP: both families, both directions, attributes as sent',
    pair: bothAnnounce,
    play: async (t, pair) => {
      await up(pair);
      await checkExchange(t, pair, { ours: '', theirs: '65010 4200000001' });
      const [theirs] = await hasRoutes(pair, pair.ours, 'ipv4-unicast', [THEIR_ROUTES['ipv4-unicast']]);
      t.is(theirs?.localPref, 100);
      const [ours] = await hasRoutes(pair, pair.peer, 'ipv4-unicast', [OUR_ROUTES['ipv4-unicast']]);
      t.is(ours?.localPref, 100);
    },
  },
  {
    title: 'eBGP: both families, both directions, AS paths grow by one',
    pair: { ...bothAnnounce, peerAsn: PEER_ASN },
    play: async (t, pair) => {
      await up(pair);
      await checkExchange(t, pair, { ours: String(OUR_ASN), theirs: `${PEER_ASN} 65010 4200000001` });
    },
  },
  {
    title: 'eBGP with a 4-octet AS',
    pair: { ...bothAnnounce, peerAsn: 4_200_000_777 },
    play: async (t, pair) => {
      await up(pair);
      await checkExchange(t, pair, { ours: String(OUR_ASN), theirs: '4200000777 65010 4200000001' });
    },
  },
  {
    title: 'routes come and go one by one, in both directions, and in the kernel',
    play: async (t, pair) => {
      await up(pair);
      for (const family of FAMILIES) {
        await pair.peer.announce({ prefix: THEIR_ROUTES[family], ...DECORATION });
        await pair.ours.announce({ prefix: OUR_ROUTES[family] });
      }
      await bothHaveAll(pair);
      for (const family of FAMILIES) await kernelHas(pair, family, true);
      for (const family of FAMILIES) {
        await pair.peer.withdraw(THEIR_ROUTES[family]);
        await pair.ours.withdraw(OUR_ROUTES[family]);
      }
      for (const family of FAMILIES) {
        t.deepEqual(await hasRoutes(pair, pair.ours, family, []), []);
        t.deepEqual(await hasRoutes(pair, pair.peer, family, []), []);
        await kernelHas(pair, family, false);
      }
    },
  },
  {
    title: 'a changed attribute replaces the route',
    pair: bothAnnounce,
    play: async (t, pair) => {
      await up(pair);
      await bothHaveAll(pair);
      const prefix = THEIR_ROUTES['ipv4-unicast'];
      await pair.peer.announce({ prefix, ...DECORATION, med: 78 });
      await pair.wait('the new MED', async () => {
        const [route, ...rest] = await pair.ours.received(PEERS.v4, 'ipv4-unicast');
        return route?.med === 78 && rest.length === 0;
      });
      t.is(await pair.ours.session(PEERS.v4), 'Established');
    },
  },
  {
    title: 'the peer is killed and comes back',
    pair: bothAnnounce,
    play: async (t, pair) => {
      await up(pair);
      await bothHaveAll(pair);
      await pair.peer.kill();
      for (const family of FAMILIES) {
        t.deepEqual(await hasRoutes(pair, pair.ours, family, []), []);
        await kernelHas(pair, family, false);
      }
      await pair.peer.start();
      await established(pair, PATIENT);
      await bothHaveAll(pair);
    },
  },
  {
    title: 'we are killed and come back',
    pair: bothAnnounce,
    play: async (t, pair) => {
      await up(pair);
      await bothHaveAll(pair);
      await pair.ours.kill();
      for (const family of FAMILIES) {
        t.deepEqual(await hasRoutes(pair, pair.peer, family, []), []);
      }
      await pair.ours.start();
      await established(pair, PATIENT);
      await bothHaveAll(pair);
    },
  },
  {
    title: 'a peer that falls silent is dropped at the hold time, and told so',
    pair: { ...bothAnnounce, holdTime: 3 },
    play: async (t, pair) => {
      await up(pair);
      await bothHaveAll(pair);
      pair.peer.process?.signal('SIGSTOP');
      const begin = performance.now();
      const down = async () => (await pair.ours.session(PEERS.v4)) !== 'Established';
      await pair.wait('our hold timer to expire', down);
      const seconds = (performance.now() - begin) / 1000;
      t.true(seconds > 1 && seconds < 6, `after ${seconds} s`);
      for (const family of FAMILIES) await hasRoutes(pair, pair.ours, family, []);
      pair.peer.process?.signal('SIGCONT');
      await established(pair, PATIENT);
      await bothHaveAll(pair);
    },
  },
  {
    title: 'when we fall silent the peer drops us, and we recover',
    pair: { ...bothAnnounce, holdTime: 3 },
    play: async (t, pair) => {
      await up(pair);
      await bothHaveAll(pair);
      pair.ours.process?.signal('SIGSTOP');
      const down = async () => (await pair.peer.session(OURS.v4)) !== 'Established';
      await pair.wait("the peer's hold timer to expire", down);
      pair.ours.process?.signal('SIGCONT');
      await established(pair, PATIENT);
      await bothHaveAll(pair);
      t.is(await pair.ours.session(PEERS.v4), 'Established');
    },
  },
  {
    title: 'our orderly stop is Cease, administrative shutdown, and the peer understands it',
    play: async (t, pair) => {
      await up(pair);
      await pair.ours.stop();
      await peerReceives(pair, 6, 2);
      t.not(await pair.peer.session(OURS.v4), 'Established');
    },
  },
  {
    title: "the peer's reset is understood and the session returns",
    play: async (t, pair) => {
      await up(pair);
      await pair.peer.reset(OURS.v4);
      await weReceive(pair, 6, 4);
      await established(pair, PATIENT);
      t.is(await pair.ours.session(PEERS.v4), 'Established');
    },
  },
  {
    title: 'a peer in an unexpected AS is told Bad Peer AS',
    pair: { peerAsn: PEER_ASN, believedAsn: PEER_ASN + 1 },
    play: async (t, pair) => {
      const capture = await Capture.start(pair.ours.node);
      await start(pair);
      const told = async () => (await capture.notifications()).some(isBadPeerAs);
      await pair.wait('NOTIFICATION 2/2 on the wire', told, { interval: 500 });
      await capture.stop();
      t.true((await capture.notifications()).some(isBadPeerAs));
      t.not(await pair.ours.session(PEERS.v4), 'Established');
    },
  },
  {
    title: 'Wireshark finds nothing wrong in what we send',
    pair: { ...bothAnnounce, holdTime: 3 },
    play: async (t, pair) => {
      const capture = await Capture.start(pair.ours.node);
      await up(pair);
      await bothHaveAll(pair);
      for (const family of FAMILIES) await pair.ours.withdraw(OUR_ROUTES[family]);
      for (const family of FAMILIES) await hasRoutes(pair, pair.peer, family, []);
      await pair.ours.stop();
      await capture.stop();
      t.deepEqual(await capture.complaints([OURS.v4, OURS.v6]), []);
      t.true((await capture.count(1, OURS.v4)) > 0);
      t.true((await capture.count(2, OURS.v4)) > 0);
      t.deepEqual((await capture.notifications()).at(-1)?.code, 6);
    },
  },
];

/** Peers that carry IPv6 routes over an IPv4 session with an IPv6 next hop. GoBGP gives an IPv4 one. */
const CARRIES_BOTH: readonly RouterKind[] = ['bird', 'frr'];

/** FRR learns its own IPv6 address from zebra. */
const oneSession = (peer: RouterKind): Case => ({
  title: 'both families over one session',
  needs: peer === 'frr' ? ['zebra'] : [],
  pair: { ...bothAnnounce, oneSession: true },
  play: async (t, pair) => {
    await up(pair);
    await checkExchange(t, pair, { ours: '', theirs: '65010 4200000001' });
  },
});

/** `ours` is bgpd but in the trial of the cases themselves. */
export const declareCases = (peer: RouterKind, ours: RouterKind = 'bgpd'): void => {
  const cases = CARRIES_BOTH.includes(peer) ? [...CASES, oneSession(peer)] : CASES;
  for (const { title, pair, needs = [], play } of cases) {
    interop(title, [ours, peer, ...needs], async (t) => {
      t.timeout(120_000);
      await withPair({ ours, ...pair, peer }, (stage) => play(t, stage));
    });
  }
};
