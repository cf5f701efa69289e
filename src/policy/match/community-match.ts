// Matching communities in the octets of their attribute: hashed where the patterns are plain communities, one by one
// where they are not.

import type { RouteView } from '../../rib/hooks.js';
import { matchesPattern } from '../../wire/attributes/community-edit.js';
import { findAttribute, valueEnd, valueStart } from '../../wire/attributes/tlv.js';
import { ATTRIBUTE } from '../../wire/iana.js';
import { COMMUNITY_OCTETS, exactOctets } from '../community-text.js';
import type { CommunityPattern, CommunityType, Condition } from '../types.js';

type CommunityCondition = Extract<Condition, { kind: 'communities' }>;

const CODES = {
  standard: ATTRIBUTE.communities,
  extended: ATTRIBUTE.extendedCommunities,
  large: ATTRIBUTE.largeCommunities,
} as const satisfies Record<CommunityType, number>;

/** Plain communities in a row, sorted; the others as they are. */
interface CommunitySet {
  readonly width: number;
  readonly plain: Uint8Array;
  readonly wild: readonly CommunityPattern[];
}

/** What the condition asks of a route. */
export function communityTest(condition: CommunityCondition): (route: RouteView) => boolean {
  const { type, count, patterns } = condition;
  const code = CODES[type];
  const width = COMMUNITY_OCTETS[type];
  if (count === 'any' || count === 'none') {
    const set = buildCommunitySet(patterns, width);
    const wanted = count === 'any';
    return (route) => hasAny(set, route, code) === wanted;
  }
  const wanted = count === 'all' ? patterns.length : count.exactly;
  return (route) => countFound(patterns, width, route, code) === wanted;
}

function buildCommunitySet(patterns: readonly CommunityPattern[], width: number): CommunitySet {
  const octets = patterns.map((pattern) => exactOctets(pattern, width));
  const plain = octets.flatMap((community) => (community === null ? [] : [Uint8Array.from(community)]));
  return {
    width,
    plain: Uint8Array.from(
      plain.sort((a, b) => compareAt(a, 0, b, 0, width)).flatMap((community) => [...community]),
    ),
    wild: patterns.filter((_, i) => octets[i] === null),
  };
}

function hasAny(set: CommunitySet, { bytes, start, end }: RouteView, code: number): boolean {
  const at = findAttribute(bytes, start, end, code);
  if (at < 0) return false;
  const last = valueEnd(bytes, at);
  for (let community = valueStart(bytes, at); community < last; community += set.width) {
    if (isPlain(set, bytes, community)) return true;
    for (let i = 0; i < set.wild.length; i++) {
      if (matchesPattern(bytes, community, set.wild[i]!)) return true;
    }
  }
  return false;
}

function isPlain({ plain, width }: CommunitySet, bytes: Uint8Array, at: number): boolean {
  let low = 0;
  let high = plain.length / width;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = compareAt(plain, middle * width, bytes, at, width);
    if (order === 0) return true;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return false;
}

function compareAt(a: Uint8Array, atA: number, b: Uint8Array, atB: number, width: number): number {
  for (let i = 0; i < width; i++) {
    const order = a[atA + i]! - b[atB + i]!;
    if (order !== 0) return order;
  }
  return 0;
}

/** How many of the patterns some community of the route matches. */
function countFound(
  patterns: readonly CommunityPattern[],
  width: number,
  { bytes, start, end }: RouteView,
  code: number,
): number {
  const at = findAttribute(bytes, start, end, code);
  if (at < 0) return 0;
  const first = valueStart(bytes, at);
  const last = valueEnd(bytes, at);
  let found = 0;
  for (let i = 0; i < patterns.length; i++) {
    for (let community = first; community < last; community += width) {
      if (!matchesPattern(bytes, community, patterns[i]!)) continue;
      found++;
      break;
    }
  }
  return found;
}
