// Peers of uncommon kinds against BIRD, FRR and GoBGP: what each side says in its OPEN and what AS_PATH and next hop become.

import { interop } from '../support/interop.js';
import type { NeighborSpec, NeighborWords } from '../support/peers/types.js';
import { declareKinds, detail, type Kind, OUR_ROUTE, PEER_ASN, paths, THEIRS, up, V4 } from './kind.js';
import { established, hasRoutes, OUR_ASN, OURS, type Pair, PEERS, start, withPair } from './pair.js';

/** Waits until the session has failed with a reason that says this. */
const failsWith = (pair: Pair, reason: RegExp): Promise<unknown> =>
  pair.wait(`the reason ${reason}`, async () => {
    const { state, lastDown } = await detail(pair);
    return state !== 'Established' && reason.test(lastDown?.reason ?? '');
  });

const LOCAL_AS = { localAs: { asn: 64999 } };
const CONFEDERATION = { confederation: { identifier: 64600, members: [64513] } };
const MANY = Array.from({ length: 1100 }, (_, i) => `64512:${i}`);

const KINDS: readonly Kind[] = [
  ...(['bird', 'frr', 'gobgp'] as const).map(
    (peer): Kind => ({
      title: `local AS: ${peer} knows us as 64999`,
      peer,
      ourAsn: 64999,
      words: { bgpd: LOCAL_AS },
      play: async (t, pair) => {
        t.is((await up(pair)).localAsn, 64999);
        t.deepEqual(await paths(pair), ['64999 65001', '64999 64512']);
      },
    }),
  ),
  {
    title: 'replace AS: FRR sees 64999 alone, and we see FRR alone',
    peer: 'frr',
    ourAsn: 64999,
    words: { bgpd: { localAs: { asn: 64999, noPrepend: true, replaceAs: true } } },
    play: async (t, pair) => {
      await up(pair);
      t.deepEqual(await paths(pair), ['65001', '64999']);
    },
  },
  {
    title: 'dual AS: FRR refuses 64999 and takes 64512',
    peer: 'frr',
    words: { bgpd: { localAs: { asn: 64999, dualAs: true } } },
    play: async (t, pair) => {
      t.is((await up(pair)).localAsn, OUR_ASN);
      t.deepEqual(await paths(pair), ['65001', '64512']);
    },
  },
  {
    title: 'confederation: FRR is another member AS',
    peer: 'frr',
    asn: 64513,
    words: {},
    ours: { bgpd: CONFEDERATION },
    theirs: { lines: ['bgp confederation identifier 64600', 'bgp confederation peers 64512'] },
    announces: [{ prefix: THEIRS, med: 77, localPref: 200, asPath: [65010] }],
    play: async (t, pair) => {
      t.is((await up(pair)).type, 'confed');
      const [theirs] = await hasRoutes(pair, pair.ours, V4, [THEIRS]);
      t.like(theirs, { asPath: '(64513) 65010', med: 77, localPref: 200 });
      const [ours] = await hasRoutes(pair, pair.peer, V4, [OUR_ROUTE]);
      t.like(ours, { asPath: '(64512)', localPref: 100 });
    },
  },
  {
    title: 'confederation: BIRD is outside and sees one AS',
    peer: 'bird',
    ourAsn: 64600,
    words: {},
    ours: { bgpd: CONFEDERATION },
    play: async (t, pair) => {
      t.like(await up(pair), { type: 'ebgp', localAsn: 64600 });
      t.deepEqual(await paths(pair), ['65001', '64600']);
    },
  },
  {
    title: 'roles: BIRD is our provider',
    peer: 'bird',
    words: { bgpd: { role: 'customer', strictRole: true }, bird: ['local role provider;'] },
    play: async (t, pair) => {
      const { capabilities } = await up(pair);
      t.true(capabilities.peer.includes('role provider'));
      t.true(capabilities.inForce.includes('role customer'));
      t.deepEqual(await paths(pair), ['65001', '64512']);
    },
  },
  {
    title: 'roles: FRR is our customer and demands it',
    peer: 'frr',
    words: { bgpd: { role: 'provider' }, frr: ['local-role customer strict-mode'] },
    play: async (t, pair) => {
      t.deepEqual((await up(pair)).notes, []);
      t.deepEqual(await paths(pair), ['65001', '64512']);
    },
  },
  {
    title: 'roles: two providers have no session, and we say why',
    peer: 'bird',
    words: { bgpd: { role: 'provider' }, bird: ['local role provider;'] },
    play: async (t, pair) => {
      await start(pair);
      // Whoever hears the other's OPEN first refuses.
      await failsWith(pair, /role mismatch/i);
      t.not(await pair.ours.session(PEERS.v4), 'Established');
    },
  },
  {
    title: 'listen range with AS check: GoBGP comes by itself',
    peer: 'gobgp',
    words: { bgpd: {} },
    ours: {
      bgpd: {
        peers: [],
        peerGroups: { any: { asn: 'external', import: ['accept-all'], export: ['accept-all'] } },
        dynamicPeers: [{ range: '172.18.203.0/24', group: 'any' }],
      },
    },
    play: async (t, pair) => {
      t.like(await up(pair), { dynamic: true, asn: PEER_ASN, type: 'ebgp' });
      t.deepEqual(await paths(pair), ['65001', '64512']);
    },
  },
  {
    title: 'extended messages: BIRD sends a path that fits into no other',
    peer: 'bird',
    words: { bgpd: { extendedMessages: true }, bird: ['enable extended messages on;'] },
    announces: [{ prefix: THEIRS, communities: MANY }],
    play: async (t, pair) => {
      t.true((await up(pair)).capabilities.inForce.includes('extended message'));
      const [theirs] = await hasRoutes(pair, pair.ours, V4, [THEIRS]);
      t.is(theirs?.communities.length, MANY.length);
    },
  },
  {
    title: 'enhanced route refresh: BIRD asks and gets all again',
    peer: 'bird',
    words: {},
    play: async (t, pair) => {
      const before = await up(pair);
      t.true(before.capabilities.inForce.includes('enhanced route refresh'));
      await paths(pair);
      await pair.peer.refresh(OURS.v4);
      const asked = async () => (await detail(pair)).counters.received.routeRefresh > 0;
      await pair.wait('the request', asked);
      // BoRR and EoRR.
      const marked = async () => (await detail(pair)).counters.sent.routeRefresh >= 2;
      await pair.wait('the marks', marked);
      t.deepEqual(await paths(pair), ['65001', '64512']);
    },
  },
  {
    title: 'route refresh: FRR asks and keeps what it has',
    peer: 'frr',
    words: {},
    play: async (t, pair) => {
      await up(pair);
      await paths(pair);
      await pair.peer.refresh(OURS.v4);
      await pair.wait('the request', async () => (await detail(pair)).counters.received.routeRefresh > 0);
      t.deepEqual(await paths(pair), ['65001', '64512']);
    },
  },
  {
    title: 'remove private AS: FRR gets the path without what comes first',
    peer: 'frr',
    asn: 3356,
    words: { bgpd: { localAs: { asn: 64999, replaceAs: true }, removePrivateAs: 'all' } },
    ourAsn: 64999,
    play: async (t, pair) => {
      await up(pair);
      t.deepEqual(await paths(pair), ['64999 3356', '64999']);
    },
  },
  {
    title: 'allow own AS: what FRR tells of another site of ours is taken',
    peer: 'frr',
    words: { bgpd: { allowOwnAs: 1 } },
    announces: [{ prefix: THEIRS, asPath: [OUR_ASN] }],
    play: async (t, pair) => {
      await up(pair);
      // FRR tells us our own route again.
      const [ours, theirs] = await hasRoutes(pair, pair.ours, V4, [OUR_ROUTE, THEIRS]);
      t.deepEqual([ours?.asPath, theirs?.asPath], ['65001 64512', '65001 64512']);
    },
  },
];

/** FRR has two sessions with us: what it tells over the one it hears over the other, if it takes it. */
interface Reflected {
  readonly title: string;
  /** Of the session that it hears on. */
  readonly words: NeighborWords;
  readonly hears: string;
  /** Default 65001. */
  readonly asn?: number;
  /** In front of what FRR tells, behind its own AS. */
  readonly asPath?: readonly number[];
}

const REFLECTED: readonly Reflected[] = [
  {
    title: 'AS override: FRR takes what its own AS told us',
    words: { bgpd: { overrideAs: true } },
    hears: '64512 64512',
  },
  {
    title: 'route server: FRR hears the path as it told it',
    words: { bgpd: { routeServerClient: true }, frrFamily: ['allowas-in 1'] },
    hears: '65001',
  },
  {
    title: 'remove private AS: FRR hears the path of a private AS without it, and with its own',
    words: { bgpd: { removePrivateAs: 'all' }, frrFamily: ['allowas-in 1'] },
    asn: 3356,
    asPath: [65010, 174, 4_200_000_001],
    hears: '64512 3356 174',
  },
];

/** FRR takes no route with its own address as next hop, and we keep what is on the subnet that we share. */
const THIRD_PARTY = { frrFamily: ['route-map third out'] };
const THIRD_PARTY_MAP = ['route-map third permit 10', 'set ip next-hop 172.18.203.200', 'exit'];

for (const { title, words, hears, asn = PEER_ASN, asPath } of REFLECTED) {
  interop(title, ['bgpd', 'frr'], async (t) => {
    t.timeout(120_000);
    const session = (address: string, asn: number, more: Partial<NeighborSpec> = {}): NeighborSpec => ({
      address,
      asn,
      holdTime: 9,
      families: [V4],
      ...more,
    });
    const silent = { words, exportOnly: [] };
    const options = {
      peer: 'frr' as const,
      peerAsn: asn,
      ourSpec: { neighbors: [session(PEERS.v4, asn), session(PEERS.v6, asn, { words })] },
      peerSpec: {
        neighbors: [session(OURS.v4, OUR_ASN, { words: THIRD_PARTY }), session(OURS.v6, OUR_ASN, silent)],
        announce: [{ prefix: THEIRS, ...(asPath === undefined ? {} : { asPath }) }],
        words: { lines: ['no bgp enforce-first-as', 'exit', ...THIRD_PARTY_MAP, `router bgp ${asn}`] },
      },
    };
    await withPair(options, async (pair) => {
      await start(pair);
      await established(pair);
      const told = async () =>
        (await pair.peer.received(OURS.v6, V4)).find(({ prefix }) => prefix === THEIRS);
      await pair.wait('the route to come back', async () => (await told()) !== undefined);
      t.like(await told(), { asPath: hears, nextHop: '172.18.203.200' });
    });
  });
}

declareKinds(KINDS);
