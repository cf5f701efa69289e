// Where policies are named: that they exist, that they can do what they are named for.

import type { CalicoIntent } from '../../calico/types.js';
import { decidesAll, mayAccept } from '../../policy/compile.js';
import { defaultPolicies } from '../../policy/defaults.js';
import type { PolicyConfig, TermConfig } from '../../policy/types.js';
import type { LocatedReference, NamedSets } from '../policy/schema-sets.js';
import { type Issue, issue, type Path } from '../problem.js';
import type { Sections } from '../schema/schema.js';
import { policyOf } from '../schema/schema-policies.js';
import { suggest } from '../schema/suggestion.js';

/** A list of policy names and where it stands. */
interface Chain {
  readonly path: Path;
  readonly names: readonly string[];
}

/** The policies that can be named: the defaults for the pools, and over them what the file defines. */
export function policiesOf(
  { pools, policies, sets }: Sections,
  calico: Pick<CalicoIntent, 'pools' | 'policies'> | null = null,
): Readonly<Record<string, PolicyConfig>> {
  const own = (pools ?? []).map(({ value }) => ({ cidr: value.cidr, external: value.external ?? false }));
  const defaults = { ...defaultPolicies([...own, ...(calico?.pools ?? [])]), ...calico?.policies };
  const defined = [...policies].flatMap(([name, policy]) =>
    policy === null ? [] : [[name, policyOf(policy, sets)] as const],
  );
  return { ...defaults, ...Object.fromEntries(defined) };
}

export function checkPolicies(sections: Sections): readonly Issue[] {
  return [...unknownPolicies(sections), ...unknownSets(sections)];
}

function unknownSets({ policies, sets }: Sections): readonly Issue[] {
  return [...policies].flatMap(([name, policy]) =>
    (policy ?? []).flatMap(({ references }, index) =>
      references.flatMap((reference) => wrongSet(['policies', name, index], reference, sets)),
    ),
  );
}

function wrongSet(term: Path, { path, name, type }: LocatedReference, sets: NamedSets): readonly Issue[] {
  const set = sets.get(name);
  // A broken one has issues of its own.
  if (set === null || set?.type === type) return [];
  const known = [...sets].flatMap(([other, found]) => (found === null || found.type === type ? [other] : []));
  const remedy = suggest(name, known, `sets of ${type}`);
  const message = set === undefined ? `there is no set ${name}` : `the set ${name} holds ${set.type}`;
  return [issue([...term, ...path], message, remedy)];
}

function unknownPolicies(sections: Sections): readonly Issue[] {
  const known = new Set([...Object.keys(policiesOf(sections)), ...sections.policies.keys()]);
  return chainsOf(sections).flatMap(({ path, names }) =>
    names.flatMap((name, index) =>
      known.has(name)
        ? []
        : [issue([...path, index], `there is no policy ${name}`, suggest(name, [...known], 'policies'))],
    ),
  );
}

/** Only for sections without issues. */
export function warnPolicies(sections: Sections): readonly Issue[] {
  const policies = policiesOf(sections);
  return [
    ...chainsOf(sections).flatMap((chain) => unreached(chain, policies)),
    ...unknownOrigins(sections),
    ...installsNothing(sections, policies),
  ];
}

function chainsOf({ peers, peerGroups, kernel }: Sections): Chain[] {
  const holders = [
    ...(peers ?? []).map(({ path, value }) => ({ path, value })),
    ...[...peerGroups].map(([name, value]) => ({ path: ['peerGroups', name], value })),
  ];
  const chains = holders.flatMap(({ path, value }) =>
    (['import', 'export'] as const).map((key) => ({ path: [...path, key], names: value?.[key] ?? [] })),
  );
  return [...chains, { path: ['kernel', 'install'], names: kernel?.install ?? [] }];
}

function unreached({ path, names }: Chain, policies: Readonly<Record<string, PolicyConfig>>): Issue[] {
  const end = names.findIndex((name) => decidesAll(policies[name] ?? []));
  if (end < 0 || end === names.length - 1) return [];
  const message = `${names[end + 1]} is never asked: ${names[end]} decides every route`;
  return [issue([...path, end + 1], message, 'remove it, or put it before')];
}

/** Peers and groups in `from` that are nobody's names. A dynamic peer gets its name when it connects. */
function unknownOrigins(sections: Sections): readonly Issue[] {
  const { peers, peerGroups, dynamicPeers } = sections;
  const names = new Set((peers ?? []).flatMap(({ value }) => value.name ?? []));
  const open = (dynamicPeers ?? []).length > 0;
  return termsOf(sections).flatMap(({ path, match }) =>
    match.flatMap((condition) => {
      if (condition.kind === 'fromPeer' && !open) {
        return missing(condition.names, [...names], [...path, 'match', 'from', 'peers'], 'peer');
      }
      if (condition.kind !== 'fromGroup') return [];
      return missing(
        condition.groups,
        [...peerGroups.keys()],
        [...path, 'match', 'from', 'groups'],
        'peer group',
      );
    }),
  );
}

function termsOf({ policies, sets }: Sections): (TermConfig & { readonly path: Path })[] {
  return [...policies].flatMap(([name, policy]) =>
    policyOf(policy ?? [], sets).map((term, index) => ({ ...term, path: ['policies', name, index] })),
  );
}

const missing = (names: readonly string[], known: readonly string[], path: Path, what: string): Issue[] =>
  names.flatMap((name, index) =>
    known.includes(name)
      ? []
      : [issue([...path, index], `there is no ${what} ${name}`, suggest(name, known, `${what}s`))],
  );

function installsNothing({ kernel }: Sections, policies: Readonly<Record<string, PolicyConfig>>): Issue[] {
  const names = kernel?.install ?? [];
  if (names.length === 0 || mayAccept(names, policies, 'bgp')) return [];
  return [
    issue(
      ['kernel', 'install'],
      `${names.join(', ')} takes no route learned from BGP, and no others are installed`,
      'name a policy that does, such as pools, or leave the key out',
    ),
  ];
}
