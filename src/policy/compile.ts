// Policies as data -> one function for a chain of them. Knows no peer, no RIB and no configuration file.

import type { CompiledPolicy, PolicyVerdict, RouteView } from '../rib/hooks.js';
import { type CompiledCondition, compileConditions, type Reads, type Test } from './match/conditions.js';
import { Trail } from './trail.js';
import type { Condition, PolicyConfig, PolicyEdit, RouteSource, TermConfig } from './types.js';

type Policies = Readonly<Record<string, PolicyConfig>>;

/** A term that can match something; a null test holds for every route. */
interface CompiledTerm {
  readonly test: Test | null;
  readonly reads: Reads | null;
  readonly edits: readonly PolicyEdit[];
  readonly action: TermConfig['action'];
  /** For people. */
  readonly name: string;
  readonly key: string;
  /** Null: depends on the edits. */
  readonly verdict: PolicyVerdict | null;
}

/** Compiled chains by the policies they were made from, so that thousands of equal peers share one. */
const compiled = new WeakMap<Policies, Map<string, CompiledPolicy>>();

/**
 * The first term of the chain that matches and accepts or rejects decides; where none does, the fallback does. Null
 * names mean an empty chain. The key depends on what the terms say, not on what the policies are called. Every name must
 * be in `policies`. `own` is our AS, as prepending puts it into paths.
 */
export function compilePolicies(
  names: readonly string[] | null,
  policies: Policies,
  fallback: 'accept' | 'reject',
  own: number,
): CompiledPolicy {
  const chains = compiled.get(policies) ?? new Map<string, CompiledPolicy>();
  compiled.set(policies, chains);
  const id = JSON.stringify([fallback, names, own]);
  const chain = chains.get(id) ?? compileChain(names ?? [], policies, fallback, own);
  chains.set(id, chain);
  return chain;
}

/** The same verdict for every route, explained by `term`. */
export function constantPolicy(action: 'accept' | 'reject', term: string): CompiledPolicy {
  const verdict = makeVerdict(action, term);
  return {
    key: action,
    readsPrefix: false,
    readsAttributes: false,
    readsRpki: false,
    evaluate: () => verdict,
  };
}

/** True when a route of this source can reach a term that accepts; other conditions than the source are not looked at. */
export function mayAccept(names: readonly string[], policies: Policies, source: RouteSource): boolean {
  for (const { match, action } of names.flatMap((name) => policies[name] ?? [])) {
    const rest = match.filter(({ kind }) => kind !== 'source');
    const fits = match.every(
      (condition) => condition.kind !== 'source' || condition.sources.includes(source),
    );
    const { kind } = compileConditions(rest);
    if (!fits || kind === 'never') continue;
    if (action === 'accept') return true;
    if (action === 'reject' && kind === 'always') return false;
  }
  return false;
}

/** True when some term looks at the interface of a route. */
export const readsInterfaces = (policies: Policies): boolean => lookAt(policies, 'interface');

/** True when some term asks what the RPKI says. */
export const readsRpki = (policies: Policies): boolean => lookAt(policies, 'rpki');

function lookAt(policies: Policies, kind: Condition['kind']): boolean {
  const looks = (condition: Condition): boolean =>
    condition.kind === kind || (condition.kind === 'not' && condition.of.some(looks));
  return Object.values(policies).some((policy) => policy.some(({ match }) => match.some(looks)));
}

/** True when no route gets past the policy: what follows it in a chain is never asked. */
export const decidesAll = (policy: PolicyConfig): boolean => compileTerms('', policy, 0).some(isFinal);

function compileChain(
  names: readonly string[],
  policies: Policies,
  fallback: 'accept' | 'reject',
  own: number,
): CompiledPolicy {
  const terms = reachableTerms(names, policies, own);
  const last = terms.at(-1);
  if (last === undefined || !isFinal(last)) terms.push(fallbackTerm(names, fallback));
  const first = terms[0]!;
  if (terms.length === 1 && first.verdict !== null) return constantPolicy(first.verdict.action, first.name);
  const reads = (key: keyof Reads): boolean => terms.some((term) => term.reads?.[key] === true);
  const trail = new Trail(own);
  return {
    key: terms.map(({ key }) => key).join('; '),
    readsPrefix: reads('prefix'),
    readsAttributes: reads('attributes'),
    readsRpki: reads('rpki'),
    evaluate: (route) => decide(terms, 0, route, trail),
  };
}

/** The terms up to and with the first that decides every route. */
function reachableTerms(names: readonly string[], policies: Policies, own: number): CompiledTerm[] {
  const terms = names.flatMap((name) => {
    const policy = policies[name];
    if (policy === undefined) throw new Error(`policy ${name} is not defined`);
    return compileTerms(name, policy, own);
  });
  const end = terms.findIndex(isFinal);
  return end < 0 ? terms : terms.slice(0, end + 1);
}

/** Terms that can match something and do something, with the numbers they have in the configuration. */
function compileTerms(name: string, policy: PolicyConfig, own: number): CompiledTerm[] {
  return policy.flatMap((term, index) => {
    const condition = compileConditions(term.match);
    if (condition.kind === 'never' || (term.action === 'next' && term.edits.length === 0)) return [];
    return [compileTerm(`policy ${name}, term ${index + 1}`, condition, term, own)];
  });
}

function compileTerm(
  name: string,
  condition: CompiledCondition,
  { edits, action }: TermConfig,
  own: number,
): CompiledTerm {
  const conditional = condition.kind === 'test' ? condition : null;
  const made = action === 'reject' ? [] : edits;
  const written = JSON.stringify(made.map((edit) => (edit.kind === 'prepend' ? { ...edit, own } : edit)));
  const doing = made.length === 0 ? action : `${written} ${action}`;
  const decided = action !== 'next' && made.length === 0;
  return {
    test: conditional?.test ?? null,
    reads: conditional?.reads ?? null,
    edits: made,
    action,
    name,
    key: conditional === null ? doing : `${conditional.key} ${doing}`,
    verdict: decided ? makeVerdict(action, name) : null,
  };
}

const isFinal = ({ test, action }: CompiledTerm): boolean => test === null && action !== 'next';

const fallbackTerm = (names: readonly string[], action: 'accept' | 'reject'): CompiledTerm => {
  const name = names.length === 0 ? 'no policy' : `no term of ${names.join(', ')} matched`;
  return compileTerm(name, { kind: 'always' }, { match: [], edits: [], action }, 0);
};

const makeVerdict = (action: 'accept' | 'reject', term: string): PolicyVerdict =>
  action === 'accept' ? { action, edits: null, term } : { action, term };

/** From term `from` on; `trail` is what was edited before. */
function decide(terms: readonly CompiledTerm[], from: number, route: RouteView, trail: Trail): PolicyVerdict {
  for (let i = from; ; i++) {
    const term = terms[i]!;
    if (term.test !== null && !term.test(route)) continue;
    switch (term.action) {
      case 'reject':
        return term.verdict!;
      case 'accept':
        return trail.isEmpty && term.verdict !== null ? term.verdict : trail.accept(i, term, route);
      case 'next': {
        const edited = trail.edited(term.edits, route);
        return decide(terms, i + 1, edited, trail.behind(i, term.edits));
      }
    }
  }
}
