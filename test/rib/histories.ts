// Random worlds and what happens in them, for the model test: few prefixes, few attribute sets, few peers, so that
// everything meets everything.

import fc from 'fast-check';
import { DEFAULT_DECISION, type DecisionOptions } from '../../src/rib/decision-steps.js';
import type { Vantage } from '../../src/rib/export/vantage.js';
import type { PathChoice } from '../../src/rib/hooks.js';
import { aigpWithMetric } from '../../src/wire/attributes/aigp.js';
import type { PathAttributes } from '../../src/wire/types.js';
import { type NeighbourOptions, neighbourOptions, SELF_IPV4, SELF_IPV6 } from './neighbour.js';
import {
  ACCEPT,
  EVEN_PREFIXES,
  MED_BY_PREFIX,
  NOT_FROM_KERNEL,
  PREFERRED,
  REJECT,
  WEIGHTED,
  WITHOUT_MED,
} from './policies.js';
import { address, attributes, prefix, sequence } from './routes.js';
import { CLUSTER_ID, LOCAL_ASN, OTHER_CLUSTER_ID, ROUTER_ID } from './test-rib.js';

export const PREFIXES: readonly string[] = [
  '10.1.0.0/24',
  '10.1.1.0/24',
  '10.1.2.0/25',
  '10.1.2.128/25',
  '10.1.3.7/32',
  '0.0.0.0/0',
  '2001:db8:1::/48',
  '2400:ca00::/32',
  '2400:cb00::1/128',
  '::/0',
];

/** Many that come and go, so that their ids are used again. */
const HOSTS = Array.from({ length: 24 }, (_, i) => `10.2.0.${i}/32`);

export const ALL_PREFIXES = [...PREFIXES, ...HOSTS];

export const NEXT_HOPS: readonly string[] = [
  '192.0.2.1',
  '192.0.2.2',
  '192.0.2.4',
  '2001:db8:ffff::1',
  '2001:db8:ffff::2',
];

/** Attributes before it is known in which family and by which kind of peer they are used. */
export interface AttributeSample {
  readonly fields: Partial<PathAttributes>;
  /** Picks the next hop. */
  readonly nextHop: number;
}

export type Action =
  | { readonly kind: 'up' | 'down'; readonly peer: number }
  | {
      readonly kind: 'refresh';
      readonly peer: number;
      readonly family: 0 | 1;
      readonly marked: boolean;
    }
  | { readonly kind: 'lose' | 'back'; readonly peer: number; readonly kept: readonly [boolean, boolean] }
  | { readonly kind: 'endOfRib'; readonly peer: number; readonly family: 0 | 1 }
  | { readonly kind: 'beginning' | 'end'; readonly peer: number; readonly family: 0 | 1 }
  | {
      readonly kind: 'announce';
      readonly peer: number;
      readonly prefixes: readonly string[];
      readonly sample: number;
      /** Where the session has them. */
      readonly pathId: number;
    }
  | {
      readonly kind: 'withdraw';
      readonly peer: number;
      readonly prefixes: readonly string[];
      readonly pathId: number;
    }
  /** Of those that get several: which ones. */
  | { readonly kind: 'choice'; readonly peer: number; readonly choice: PathChoice }
  | { readonly kind: 'change'; readonly peer: number; readonly changes: Partial<NeighbourOptions> }
  | {
      readonly kind: 'local';
      readonly source: 'kernel' | 'static';
      readonly prefix: string;
      readonly sample: number | null;
    }
  | {
      readonly kind: 'link';
      readonly nextHop: string;
      readonly reachable: boolean;
      readonly cost: number;
    }
  | { readonly kind: 'decision'; readonly options: DecisionOptions }
  | { readonly kind: 'run'; readonly budget: number }
  | { readonly kind: 'pull'; readonly peer: number; readonly times: number }
  /** All work is done and everybody but `slow` takes everything. */
  | { readonly kind: 'pass'; readonly slow: readonly number[] }
  | { readonly kind: 'check' };

export interface History {
  readonly reflector: boolean;
  readonly tracksNextHops: boolean;
  readonly peers: readonly NeighbourOptions[];
  readonly decision: DecisionOptions;
  readonly samples: readonly AttributeSample[];
  readonly actions: readonly Action[];
  readonly slicePrefixes: number;
  readonly queueBytes: number;
}

const PATHS: readonly PathAttributes['asPath'][] = [
  [],
  sequence(65001),
  sequence(65002),
  sequence(65001, 70000),
  sequence(65002, 65001),
  [{ kind: 'set', asns: [65001, 65002] }],
  [
    { kind: 'sequence', asns: [65001] },
    { kind: 'set', asns: [65003, 4200000001] },
  ],
  sequence(65001, LOCAL_ASN),
];

const HIGHEST = (1n << 64n) - 1n;

/** draft-ietf-idr-link-bandwidth: octets a second, of AS 65001. */
export function linkBandwidth(type: number, rate: number): Uint8Array {
  const octets = Uint8Array.of(type, 4, 0xfd, 0xe9, 0, 0, 0, 0);
  new DataView(octets.buffer).setFloat32(4, rate);
  return octets;
}

const LINKS: readonly (readonly Uint8Array[])[] = [
  [linkBandwidth(0x40, 1e9)],
  [linkBandwidth(0x00, 4e8)],
  [linkBandwidth(0x40, 2.5e9)],
];

/** Much as the others: equal up to the router id. */
const plainSample: fc.Arbitrary<AttributeSample> = fc.record({
  nextHop: fc.nat({ max: 3 }),
  fields: fc.record({
    asPath: fc.constantFrom(sequence(65001), sequence(65001), sequence(65002)),
    extendedCommunities: fc.constantFrom([], ...LINKS),
  }),
});

const variedSample: fc.Arbitrary<AttributeSample> = fc.record({
  nextHop: fc.nat({ max: 3 }),
  fields: fc.record({
    origin: fc.constantFrom(0, 0, 1),
    asPath: fc.constantFrom(...PATHS),
    med: fc.constantFrom(null, 0, 10),
    localPref: fc.constantFrom(null, 100, 100, 200),
    communities: fc.constantFrom<(readonly number[])[]>([], [], [0xfde80001], [0xffffff01], [0xffffff02]),
    largeCommunities: fc.constantFrom<PathAttributes['largeCommunities'][]>([], [[1, 2, 3]]),
    originatorId: fc.constantFrom(null, null, 0x01010101, ROUTER_ID),
    clusterList: fc.constantFrom<(readonly number[])[]>(
      [],
      [],
      [1],
      [1, 2],
      [CLUSTER_ID],
      [2, OTHER_CLUSTER_ID],
    ),
    extendedCommunities: fc.constantFrom<(readonly Uint8Array[])[]>([], [], ...LINKS),
    aigp: fc.constantFrom<PathAttributes['aigp'][]>([], [], aigpWithMetric(5n), aigpWithMetric(HIGHEST - 3n)),
    others: fc.constantFrom<PathAttributes['others'][]>(
      [],
      [{ code: 99, flags: 0xe0, value: Uint8Array.of(7) }],
    ),
  }),
});

const samples = fc.oneof(
  fc.array(variedSample, { minLength: 6, maxLength: 6 }),
  fc.array(plainSample, { minLength: 6, maxLength: 6 }),
);

/** The attributes as a peer of this kind can send them. */
export function received(
  { fields, nextHop }: AttributeSample,
  family: 0 | 1,
  peerType: NeighbourOptions['peerType'],
): PathAttributes {
  const hops = { ...attributes(fields), ...nextHopFields(nextHop, family) };
  if (peerType === 'ebgp') return { ...hops, localPref: null, originatorId: null, clusterList: [], aigp: [] };
  return { ...hops, localPref: hops.localPref ?? 100 };
}

/** The attributes as a local route has them. */
export const originated = ({ fields }: AttributeSample): PathAttributes =>
  attributes({ origin: fields.origin ?? 0, med: fields.med ?? null, communities: fields.communities ?? [] });

function nextHopFields(choice: number, family: 0 | 1): Pick<PathAttributes, 'nextHop' | 'linkLocalNextHop'> {
  if (family === 0) return { nextHop: address(NEXT_HOPS[choice % 3]!), linkLocalNextHop: null };
  const linkLocal = address('fe80::1');
  switch (choice) {
    case 0:
      return { nextHop: address(NEXT_HOPS[3]!), linkLocalNextHop: null };
    case 1:
      return { nextHop: address(NEXT_HOPS[4]!), linkLocalNextHop: null };
    case 2:
      return { nextHop: address(NEXT_HOPS[4]!), linkLocalNextHop: linkLocal };
    default:
      return { nextHop: linkLocal, linkLocalNextHop: null };
  }
}

const importPolicy = fc.constantFrom(ACCEPT, ACCEPT, EVEN_PREFIXES, WITHOUT_MED, PREFERRED, WEIGHTED, REJECT);
const exportPolicy = fc.constantFrom(
  ACCEPT,
  ACCEPT,
  EVEN_PREFIXES,
  WITHOUT_MED,
  NOT_FROM_KERNEL,
  MED_BY_PREFIX,
  REJECT,
);
const nextHopSelf = fc.constantFrom<NeighbourOptions['nextHopSelf']>(
  [SELF_IPV4, SELF_IPV6],
  [SELF_IPV4, SELF_IPV6],
  [SELF_IPV4, null],
);

const neighbour = (n: number): fc.Arbitrary<NeighbourOptions> =>
  fc
    .record({
      peerType: fc.constantFrom<NeighbourOptions['peerType'][]>('ebgp', 'ibgp', 'ibgpClient', 'ibgpClient'),
      families: fc.constantFrom<[boolean, boolean][]>(
        [true, true],
        [true, true],
        [true, false],
        [false, true],
      ),
      asn4: fc.constantFrom(true, true, false),
      maxMessage: fc.constantFrom(4096, 4096, 180),
      sameAs: fc.boolean(),
      sameRouterId: fc.boolean(),
      nextHopSelf,
      always: fc.boolean(),
      otherCluster: fc.boolean(),
      clientToClient: fc.boolean(),
      importPolicy,
      exportPolicy,
      sendsPathIds: fc.constantFrom<[boolean, boolean][]>([false, false], [true, true], [false, true]),
      addPath: fc.tuple(someChoice, someChoice),
      vantage,
      ownBest: fc.boolean(),
    })
    .map(({ peerType, sameAs, sameRouterId, always, otherCluster, ...rest }) =>
      neighbourOptions(n, peerType, {
        ...rest,
        ...(sameAs && peerType === 'ebgp' ? { asn: 65001 } : {}),
        ...(sameRouterId ? { routerId: 0x0a000001 } : {}),
        clusterId: otherCluster && peerType === 'ibgpClient' ? OTHER_CLUSTER_ID : CLUSTER_ID,
        alwaysNextHopSelf: peerType === 'ebgp' || always,
      }),
    );

const choice: fc.Arbitrary<PathChoice> = fc.constantFrom<PathChoice[]>(
  { kind: 'all' },
  { kind: 'best', count: 1 },
  { kind: 'best', count: 2 },
  { kind: 'ecmp' },
);
const someChoice = fc.option(choice, { freq: 2 });
const pathId = fc.constantFrom(0, 1, 0xffffffff);

const vantageTo = (cost: number): Vantage => ({
  name: `vantage ${cost}`,
  costs: [
    { prefix: prefix('192.0.2.0/24'), cost: 7 },
    { prefix: prefix('192.0.2.1/32'), cost },
    { prefix: prefix('2001:db8:ffff::2/128'), cost },
  ],
});
const vantage = fc.constantFrom(null, null, null, vantageTo(3), vantageTo(9));

const somePrefixes = fc.subarray([...PREFIXES], { minLength: 1, maxLength: 6 });
const peer = fc.nat({ max: 4 });
const family = fc.constantFrom<(0 | 1)[]>(0, 1);
const sampleIndex = fc.nat({ max: 5 });

const limit = fc.constantFrom(1, 1, 2, 16);

const decisionOptions: fc.Arbitrary<DecisionOptions> = fc.record({
  alwaysCompareMed: fc.boolean(),
  missingMedAsWorst: fc.boolean(),
  localWeight: fc.constantFrom(32_768, 32_768, 0),
  multipath: fc.record({
    families: fc.tuple(
      fc.record({ ebgp: limit, ibgp: limit, eibgp: limit }),
      fc.record({ ebgp: limit, ibgp: limit, eibgp: fc.constant(1) }),
    ),
    asPathRelax: fc.boolean(),
    linkBandwidth: fc.boolean(),
  }),
});

const kept = fc.constantFrom<[boolean, boolean][]>([true, true], [true, true], [true, false], [false, false]);

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('up'), peer }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('down'), peer }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('refresh'), peer, family, marked: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('beginning', 'end'), peer, family }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('lose', 'back'), peer, kept }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('endOfRib'), peer, family }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('announce'),
      peer,
      prefixes: somePrefixes,
      sample: sampleIndex,
      pathId,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('withdraw'), peer, prefixes: somePrefixes, pathId }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('choice'), peer, choice }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('change'),
      peer,
      changes: fc.oneof(
        fc.record({ importPolicy }),
        fc.record({ exportPolicy }),
        fc.record({ clientToClient: fc.boolean() }),
        fc.record({ vantage }),
        fc.record({ ownBest: fc.boolean() }),
        fc.record({ importPolicy, exportPolicy, nextHopSelf }),
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('local'),
      source: fc.constantFrom('kernel', 'static'),
      prefix: fc.constantFrom(...PREFIXES),
      sample: fc.option(sampleIndex),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('link'),
      nextHop: fc.constantFrom(...NEXT_HOPS),
      reachable: fc.constantFrom(true, true, false),
      cost: fc.constantFrom(0, 5),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('run'), budget: fc.constantFrom(1, 2, 3, 100) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('pull'), peer, times: fc.constantFrom(1, 2, 50) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('decision'),
      options: decisionOptions,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('check') }) },
);

export const history: fc.Arbitrary<History> = fc.record({
  reflector: fc.boolean(),
  tracksNextHops: fc.boolean(),
  peers: fc.tuple(neighbour(1), neighbour(2), neighbour(3), neighbour(4), neighbour(5)),
  decision: fc.option(decisionOptions, { nil: DEFAULT_DECISION, freq: 2 }),
  samples,
  actions: fc.array(action, { minLength: 10, maxLength: 120, size: 'max' }),
  slicePrefixes: fc.constantFrom(1, 2, 2048),
  queueBytes: fc.constantFrom(1, 2000, 1 << 20),
});

/** One fashion for all, so that they share groups. */
const clients: fc.Arbitrary<History['peers']> = fc
  .record({ paths: fc.option(choice), vantage, sendsPathIds: fc.constantFrom([false, false], [true, true]) })
  .map(({ paths, vantage, sendsPathIds }) =>
    [1, 2, 3, 4, 5].map((n) =>
      neighbourOptions(n, 'ibgpClient', {
        exportPolicy: n === 4 ? MED_BY_PREFIX : ACCEPT,
        sendsPathIds: sendsPathIds as [boolean, boolean],
        addPath: [paths, paths],
        vantage,
      }),
    ),
  );

const SLOW = [2, 3] as const;
const slow = fc.constantFrom(...SLOW);
const someHosts = fc.subarray(HOSTS, { minLength: 1, maxLength: 3 });

const slowAction: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('announce'),
      peer: fc.constantFrom(0, 1, 2),
      prefixes: someHosts,
      sample: sampleIndex,
      pathId,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('withdraw'),
      peer: fc.constantFrom(0, 1, 2),
      prefixes: fc.subarray(HOSTS, { minLength: 6 }),
      pathId,
    }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('pass'), slow: fc.constant(SLOW) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('refresh'),
      peer: slow,
      family: fc.constant(0),
      marked: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('pull'), peer: slow, times: fc.constantFrom(1, 50) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('change'),
      peer: slow,
      changes: fc.record({ exportPolicy: fc.constantFrom(ACCEPT, MED_BY_PREFIX) }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('up', 'down'), peer: fc.constantFrom(0, 3) }) },
);

/** A reflector with two slow clients while prefixes come and go. */
export const slowHistory: fc.Arbitrary<History> = fc.record({
  reflector: fc.constant(true),
  tracksNextHops: fc.constant(false),
  peers: clients,
  decision: fc.option(decisionOptions, { nil: DEFAULT_DECISION, freq: 2 }),
  samples,
  actions: fc
    .array(slowAction, { minLength: 20, maxLength: 100, size: 'max' })
    .map((actions) => [...[0, 1, 2, 3, 4].map((n) => ({ kind: 'up' as const, peer: n })), ...actions]),
  slicePrefixes: fc.constantFrom(1, 2048),
  queueBytes: fc.constantFrom(2000, 5000, 1 << 20),
});
