// The policy language read term by term, on decoded attributes: slow, plain, and written apart from the compiler.

import { familyOfAddress } from '../../src/base/family.js';
import { type IpAddress, ipToBytes } from '../../src/base/ip.js';
import { hostPrefix, type Prefix, prefixContains } from '../../src/base/prefix.js';
import type {
  AsPathMatch,
  CommunityPattern,
  Condition,
  NumberRange,
  PolicyConfig,
  PolicyEdit,
  PrefixMatch,
  RouteSource,
  RpkiState,
} from '../../src/policy/types.js';
import type { PeerView } from '../../src/rib/hooks.js';
import type { PathAttributes } from '../../src/wire/types.js';

export interface NaiveRoute {
  readonly prefix: Prefix;
  readonly source: RouteSource;
  readonly peer: PeerView | null;
  readonly session: 'ebgp' | 'ibgp' | null;
  readonly self: IpAddress | null;
  readonly rpki: RpkiState;
  readonly attributes: PathAttributes;
}

/** Null: rejected. */
export function naiveChain(
  chain: readonly PolicyConfig[],
  fallback: 'accept' | 'reject',
  route: NaiveRoute,
  own: number,
): PathAttributes | null {
  let now = route;
  for (const { match, edits, action } of chain.flat()) {
    if (!match.every((condition) => naiveHolds(condition, now))) continue;
    if (action === 'reject') return null;
    for (const edit of edits) now = { ...now, attributes: naiveEdit(edit, now, own) };
    if (action === 'accept') return now.attributes;
  }
  return fallback === 'accept' ? now.attributes : null;
}

const within = ({ min, max }: NumberRange, value: number): boolean => value >= min && value <= max;
const inList = (ranges: readonly NumberRange[], value: number): boolean =>
  ranges.some((range) => within(range, value));
const inside = (matches: readonly PrefixMatch[], prefix: Prefix): boolean =>
  matches.some((m) => prefixContains(m.prefix, prefix) && within({ min: m.ge, max: m.le }, prefix.length));

/** Members of each step: a set is one step. */
const stepsOf = ({ asPath }: PathAttributes): number[][] =>
  asPath.flatMap(({ kind, asns }) =>
    kind === 'sequence' ? asns.map((asn) => [asn]) : kind === 'set' ? [[...asns]] : [],
  );

export function naiveHolds(condition: Condition, route: NaiveRoute): boolean {
  const { attributes, peer, prefix } = route;
  const { local } = attributes;
  switch (condition.kind) {
    case 'not':
      return !condition.of.every((inner) => naiveHolds(inner, route));
    case 'prefix':
      return inside(condition.in, prefix);
    case 'prefixLength':
      return within(condition.range, prefix.length);
    case 'family':
      return prefix.address.family === condition.family;
    case 'source':
      return condition.sources.includes(route.source);
    case 'fromPeer':
      return peer !== null && condition.names.includes(peer.name);
    case 'fromGroup':
      return peer?.group != null && condition.groups.includes(peer.group);
    case 'fromType':
      return peer?.type === condition.type;
    case 'session':
      return route.session === condition.type;
    case 'interface':
      return local.interface !== null && condition.patterns.some((glob) => naiveGlob(glob, local.interface!));
    case 'metric':
      return local.metric !== null && within(condition.range, local.metric);
    case 'priority':
      return within(condition.range, naivePriority(route));
    case 'nextHop':
      return attributes.nextHop !== null && inside(condition.in, hostPrefix(attributes.nextHop));
    case 'neighbourAs': {
      const first = attributes.asPath.find(({ kind }) => !kind.startsWith('confed'));
      return first?.kind === 'sequence' && inList(condition.asns, first.asns[0]!);
    }
    case 'originAs': {
      const last = attributes.asPath.filter(({ kind }) => !kind.startsWith('confed')).at(-1);
      return last?.kind === 'sequence' && inList(condition.asns, last.asns.at(-1)!);
    }
    case 'asPathLength':
      return within(condition.range, stepsOf(attributes).length);
    case 'asPath':
      return condition.paths.some((path) => naivePath(path, stepsOf(attributes)));
    case 'communities':
      return naiveCommunities(condition, attributes);
    case 'localPref':
      return within(condition.range, attributes.localPref ?? 100);
    case 'med':
      return within(condition.range, attributes.med ?? 0);
    case 'origin':
      return condition.origins.includes((['igp', 'egp', 'incomplete'] as const)[attributes.origin]!);
    case 'rpki':
      return condition.states.includes(route.rpki);
  }
}

const naiveGlob = (glob: string, name: string): boolean =>
  new RegExp(
    `^${glob
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*/g, '.*')
      .replace(/\?/g, '.')}$`,
  ).test(name);

function naivePriority({ source, attributes: { localPref, local } }: NaiveRoute): number {
  const turned = localPref !== null && localPref <= 2147483647 ? 2147483647 - localPref : null;
  const first = source === 'bgp' ? turned : local.metric;
  const second = source === 'bgp' ? local.metric : turned;
  return first ?? second ?? 1024;
}

function naivePath(path: AsPathMatch, steps: readonly number[][]): boolean {
  if (path.kind === 'expression') return naiveExpression(path.text, steps);
  const { asns } = path;
  const fits = (at: number): boolean =>
    at >= 0 &&
    at + asns.length <= steps.length &&
    asns.every((range, i) => steps[at + i]!.some((asn) => within(range, asn)));
  const last = steps.length - asns.length;
  if (path.kind === 'begins') return fits(0);
  if (path.kind === 'ends') return fits(last);
  if (path.kind === 'is') return last === 0 && fits(0);
  return steps.some((_, at) => fits(at)) || asns.length === 0;
}

/** Each AS becomes one character, and JavaScript does the rest: the expressions of the tests use AS 1 to 9 alone. */
function naiveExpression(text: string, steps: readonly number[][]): boolean {
  const pattern = new RegExp(text.replace(/[_ ]/g, ''));
  const choices = steps.reduce<string[]>(
    (texts, step) => texts.flatMap((head) => step.map((asn) => head + String(asn))),
    [''],
  );
  return choices.some((path) => pattern.test(path));
}

const octetsOfWord = (word: number): number[] => [
  word >>> 24,
  (word >>> 16) & 255,
  (word >>> 8) & 255,
  word & 255,
];

function octetsOf(type: 'standard' | 'extended' | 'large', attributes: PathAttributes): number[][] {
  switch (type) {
    case 'standard':
      return attributes.communities.map(octetsOfWord);
    case 'extended':
      return attributes.extendedCommunities.map((octets) => [...octets]);
    case 'large':
      return attributes.largeCommunities.map((words) => words.flatMap(octetsOfWord));
  }
}

const fitsPattern = (pattern: CommunityPattern, octets: readonly number[]): boolean =>
  pattern.every(({ at, size, min, max }) =>
    within(
      { min, max },
      octets.slice(at, at + size).reduce((sum, octet) => sum * 256 + octet, 0),
    ),
  );

function naiveCommunities(
  { type, count, patterns }: Extract<Condition, { kind: 'communities' }>,
  attributes: PathAttributes,
): boolean {
  const there = octetsOf(type, attributes);
  const found = patterns.filter((pattern) => there.some((octets) => fitsPattern(pattern, octets))).length;
  if (count === 'any') return found > 0;
  if (count === 'none') return found === 0;
  return found === (count === 'all' ? patterns.length : count.exactly);
}

const clamp = (value: number): number => Math.min(Math.max(value, 0), 0xffffffff);

export function naiveEdit(edit: PolicyEdit, route: NaiveRoute, own: number): PathAttributes {
  const { attributes } = route;
  const { local } = attributes;
  switch (edit.kind) {
    case 'communities':
      return naiveCommunityEdit(edit, attributes);
    case 'localPref':
      return { ...attributes, localPref: edit.value };
    case 'med':
      return { ...attributes, med: edit.value };
    case 'addLocalPref':
      return { ...attributes, localPref: clamp((attributes.localPref ?? 100) + edit.by) };
    case 'addMed':
      return { ...attributes, med: clamp((attributes.med ?? 0) + edit.by) };
    case 'origin':
      return { ...attributes, origin: { igp: 0, egp: 1, incomplete: 2 }[edit.origin] };
    case 'prepend':
      return naivePrepend(
        attributes,
        edit.asns.map((asn) => (asn === 'own' ? own : asn)),
      );
    case 'nextHop': {
      const hop = naiveHop(edit.to, route);
      return hop === null ? attributes : { ...attributes, nextHop: hop, linkLocalNextHop: null };
    }
    case 'metric':
      return { ...attributes, local: { ...local, metric: edit.value } };
    case 'priority':
      return { ...attributes, local: { ...local, metric: edit.value }, localPref: 2147483647 - edit.value };
    case 'weight':
      return { ...attributes, local: { ...local, weight: edit.value } };
  }
}

function naiveHop(to: IpAddress | 'self' | 'peer', { peer, self, prefix }: NaiveRoute): IpAddress | null {
  if (to === 'self' || (to === 'peer' && peer === null)) return self;
  const address = to === 'peer' ? peer!.address : to;
  return address.family === prefix.address.family ? address : null;
}

const naivePrepend = (attributes: PathAttributes, asns: readonly number[]): PathAttributes => {
  if (asns.length === 0) return attributes;
  const [first, ...rest] = attributes.asPath;
  const lead = first?.kind === 'sequence' ? first.asns : [];
  const behind = first?.kind === 'sequence' ? rest : attributes.asPath;
  return { ...attributes, asPath: [{ kind: 'sequence', asns: [...asns, ...lead] }, ...behind] };
};

function naiveCommunityEdit(
  { type, remove, add }: Extract<PolicyEdit, { kind: 'communities' }>,
  attributes: PathAttributes,
): PathAttributes {
  const kept = octetsOf(type, attributes).filter(
    (octets) => !remove.some((pattern) => fitsPattern(pattern, octets)),
  );
  for (const octets of add) if (!kept.some((other) => other.join() === octets.join())) kept.push([...octets]);
  const word = (octets: readonly number[], at: number): number =>
    octets.slice(at, at + 4).reduce((sum, octet) => sum * 256 + octet, 0);
  switch (type) {
    case 'standard':
      return { ...attributes, communities: kept.map((octets) => word(octets, 0)) };
    case 'extended':
      return { ...attributes, extendedCommunities: kept.map((octets) => Uint8Array.from(octets)) };
    case 'large':
      return {
        ...attributes,
        largeCommunities: kept.map((octets) => [word(octets, 0), word(octets, 4), word(octets, 8)] as const),
      };
  }
}

export const sameFamily = (route: NaiveRoute): 0 | 1 => familyOfAddress(route.prefix.address.family);

/** As the compiled policies see it. */
export const selfOctets = ({ self }: NaiveRoute): Uint8Array | null =>
  self === null ? null : ipToBytes(self);
