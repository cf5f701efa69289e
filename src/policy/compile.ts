// Policies as data -> one function for a chain of them. Knows no peer, no RIB and no configuration file.

import type { CompiledPolicy, PolicyVerdict, RouteView } from '../rib/hooks.js';
import { buildPrefixSet, type PrefixSet, prefixSetHas } from './sets.js';
import type { Condition, PolicyConfig, RouteSource, TermConfig } from './types.js';

type Action = 'accept' | 'reject';

/** A term with its conditions ready to run; a null condition holds for every route. */
interface CompiledTerm {
  readonly prefix: { readonly set: PrefixSet; readonly negated: boolean } | null;
  readonly sources: readonly RouteSource[] | null;
  readonly verdict: PolicyVerdict;
}

const SOURCES = ['kernel', 'static', 'aggregate', 'service', 'bgp'] as const satisfies readonly RouteSource[];

/** Compiled chains by the policies they were made from, so that thousands of equal peers share one. */
const compiled = new WeakMap<Readonly<Record<string, PolicyConfig>>, Map<string, CompiledPolicy>>();

/**
 * The first term of the chain that matches decides; where none matches, the fallback does. Null names mean an empty
 * chain. The key depends on what the terms say, not on what the policies are called. Every name must be in `policies`.
 */
export function compilePolicies(
  names: readonly string[] | null,
  policies: Readonly<Record<string, PolicyConfig>>,
  fallback: Action,
): CompiledPolicy {
  const chains = compiled.get(policies) ?? new Map<string, CompiledPolicy>();
  compiled.set(policies, chains);
  const id = JSON.stringify([fallback, names]);
  const chain = chains.get(id) ?? compileChain(names ?? [], policies, fallback);
  chains.set(id, chain);
  return chain;
}

/** The same verdict for every route, explained by `term`. */
export function constantPolicy(action: Action, term: string): CompiledPolicy {
  const verdict = makeVerdict(action, term);
  return { key: action, readsPrefix: false, readsAttributes: false, readsRpki: false, evaluate: () => verdict };
}

/** True when a route of this source can reach a term that accepts; prefixes are not looked at. */
export function mayAccept(
  names: readonly string[],
  policies: Readonly<Record<string, PolicyConfig>>,
  source: RouteSource,
): boolean {
  for (const { prefix, sources, verdict } of reachableTerms(names, policies)) {
    if (sources !== null && !sources.includes(source)) continue;
    if (verdict.action === 'accept') return true;
    if (prefix === null) return false;
  }
  return false;
}

/** True when no route gets past the policy: what follows it in a chain is never asked. */
export const decidesAll = (policy: PolicyConfig): boolean =>
  compileTerms('', policy).some((term) => isUnconditional(term));

function compileChain(
  names: readonly string[],
  policies: Readonly<Record<string, PolicyConfig>>,
  fallback: Action,
): CompiledPolicy {
  const terms = reachableTerms(names, policies);
  const last = terms.at(-1);
  if (last === undefined || !isUnconditional(last)) terms.push(fallbackTerm(names, fallback));
  const first = terms[0]!;
  if (terms.length === 1) return constantPolicy(first.verdict.action, first.verdict.term);
  return {
    key: terms.map(termKey).join('; '),
    readsPrefix: terms.some(({ prefix }) => prefix !== null),
    readsAttributes: false,
    readsRpki: false,
    evaluate: (route) => decide(terms, route),
  };
}

/** The terms up to and with the first that matches every route. */
function reachableTerms(
  names: readonly string[],
  policies: Readonly<Record<string, PolicyConfig>>,
): CompiledTerm[] {
  const terms = names.flatMap((name) => {
    const policy = policies[name];
    if (policy === undefined) throw new Error(`policy ${name} is not defined`);
    return compileTerms(name, policy);
  });
  const end = terms.findIndex(isUnconditional);
  return end < 0 ? terms : terms.slice(0, end + 1);
}

/** Terms that can match something, with the numbers they have in the configuration. */
function compileTerms(name: string, policy: PolicyConfig): CompiledTerm[] {
  const terms = policy.map((term, index) => ({
    prefix: compilePrefix(only(term.match, 'prefix')),
    sources: compileSources(only(term.match, 'source')?.sources ?? null),
    verdict: makeVerdict(term.action === 'accept' ? 'accept' : 'reject', `policy ${name}, term ${index + 1}`),
  }));
  return terms.filter(({ prefix, sources }) => !isNever(prefix, sources));
}

const only = <K extends Condition['kind']>(
  match: TermConfig['match'],
  kind: K,
): Extract<Condition, { kind: K }> | null =>
  match.find((condition): condition is Extract<Condition, { kind: K }> => condition.kind === kind) ?? null;

function compilePrefix(match: Extract<Condition, { kind: 'prefix' }> | null): CompiledTerm['prefix'] {
  if (match === null) return null;
  return { set: buildPrefixSet(match.in), negated: false };
}

function compileSources(sources: readonly RouteSource[] | null): CompiledTerm['sources'] {
  if (sources === null) return null;
  const listed = SOURCES.filter((source) => sources.includes(source));
  return listed.length === SOURCES.length ? null : listed;
}

const isNever = (prefix: CompiledTerm['prefix'], sources: CompiledTerm['sources']): boolean =>
  sources?.length === 0 || (prefix !== null && !prefix.negated && prefix.set.size === 0);

const isUnconditional = ({ prefix, sources }: CompiledTerm): boolean => prefix === null && sources === null;

const fallbackTerm = (names: readonly string[], action: Action): CompiledTerm => ({
  prefix: null,
  sources: null,
  verdict: makeVerdict(action, names.length === 0 ? 'no policy' : `no term of ${names.join(', ')} matched`),
});

const makeVerdict = (action: Action, term: string): PolicyVerdict =>
  action === 'accept' ? { action, edits: null, term } : { action, term };

function termKey({ prefix, sources, verdict }: CompiledTerm): string {
  const conditions = [
    prefix === null ? '' : `${prefix.negated ? 'not in' : 'in'} [${prefix.set.key}]`,
    sources === null ? '' : `from ${sources.join('|')}`,
  ];
  return [...conditions.filter((text) => text !== ''), verdict.action].join(' ');
}

function decide(terms: readonly CompiledTerm[], route: RouteView): PolicyVerdict {
  for (let i = 0; i < terms.length - 1; i++) {
    const { prefix, sources, verdict } = terms[i]!;
    if (sources !== null && !sources.includes(route.source)) continue;
    if (prefix !== null && prefixSetHas(prefix.set, route) === prefix.negated) continue;
    return verdict;
  }
  return terms[terms.length - 1]!.verdict;
}
