// Named sets that policies share, and lists in which a set can stand for what it holds: `@name`.

import { z } from 'zod';
import { COMMUNITY_FORMS, parseCommunityPattern } from '../../policy/community-text.js';
import { asPathFault } from '../../policy/match/as-path-match.js';
import type { AsPathMatch, CommunityPattern, CommunityType, PrefixMatch } from '../../policy/types.js';
import { describe, type Path } from '../problem.js';
import { type Fault, fault, isFault, textField } from '../schema/fields.js';
import { prefixMatchField } from './prefix-match.js';

/** What a set can hold; the keys are those of the configuration. */
export interface SetContents {
  readonly prefixes: readonly PrefixMatch[];
  readonly asPaths: readonly AsPathMatch[];
  readonly communities: readonly CommunityPattern[];
  readonly extendedCommunities: readonly CommunityPattern[];
  readonly largeCommunities: readonly CommunityPattern[];
}

export type SetType = keyof SetContents;

/** A set as it was read: one of the lists, and its type. */
export type NamedSet = {
  readonly [T in SetType]: { readonly type: T; readonly members: SetContents[T] };
}[SetType];

export type NamedSets = ReadonlyMap<string, NamedSet | null>;

export const COMMUNITY_KEYS = {
  communities: 'standard',
  extendedCommunities: 'extended',
  largeCommunities: 'large',
} as const satisfies Partial<Record<SetType, CommunityType>>;

export const asPathField = textField<AsPathMatch>(
  'an AS path expression such as ^65001 .* 65002$',
  (text) => {
    const wrong = asPathFault(text);
    if (wrong !== null) return fault(`the expression ${JSON.stringify(text)} ${wrong.message}`, wrong.remedy);
    return { kind: 'expression', text };
  },
);

export const communityField = (type: CommunityType) =>
  textField<CommunityPattern>(`a community: ${COMMUNITY_FORMS[type]}`, (text) => {
    const pattern = parseCommunityPattern(text, type);
    return pattern ?? fault(`${describe(text)} is no ${type} community`, `write ${COMMUNITY_FORMS[type]}`);
  });

const MEMBERS = {
  prefixes: prefixMatchField,
  asPaths: asPathField,
  communities: communityField('standard'),
  extendedCommunities: communityField('extended'),
  largeCommunities: communityField('large'),
} as const;

export const setSchema = z
  .strictObject({
    prefixes: z.array(MEMBERS.prefixes).optional(),
    asPaths: z.array(MEMBERS.asPaths).optional(),
    communities: z.array(MEMBERS.communities).optional(),
    extendedCommunities: z.array(MEMBERS.extendedCommunities).optional(),
    largeCommunities: z.array(MEMBERS.largeCommunities).optional(),
  })
  .transform((value, context): NamedSet => {
    const given = Object.entries(value).filter(([, members]) => members !== undefined);
    const [only] = given;
    if (only !== undefined && given.length === 1) return { type: only[0], members: only[1] } as NamedSet;
    context.issues.push({
      code: 'custom',
      message: given.length === 0 ? 'holds nothing' : 'holds things of several kinds',
      input: value,
      params: { remedy: `give one of ${Object.keys(MEMBERS).join(', ')}` },
    });
    return z.NEVER;
  });

/** `@name` in a list. */
export interface SetReference {
  readonly kind: 'set';
  readonly name: string;
}

/** A reference and where it stands, below the term. */
export interface LocatedReference {
  readonly path: Path;
  readonly name: string;
  readonly type: SetType;
}

export type Listed<T extends SetType> = readonly (SetContents[T][number] | SetReference)[];

/** A list of members and sets. */
export const listOf = <T extends SetType>(type: T) => {
  const member = MEMBERS[type];
  return z.array(
    z.unknown().transform((value, context): Listed<T>[number] => {
      const read = typeof value === 'string' && value.startsWith('@') ? reference(value) : null;
      if (read !== null && !isFault(read)) return read;
      if (read !== null) {
        context.issues.push({
          code: 'custom',
          message: read.message,
          input: value,
          params: { remedy: read.remedy },
        });
        return z.NEVER;
      }
      const result = member.safeParse(value);
      if (result.success) return result.data as Listed<T>[number];
      for (const found of result.error.issues)
        context.issues.push({ ...found, code: 'custom', input: value });
      return z.NEVER;
    }),
  );
};

function reference(text: string): SetReference | Fault {
  const name = text.slice(1);
  return /^\S{1,128}$/.test(name)
    ? { kind: 'set', name }
    : fault(`${describe(text)} names no set`, 'write @ and the name of a set');
}

const isReference = (item: unknown): item is SetReference =>
  typeof item === 'object' && item !== null && 'kind' in item && item.kind === 'set';

export const referencesIn = (list: readonly unknown[], type: SetType, path: Path): LocatedReference[] =>
  list.flatMap((item, index) =>
    isReference(item) ? [{ path: [...path, index], name: item.name, type }] : [],
  );

/** The members, sets replaced by theirs. A list that is one set is that set's own list: what is made of it is shared. */
export function membersOf<T extends SetType>(list: Listed<T>, type: T, sets: NamedSets): SetContents[T] {
  const contents = (item: Listed<T>[number]): readonly unknown[] => {
    if (!isReference(item)) return [item];
    const set = sets.get(item.name);
    return set?.type === type ? set.members : [];
  };
  const [only] = list;
  const members = list.length === 1 && only !== undefined ? contents(only) : list.flatMap(contents);
  return members as SetContents[T];
}
