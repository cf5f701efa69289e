// What the policy benchmark asks of both sides: the same routes, and the same conditions as bgpd and as BIRD write them.

import { prefixFromWords } from '../../src/base/prefix.js';
import { parseCommunityPattern } from '../../src/policy/community-text.js';
import type { Condition } from '../../src/policy/types.js';

export interface PolicyCase {
  readonly label: string;
  /** A term each, in this order: the first that matches decides. */
  readonly terms: () => readonly (readonly Condition[])[];
  /** The same for BIRD; null: nothing that it has. */
  readonly bird: (() => readonly string[]) | null;
}

export const ROUTES = 100_000;
export const SETS = 1000;

/** IPv4 /24s all over the address space. */
export const routeWord = (i: number): number => (Math.imul(i, 2654435761) & 0xffffff00) >>> 0;
export const asnsOf = (set: number): readonly number[] => [
  65001,
  65100 + (set % 100),
  65300 + set,
  65200 + (set % 51),
];
/** In AS 65000. */
export const communitiesOf = (set: number): readonly number[] =>
  Array.from({ length: 6 }, (_, j) => (set * 13 + j * 101) % 5000);

const LISTED = Array.from({ length: 100 }, (_, i) => i * 7);

interface Listed {
  readonly word: number;
  readonly length: number;
}

const prefixes = (count: number): readonly Listed[] =>
  Array.from({ length: count }, (_, i) => {
    const length = 16 + (i % 9);
    return { word: (((i * 7919) << 16) & (-1 << (32 - length))) >>> 0, length };
  });

export const dotted = (word: number): string =>
  [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255].join('.');

const prefixList = (count: number): readonly Condition[] => [
  {
    kind: 'prefix',
    in: prefixes(count).map(({ word, length }) => ({
      prefix: prefixFromWords('ipv4', word, 0, 0, 0, length),
      ge: length,
      le: 32,
    })),
  },
];
const birdPrefixes = (count: number): string =>
  `net ~ [${prefixes(count)
    .map(({ word, length }) => `${dotted(word)}/${length}{${length},32}`)
    .join(', ')}]`;

const communities: readonly Condition[] = [
  {
    kind: 'communities',
    type: 'standard',
    count: 'any',
    patterns: LISTED.map((value) => parseCommunityPattern(`65000:${value}`, 'standard')!),
  },
];
const birdCommunities = `bgp_community ~ [${LISTED.map((value) => `(65000,${value})`).join(', ')}]`;

const asPath: readonly Condition[] = [
  { kind: 'asPath', paths: [{ kind: 'expression', text: '^65001 [65100-65199] .* 65250$' }] },
];
const birdAsPath = 'bgp_path ~ [= 65001 [65100..65199] * 65250 =]';

export const POLICY_CASES = {
  'prefixes-10': {
    label: 'prefix list of 10',
    terms: () => [prefixList(10)],
    bird: () => [birdPrefixes(10)],
  },
  'prefixes-1000': {
    label: 'prefix list of 1,000',
    terms: () => [prefixList(1000)],
    bird: () => [birdPrefixes(1000)],
  },
  'prefixes-10000': {
    label: 'prefix list of 10,000',
    terms: () => [prefixList(10_000)],
    bird: () => [birdPrefixes(10_000)],
  },
  communities: {
    label: 'any of 100 communities',
    terms: () => [communities],
    bird: () => [birdCommunities],
  },
  'as-path': {
    label: 'AS path expression',
    terms: () => [asPath],
    bird: () => [birdAsPath],
  },
  all: {
    label: 'all three, list of 1,000',
    terms: () => [communities, asPath, prefixList(1000)],
    bird: () => [birdCommunities, birdAsPath, birdPrefixes(1000)],
  },
  source: {
    label: 'source alone',
    terms: () => [[{ kind: 'source', sources: ['kernel'] }]],
    bird: null,
  },
} as const satisfies Readonly<Record<string, PolicyCase>>;

export type PolicyCaseName = keyof typeof POLICY_CASES;
export const POLICY_CASE_NAMES = Object.keys(POLICY_CASES) as readonly PolicyCaseName[];

/** Policies that do not look at the prefix: the RIB remembers what became of an attribute set. */
export const REMEMBERED = ['communities', 'as-path'] as const satisfies readonly PolicyCaseName[];
