// The policy language as it is written, through a whole RIB: every match and every action, on import and on export.

import test from 'ava';
import { KERNEL_SOURCE, NONE, type PrefixId, STATIC_SOURCE } from '../../src/base/ids.js';
import { loadConfig } from '../../src/config/load.js';
import { compilePolicies } from '../../src/policy/compile.js';
import type { CompiledPolicy } from '../../src/rib/hooks.js';
import { findPrefix } from '../../src/rib/views.js';
import { decodeBlock } from '../../src/wire/block.js';
import type { PathAttributes } from '../../src/wire/types.js';
import { Neighbour, type NeighbourOptions, neighbourOptions } from '../rib/neighbour.js';
import { ACCEPT } from '../rib/policies.js';
import { address, attributes, attributesText, blockOf, familyOf, prefix, sequence } from '../rib/routes.js';
import { LOCAL_ASN, TestRib } from '../rib/test-rib.js';

const SETS = `
asn: ${LOCAL_ASN}
peers: [{ name: a, address: 10.0.0.1, asn: 65001, group: tors }, { name: b, address: 10.0.0.2, asn: ${LOCAL_ASN} }]
peerGroups: { tors: {}, hosts: {} }
sets:
  nets: { prefixes: [10.1.0.0/16, "2001:db8::/32"] }
  paths: { asPaths: ["65002$"] }
  std: { communities: ["1:*"] }
  ext: { extendedCommunities: ["rt:*"] }
  lrg: { largeCommunities: ["1:1:*"] }
policies:
  p:
`;

/** The policy of one term. */
function policyOf(term: string): CompiledPolicy {
  const result = loadConfig(`${SETS}    - ${term}\n`, 'test', { hostname: 'h' });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return compilePolicies(['p'], result.config.policies, 'reject', LOCAL_ASN);
}

type Fields = Partial<PathAttributes>;

interface Route {
  readonly prefix?: string;
  readonly fields?: Fields;
  /** Default: learned from the eBGP neighbour a. */
  readonly from?: 'kernel' | 'static';
}

const USUAL: Fields = { nextHop: address('10.0.0.1'), asPath: sequence(65001, 65002) };

const of = (fields: Fields): Route => ({ fields });

interface Outcome {
  readonly accepted: PathAttributes | null;
  readonly told: string | undefined;
}

const options = (changes: Partial<NeighbourOptions>): Partial<NeighbourOptions> => changes;

/** Neighbour a of group tors tells us; b, an internal one, is told. */
function run(route: Route, importPolicy: CompiledPolicy, exportPolicy: CompiledPolicy): Outcome {
  const text = route.prefix ?? '10.1.2.0/24';
  const bed = new TestRib({
    validation: { validate: (_f, _0, _1, _2, _3, _l, origin) => (origin === 65002 ? 'invalid' : 'notFound') },
  });
  const view = { name: 'a', group: 'tors' };
  const a = new Neighbour(bed, neighbourOptions(1, 'ebgp', options({ importPolicy, ...view }))).up();
  const b = new Neighbour(bed, neighbourOptions(2, 'ibgp', options({ exportPolicy }))).up();
  bed.settle();
  if (route.from === undefined) a.announce([text], { ...USUAL, ...route.fields });
  else {
    const source = route.from === 'kernel' ? KERNEL_SOURCE : STATIC_SOURCE;
    bed.rib.applyLocal(source, prefix(text), blockOf(route.fields ?? {}));
  }
  bed.settle();
  b.pullAll();
  const id = findPrefix(bed.rib, prefix(text)) as PrefixId | typeof NONE;
  const attrs = id === NONE ? NONE : bed.rib.prefixes[familyOf(text)].bestAttrs[id]!;
  const accepted = attrs === NONE ? null : decodeBlock(bed.rib.attrSets.block(attrs as never));
  return { accepted, told: b.told.get(text) };
}

const V6: Route = { prefix: '2001:db8:1::/48', fields: { nextHop: address('2001:db8::1') } };
const kernel = (metric: number, name: string): Route => ({
  from: 'kernel',
  prefix: '10.1.2.3/32',
  fields: { local: { weight: null, metric, interface: name } },
});
const communities = (...list: number[]): Route => of({ communities: list });
const A = 1 * 65536 + 1;
const B = 2 * 65536 + 1;
const RT = Uint8Array.of(0, 2, 0, 1, 0, 0, 0, 1);

const MATCHES: readonly (readonly [match: string, yes: Route, no: Route])[] = [
  ['prefix: { in: [=10.1.2.0/24] }', {}, { prefix: '10.1.2.0/25' }],
  ['prefix: { in: [10.1.0.0/16 ge 24 le 25] }', { prefix: '10.1.9.0/25' }, { prefix: '10.1.9.0/26' }],
  ['prefix: { in: ["@nets"] }', V6, { prefix: '10.2.0.0/16' }],
  ['prefix: { notIn: ["@nets", 10.3.0.0/16] }', { prefix: '10.2.0.0/16' }, { prefix: '10.3.0.0/24' }],
  ['prefixLength: 25-32', { prefix: '10.1.2.0/25' }, {}],
  ['family: ipv6', V6, {}],
  ['source: [bgp]', {}, { from: 'static' }],
  ['from: { peers: [a] }', {}, { from: 'static' }],
  ['from: { groups: [tors] }', {}, { from: 'static' }],
  ['from: { type: ebgp }', {}, { from: 'static' }],
  ['nextHop: [10.0.0.0/30]', {}, of({ nextHop: address('10.0.0.9') })],
  ['neighbourAs: [65001]', {}, of({ asPath: sequence(65003, 65001) })],
  ['originAs: [65002-65005]', {}, of({ asPath: sequence(65001, 65006) })],
  ['asPathLength: <=2', {}, of({ asPath: sequence(65001, 65002, 65003) })],
  ['asPath: { is: [65001, 65002] }', {}, of({ asPath: sequence(65001, 65002, 65003) })],
  ['asPath: { begins: [65001] }', {}, of({ asPath: sequence(65003, 65001) })],
  ['asPath: { ends: [65002] }', {}, of({ asPath: sequence(65001, 65002, 65003) })],
  ['asPath: { contains: [65001-65010, 65002] }', {}, of({ asPath: sequence(65001, 65011, 65002, 65003) })],
  ['asPath: { matches: ["^65001 (65009)* 65002$"] }', {}, of({ asPath: sequence(65001, 65008, 65002) })],
  ['asPath: { matches: ["@paths"] }', {}, of({ asPath: sequence(65001) })],
  ['communities: { any: ["1:1", "7:7"] }', communities(A, B), communities(B)],
  ['communities: { any: ["@std"] }', communities(A), communities(B)],
  ['communities: { all: ["1:1", "2:*"] }', communities(B, A), communities(A)],
  ['communities: { none: ["1:1-5"] }', communities(B), communities(A)],
  ['communities: { exactly: 1, of: ["1:1", "2:1"] }', communities(B), communities(A, B)],
  ['extendedCommunities: { any: ["@ext"] }', of({ extendedCommunities: [RT] }), {}],
  ['largeCommunities: { all: ["1:1:2", "@lrg"] }', of({ largeCommunities: [[1, 1, 2]] }), {}],
  ['localPref: 100', {}, { from: 'static', fields: { localPref: 99 } }],
  ['med: 1-10', of({ med: 10 }), {}],
  ['origin: [egp, incomplete]', of({ origin: 2 }), {}],
  ['rpki: [invalid]', {}, of({ asPath: sequence(65001) })],
  [
    'priority: 1024',
    {},
    { from: 'kernel', fields: { local: { weight: null, metric: 512, interface: null } } },
  ],
  ['not: { med: 0, origin: [igp] }', of({ med: 1 }), {}],
];

/** What only routes of this host have, so it can be seen on export alone. */
const LOCAL_MATCHES: readonly (readonly [match: string, yes: Route, no: Route])[] = [
  ['source: [kernel]', kernel(0, 'lo'), { from: 'static' }],
  ['interface: ["cali*", "tap?"]', kernel(0, 'tap1'), kernel(0, 'tap12')],
  ['metric: 512-1024', kernel(512, 'cali1'), kernel(511, 'cali1')],
  ['priority: <=512', kernel(512, 'cali1'), { from: 'kernel', prefix: '10.1.2.3/32' }],
];

const show = ({ prefix: to, from, fields = {} }: Route): string =>
  [to ?? '', from ?? '', Object.keys(fields).join(' ')].join(' ').trim();

for (const [match, yes, no] of MATCHES) {
  const policy = policyOf(`{ match: { ${match} }, action: accept }`);
  for (const [route, wanted] of [
    [yes, true],
    [no, false],
  ] as const) {
    const says = wanted ? 'takes' : 'leaves';
    if (route.from === undefined) {
      test(`import ${match} ${says} ${show(route)}`, (t) => {
        t.is(run(route, policy, ACCEPT).accepted !== null, wanted);
      });
    }
    test(`export ${match} ${says} ${show(route)}`, (t) => {
      t.is(run(route, ACCEPT, policy).told !== undefined, wanted);
    });
  }
}

for (const [match, yes, no] of LOCAL_MATCHES) {
  test(`export of local routes: ${match}`, (t) => {
    const policy = policyOf(`{ match: { ${match} }, action: accept }`);
    t.not(run(yes, ACCEPT, policy).told, undefined);
    t.is(run(no, ACCEPT, policy).told, undefined);
  });
}

test('session is the kind of session that is asked for', (t) => {
  const internal = policyOf('{ match: { session: ibgp }, action: accept }');
  t.is(run({}, internal, ACCEPT).accepted, null);
  t.not(run({}, ACCEPT, internal).told, undefined);
});

/** What the route has before: LOCAL_PREF none, MED 5, two communities of each kind. */
const RICH: Fields = {
  ...USUAL,
  med: 5,
  communities: [A, B],
  extendedCommunities: [RT],
  largeCommunities: [
    [1, 1, 2],
    [2, 2, 2],
  ],
};
const SOO = Uint8Array.of(0, 3, 0, 1, 0, 0, 0, 9);
const facts = (changes: Partial<PathAttributes['local']>): Fields => ({
  local: { weight: null, metric: null, interface: null, ...changes },
});

const ACTIONS: readonly (readonly [set: string, becomes: Fields])[] = [
  ['localPref: 7', { localPref: 7 }],
  ['addLocalPref: -1', { localPref: 99 }],
  ['med: 9', { med: 9 }],
  ['med: none', { med: null }],
  ['addMed: 10', { med: 15 }],
  ['addMed: -10', { med: 0 }],
  ['origin: incomplete', { origin: 2 }],
  ['nextHop: self', { nextHop: address('10.0.0.254') }],
  ['nextHop: peer', { nextHop: address('10.0.0.1') }],
  ['nextHop: 192.0.2.9', { nextHop: address('192.0.2.9') }],
  ['nextHop: "2001:db8::9"', {}],
  ['prepend: 2', { asPath: sequence(LOCAL_ASN, LOCAL_ASN, 65001, 65002) }],
  ['prepend: [65007, own]', { asPath: sequence(65007, LOCAL_ASN, 65001, 65002) }],
  ['communities: { add: ["1:1", "3:3"] }', { communities: [A, B, 3 * 65536 + 3] }],
  ['communities: { remove: ["@std"], add: ["3:3"] }', { communities: [B, 3 * 65536 + 3] }],
  ['communities: { set: ["3:3"] }', { communities: [3 * 65536 + 3] }],
  ['communities: { remove: ["*"] }', { communities: [] }],
  ['extendedCommunities: { remove: ["rt:1:*"], add: ["soo:1:9"] }', { extendedCommunities: [SOO] }],
  ['largeCommunities: { remove: ["@lrg"] }', { largeCommunities: [[2, 2, 2]] }],
  [
    'largeCommunities: { set: ["9:9:9"], add: ["8:8:8"] }',
    {
      largeCommunities: [
        [9, 9, 9],
        [8, 8, 8],
      ],
    },
  ],
  ['priority: 512', { localPref: 2147483135, ...facts({ metric: 512 }) }],
  ['metric: 77', facts({ metric: 77 })],
  ['weight: 3', facts({ weight: 3 })],
];

/** AS loops are not what is looked at here. */
const told = (fields: Fields): string =>
  attributesText({ ...attributes(fields), local: attributes({}).local });

for (const [set, becomes] of ACTIONS) {
  const policy = policyOf(`{ set: { ${set} }, action: accept }`);
  test(`import set ${set}`, (t) => {
    const { accepted } = run(of(RICH), policy, ACCEPT);
    t.deepEqual(accepted, attributes({ ...RICH, ...becomes }));
  });
  test(`export set ${set}`, (t) => {
    t.is(run(of(RICH), ACCEPT, policy).told, told({ localPref: 100, ...RICH, ...becomes }));
  });
}

test('towards an external neighbour MED and next hop of the policy stay, LOCAL_PREF goes, our AS is first', (t) => {
  const bed = new TestRib();
  const exportPolicy = policyOf(
    '{ set: { med: 9, localPref: 7, nextHop: 192.0.2.9, prepend: [65007], weight: 5, communities: { add: [no-export] } }, action: accept }',
  );
  const a = new Neighbour(bed, neighbourOptions(1, 'ebgp')).up();
  const c = new Neighbour(bed, neighbourOptions(3, 'ebgp', options({ exportPolicy }))).up();
  bed.settle();
  a.announce(['10.1.2.0/24'], { ...USUAL, med: 5 });
  bed.settle();
  c.pullAll();
  t.is(
    c.told.get('10.1.2.0/24'),
    told({
      nextHop: address('192.0.2.9'),
      asPath: sequence(LOCAL_ASN, 65007, 65001, 65002),
      med: 9,
      communities: [0xffffff01],
    }),
  );
  t.deepEqual(c.objections, []);
});

test('a MED that no policy set does not leave the neighbouring AS, and reject and next do what they say', (t) => {
  const bed = new TestRib();
  const chain = `{ set: { localPref: 300 }, action: next }
    - { match: { localPref: 300, prefix: { in: [10.1.2.0/24] } }, action: reject }
    - { match: { localPref: 300 }, action: accept }`;
  const a = new Neighbour(bed, neighbourOptions(1, 'ebgp', options({ importPolicy: policyOf(chain) }))).up();
  const c = new Neighbour(bed, neighbourOptions(3, 'ebgp')).up();
  bed.settle();
  a.announce(['10.1.2.0/24', '10.1.3.0/24'], { ...USUAL, med: 5 });
  bed.settle();
  c.pullAll();
  t.deepEqual([...c.told.keys()], ['10.1.3.0/24']);
  t.true(c.told.get('10.1.3.0/24')?.includes('"med":null'));
});

test('the higher weight wins before LOCAL_PREF', (t) => {
  const bed = new TestRib();
  const importPolicy = policyOf('{ set: { weight: 1, localPref: 1 }, action: accept }');
  const a = new Neighbour(bed, neighbourOptions(1, 'ebgp')).up();
  const b = new Neighbour(bed, neighbourOptions(2, 'ebgp', options({ importPolicy }))).up();
  a.announce(['10.1.2.0/24'], USUAL);
  b.announce(['10.1.2.0/24'], { ...USUAL, asPath: sequence(65002, 65003, 65004) });
  bed.settle();
  const id = findPrefix(bed.rib, prefix('10.1.2.0/24')) as PrefixId;
  t.is(bed.rib.prefixes[0].bestSource[id], b.id);
});
