// Two routers on one cable: ours and one peer. The stage on which the cases of cases.ts are played.

import { Network } from '../support/netns.js';
import { createRouter } from '../support/peers/router.js';
import type {
  Family,
  NeighborSpec,
  ReceivedRoute,
  Router,
  RouterKind,
  RouterSpec,
} from '../support/peers/types.js';
import { type WaitOptions, waitFor } from '../support/wait.js';

export const OUR_ASN = 64512;

export const OURS = { v4: '172.18.203.126', v6: '2001:db8:a41::126' } as const;
export const PEERS = { v4: '172.18.203.127', v6: '2001:db8:a41::127' } as const;

export interface PairOptions {
  readonly ours?: RouterKind;
  readonly peer: RouterKind;
  /** Default: our own, iBGP. */
  readonly peerAsn?: number;
  /** What we believe the peer's AS to be, when that differs. */
  readonly believedAsn?: number;
  readonly holdTime?: number;
  readonly passive?: 'ours' | 'peer';
  /** One IPv4 session that carries both families; default: a session per family. */
  readonly oneSession?: boolean;
  /** Of every session, seen from us and from the peer. */
  readonly ourNeighbor?: Partial<NeighborSpec>;
  readonly peerNeighbor?: Partial<NeighborSpec>;
  /** The sessions go over link-local addresses: one, with both families. */
  readonly linkLocal?: boolean;
  readonly ourSpec?: Partial<RouterSpec>;
  readonly peerSpec?: Partial<RouterSpec>;
}

export interface Pair {
  readonly network: Network;
  readonly ours: Router;
  readonly peer: Router;
  readonly wait: (what: string, probe: () => unknown, options?: WaitOptions) => Promise<unknown>;
}

/** The same two nodes over the addresses of their link. */
export const LINK = { ours: 'fe80::126', peers: 'fe80::127' } as const;

const NO_LINK_LOCAL = 'net/ipv6/conf/default/addr_gen_mode=1';

const HOLD_TIME = 9;

const neighbors = (
  far: typeof OURS | typeof PEERS,
  rest: Omit<NeighborSpec, 'address'>,
  one: boolean,
  link: string | null,
): readonly NeighborSpec[] =>
  link !== null
    ? [{ address: `${link}%eth0`, families: ['ipv6-unicast'], ...rest }]
    : one
      ? [{ address: far.v4, families: ['ipv4-unicast', 'ipv6-unicast'], ...rest }]
      : [
          { address: far.v4, ...rest },
          { address: far.v6, ...rest },
        ];

const specs = (options: PairOptions): { readonly ours: RouterSpec; readonly peer: RouterSpec } => {
  const { holdTime = HOLD_TIME, peerAsn = OUR_ASN, passive, oneSession = false } = options;
  const link = (address: string): string | null => (options.linkLocal === true ? address : null);
  const believed = options.believedAsn ?? peerAsn;
  const toPeer = { asn: believed, holdTime, passive: passive === 'ours', ...options.ourNeighbor };
  const toUs = { asn: OUR_ASN, holdTime, passive: passive === 'peer', ...options.peerNeighbor };
  return {
    ours: {
      asn: OUR_ASN,
      routerId: OURS.v4,
      install: true,
      neighbors: neighbors(PEERS, toPeer, oneSession, link(LINK.peers)),
      ...options.ourSpec,
    },
    peer: {
      asn: peerAsn,
      routerId: PEERS.v4,
      neighbors: neighbors(OURS, toUs, oneSession, link(LINK.ours)),
      ...options.peerSpec,
    },
  };
};

let serial = 0;

/** Builds the two nodes, plays `scene`, takes everything down. The routers are not started yet. */
export const withPair = async (options: PairOptions, scene: (pair: Pair) => Promise<void>): Promise<void> => {
  serial += 1;
  const network = Network.open(`${options.peer}${serial}`);
  try {
    const a = await network.addNode('a', { forwarding: true });
    const b = await network.addNode('b', { forwarding: true });
    // One link-local address a node, so that each knows where the other comes from.
    if (options.linkLocal === true) for (const node of [a, b]) await node.sysctl(NO_LINK_LOCAL);
    await network.connect(
      { node: a, interface: 'eth0', addresses: [`${OURS.v4}/24`, `${OURS.v6}/64`, `${LINK.ours}/64`] },
      { node: b, interface: 'eth0', addresses: [`${PEERS.v4}/24`, `${PEERS.v6}/64`, `${LINK.peers}/64`] },
    );
    const spec = specs(options);
    const ours = createRouter(options.ours ?? 'bgpd', a, spec.ours);
    const peer = createRouter(options.peer, b, spec.peer);
    const evidence = async () =>
      [await a.kernelState(), await b.kernelState(), await ours.evidence(), await peer.evidence()].join('\n');
    await scene({
      network,
      ours,
      peer,
      wait: (what, probe, more) => waitFor(what, probe, { timeout: 20_000, evidence, ...more }),
    });
  } finally {
    network.close();
  }
};

export const start = async (pair: Pair): Promise<void> => {
  await Promise.all([pair.ours.start(), pair.peer.start()]);
};

/** Waits until every session is Established in the eyes of both. */
export const established = async (pair: Pair, options: WaitOptions = {}): Promise<void> => {
  for (const router of [pair.ours, pair.peer]) {
    for (const { address } of router.spec.neighbors) {
      const isUp = async () => (await router.session(address)) === 'Established';
      await pair.wait(`${router.kind} to have ${address} Established`, isUp, options);
    }
  }
};

export const sessionFor = (router: Router, family: Family): string => {
  const exact = router.spec.neighbors.find(
    ({ address }) => address.includes(':') === (family === 'ipv6-unicast'),
  );
  return (exact ?? router.spec.neighbors[0])?.address ?? '';
};

export const prefixesOf = (routes: readonly ReceivedRoute[]): readonly string[] =>
  routes.map(({ prefix }) => prefix);

/** Waits until `router` has exactly these prefixes from its neighbour, and returns them with their attributes. */
export const hasRoutes = async (
  pair: Pair,
  router: Router,
  family: Family,
  prefixes: readonly string[],
  options: WaitOptions = {},
): Promise<readonly ReceivedRoute[]> => {
  const wanted = prefixes.toSorted().join(' ');
  const probe = async () => {
    const routes = await router.received(sessionFor(router, family), family);
    return prefixesOf(routes).join(' ') === wanted ? { routes } : null;
  };
  const what = `${router.kind} to have [${wanted}] of ${family}`;
  return ((await pair.wait(what, probe, options)) as { readonly routes: readonly ReceivedRoute[] }).routes;
};
