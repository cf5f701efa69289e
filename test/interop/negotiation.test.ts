// What is negotiated, or is one AS to others, with those peers that kinds.test.ts does not play it with.

import { declareKinds, detail, type Kind, OUR_ROUTE, paths, THEIRS, up, V4 } from './kind.js';
import { hasRoutes, OURS, type Pair } from './pair.js';

const CONFEDERATION = { confederation: { identifier: 64600, members: [64513] } };
const MANY = Array.from({ length: 1100 }, (_, i) => `64512:${i}`);

const ANY_RANGE = {
  bgpd: {
    peers: [],
    peerGroups: { any: { asn: 'external', import: ['accept-all'], export: ['accept-all'] } },
    dynamicPeers: [{ range: '172.18.203.0/24', group: 'any' }],
  },
};

/** The peer asks for everything again; returns when it has been told. */
const asksAgain = async (pair: Pair): Promise<void> => {
  const before = (await detail(pair)).counters.sent.update;
  await pair.peer.refresh(OURS.v4);
  await pair.wait('the request', async () => (await detail(pair)).counters.received.routeRefresh > 0);
  await pair.wait('the answer', async () => (await detail(pair)).counters.sent.update > before);
};

/** GoBGP never asks for routes again; that it answers when asked is seen with `maxPrefix: drop` (security.test.ts). */
const KINDS: readonly Kind[] = [
  {
    title: 'enhanced route refresh: FRR asks and is told between marks',
    peer: 'frr',
    words: {},
    play: async (t, pair) => {
      t.true((await up(pair)).capabilities.inForce.includes('enhanced route refresh'));
      await paths(pair);
      await asksAgain(pair);
      await pair.wait('the marks', async () => (await detail(pair)).counters.sent.routeRefresh >= 2);
      t.deepEqual(await paths(pair), ['65001', '64512']);
    },
  },
  {
    title: 'extended messages: FRR takes a path that fits into no other',
    peer: 'frr',
    words: { bgpd: { extendedMessages: true } },
    ours: { bgpd: { originate: [{ prefix: OUR_ROUTE, communities: MANY }] } },
    play: async (t, pair) => {
      t.true((await up(pair)).capabilities.inForce.includes('extended message'));
      const [ours] = await hasRoutes(pair, pair.peer, V4, [OUR_ROUTE]);
      // FRR cuts what it shows; that the route is there is the proof.
      t.true((ours?.communities.length ?? 0) > MANY.length / 2);
    },
  },
  {
    title: 'extended messages: GoBGP has none; we say so, and keep back what fits into no other',
    peer: 'gobgp',
    words: { bgpd: { extendedMessages: true } },
    ours: { bgpd: { originate: [{ prefix: OUR_ROUTE }, { prefix: '10.65.9.0/26', communities: MANY }] } },
    play: async (t, pair) => {
      const { capabilities, notes } = await up(pair);
      t.false(capabilities.inForce.includes('extended message'));
      t.deepEqual(notes, ['extendedMessages: the peer does not have them (RFC 8654)']);
      await hasRoutes(pair, pair.peer, V4, [OUR_ROUTE]);
      t.is((await detail(pair)).prefixes['ipv4-unicast'].advertised, 1);
    },
  },
  {
    title: 'confederation: BIRD is another member AS',
    peer: 'bird',
    asn: 64513,
    words: { bird: ['confederation 64600;', 'confederation member yes;'] },
    ours: { bgpd: CONFEDERATION },
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
    title: 'confederation: GoBGP is another member AS',
    peer: 'gobgp',
    asn: 64513,
    words: {},
    ours: { bgpd: CONFEDERATION },
    theirs: {
      lines: [
        '[global.confederation.config]',
        'enabled = true',
        'identifier = 64600',
        'member-as-list = [64512]',
      ],
    },
    announces: [{ prefix: THEIRS, med: 77 }],
    play: async (t, pair) => {
      t.is((await up(pair)).type, 'confed');
      const [theirs] = await hasRoutes(pair, pair.ours, V4, [THEIRS]);
      t.like(theirs, { asPath: '(64513)', med: 77 });
      const [ours] = await hasRoutes(pair, pair.peer, V4, [OUR_ROUTE]);
      t.like(ours, { asPath: '(64512)', localPref: 100 });
    },
  },
  ...(['bird', 'frr'] as const).map(
    (peer): Kind => ({
      title: `listen range with AS check: ${peer} comes by itself`,
      peer,
      words: { bgpd: {} },
      ours: ANY_RANGE,
      play: async (t, pair) => {
        t.like(await up(pair), { dynamic: true, asn: 65001, type: 'ebgp' });
        t.deepEqual(await paths(pair), ['65001', '64512']);
      },
    }),
  ),
];

declareKinds(KINDS);
