// IPv4 over IPv6 next hops: interface peers that find each other, fixed link-local addresses, and global ones.

import type { ExecutionContext } from 'ava';
import { interop, type Need } from '../support/interop.js';
import type { Family, NeighborWords, RouterKind, RouterSpec } from '../support/peers/types.js';
import { hasRoutes, OUR_ASN, OURS, type Pair, PEERS, start, withPair } from './pair.js';

const PEER_ASN = 65001;
const FAMILIES: readonly Family[] = ['ipv4-unicast', 'ipv6-unicast'];
const LINK = { ours: 'fe80::a', theirs: 'fe80::b' } as const;
const ROUTES = {
  ours: ['10.65.8.0/26', '2001:db8:a41:8::/64'],
  theirs: ['198.51.100.0/24', '2001:db8:b::/48'],
} as const;

interface Scene {
  readonly title: string;
  readonly peer: RouterKind;
  readonly needs?: readonly Need[];
  /** How each side names the other. */
  readonly ourWay: string;
  readonly theirWay: string;
  readonly words?: NeighborWords;
  /** The peer's kernel has heard of us before the routers start. */
  readonly acquainted?: boolean;
}

const byInterface = (peer: RouterKind, needs: readonly Need[] = []): Scene => ({
  title: `unnumbered: ${peer} and we find each other on the link`,
  peer,
  needs,
  ourWay: 'eth0',
  theirWay: 'eth0',
  words: { frr: ['capability extended-nexthop'] },
});

const SCENES: readonly Scene[] = [
  byInterface('bgpd'),
  byInterface('frr', ['zebra']),
  {
    title: 'link-local: BIRD at an address of the link, IPv4 over IPv6',
    peer: 'bird',
    ourWay: `${LINK.theirs}%eth0`,
    theirWay: `${LINK.ours}%eth0`,
    words: { birdChannel: ' extended next hop on;' },
  },
  {
    title: 'link-local: BIRD comes to the interface that we listen on',
    peer: 'bird',
    ourWay: 'eth0',
    theirWay: `${LINK.ours}%eth0`,
    words: { birdChannel: ' extended next hop on;' },
  },
  {
    title: 'link-local: FRR at an address of the link, IPv4 over IPv6',
    peer: 'frr',
    needs: ['zebra'],
    ourWay: `${LINK.theirs}%eth0`,
    theirWay: `${LINK.ours}%eth0`,
    words: { frr: ['capability extended-nexthop'] },
  },
  {
    title: 'link-local: GoBGP at an address of the link, IPv4 over IPv6',
    peer: 'gobgp',
    ourWay: `${LINK.theirs}%eth0`,
    theirWay: `${LINK.ours}%eth0`,
  },
  {
    title: 'link-local: GoBGP comes to the interface that we listen on',
    peer: 'gobgp',
    ourWay: 'eth0',
    theirWay: `${LINK.ours}%eth0`,
  },
  // GoBGP takes the one link-local neighbour that the kernel knows when it starts, and advertises nothing itself.
  { ...byInterface('gobgp'), acquainted: true },
  ...(['bird', 'frr', 'gobgp'] as const).map(
    (peer): Scene => ({
      title: `global IPv6 addresses: IPv4 over IPv6 with ${peer}`,
      peer,
      needs: peer === 'frr' ? ['zebra'] : [],
      ourWay: PEERS.v6,
      theirWay: OURS.v6,
      words: {
        bgpd: { extendedNextHop: true },
        birdChannel: ' extended next hop on;',
        frr: ['capability extended-nexthop'],
      },
    }),
  ),
];

const isGlobal = ({ ourWay }: Scene): boolean => ourWay === PEERS.v6;

const side = (
  way: string,
  asn: number,
  announce: readonly string[],
  words: NeighborWords,
): Partial<RouterSpec> => ({
  neighbors: [{ address: way, asn, holdTime: 9, families: FAMILIES, words }],
  announce: announce.map((prefix) => ({ prefix })),
});

/** No address on the link but a link-local one each. */
const unnumber = async ({ ours, peer }: Pair): Promise<void> => {
  for (const [router, address] of [
    [ours, LINK.ours],
    [peer, LINK.theirs],
  ] as const) {
    await router.node.ip('addr flush dev eth0', `addr add ${address}/64 dev eth0 nodad`);
  }
};

const play = async (t: ExecutionContext, pair: Pair, scene: Scene): Promise<void> => {
  const hops = isGlobal(scene) ? { ours: OURS.v6, theirs: PEERS.v6 } : LINK;
  if (!isGlobal(scene)) await unnumber(pair);
  if (scene.acquainted === true) await pair.peer.node.ping(`${LINK.ours}%eth0`);
  await start(pair);
  const [far] = pair.ours.spec.neighbors;
  const isUp = async () => (await pair.ours.session(far?.address ?? '')) === 'Established';
  await pair.wait('the session', isUp);
  for (const [i, family] of FAMILIES.entries()) {
    const [theirs] = await hasRoutes(pair, pair.ours, family, [ROUTES.theirs[i] ?? '']);
    t.is(theirs?.nextHop, hops.theirs);
    t.is(theirs?.asPath, String(PEER_ASN));
    const [ours] = await hasRoutes(pair, pair.peer, family, [ROUTES.ours[i] ?? '']);
    t.is(ours?.asPath, String(OUR_ASN));
    // BIRD shows the global address, which there is none of, before the link-local one.
    t.is(ours?.nextHop, pair.peer.kind === 'bird' && !isGlobal(scene) ? '::' : hops.ours);
    await pair.wait(`our kernel to lead to ${ROUTES.theirs[i]} over the link`, async () => {
      const routes = await pair.ours.node.routes(family === 'ipv4-unicast' ? 4 : 6);
      const route = routes.find(({ dst }) => dst === ROUTES.theirs[i]);
      return route?.dev === 'eth0' && (route.gateway ?? route.via?.host) === hops.theirs;
    });
  }
};

for (const scene of SCENES) {
  const { title, peer, needs = [], ourWay, theirWay, words = {} } = scene;
  interop(title, ['bgpd', peer, ...needs], async (t) => {
    t.timeout(120_000);
    const options = {
      peer,
      peerAsn: PEER_ASN,
      ourSpec: { routerId: OURS.v4, ...side(ourWay, PEER_ASN, ROUTES.ours, words) },
      peerSpec: { routerId: PEERS.v4, ...side(theirWay, OUR_ASN, ROUTES.theirs, words) },
    };
    await withPair(options, (pair) => play(t, pair, scene));
  });
}
