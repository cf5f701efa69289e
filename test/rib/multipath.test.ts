// Multipath sets: who is a member and why not, shares of the traffic, and who is told when only the set changes.

import test from 'ava';
import type { PrefixId } from '../../src/base/ids.js';
import { formatIp } from '../../src/base/ip.js';
import { DEFAULT_DECISION, type MultipathOptions } from '../../src/rib/decision-steps.js';
import { linkWeights } from '../../src/rib/multipath/link-weights.js';
import { explainPrefix, findPrefix } from '../../src/rib/views.js';
import type { PathAttributes } from '../../src/wire/types.js';
import { linkBandwidth } from './histories.js';
import { Neighbour, type NeighbourOptions, neighbourOptions } from './neighbour.js';
import { address, prefix, sequence } from './routes.js';
import { TestRib } from './test-rib.js';

const TARGET = '10.1.0.0/24';

interface PathSpec {
  readonly fields?: Partial<PathAttributes>;
  readonly options?: Partial<NeighbourOptions>;
}

const EBGP = { peerType: 'ebgp', asn: 65001 } as const;

const hop = (n: number): Partial<PathAttributes> => ({ nextHop: address(`192.0.2.${n}`) });

function network(rules: Partial<MultipathOptions>, limits = { ebgp: 4, ibgp: 4, eibgp: 1 }) {
  const multipath = { ...DEFAULT_DECISION.multipath, families: [limits, limits] as const, ...rules };
  const world = new TestRib({ tracksNextHops: true, decision: { ...DEFAULT_DECISION, multipath } });
  for (const n of [1, 2, 3, 4]) world.setLink(`192.0.2.${n}`, true, 10);
  world.setLink('192.0.2.9', true, 90);
  return world;
}

function tell(world: TestRib, paths: readonly PathSpec[]): readonly Neighbour[] {
  return paths.map(({ fields, options = {} }, i) => {
    const neighbour = new Neighbour(world, neighbourOptions(i + 1, options.peerType ?? 'ibgp', options)).up();
    const internal = options.peerType === 'ebgp' ? {} : { localPref: 100 };
    neighbour.announce([TARGET], { ...hop(i + 1), asPath: sequence(65001), ...internal, ...fields });
    world.settle();
    return neighbour;
  });
}

const idOf = (world: TestRib): PrefixId => findPrefix(world.rib, prefix(TARGET)) as PrefixId;

const membersOf = (world: TestRib): readonly string[] =>
  (world.rib.multipath.of(0, idOf(world))?.members ?? [])
    .map(({ address: ip, weight }) => `${formatIp(ip)}*${weight}`)
    .sort();

interface Row {
  readonly what: string;
  readonly rules?: Partial<MultipathOptions>;
  readonly limits?: { readonly ebgp: number; readonly ibgp: number; readonly eibgp: number };
  readonly paths: readonly PathSpec[];
  readonly members: readonly string[];
  /** Of the paths that lost, in the order of their next hops. */
  readonly reasons: readonly string[];
}

const ROWS: readonly Row[] = [
  {
    what: 'equal up to the router id',
    paths: [{}, {}, {}],
    members: ['192.0.2.1*1', '192.0.2.2*1', '192.0.2.3*1'],
    reasons: [
      'lost at step 11, lowest router id or ORIGINATOR_ID; shares the traffic',
      'lost at step 11, lowest router id or ORIGINATOR_ID; shares the traffic',
    ],
  },
  {
    what: 'a higher cost is no member',
    paths: [{}, { fields: hop(9) }],
    members: [],
    reasons: ['lost at step 10, lowest cost to the next hop'],
  },
  {
    what: 'no more than the limit',
    limits: { ebgp: 4, ibgp: 2, eibgp: 1 },
    paths: [{}, {}, {}],
    members: ['192.0.2.1*1', '192.0.2.2*1'],
    reasons: [
      'lost at step 11, lowest router id or ORIGINATOR_ID; shares the traffic',
      'lost at step 11, lowest router id or ORIGINATOR_ID; no multipath: the set is full',
    ],
  },
  {
    what: 'one next hop twice is one member',
    paths: [{}, { fields: hop(1) }],
    members: [],
    reasons: [
      'lost at step 11, lowest router id or ORIGINATOR_ID; no multipath: the next hop of a better path',
    ],
  },
  {
    what: 'another AS_PATH of the same length, not relaxed',
    rules: { asPathRelax: false },
    paths: [{}, { fields: { asPath: sequence(65002) } }],
    members: [],
    reasons: ['lost at step 11, lowest router id or ORIGINATOR_ID; no multipath: another AS_PATH'],
  },
  {
    what: 'another AS_PATH of the same length, relaxed',
    rules: { asPathRelax: true },
    paths: [{}, { fields: { asPath: sequence(65002) } }],
    members: ['192.0.2.1*1', '192.0.2.2*1'],
    reasons: ['lost at step 11, lowest router id or ORIGINATOR_ID; shares the traffic'],
  },
  {
    what: 'eBGP and iBGP apart',
    paths: [{ options: EBGP }, {}],
    members: [],
    reasons: ['lost at step 9, eBGP before iBGP'],
  },
  {
    what: 'eBGP and iBGP together, of each the lowest cost',
    limits: { ebgp: 4, ibgp: 4, eibgp: 4 },
    paths: [{ options: EBGP }, { fields: hop(9) }, { options: EBGP, fields: hop(3) }],
    members: ['192.0.2.1*1', '192.0.2.3*1', '192.0.2.9*1'],
    reasons: [
      'lost at step 11, lowest router id or ORIGINATOR_ID; shares the traffic',
      'lost at step 9, eBGP before iBGP; shares the traffic',
    ],
  },
  {
    what: 'shares in proportion to the links',
    paths: [
      { fields: { extendedCommunities: [linkBandwidth(0x40, 1e9)] } },
      { fields: { extendedCommunities: [linkBandwidth(0x00, 4e9)] } },
    ],
    members: ['192.0.2.1*1', '192.0.2.2*4'],
    reasons: ['lost at step 11, lowest router id or ORIGINATOR_ID; shares the traffic'],
  },
  {
    what: 'equal shares where the link of one is unknown',
    paths: [{ fields: { extendedCommunities: [linkBandwidth(0x40, 1e9)] } }, {}],
    members: ['192.0.2.1*1', '192.0.2.2*1'],
    reasons: ['lost at step 11, lowest router id or ORIGINATOR_ID; shares the traffic'],
  },
];

for (const { what, rules = {}, limits, paths, members, reasons } of ROWS) {
  test(what, (t) => {
    const world = network({ asPathRelax: true, ...rules }, limits);
    tell(world, paths);
    t.deepEqual(membersOf(world), members);
    const [best, ...losers] = explainPrefix(world.rib, 0, idOf(world));
    t.is(best?.multipath, members.length > 0);
    const inOrder = [...losers].sort((a, b) =>
      formatIp(a.attributes.nextHop!) < formatIp(b.attributes.nextHop!) ? -1 : 1,
    );
    t.deepEqual(
      inOrder.map(({ decision }) => decision),
      reasons,
    );
  });
}

test('bestChanged comes when only the set changes, and not when nothing does', (t) => {
  const world = network({ asPathRelax: true });
  const [a, b] = tell(world, [{}, {}]) as [Neighbour, Neighbour];
  const changes = (): number => {
    world.settle();
    return world.bestChanges.splice(0).length;
  };
  changes();
  b.announce([TARGET], { ...hop(3), asPath: sequence(65001), localPref: 100 });
  t.is(changes(), 1);
  t.deepEqual(membersOf(world), ['192.0.2.1*1', '192.0.2.3*1']);
  b.announce([TARGET], { ...hop(3), asPath: sequence(65001), localPref: 100, communities: [1] });
  t.is(changes(), 0);
  world.setLink('192.0.2.3', true, 11);
  t.is(changes(), 1);
  t.deepEqual(membersOf(world), []);
  world.setLink('192.0.2.3', true, 10);
  t.is(changes(), 1);
  b.withdraw([TARGET]);
  t.is(changes(), 1);
  a.withdraw([TARGET]);
  t.is(changes(), 1);
  t.deepEqual([world.rib.multipath.size, world.rib.multipath.bytes(0)], [0, 0]);
});

test('shares: the smallest whole numbers with about the proportion, 255 at most', (t) => {
  const rows: readonly (readonly [readonly number[], readonly number[]])[] = [
    [
      [1, 1],
      [1, 1],
    ],
    [
      [1e9, 4e9],
      [1, 4],
    ],
    [
      [3, 2, 1],
      [3, 2, 1],
    ],
    [
      [1, 1e6],
      [1, 255],
    ],
    [
      [10e9, 25e9, 40e9],
      [2, 5, 8],
    ],
    [
      [997, 1000],
      [1, 1],
    ],
    [
      [-1, 5],
      [1, 1],
    ],
    [[7], [1]],
  ];
  for (const [bandwidths, expected] of rows) {
    const weights: number[] = [];
    linkWeights(bandwidths, bandwidths.length, weights);
    t.deepEqual(weights, expected);
  }
});
