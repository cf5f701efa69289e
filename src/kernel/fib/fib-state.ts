// The FIB's state as data, and questions about it. The files beside it change it, turn it into writes, take in what the
// kernel says, and report. Never reads a clock.

import { Bitset } from '../../base/bitset.js';
import { type FamilyIndex, familyOfAddress } from '../../base/family.js';
import type { IpAddress } from '../../base/ip.js';
import { formatPrefix, type Prefix } from '../../base/prefix.js';
import type { NextHops } from '../next-hops/next-hops.js';
import type { KernelWrite, RouteIdentity } from '../port.js';
import type { DriftCause, KernelRoute } from '../types.js';
import { DriftLog } from './drift.js';
import { IntentGroups } from './fib-intents.js';
import { Retries } from './fib-retries.js';
import { FibTable, NO_GROUP } from './fib-table.js';
import type { ObjectPending } from './group-object.js';
import { NextHopSets, NO_SET } from './next-hop-sets.js';
import { NexthopObjects } from './nexthop-objects.js';

/** What one write of a batch was for. */
export type PendingWrite =
  /** `ref` is what the row holds once it is done (held.ts). */
  | {
      readonly kind: 'row';
      readonly table: FibTable;
      readonly row: number;
      readonly ref: number;
      readonly metric: number;
    }
  /** The removal of a stray. */
  | { readonly kind: 'stray'; readonly object: number | null }
  | { readonly kind: 'object'; readonly object: ObjectPending }
  /** The removal of whatever of ours is in the row's place; `theirs`: what is put there next, null for nothing. */
  | {
      readonly kind: 'yield';
      readonly table: FibTable;
      readonly row: number;
      readonly theirs: KernelRoute | null;
    }
  /** A route that is not ours, which we had displaced. */
  | { readonly kind: 'return'; readonly route: KernelRoute }
  /** The removal of one that we put back, and that its owner had already given up for another. */
  | { readonly kind: 'outdated' };

/** A route that is not ours and that we have displaced for certain. `instead`: of what we put back in its place, else null. */
export interface Owed {
  readonly route: KernelRoute;
  readonly instead: KernelRoute | null;
}

/** What the FIB has to know of routes that are not ours. */
export interface ForeignRoutes {
  /** The one that is known to stand at that table, prefix and metric; null: none is. */
  readonly at: (prefix: Prefix, identity: RouteIdentity) => KernelRoute | null;
  /** It had been displaced and is back. */
  readonly returned: (route: KernelRoute) => void;
}

export interface BatchInFlight {
  readonly identity: RouteIdentity;
  readonly writes: readonly KernelWrite[];
  readonly pending: readonly PendingWrite[];
}

/** A route of ours under an identity that is not the present one. */
export interface Stray {
  readonly prefix: Prefix;
  readonly identity: RouteIdentity;
  /** Place of the nexthop object that it uses, null for none: the object has to stay as long as the route does. */
  readonly object: number | null;
}

export interface FibState {
  readonly tables: readonly [FibTable, FibTable];
  readonly sets: NextHopSets;
  readonly groups: IntentGroups;
  readonly objects: NexthopObjects;
  readonly retries: Retries;
  readonly drift: DriftLog;
  readonly inFlight: Map<number, BatchInFlight>;
  /** Found in the kernel; removed by a sweep. */
  readonly strays: Map<string, Stray>;
  /** Strays to remove as soon as every row is written. */
  removals: Stray[];
  identity: RouteIdentity;
  /** What rows marked REWRITE still carry in the kernel. */
  previous: RouteIdentity;
  /** RTA_PREFSRC of our routes by family, null for none. */
  readonly sources: [IpAddress | null, IpAddress | null];
  nextId: number;
  /** Rows that the running listing named, by family; null when none runs. */
  listed: readonly [Bitset, Bitset] | null;
  /** Rows that were written, or told of, while it runs: what it names of them may be older. */
  readonly told: readonly [Bitset, Bitset];
  /** What a difference that the running listing finds is put down to. */
  listingCause: DriftCause;
  /** Monotonic milliseconds, as last told. */
  now: number;
  /** What an earlier run left was removed: what turns up unwanted from now on is, too. */
  swept: boolean;
  readonly foreign: ForeignRoutes;
  /** To be put back. */
  readonly owed: Owed[];
  /** What is believed of routes that are not in the rows may be wrong: only a listing tells. */
  doubtful: boolean;
  readonly counters: { added: number; replaced: number; removed: number; errors: Record<string, number> };
}

export function createFibState(
  identity: RouteIdentity,
  nextHops: NextHops,
  seed: number,
  foreign: ForeignRoutes,
): FibState {
  const sets = new NextHopSets();
  return {
    tables: [new FibTable('ipv4', seed), new FibTable('ipv6', seed)],
    sets,
    groups: new IntentGroups(nextHops, sets),
    objects: new NexthopObjects(sets, identity.protocol),
    retries: new Retries(),
    drift: new DriftLog(),
    inFlight: new Map(),
    strays: new Map(),
    removals: [],
    identity,
    previous: identity,
    sources: [null, null],
    nextId: 1,
    listed: null,
    told: [new Bitset(), new Bitset()],
    listingCause: 'missing',
    now: 0,
    swept: false,
    foreign,
    owed: [],
    doubtful: false,
    counters: { added: 0, replaced: 0, removed: 0, errors: {} },
  };
}

export const tableOf = (fib: FibState, prefix: Prefix): FibTable =>
  fib.tables[familyOfAddress(prefix.address.family)];

/** Rows of both families as one number. */
export const retryKey = (table: FibTable, row: number): number => row * 2 + table.index;
export const retryRow = (fib: FibState, key: number): { readonly table: FibTable; readonly row: number } => ({
  table: fib.tables[(key & 1) as FamilyIndex],
  row: key >>> 1,
});

/** IP6_RT_PRIO_USER: what IPv6 makes of metric 0. */
const IPV6_DEFAULT_METRIC = 1024;

/** A metric as the kernel will show it. */
export const metricIn = (metric: number, table: FibTable): number =>
  table.index === 1 && metric === 0 ? IPV6_DEFAULT_METRIC : metric;

/** What routes of the family have that say nothing themselves. */
const commonMetric = ({ metric, ipv6Metric }: RouteIdentity, table: FibTable): number =>
  metricIn(table.index === 1 ? (ipv6Metric ?? metric) : metric, table);

/** Table and metric: what the kernel allows once per prefix. */
export const sameKey = (a: RouteIdentity, b: RouteIdentity, table: FibTable): boolean =>
  a.table === b.table && commonMetric(a, table) === commonMetric(b, table);

/** Routes of the family need no other. */
export const sameIdentity = (a: RouteIdentity, b: RouteIdentity, table: FibTable): boolean =>
  sameKey(a, b, table) && a.protocol === b.protocol;

/** The identity as the kernel will show it. */
export const identityIn = (identity: RouteIdentity, table: FibTable): RouteIdentity =>
  identity.metric === metricIn(identity.metric, table)
    ? identity
    : { ...identity, metric: metricIn(identity.metric, table) };

/** RTA_PRIORITY that the row's route should have: that of its intent, or the common one. */
export const wantedMetric = (fib: FibState, table: FibTable, row: number): number =>
  metricIn(fib.groups.get(table.wanted(row))?.metric ?? commonMetric(fib.identity, table), table);

/** The metric under which the kernel may tell of the row's route. */
export const knownMetric = (fib: FibState, table: FibTable, row: number): number =>
  row >= 0 && table.held(row) !== NO_SET
    ? table.heldMetric(row)
    : row < 0
      ? commonMetric(fib.identity, table)
      : wantedMetric(fib, table, row);

/** The set of next hops that the row should have in the kernel, NO_SET for no route. */
export function desiredSet(fib: FibState, table: FibTable, row: number): number {
  const group = table.wanted(row);
  return group === NO_GROUP ? NO_SET : (fib.groups.get(group)?.set ?? NO_SET);
}

export const strayKey = ({ prefix, identity }: Pick<Stray, 'prefix' | 'identity'>): string =>
  `${formatPrefix(prefix)} ${identity.table} ${identity.protocol} ${identity.metric}`;
