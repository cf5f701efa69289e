import test from 'ava';
import fc from 'fast-check';
import { type Prefix, prefixContains } from '../../src/base/prefix.js';
import { buildPrefixSet, prefixSetHas } from '../../src/policy/sets.js';
import type { PrefixMatch } from '../../src/policy/types.js';
import { anyMatch, anyPrefix, routeTo, within } from './routes.js';

const naive = (matches: readonly PrefixMatch[], route: Prefix): boolean =>
  matches.some(
    (match) => prefixContains(match.prefix, route) && route.length >= match.ge && route.length <= match.le,
  );

const cases: readonly [
  name: string,
  set: readonly PrefixMatch[],
  inside: readonly string[],
  out: readonly string[],
][] = [
  [
    'the prefix and all inside',
    [within('10.0.0.0/8')],
    ['10.0.0.0/8', '10.1.2.3/32'],
    ['10.0.0.0/7', '11.0.0.0/8'],
  ],
  ['only the prefix', [within('10.0.0.0/8', 8, 8)], ['10.0.0.0/8'], ['10.0.0.0/9', '10.0.0.0/7']],
  [
    'bounds',
    [within('10.0.0.0/8', 24, 26)],
    ['10.1.2.0/24', '10.1.2.64/26'],
    ['10.0.0.0/8', '10.1.0.0/23', '10.1.2.0/27'],
  ],
  [
    'two bounds of one prefix',
    [within('10.0.0.0/8', 8, 8), within('10.0.0.0/8', 32, 32)],
    ['10.0.0.0/8', '10.9.9.9/32'],
    ['10.0.0.0/16'],
  ],
  [
    'the default route is of one family',
    [within('0.0.0.0/0')],
    ['0.0.0.0/0', '255.255.255.255/32'],
    ['::/0', '::/32'],
  ],
  [
    'IPv6 across word borders',
    [within('2001:db8:0:1::/64'), within('fd00::/8', 128)],
    ['2001:db8:0:1::/64', '2001:db8:0:1:8000::/65', 'fdff::1/128'],
    ['2001:db8::/63', '2001:db8:0:2::/64', 'fd00::/127', '0.0.0.0/8'],
  ],
  ['nothing', [], [], ['0.0.0.0/0', '::/0']],
];

for (const [name, matches, inside, out] of cases) {
  test(name, (t) => {
    const set = buildPrefixSet(matches);
    for (const text of inside) t.true(prefixSetHas(set, routeTo(text)), text);
    for (const text of out) t.false(prefixSetHas(set, routeTo(text)), text);
  });
}

/** A long list, of which most routes can be told apart by their first bits. */
const LONG = Array.from({ length: 100 }, (_, i) => within(`100.64.${i}.0/24`));

for (const [title, more] of [
  ['a set', []],
  ['a long set', LONG],
] as const) {
  test(`${title} answers as a walk over the list does`, (t) => {
    t.notThrows(() =>
      fc.assert(
        fc.property(
          fc.array(anyMatch, { maxLength: 20 }),
          fc.array(anyPrefix, { maxLength: 20 }),
          (given, routes) => {
            const matches = [...given, ...more];
            const set = buildPrefixSet(matches);
            const probes = [...routes, ...matches.map((match) => match.prefix)];
            return probes.every((route) => prefixSetHas(set, routeTo(route)) === naive(matches, route));
          },
        ),
        { numRuns: 300 },
      ),
    );
  });
}

test('equal content has equal keys whatever the order, other content has others', (t) => {
  const a = within('10.0.0.0/8');
  const b = within('192.168.0.0/16', 24, 24);
  t.is(buildPrefixSet([a, b, a]).key, buildPrefixSet([b, a]).key);
  t.is(
    buildPrefixSet([within('10.0.0.0/8', 8, 20), within('10.0.0.0/8', 15, 32)]).key,
    buildPrefixSet([a]).key,
  );
  t.not(buildPrefixSet([a]).key, buildPrefixSet([b]).key);
  t.not(buildPrefixSet([b]).key, buildPrefixSet([within('192.168.0.0/16')]).key);
});

test('the answer for a long list needs few probes', (t) => {
  const matches = Array.from({ length: 20_000 }, (_, i) =>
    within(`10.${i >>> 8}.${i & 255}.0/${24 + (i % 3)}`),
  );
  const set = buildPrefixSet(matches);
  t.is(set.size, 20_000);
  t.deepEqual([...set.tables[0].maskLengths], [24, 25, 26]);
  t.true(prefixSetHas(set, routeTo('10.50.7.1/32')));
  t.false(prefixSetHas(set, routeTo('11.0.0.1/32')));
});
