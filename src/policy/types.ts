// The policy language as data. What the terms mean is `compile.ts`; how people write them is `config/schema-policies.ts`.

import type { Prefix } from '../base/prefix.js';

/** Terms in order; the first that matches decides. */
export type PolicyConfig = readonly TermConfig[];

export interface TermConfig {
  readonly match: {
    /** In: the route's prefix is one of these or inside one of these, within the length bounds. */
    readonly prefix:
      | { readonly in: readonly PrefixMatch[] }
      | { readonly notIn: readonly PrefixMatch[] }
      | null;
    readonly source: readonly RouteSource[] | null;
  };
  readonly action: 'accept' | 'reject';
}

export type RouteSource = 'kernel' | 'static' | 'aggregate' | 'service' | 'bgp';

/** `10.0.0.0/8` (that and all inside), `=10.0.0.0/8` (only that), `10.0.0.0/8 le 24`, `10.0.0.0/8 ge 24 le 32`. */
export interface PrefixMatch {
  readonly prefix: Prefix;
  readonly ge: number;
  readonly le: number;
}
