import test from 'ava';
import fc from 'fast-check';
import { type Prefix, prefixContains } from '../../src/base/prefix.js';
import { compilePolicies, constantPolicy, decidesAll, mayAccept } from '../../src/policy/compile.js';
import type {
  Condition,
  PolicyConfig,
  PrefixMatch,
  RouteSource,
  TermConfig,
} from '../../src/policy/types.js';
import { anyMatch, anyPrefix, anySource, routeTo, within } from './routes.js';

/** Our AS. */
const OWN = 64512;

const term = (action: TermConfig['action'], ...match: Condition[]): TermConfig => ({
  match,
  edits: [],
  action,
});

const inside = (...matches: PrefixMatch[]): Condition => ({ kind: 'prefix', in: matches });
const from = (...sources: RouteSource[]): Condition => ({ kind: 'source', sources });

const policies = {
  tens: [term('accept', inside(within('10.0.0.0/8')))],
  notTens: [term('reject', { kind: 'not', of: [inside(within('10.0.0.0/8'))] })],
  workloads: [term('accept', from('kernel'))],
  kernelTens: [term('accept', from('kernel'), inside(within('10.0.0.0/8')))],
  nothing: [],
  dead: [term('accept', inside()), term('accept', from())],
  'accept-all': [term('accept')],
  'reject-all': [term('reject')],
  also: [term('accept')],
} as const satisfies Record<string, PolicyConfig>;

const decisions: readonly [
  names: readonly string[],
  route: string,
  source: RouteSource,
  action: string,
  term: string,
][] = [
  [['tens'], '10.1.0.0/16', 'bgp', 'accept', 'policy tens, term 1'],
  [['tens'], '11.1.0.0/16', 'bgp', 'reject', 'no term of tens matched'],
  [['tens', 'workloads'], '11.1.1.1/32', 'kernel', 'accept', 'policy workloads, term 1'],
  [['notTens', 'accept-all'], '10.0.0.0/8', 'bgp', 'accept', 'policy accept-all, term 1'],
  [['notTens', 'accept-all'], '2001:db8::/32', 'bgp', 'reject', 'policy notTens, term 1'],
  [['reject-all', 'accept-all'], '10.0.0.0/8', 'bgp', 'reject', 'policy reject-all, term 1'],
  [['kernelTens'], '10.0.0.1/32', 'bgp', 'reject', 'no term of kernelTens matched'],
  [['kernelTens'], '10.0.0.1/32', 'kernel', 'accept', 'policy kernelTens, term 1'],
  [['kernelTens'], '11.0.0.1/32', 'kernel', 'reject', 'no term of kernelTens matched'],
  [['nothing', 'dead'], '10.0.0.0/8', 'bgp', 'reject', 'no term of nothing, dead matched'],
  [[], '10.0.0.0/8', 'bgp', 'reject', 'no policy'],
];

for (const [names, route, source, action, explained] of decisions) {
  test(`[${names.join(', ')}] on ${source} ${route}`, (t) => {
    const verdict = compilePolicies(names, policies, 'reject', OWN).evaluate(routeTo(route, source));
    t.deepEqual([verdict.action, verdict.term], [action, explained]);
  });
}

test('readsPrefix is true only where a reachable term looks at the prefix', (t) => {
  const reads = (...names: string[]): boolean => compilePolicies(names, policies, 'reject', OWN).readsPrefix;
  t.true(reads('tens'));
  t.true(reads('workloads', 'tens'));
  t.false(reads('workloads'));
  t.false(reads('accept-all', 'tens'));
  t.false(reads('dead', 'nothing'));
});

test('keys say what is decided, not what it is called', (t) => {
  const key = (fallback: 'accept' | 'reject', ...names: string[]): string =>
    compilePolicies(names, policies, fallback, OWN).key;
  t.is(key('reject', 'accept-all'), key('reject', 'also'));
  t.is(key('accept'), key('reject', 'accept-all', 'tens'));
  t.is(key('reject', 'tens'), key('accept', 'tens', 'reject-all'));
  t.is(key('accept'), constantPolicy('accept', 'whatever').key);
  t.not(key('reject', 'tens'), key('accept', 'tens'));
  t.not(key('reject', 'tens', 'workloads'), key('reject', 'kernelTens'));
});

test('equal chains are one object, verdicts are shared', (t) => {
  const a = compilePolicies(['tens'], policies, 'reject', OWN);
  t.is(a, compilePolicies(['tens'], policies, 'reject', OWN));
  t.not(a, compilePolicies(['tens'], { ...policies }, 'reject', OWN));
  t.is(a.evaluate(routeTo('10.0.0.0/9')), a.evaluate(routeTo('10.0.0.0/10')));
});

test('a name without a definition is a mistake of the caller', (t) => {
  t.throws(() => compilePolicies(['typo'], policies, 'reject', OWN), { message: /typo/ });
});

test('what a chain can accept, and where it ends, is known without routes', (t) => {
  t.false(mayAccept(['workloads'], policies, 'bgp'));
  t.true(mayAccept(['workloads'], policies, 'kernel'));
  t.true(mayAccept(['tens'], policies, 'bgp'));
  t.false(mayAccept(['reject-all', 'accept-all'], policies, 'bgp'));
  t.true(decidesAll(policies['accept-all']));
  t.false(decidesAll(policies.tens));
  t.true(decidesAll([term('accept', from('kernel', 'bgp', 'static', 'aggregate', 'service'))]));
});

const anyCondition: fc.Arbitrary<Condition> = fc.oneof(
  fc.array(anySource, { maxLength: 3 }).map((sources) => from(...sources)),
  fc.array(anyMatch, { maxLength: 4 }).map((matches) => inside(...matches)),
  fc
    .array(anyMatch, { maxLength: 4 })
    .map((matches): Condition => ({ kind: 'not', of: [inside(...matches)] })),
);

const anyTerm: fc.Arbitrary<TermConfig> = fc.record({
  action: fc.constantFrom('accept', 'reject'),
  edits: fc.constant([]),
  match: fc.array(anyCondition, { maxLength: 2 }),
});

const holds = (matches: readonly PrefixMatch[], route: Prefix): boolean =>
  matches.some((m) => prefixContains(m.prefix, route) && route.length >= m.ge && route.length <= m.le);

const naiveMatch = (match: readonly Condition[], route: Prefix, source: RouteSource): boolean =>
  match.every((condition) => {
    if (condition.kind === 'not') return !naiveMatch(condition.of, route, source);
    if (condition.kind === 'source') return condition.sources.includes(source);
    return condition.kind === 'prefix' && holds(condition.in, route);
  });

test('a compiled chain decides as the terms read one by one do', (t) => {
  const chain = fc.array(fc.array(anyTerm, { maxLength: 4 }), { maxLength: 3 });
  const routes = fc.array(fc.tuple(anyPrefix, anySource), { minLength: 1, maxLength: 10 });
  t.notThrows(() =>
    fc.assert(
      fc.property(
        chain,
        routes,
        fc.constantFrom<'accept' | 'reject'>('accept', 'reject'),
        (list, probes, fallback) => {
          const named = Object.fromEntries(list.map((policy, i) => [`p${i}`, policy]));
          const policy = compilePolicies(Object.keys(named), named, fallback, OWN);
          for (const [route, source] of probes) {
            const first = list.flat().find(({ match }) => naiveMatch(match, route, source));
            if (policy.evaluate(routeTo(route, source)).action !== (first?.action ?? fallback)) return false;
          }
          return true;
        },
      ),
      { numRuns: 500 },
    ),
  );
});

test('a chain that says it reads no prefix gives one verdict per source', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(
        fc.array(anyTerm, { maxLength: 4 }),
        anySource,
        anyPrefix,
        anyPrefix,
        (terms, source, a, b) => {
          const policy = compilePolicies(['p'], { p: terms }, 'reject', OWN);
          fc.pre(!policy.readsPrefix);
          return policy.evaluate(routeTo(a, source)) === policy.evaluate(routeTo(b, source));
        },
      ),
    ),
  );
});
