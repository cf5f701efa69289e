// One condition of a term -> a test, with what it reads and a key that says what it decides. Every kind has its row.

import { readU32 } from '../../base/bytes.js';
import { globMatches } from '../../base/glob.js';
import type { RouteSource, RouteView, RpkiState } from '../../rib/hooks.js';
import { asPathLength, neighbourAs } from '../../wire/attributes/as-path.js';
import { findLocalField, LOCAL_FIELD, localNumber } from '../../wire/attributes/local-facts.js';
import { findAttribute, valueEnd, valueStart } from '../../wire/attributes/tlv.js';
import { originAsOf } from '../../wire/block.js';
import { ATTRIBUTE } from '../../wire/iana.js';
import { buildPrefixSet, type PrefixView, prefixSetHas } from '../sets.js';
import type { Condition, NumberRange, OriginName, PrefixMatch } from '../types.js';
import { asPathTest } from './as-path-match.js';
import { communityTest } from './community-match.js';
import { buildNumberSet, numberSetHas } from './numbers.js';

export interface Reads {
  readonly prefix: boolean;
  readonly attributes: boolean;
  readonly rpki: boolean;
}

export type Test = (route: RouteView) => boolean;

/** `always` and `never`: known without a route. */
export type CompiledCondition =
  | { readonly kind: 'always' | 'never' }
  | { readonly kind: 'test'; readonly test: Test; readonly key: string; readonly reads: Reads };

const ALWAYS = { kind: 'always' } as const;
const NEVER = { kind: 'never' } as const;

const NOTHING: Reads = { prefix: false, attributes: false, rpki: false };
const PREFIX: Reads = { ...NOTHING, prefix: true };
const ATTRIBUTES: Reads = { ...NOTHING, attributes: true };
const RPKI: Reads = { prefix: true, attributes: true, rpki: true };

const SOURCES = ['kernel', 'static', 'aggregate', 'service', 'bgp'] as const satisfies readonly RouteSource[];
const STATES = ['valid', 'invalid', 'notFound'] as const satisfies readonly RpkiState[];
const ORIGINS = ['igp', 'egp', 'incomplete'] as const satisfies readonly OriginName[];

/** What counts where a route has no LOCAL_PREF, and no metric. */
const DEFAULT_LOCAL_PREF = 100;
const DEFAULT_METRIC = 1024;
/** Calico: LOCAL_PREF and metric add up to this. */
export const PRIORITY_SUM = 2147483647;

const LARGEST = 0xffffffff;

export function compileCondition(condition: Condition): CompiledCondition {
  switch (condition.kind) {
    case 'not':
      return negated(compileConditions(condition.of));
    case 'prefix':
      return prefixTest(condition.in);
    case 'prefixLength':
      return ranged(condition, PREFIX, 128, ({ length }) => length);
    case 'family': {
      const family = condition.family === 'ipv4' ? 0 : 1;
      return test(condition, NOTHING, (route) => route.family === family);
    }
    case 'source':
      return listed(condition.sources, SOURCES, 'source', NOTHING, ({ source }) => source);
    case 'fromPeer':
      return named(condition, condition.names, ({ peer }) => peer?.name ?? null);
    case 'fromGroup':
      return named(condition, condition.groups, ({ peer }) => peer?.group ?? null);
    case 'fromType':
      return test(condition, NOTHING, ({ peer }) => peer !== null && peer.type === condition.type);
    case 'session':
      return test(condition, NOTHING, ({ session }) => session === condition.type);
    case 'interface':
      return interfaceTest(condition);
    case 'metric':
      return ranged(condition, ATTRIBUTES, LARGEST, metricOf, -1);
    case 'priority':
      return ranged(condition, ATTRIBUTES, LARGEST, priorityOf);
    case 'nextHop':
      return nextHopTest(condition.in);
    case 'neighbourAs':
      return asnTest(condition, ({ bytes, start, end }) => {
        const at = findAttribute(bytes, start, end, ATTRIBUTE.asPath);
        return at < 0 ? 0 : neighbourAs(bytes, valueStart(bytes, at), valueEnd(bytes, at));
      });
    case 'originAs':
      return asnTest(condition, ({ bytes, start, end }) => originAsOf(bytes, start, end));
    case 'asPathLength':
      return ranged(condition, ATTRIBUTES, LARGEST, pathLengthOf);
    case 'asPath':
      return condition.paths.length === 0 ? NEVER : test(condition, ATTRIBUTES, asPathTest(condition.paths));
    case 'communities':
      return communitiesTest(condition);
    case 'localPref':
      return ranged(condition, ATTRIBUTES, LARGEST, (route) =>
        wordOr(route, ATTRIBUTE.localPref, DEFAULT_LOCAL_PREF),
      );
    case 'med':
      return ranged(condition, ATTRIBUTES, LARGEST, (route) => wordOr(route, ATTRIBUTE.med, 0));
    case 'origin':
      return listed(condition.origins, ORIGINS, 'origin', ATTRIBUTES, (route) => ORIGINS[originOf(route)]!);
    case 'rpki':
      return listed(condition.states, STATES, 'rpki', RPKI, (route) => route.rpki());
  }
}

/** All of them hold. */
export function compileConditions(conditions: readonly Condition[]): CompiledCondition {
  const parts = conditions.map(compileCondition).filter(({ kind }) => kind !== 'always');
  if (parts.some(({ kind }) => kind === 'never')) return NEVER;
  const tests = parts.filter((part) => part.kind === 'test');
  const [first, ...rest] = tests;
  if (first === undefined) return ALWAYS;
  if (rest.length === 0) return first;
  return {
    kind: 'test',
    key: tests.map(({ key }) => key).join(' and '),
    reads: {
      prefix: tests.some(({ reads }) => reads.prefix),
      attributes: tests.some(({ reads }) => reads.attributes),
      rpki: tests.some(({ reads }) => reads.rpki),
    },
    test: allOf(tests.map((part) => part.test)),
  };
}

function allOf(tests: readonly Test[]): Test {
  return (route) => {
    for (let i = 0; i < tests.length; i++) if (!tests[i]!(route)) return false;
    return true;
  };
}

function negated(inner: CompiledCondition): CompiledCondition {
  switch (inner.kind) {
    case 'always':
      return NEVER;
    case 'never':
      return ALWAYS;
    case 'test':
      return { ...inner, key: `not (${inner.key})`, test: (route) => !inner.test(route) };
  }
}

const test = (condition: Condition, reads: Reads, holds: Test): CompiledCondition => ({
  kind: 'test',
  key: JSON.stringify(condition),
  reads,
  test: holds,
});

/** `missing`: a value that stands for none. */
function ranged(
  condition: Condition & { readonly range: NumberRange },
  reads: Reads,
  largest: number,
  read: (route: RouteView) => number,
  missing: number | null = null,
): CompiledCondition {
  const { min, max } = condition.range;
  if (min > max) return NEVER;
  if (missing === null && min <= 0 && max >= largest) return ALWAYS;
  const low = missing === null ? min : Math.max(min, 0);
  return test(condition, reads, (route) => {
    const value = read(route);
    return value >= low && value <= max;
  });
}

/** One of a few words. */
function listed<T extends string>(
  wanted: readonly T[],
  all: readonly T[],
  what: string,
  reads: Reads,
  read: (route: RouteView) => T,
): CompiledCondition {
  const words = all.filter((word) => wanted.includes(word));
  if (words.length === 0) return NEVER;
  if (words.length === all.length) return ALWAYS;
  return {
    kind: 'test',
    key: `${what} ${words.join('|')}`,
    reads,
    test: (route) => words.includes(read(route)),
  };
}

function named(
  condition: Condition,
  names: readonly string[],
  read: (route: RouteView) => string | null,
): CompiledCondition {
  if (names.length === 0) return NEVER;
  const wanted = new Set<string | null>(names);
  return test(condition, NOTHING, (route) => wanted.has(read(route)));
}

function prefixTest(matches: readonly PrefixMatch[]): CompiledCondition {
  const set = buildPrefixSet(matches);
  if (set.size === 0) return NEVER;
  return { kind: 'test', key: `in [${set.key}]`, reads: PREFIX, test: (route) => prefixSetHas(set, route) };
}

function nextHopTest(matches: readonly PrefixMatch[]): CompiledCondition {
  const set = buildPrefixSet(matches);
  if (set.size === 0) return NEVER;
  const address = { family: 0, w0: 0, w1: 0, w2: 0, w3: 0, length: 0 };
  return {
    kind: 'test',
    key: `next hop in [${set.key}]`,
    reads: ATTRIBUTES,
    test: (route) => readNextHop(route, address) && prefixSetHas(set, address),
  };
}

/** The global address where there are two. False: none of its own. */
function readNextHop(
  { bytes, start }: RouteView,
  address: { -readonly [K in keyof PrefixView]: PrefixView[K] },
): boolean {
  const length = bytes[start]!;
  if (length === 0) return false;
  const wide = length >= 16;
  address.family = wide ? 1 : 0;
  address.length = wide ? 128 : 32;
  address.w0 = readU32(bytes, start + 1);
  address.w1 = wide ? readU32(bytes, start + 5) : 0;
  address.w2 = wide ? readU32(bytes, start + 9) : 0;
  address.w3 = wide ? readU32(bytes, start + 13) : 0;
  return true;
}

function asnTest(
  condition: Extract<Condition, { kind: 'neighbourAs' | 'originAs' }>,
  read: (route: RouteView) => number,
): CompiledCondition {
  const set = buildNumberSet(condition.asns);
  if (set.key === '') return NEVER;
  return {
    kind: 'test',
    key: `${condition.kind} ${set.key}`,
    reads: ATTRIBUTES,
    test: (route) => {
      const asn = read(route);
      return asn !== 0 && numberSetHas(set, asn);
    },
  };
}

function communitiesTest(condition: Extract<Condition, { kind: 'communities' }>): CompiledCondition {
  if (condition.patterns.length === 0) {
    const { count } = condition;
    return count === 'any' || (typeof count === 'object' && count.exactly > 0) ? NEVER : ALWAYS;
  }
  return test(condition, ATTRIBUTES, communityTest(condition));
}

function interfaceTest(condition: Extract<Condition, { kind: 'interface' }>): CompiledCondition {
  const globs = condition.patterns.map((pattern) => new TextEncoder().encode(pattern));
  if (globs.length === 0) return NEVER;
  return test(condition, ATTRIBUTES, ({ bytes, start, end }) => {
    const at = findLocalField(bytes, start, end, LOCAL_FIELD.interface);
    if (at < 0) return false;
    const last = at + bytes[at - 1]!;
    for (let i = 0; i < globs.length; i++) if (globMatches(globs[i]!, bytes, at, last)) return true;
    return false;
  });
}

const metricOf = ({ bytes, start, end }: RouteView): number =>
  localNumber(bytes, start, end, LOCAL_FIELD.metric);

/** The metric of a route of the kernel; of a learned one what LOCAL_PREF says, as the sender turned it round. */
function priorityOf(route: RouteView): number {
  const localPref = wordOr(route, ATTRIBUTE.localPref, -1);
  const metric = metricOf(route);
  const learned = localPref >= 0 && localPref <= PRIORITY_SUM;
  if (learned && (route.source === 'bgp' || metric < 0)) return PRIORITY_SUM - localPref;
  return metric < 0 ? DEFAULT_METRIC : metric;
}

function pathLengthOf({ bytes, start, end }: RouteView): number {
  const at = findAttribute(bytes, start, end, ATTRIBUTE.asPath);
  return at < 0 ? 0 : asPathLength(bytes, valueStart(bytes, at), valueEnd(bytes, at));
}

/** A missing ORIGIN counts as INCOMPLETE. */
function originOf({ bytes, start, end }: RouteView): number {
  const at = findAttribute(bytes, start, end, ATTRIBUTE.origin);
  return at < 0 ? 2 : bytes[valueStart(bytes, at)]!;
}

function wordOr({ bytes, start, end }: RouteView, code: number, missing: number): number {
  const at = findAttribute(bytes, start, end, code);
  return at < 0 ? missing : readU32(bytes, valueStart(bytes, at));
}
