// The policy language as data. What the terms mean is `compile.ts`; how people write them is `config/schema-policies.ts`.

import type { IpAddress } from '../base/ip.js';
import type { Prefix } from '../base/prefix.js';
import type { RouteSource, RpkiState } from '../rib/hooks.js';
import type { CommunityPattern } from '../wire/types.js';

export type { RouteSource, RpkiState } from '../rib/hooks.js';
export type { CommunityPattern } from '../wire/types.js';

/**
 * Terms in order: the first that matches and says `accept` or `reject` decides. A term that says `next` makes its edits,
 * and the terms behind it see the route as edited.
 */
export type PolicyConfig = readonly TermConfig[];

export interface TermConfig {
  /** All must hold; empty: every route. */
  readonly match: readonly Condition[];
  /** Made in order, when the term matches and does not reject. */
  readonly edits: readonly PolicyEdit[];
  readonly action: 'accept' | 'reject' | 'next';
}

/** Both ends belong to it. */
export interface NumberRange {
  readonly min: number;
  readonly max: number;
}

/** `10.0.0.0/8` (that and all inside), `=10.0.0.0/8` (only that), `10.0.0.0/8 le 24`, `10.0.0.0/8 ge 24 le 32`. */
export interface PrefixMatch {
  readonly prefix: Prefix;
  readonly ge: number;
  readonly le: number;
}

export type CommunityType = 'standard' | 'extended' | 'large';

/** How many of the patterns are found on the route; `exactly`: so many, whatever else the route has. */
export type CommunityCount = 'any' | 'all' | 'none' | { readonly exactly: number };

/** A path as the AS numbers in order. A set is one step that is any of its members; confederation segments do not count. */
export type AsPathMatch =
  | { readonly kind: 'is' | 'begins' | 'ends' | 'contains'; readonly asns: readonly NumberRange[] }
  | { readonly kind: 'expression'; readonly text: string };

export type Condition =
  /** Not all of these hold. */
  | { readonly kind: 'not'; readonly of: readonly Condition[] }
  /** The prefix is one of these or inside one of these, within the length bounds. */
  | { readonly kind: 'prefix'; readonly in: readonly PrefixMatch[] }
  | { readonly kind: 'prefixLength'; readonly range: NumberRange }
  | { readonly kind: 'family'; readonly family: 'ipv4' | 'ipv6' }
  | { readonly kind: 'source'; readonly sources: readonly RouteSource[] }
  /** Import: the peer itself. Export and install: the peer that the route was learned from; local routes have none. */
  | { readonly kind: 'fromPeer'; readonly names: readonly string[] }
  | { readonly kind: 'fromGroup'; readonly groups: readonly string[] }
  | { readonly kind: 'fromType'; readonly type: 'ebgp' | 'ibgp' }
  /** The kind of session that the policy is run for, in both directions. */
  | { readonly kind: 'session'; readonly type: 'ebgp' | 'ibgp' }
  /** Of a kernel route, and of a learned one with `kernel.learnedInterfaces`: globs with `*` and `?`. Others match nothing. */
  | { readonly kind: 'interface'; readonly patterns: readonly string[] }
  /** Of a kernel route, or as an edit set it. Routes without match nothing. */
  | { readonly kind: 'metric'; readonly range: NumberRange }
  /** Calico's: the metric where there is one, else 2147483647 - LOCAL_PREF, else 1024. */
  | { readonly kind: 'priority'; readonly range: NumberRange }
  /** Routes without a next hop of their own match nothing. */
  | { readonly kind: 'nextHop'; readonly in: readonly PrefixMatch[] }
  /** The leftmost AS of the path. */
  | { readonly kind: 'neighbourAs'; readonly asns: readonly NumberRange[] }
  /** The rightmost AS of the path. */
  | { readonly kind: 'originAs'; readonly asns: readonly NumberRange[] }
  | { readonly kind: 'asPathLength'; readonly range: NumberRange }
  /** One of them holds. */
  | { readonly kind: 'asPath'; readonly paths: readonly AsPathMatch[] }
  | {
      readonly kind: 'communities';
      readonly type: CommunityType;
      readonly count: CommunityCount;
      readonly patterns: readonly CommunityPattern[];
    }
  /** A missing LOCAL_PREF counts as 100. */
  | { readonly kind: 'localPref'; readonly range: NumberRange }
  /** A missing MED counts as 0. */
  | { readonly kind: 'med'; readonly range: NumberRange }
  | { readonly kind: 'origin'; readonly origins: readonly OriginName[] }
  | { readonly kind: 'rpki'; readonly states: readonly RpkiState[] };

export type OriginName = 'igp' | 'egp' | 'incomplete';

export type PolicyEdit =
  /** Takes out what matches, then adds (octets: 4, 8 or 12) what is not there yet. */
  | {
      readonly kind: 'communities';
      readonly type: CommunityType;
      readonly remove: readonly CommunityPattern[];
      readonly add: readonly (readonly number[])[];
    }
  /** Null takes the attribute away. */
  | { readonly kind: 'localPref' | 'med'; readonly value: number | null }
  /** Stays within 0 to 4294967295; a missing LOCAL_PREF counts as 100, a missing MED as 0. */
  | { readonly kind: 'addLocalPref' | 'addMed'; readonly by: number }
  | { readonly kind: 'origin'; readonly origin: OriginName }
  /** Leftmost first; `own` is our AS towards this peer. */
  | { readonly kind: 'prepend'; readonly asns: readonly (number | 'own')[] }
  /** `peer`: import: the peer's address; export: that of the peer the route was learned from, `self` for local routes. */
  | { readonly kind: 'nextHop'; readonly to: IpAddress | 'self' | 'peer' }
  /** Of the route in the kernel when it is installed here; never told. */
  | { readonly kind: 'metric'; readonly value: number }
  /** Calico's: the metric, and LOCAL_PREF = 2147483647 - metric. */
  | { readonly kind: 'priority'; readonly value: number }
  /** Decides before LOCAL_PREF among learned routes, the higher the better, 0 where none is set; never told. */
  | { readonly kind: 'weight'; readonly value: number };
