// BGPFilter -> native policies: one for each direction, which lets pass to the next what no rule of it matches.

import type { AddressFamily } from '../base/family.js';
import { maxLength } from '../base/prefix.js';
import type { Condition, PolicyConfig, PolicyEdit, PrefixMatch, TermConfig } from '../policy/types.js';
import type { BgpFilterSpec, FilterOperation, FilterRule } from './resources/bgp-filter.js';
import type { Community } from './resources/values.js';

export type Direction = 'import' | 'export';

const RULES = {
  import: { ipv4: 'importV4', ipv6: 'importV6' },
  export: { ipv4: 'exportV4', ipv6: 'exportV6' },
} as const satisfies Record<Direction, Record<AddressFamily, keyof BgpFilterSpec>>;

const FAMILIES = ['ipv4', 'ipv6'] as const satisfies readonly AddressFamily[];

export const filterPolicyName = (filter: string, direction: Direction): string =>
  `BGPFilter/${filter}/${direction}`;

export const filterPolicy = (spec: BgpFilterSpec, direction: Direction): PolicyConfig =>
  FAMILIES.flatMap((family) =>
    (spec[RULES[direction][family]] ?? []).map((rule) => filterTerm(rule, family, direction)),
  );

/** Some rule goes by the interface. */
export const readsInterfaces = (spec: BgpFilterSpec): boolean =>
  Object.values(spec).some((rules) => rules?.some((rule) => rule.interface !== null) === true);

/** What stands in for a filter that is named and is not there: nothing passes that was to be filtered. */
export const MISSING_FILTER: PolicyConfig = [{ match: [], edits: [], action: 'reject' }];

function filterTerm(rule: FilterRule, family: AddressFamily, direction: Direction): TermConfig {
  return {
    match: [
      { kind: 'family', family },
      ...prefixConditions(rule, family),
      // Everything that is imported is from a peer.
      ...(rule.source === 'RemotePeers' && direction === 'export'
        ? [{ kind: 'source', sources: ['bgp'] } as const]
        : []),
      ...(rule.interface === null ? [] : [{ kind: 'interface', patterns: [rule.interface] } as const]),
      ...(rule.peerType === null ? [] : [SESSIONS[rule.peerType]]),
      ...(rule.communities?.values ?? []).map(hasCommunity),
      ...(rule.asPathPrefix === null ? [] : [beginsWith(rule.asPathPrefix)]),
      ...(rule.priority === null ? [] : [exactly('priority', rule.priority)]),
    ],
    edits: rule.action === 'Accept' ? (rule.operations ?? []).map(operationEdit) : [],
    action: rule.action === 'Accept' ? 'accept' : 'reject',
  };
}

const SESSIONS = {
  eBGP: { kind: 'session', type: 'ebgp' },
  iBGP: { kind: 'session', type: 'ibgp' },
} as const satisfies Record<string, Condition>;

function prefixConditions(rule: FilterRule, family: AddressFamily): readonly Condition[] {
  const { cidr, matchOperator, prefixLength } = rule;
  if (cidr === null || matchOperator === null) return [];
  const [shortest, longest] = [prefixLength?.min ?? cidr.length, prefixLength?.max ?? maxLength(family)];
  const isExact = matchOperator === 'Equal' || matchOperator === 'NotEqual';
  const ge = isExact ? cidr.length : Math.max(shortest, cidr.length);
  const le = isExact ? cidr.length : longest;
  const excluded = isExact && (cidr.length < shortest || cidr.length > longest);
  const inside: PrefixMatch[] = excluded || ge > le ? [] : [{ prefix: cidr, ge, le }];
  const condition: Condition = { kind: 'prefix', in: inside };
  return matchOperator === 'In' || matchOperator === 'Equal'
    ? [condition]
    : [{ kind: 'not', of: [condition] }];
}

const exactly = (kind: 'priority', value: number): Condition => ({ kind, range: { min: value, max: value } });

const beginsWith = (asns: readonly number[]): Condition => ({
  kind: 'asPath',
  paths: [{ kind: 'begins', asns: asns.map((asn) => ({ min: asn, max: asn })) }],
});

const hasCommunity = (community: Community): Condition => ({
  kind: 'communities',
  type: community.kind,
  count: 'any',
  patterns: [words(community).map((word, i) => ({ at: i * 4, size: 4, min: word, max: word }))],
});

/** Exactly one part of an operation is there: the reader saw to it. */
function operationEdit({ addCommunity, prependASPath, setPriority }: FilterOperation): PolicyEdit {
  if (addCommunity !== null) return addCommunities([addCommunity.value])[0]!;
  if (prependASPath !== null) return { kind: 'prepend', asns: prependASPath.prefix };
  return { kind: 'priority', value: setPriority?.value ?? 0 };
}

/** One edit for each type of community that is there. */
export function addCommunities(communities: readonly Community[]): readonly PolicyEdit[] {
  return (['standard', 'large'] as const).flatMap((type): PolicyEdit[] => {
    const add = communities.filter(({ kind }) => kind === type).map(communityOctets);
    return add.length === 0 ? [] : [{ kind: 'communities', type, remove: [], add }];
  });
}

const words = (community: Community): readonly number[] =>
  community.kind === 'standard' ? [community.value] : community.value;

const communityOctets = (community: Community): readonly number[] => words(community).flatMap(octets);

const octets = (word: number): number[] => [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255];
