// The compiled policies against the naive interpreter, on random policies and routes.

import test from 'ava';
import fc from 'fast-check';
import { toHex } from '../../src/base/bytes.js';
import { prefixWords } from '../../src/base/prefix.js';
import { compilePolicies } from '../../src/policy/compile.js';
import { buildAutomaton } from '../../src/policy/match/as-path-automaton.js';
import { parseAsPathExpression } from '../../src/policy/match/as-path-expression.js';
import { compileCondition } from '../../src/policy/match/conditions.js';
import type { RouteView } from '../../src/rib/hooks.js';
import { encodeBlock, rewriteBlock } from '../../src/wire/block.js';
import { type NaiveRoute, naiveChain, naiveHolds, sameFamily, selfOctets } from './naive.js';
import { anyCondition, anyExpression, anyRoute, anyTerm } from './random-policies.js';

const OWN = 7;

/** The block lies in the middle of other octets, as it does in the RIB. */
function viewOf(route: NaiveRoute): RouteView {
  const [w0, w1, w2, w3] = prefixWords(route.prefix);
  const block = encodeBlock(route.attributes);
  const bytes = new Uint8Array(block.length + 20).fill(0xff);
  bytes.set(block, 10);
  const { source, peer, session } = route;
  const words = { w0, w1, w2, w3, length: route.prefix.length };
  const place = { bytes, start: 10, end: 10 + block.length };
  return {
    ...words,
    ...place,
    family: sameFamily(route),
    source,
    peer,
    session,
    self: selfOctets(route),
    rpki: () => route.rpki,
  };
}

test('every condition holds when the naive reading says so', (t) => {
  fc.assert(
    fc.property(anyCondition, anyRoute, (condition, route) => {
      const compiled = compileCondition(condition);
      const holds = compiled.kind === 'test' ? compiled.test(viewOf(route)) : compiled.kind === 'always';
      t.is(holds, naiveHolds(condition, route), JSON.stringify([condition, route]));
    }),
    { numRuns: 6000 },
  );
});

test('a compiled chain makes of a route what the naive reading makes of it', (t) => {
  const chain = fc.array(fc.array(anyTerm, { maxLength: 4 }), { maxLength: 3 });
  const routes = fc.array(anyRoute, { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(
      chain,
      routes,
      fc.constantFrom<'accept' | 'reject'>('accept', 'reject'),
      (list, probes, fallback) => {
        const named = Object.fromEntries(list.map((policy, i) => [`p${i}`, policy]));
        const policy = compilePolicies(Object.keys(named), named, fallback, OWN);
        for (const route of probes) {
          const verdict = policy.evaluate(viewOf(route));
          const before = encodeBlock(route.attributes);
          const after =
            verdict.action === 'reject'
              ? null
              : toHex(verdict.edits === null ? before : rewriteBlock(before, verdict.edits));
          const naive = naiveChain(list, fallback, route, OWN);
          t.is(after, naive === null ? null : toHex(encodeBlock(naive)), JSON.stringify([list, route]));
        }
      },
    ),
    { numRuns: 4000 },
  );
});

test('what a policy does not read does not change what it says', (t) => {
  fc.assert(
    fc.property(fc.array(anyTerm, { maxLength: 4 }), anyRoute, anyRoute, (terms, a, b) => {
      const policy = compilePolicies(['p'], { p: terms }, 'reject', OWN);
      const mixed: NaiveRoute = {
        ...a,
        ...(policy.readsPrefix || a.prefix.address.family !== b.prefix.address.family
          ? {}
          : { prefix: b.prefix }),
        ...(policy.readsAttributes ? {} : { attributes: b.attributes }),
        ...(policy.readsRpki ? {} : { rpki: b.rpki }),
      };
      t.deepEqual(policy.evaluate(viewOf(a)), policy.evaluate(viewOf(mixed)));
    }),
    { numRuns: 3000 },
  );
});

test('equal keys mean equal decisions', (t) => {
  const policies = fc.array(fc.array(anyTerm, { maxLength: 2 }), { minLength: 2, maxLength: 6 });
  fc.assert(
    fc.property(policies, anyRoute, (list, route) => {
      const compiled = list.map((terms) => compilePolicies(['p'], { p: terms }, 'reject', OWN));
      const byKey = new Map<string, string>();
      for (const { key, evaluate } of compiled) {
        const { term: _name, ...verdict } = evaluate(viewOf(route));
        const text = JSON.stringify(verdict);
        t.is(byKey.get(key) ?? text, text);
        byKey.set(key, text);
      }
    }),
  );
});

test('an expression costs at most a look at each state for each AS, whatever it is', (t) => {
  const expression = parseAsPathExpression(`(${'(.*)*'.repeat(12)}1)*$`);
  if (expression.kind === 'fault') return t.fail();
  const automaton = buildAutomaton(expression);
  // A backtracking matcher would take 2^60 steps and more.
  const path = new Uint8Array(2 + 250 * 4).fill(0);
  path[0] = 2;
  path[1] = 250;
  for (let at = 2; at < path.length; at += 4) path[at + 3] = 2;
  t.is(automaton?.runs(path, 0, path.length), true);
  const anchored = parseAsPathExpression(`^${'(.*)*'.repeat(12)}1$`);
  if (anchored.kind === 'fault') return t.fail();
  t.is(buildAutomaton(anchored)?.runs(path, 0, path.length), false);
});

test('every expression that is written can be read, and none is too large', (t) => {
  fc.assert(
    fc.property(anyExpression, (text) => {
      const expression = parseAsPathExpression(text);
      t.not(expression.kind, 'fault', text);
      if (expression.kind !== 'fault') t.not(buildAutomaton(expression), null);
    }),
  );
});

test('any text is an expression or a fault, never an exception', (t) => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9.*+?()|[\]{},^$_ -]{0,30}$/));
  fc.assert(
    fc.property(text, (written) => {
      const expression = parseAsPathExpression(written);
      if (expression.kind === 'fault') t.true(expression.message.length > 0 && expression.remedy.length > 0);
      else t.notThrows(() => buildAutomaton(expression));
    }),
    { numRuns: 2000 },
  );
});
