// Random policies and routes, drawn from spaces so small that they meet: AS 1 to 9, few communities, few addresses.

import fc from 'fast-check';
import { parseIp } from '../../src/base/ip.js';
import { parseCommunity, parseCommunityPattern } from '../../src/policy/community-text.js';
import type {
  AsPathMatch,
  CommunityType,
  Condition,
  NumberRange,
  PolicyEdit,
  TermConfig,
} from '../../src/policy/types.js';
import type { PeerView } from '../../src/rib/hooks.js';
import { NO_ATTRIBUTES } from '../../src/wire/block.js';
import type { PathAttributes } from '../../src/wire/types.js';
import type { NaiveRoute } from './naive.js';
import { anyMatch, anyPrefix, anySource, prefix } from './routes.js';

const ip = (text: string) => parseIp(text)!;

const asn = fc.integer({ min: 1, max: 9 });
const small = fc.integer({ min: 0, max: 5 });
const rangeOf = (value: fc.Arbitrary<number>): fc.Arbitrary<NumberRange> =>
  fc.tuple(value, value).map(([min, max]) => ({ min, max }));
const numbers = fc.constantFrom(0, 1, 5, 50, 100, 200, 1024, 2147483147, 2147483547, 2147483647, 0xffffffff);
const asns = fc.array(rangeOf(asn), { maxLength: 3 });

const texts = {
  standard: ['1:1', '1:2', '2:1', 'no-export', '65535:65281', '7:70'],
  extended: [
    'rt:1:1',
    'rt:1:2',
    'soo:192.0.2.1:7',
    'rt:70000:1',
    'color:5',
    'bandwidth:65001:125000000',
    '0x4300000000000001',
  ],
  large: ['1:1:1', '1:1:2', '1:2:1', '4294967295:0:0'],
} as const;
const wild = {
  standard: ['1:*', '*:1', '1:1-2', '*'],
  extended: ['rt:*', 'rt:1:*', 'rt:*:1', 'color:*', 'rt:1:1-2', '*'],
  large: ['1:*:*', '*:1:*', '1:1:1-2', '*'],
} as const;
const types = fc.constantFrom<CommunityType>('standard', 'extended', 'large');

const patterns = (type: CommunityType) =>
  fc.array(
    fc.constantFrom(...texts[type], ...wild[type]).map((text) => parseCommunityPattern(text, type)!),
    { maxLength: 4 },
  );
const communities = (type: CommunityType, maxLength: number) =>
  fc.array(
    fc.constantFrom(...texts[type]).map((text) => [...parseCommunity(text, type)!]),
    { maxLength },
  );

/** What JavaScript reads the same way when each AS is one digit. */
const expression: fc.Arbitrary<string> = fc.letrec<{ tree: string }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('1', '2', '3', '.', '[1 2]', '[1-3]', '[^1]', '^', '$', ''),
    fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => `${a} ${b}`),
    fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => `(${a}|${b})`),
    fc
      .tuple(
        fc.constantFrom('1', '.', '[^2]', '(1 2)', '(1|2 3)'),
        fc.constantFrom('*', '+', '?', '{2}', '{1,2}', '{1,}'),
      )
      .map(([a, b]) => `${a}${b}`),
    fc.tuple(tie('tree'), fc.constantFrom('*', '+', '?', '{0,2}')).map(([a, b]) => `(${a})${b}`),
  ),
})).tree;

const asPath: fc.Arbitrary<AsPathMatch> = fc.oneof(
  fc.record({
    kind: fc.constantFrom<'is' | 'begins' | 'ends' | 'contains'>('is', 'begins', 'ends', 'contains'),
    asns: fc.array(rangeOf(asn), { maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('expression' as const), text: expression }),
);

export const anyExpression = expression;

const count = fc.oneof(
  fc.constantFrom<'any' | 'all' | 'none'>('any', 'all', 'none'),
  fc.record({ exactly: fc.integer({ min: 0, max: 2 }) }),
);

const plainCondition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ kind: fc.constant('prefix' as const), in: fc.array(anyMatch, { maxLength: 4 }) }),
  fc.record({ kind: fc.constant('prefixLength' as const), range: rangeOf(fc.integer({ min: 0, max: 128 })) }),
  fc.record({
    kind: fc.constant('family' as const),
    family: fc.constantFrom<'ipv4' | 'ipv6'>('ipv4', 'ipv6'),
  }),
  fc.record({ kind: fc.constant('source' as const), sources: fc.array(anySource, { maxLength: 3 }) }),
  fc.record({ kind: fc.constant('fromPeer' as const), names: fc.array(fc.constantFrom('a', 'b', 'c')) }),
  fc.record({ kind: fc.constant('fromGroup' as const), groups: fc.array(fc.constantFrom('g', 'h')) }),
  fc.record({
    kind: fc.constantFrom<'fromType' | 'session'>('fromType', 'session'),
    type: fc.constantFrom<'ebgp' | 'ibgp'>('ebgp', 'ibgp'),
  }),
  fc.record({
    kind: fc.constant('interface' as const),
    patterns: fc.array(fc.constantFrom('cali*', '*', 'eth?', '*1', 'c*l*2', '', '??*'), { maxLength: 2 }),
  }),
  fc.record({
    kind: fc.constantFrom<'metric' | 'priority' | 'localPref' | 'med'>(
      'metric',
      'priority',
      'localPref',
      'med',
    ),
    range: rangeOf(numbers),
  }),
  fc.record({ kind: fc.constant('asPathLength' as const), range: rangeOf(small) }),
  fc.record({
    kind: fc.constant('nextHop' as const),
    in: fc.array(
      fc
        .constantFrom('10.0.0.0/8', '0.0.0.0/0', '2001:db8::/32', '::/0')
        .map((text) => ({ prefix: prefix(text), ge: 0, le: 128 })),
      { maxLength: 2 },
    ),
  }),
  fc.record({ kind: fc.constantFrom<'neighbourAs' | 'originAs'>('neighbourAs', 'originAs'), asns }),
  fc.record({ kind: fc.constant('asPath' as const), paths: fc.array(asPath, { maxLength: 2 }) }),
  types.chain((type) =>
    fc.record({
      kind: fc.constant('communities' as const),
      type: fc.constant(type),
      count,
      patterns: patterns(type),
    }),
  ),
  fc.record({
    kind: fc.constant('origin' as const),
    origins: fc.array(fc.constantFrom<'igp' | 'egp' | 'incomplete'>('igp', 'egp', 'incomplete')),
  }),
  fc.record({
    kind: fc.constant('rpki' as const),
    states: fc.array(fc.constantFrom<'valid' | 'invalid' | 'notFound'>('valid', 'invalid', 'notFound')),
  }),
);

export const anyCondition: fc.Arbitrary<Condition> = fc.oneof(
  { weight: 4, arbitrary: plainCondition },
  fc.array(plainCondition, { maxLength: 2 }).map((of): Condition => ({ kind: 'not', of })),
);

export const anyEdit: fc.Arbitrary<PolicyEdit> = fc.oneof(
  types.chain((type) =>
    fc.record({
      kind: fc.constant('communities' as const),
      type: fc.constant(type),
      remove: patterns(type),
      add: communities(type, 3),
    }),
  ),
  fc.record({ kind: fc.constantFrom<'localPref' | 'med'>('localPref', 'med'), value: fc.option(numbers) }),
  fc.record({
    kind: fc.constantFrom<'addLocalPref' | 'addMed'>('addLocalPref', 'addMed'),
    by: fc.constantFrom(-0xffffffff, -10, 0, 10, 0xffffffff),
  }),
  fc.record({
    kind: fc.constant('origin' as const),
    origin: fc.constantFrom<'igp' | 'egp' | 'incomplete'>('igp', 'egp', 'incomplete'),
  }),
  fc.record({
    kind: fc.constant('prepend' as const),
    asns: fc.array(fc.oneof(asn, fc.constant('own' as const)), { maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant('nextHop' as const),
    to: fc.constantFrom('self' as const, 'peer' as const, ip('10.9.9.9'), ip('2001:db8:9::9')),
  }),
  fc.record({ kind: fc.constantFrom<'metric' | 'weight'>('metric', 'weight'), value: numbers }),
  fc.record({ kind: fc.constant('priority' as const), value: fc.constantFrom(0, 512, 1024, 2147483647) }),
);

export const anyTerm: fc.Arbitrary<TermConfig> = fc.record({
  match: fc.array(anyCondition, { maxLength: 2 }),
  edits: fc.array(anyEdit, { maxLength: 3 }),
  action: fc.constantFrom<TermConfig['action']>('accept', 'reject', 'next', 'next'),
});

const PEERS: readonly PeerView[] = [
  { name: 'a', group: 'g', type: 'ebgp', asn: 1, address: ip('10.0.0.1') },
  { name: 'b', group: null, type: 'ibgp', asn: 9, address: ip('2001:db8::1') },
];

const path = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('sequence' as const),
        asns: fc.array(asn, { minLength: 1, maxLength: 3 }),
      }),
    },
    fc.record({
      kind: fc.constantFrom<'set' | 'confedSequence'>('set', 'confedSequence'),
      asns: fc.array(asn, { minLength: 1, maxLength: 2 }),
    }),
  ),
  { maxLength: 3 },
);

const attributes: fc.Arbitrary<PathAttributes> = fc.record({
  ...Object.fromEntries(Object.entries(NO_ATTRIBUTES).map(([key, value]) => [key, fc.constant(value)])),
  local: fc.record({
    weight: fc.option(small),
    metric: fc.option(numbers),
    interface: fc.option(fc.constantFrom('cali12', 'eth0', 'lo1')),
  }),
  origin: fc.integer({ min: 0, max: 2 }),
  asPath: path,
  med: fc.option(numbers),
  localPref: fc.option(numbers),
  communities: communities('standard', 4).map((list) =>
    list.map((octets) => octets.reduce((sum, octet) => sum * 256 + octet, 0)),
  ),
  extendedCommunities: communities('extended', 4).map((list) =>
    list.map((octets) => Uint8Array.from(octets)),
  ),
  largeCommunities: fc.array(fc.constantFrom([1, 1, 1] as const, [1, 1, 2] as const, [1, 2, 1] as const), {
    maxLength: 3,
  }),
}) as unknown as fc.Arbitrary<PathAttributes>;

export const anyRoute: fc.Arbitrary<NaiveRoute> = fc
  .record({
    prefix: anyPrefix,
    source: anySource,
    peer: fc.constantFrom(null, ...PEERS),
    session: fc.constantFrom<'ebgp' | 'ibgp' | null>('ebgp', 'ibgp', null),
    hasSelf: fc.boolean(),
    rpki: fc.constantFrom<'valid' | 'invalid' | 'notFound'>('valid', 'invalid', 'notFound'),
    hasNextHop: fc.boolean(),
    attributes,
  })
  .map(({ hasSelf, hasNextHop, ...route }) => {
    const v4 = route.prefix.address.family === 'ipv4';
    const nextHop = hasNextHop ? ip(v4 ? '10.1.1.1' : '2001:db8::77') : null;
    const self = hasSelf ? ip(v4 ? '10.2.2.2' : '2001:db8::88') : null;
    return { ...route, self, attributes: { ...route.attributes, nextHop } };
  });
