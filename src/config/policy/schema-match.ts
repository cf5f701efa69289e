// The YAML shape of what a term asks of a route.

import { z } from 'zod';
import { parseRange } from '../../policy/community-text.js';
import type {
  AsPathMatch,
  Condition,
  NumberRange,
  OriginName,
  RouteSource,
  RpkiState,
} from '../../policy/types.js';
import { describe, type Path } from '../problem.js';
import { choiceField, fault, field, integerField, nameField } from '../schema/fields.js';
import {
  COMMUNITY_KEYS,
  type Listed,
  type LocatedReference,
  listOf,
  membersOf,
  type NamedSets,
  referencesIn,
} from './schema-sets.js';

/** A condition whose sets are not known yet. */
export interface ConditionDraft {
  /** Below the term. */
  readonly references: readonly LocatedReference[];
  readonly make: (sets: NamedSets) => Condition;
}

const SOURCES = ['kernel', 'static', 'aggregate', 'service', 'bgp'] as const satisfies readonly RouteSource[];
const STATES = ['valid', 'invalid', 'notFound'] as const satisfies readonly RpkiState[];
const ORIGINS = ['igp', 'egp', 'incomplete'] as const satisfies readonly OriginName[];
const LARGEST = 4294967295;

/** `100`, `100-199`, `>=100`, `<=199`. */
const rangeField = (what: string, largest: number) => {
  const want = `${what}: a number, 10-20, >=10 or <=20, up to ${largest}`;
  return field<NumberRange>(want, (value) => {
    const range = readRange(value, largest);
    return range ?? fault(`${describe(value)} is no such range`, `give ${want}`);
  });
};

function readRange(value: unknown, largest: number): NumberRange | null {
  if (typeof value !== 'number' && typeof value !== 'string') return null;
  const bound = /^(>=|<=)\s*(\d{1,10})$/.exec(String(value).trim());
  if (bound === null) return parseRange(String(value), largest);
  const limit = Number(bound[2]);
  if (limit > largest) return null;
  return bound[1] === '>=' ? { min: limit, max: largest } : { min: 0, max: limit };
}

const asnRangeField = rangeField('AS numbers', LARGEST);
const asnList = z.array(asnRangeField);

const communitiesSchema = <K extends keyof typeof COMMUNITY_KEYS>(key: K) =>
  z.strictObject({
    any: listOf(key).optional(),
    all: listOf(key).optional(),
    none: listOf(key).optional(),
    of: listOf(key).optional(),
    exactly: integerField('a count', 0, 255).optional(),
  });

const plainMatch = {
  prefix: z
    .strictObject({ in: listOf('prefixes').optional(), notIn: listOf('prefixes').optional() })
    .optional(),
  prefixLength: rangeField('mask lengths', 128).optional(),
  family: choiceField(['ipv4', 'ipv6']).optional(),
  source: z.array(choiceField<RouteSource>(SOURCES)).optional(),
  from: z
    .strictObject({
      peers: z.array(nameField('the name of a peer')).optional(),
      groups: z.array(nameField('the name of a peer group')).optional(),
      type: choiceField(['ebgp', 'ibgp']).optional(),
    })
    .optional(),
  session: choiceField(['ebgp', 'ibgp']).optional(),
  interface: z.array(nameField('an interface name, with * and ?')).optional(),
  metric: rangeField('metrics', LARGEST).optional(),
  priority: rangeField('priorities', LARGEST).optional(),
  nextHop: listOf('prefixes').optional(),
  neighbourAs: asnList.optional(),
  originAs: asnList.optional(),
  asPathLength: rangeField('AS path lengths', LARGEST).optional(),
  asPath: z
    .strictObject({
      is: asnList.optional(),
      begins: asnList.optional(),
      ends: asnList.optional(),
      contains: asnList.optional(),
      matches: listOf('asPaths').optional(),
    })
    .optional(),
  communities: communitiesSchema('communities').optional(),
  extendedCommunities: communitiesSchema('extendedCommunities').optional(),
  largeCommunities: communitiesSchema('largeCommunities').optional(),
  localPref: rangeField('LOCAL_PREF values', LARGEST).optional(),
  med: rangeField('MED values', LARGEST).optional(),
  origin: z.array(choiceField<OriginName>(ORIGINS)).optional(),
  rpki: z.array(choiceField<RpkiState>(STATES)).optional(),
} as const;

const plainSchema = z.strictObject(plainMatch);

/** `not` takes all keys but itself. */
export const matchSchema = z
  .strictObject({ ...plainMatch, not: z.lazy(() => plainSchema).optional() })
  .transform((value, context): readonly ConditionDraft[] => {
    const { not, ...match } = value;
    const unfit = [...faultsOf(match, []), ...(not === undefined ? [] : faultsOf(not, ['not']))];
    for (const { path, message, remedy } of unfit) {
      context.issues.push({ code: 'custom', message, input: value, path: [...path], params: { remedy } });
    }
    if (unfit.length > 0) return z.NEVER;
    const drafts = draftsOf(match, ['match']);
    return not === undefined ? drafts : [...drafts, negated(draftsOf(not, ['match', 'not']))];
  });

type Match = z.output<typeof plainSchema>;
type CommunityMatch = NonNullable<Match['communities']>;

/** What the keys together can't mean. */
function faultsOf(match: Match, path: Path): { path: Path; message: string; remedy: string }[] {
  const prefix = match.prefix ?? { in: [] };
  const hasBoth = prefix.in !== undefined && prefix.notIn !== undefined;
  const hasNone = prefix.in === undefined && prefix.notIn === undefined;
  const prefixFaults =
    hasBoth || hasNone
      ? [
          {
            path: [...path, 'prefix'],
            message: hasBoth ? 'has both in and notIn' : 'has neither in nor notIn',
            remedy: 'give one of in and notIn, with a list of prefixes',
          },
        ]
      : [];
  const counted = Object.keys(COMMUNITY_KEYS).flatMap((key) => {
    const communities = match[key as keyof typeof COMMUNITY_KEYS];
    if (communities === undefined || (communities.exactly === undefined) === (communities.of === undefined))
      return [];
    return [
      {
        path: [...path, key],
        message: 'has only one of exactly and of',
        remedy: 'exactly is a count, of the list of communities that are counted',
      },
    ];
  });
  return [...prefixFaults, ...counted];
}

const fixed = (condition: Condition): ConditionDraft => ({ references: [], make: () => condition });

const negated = (drafts: readonly ConditionDraft[]): ConditionDraft => ({
  references: drafts.flatMap(({ references }) => references),
  make: (sets) => ({ kind: 'not', of: drafts.map(({ make }) => make(sets)) }),
});

function draftsOf(match: Match, path: Path): readonly ConditionDraft[] {
  return [
    ...prefixDrafts(match, path),
    ...plainDrafts(match),
    ...asPathDrafts(match, path),
    ...(['communities', 'extendedCommunities', 'largeCommunities'] as const).flatMap((key) =>
      communityDrafts(match[key] as CommunityMatch | undefined, key, [...path, key]),
    ),
  ];
}

function prefixDrafts({ prefix, nextHop }: Match, path: Path): readonly ConditionDraft[] {
  const listed = (list: Listed<'prefixes'>, key: Path, kind: 'prefix' | 'nextHop'): ConditionDraft => ({
    references: referencesIn(list, 'prefixes', [...path, ...key]),
    make: (sets) => ({ kind, in: membersOf(list, 'prefixes', sets) }),
  });
  return [
    ...(prefix?.in === undefined ? [] : [listed(prefix.in, ['prefix', 'in'], 'prefix')]),
    ...(prefix?.notIn === undefined ? [] : [negated([listed(prefix.notIn, ['prefix', 'notIn'], 'prefix')])]),
    ...(nextHop === undefined ? [] : [listed(nextHop, ['nextHop'], 'nextHop')]),
  ];
}

/** Conditions without sets, the cheap ones first. */
function plainDrafts(match: Match): readonly ConditionDraft[] {
  const { family, source, from, session, neighbourAs, originAs, origin, rpki } = match;
  const conditions: readonly (Condition | null)[] = [
    family === undefined ? null : { kind: 'family', family },
    source === undefined ? null : { kind: 'source', sources: source },
    from?.peers === undefined ? null : { kind: 'fromPeer', names: from.peers },
    from?.groups === undefined ? null : { kind: 'fromGroup', groups: from.groups },
    from?.type === undefined ? null : { kind: 'fromType', type: from.type },
    session === undefined ? null : { kind: 'session', type: session },
    match.interface === undefined ? null : { kind: 'interface', patterns: match.interface },
    neighbourAs === undefined ? null : { kind: 'neighbourAs', asns: neighbourAs },
    originAs === undefined ? null : { kind: 'originAs', asns: originAs },
    origin === undefined ? null : { kind: 'origin', origins: origin },
    ...RANGES.map((kind) => {
      const range = match[kind];
      return range === undefined ? null : ({ kind, range } as const);
    }),
    rpki === undefined ? null : { kind: 'rpki', states: rpki },
  ];
  return conditions.flatMap((condition) => (condition === null ? [] : [fixed(condition)]));
}

const RANGES = ['prefixLength', 'metric', 'priority', 'asPathLength', 'localPref', 'med'] as const;

function asPathDrafts({ asPath }: Match, path: Path): readonly ConditionDraft[] {
  if (asPath === undefined) return [];
  const { matches } = asPath;
  const short = (['is', 'begins', 'ends', 'contains'] as const).flatMap((kind) => {
    const asns = asPath[kind];
    return asns === undefined ? [] : [fixed({ kind: 'asPath', paths: [{ kind, asns }] })];
  });
  if (matches === undefined) return short;
  const expressions: ConditionDraft = {
    references: referencesIn(matches, 'asPaths', [...path, 'asPath', 'matches']),
    make: (sets) => ({
      kind: 'asPath',
      paths: membersOf(matches, 'asPaths', sets) as readonly AsPathMatch[],
    }),
  };
  return [...short, expressions];
}

function communityDrafts(
  match: CommunityMatch | undefined,
  key: keyof typeof COMMUNITY_KEYS,
  path: Path,
): readonly ConditionDraft[] {
  if (match === undefined) return [];
  return (['any', 'all', 'none', 'of'] as const).flatMap((count) => {
    const list = match[count];
    if (list === undefined) return [];
    const counted = count === 'of' ? { exactly: match.exactly ?? 0 } : count;
    return [
      {
        references: referencesIn(list, key, [...path, count]),
        make: (sets: NamedSets): Condition => ({
          kind: 'communities',
          type: COMMUNITY_KEYS[key],
          count: counted,
          patterns: membersOf(list, key as 'communities', sets),
        }),
      },
    ];
  });
}
