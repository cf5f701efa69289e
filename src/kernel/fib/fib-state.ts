// The FIB's state as data and the few steps that keep it consistent. The files beside it turn it into writes, take in
// what the kernel says, and report. Never reads a clock.

import { type FamilyIndex, familyOfAddress } from '../../base/family.js';
import { formatPrefix, type Prefix } from '../../base/prefix.js';
import type { NextHops } from '../next-hops/next-hops.js';
import type { RouteIdentity, RouteWrite } from '../port.js';
import type { FibIntent } from '../types.js';
import { IntentGroups } from './fib-intents.js';
import { Retries } from './fib-retries.js';
import { FibTable, NO_GROUP, STALE, WAITING } from './fib-table.js';
import { NextHopSets, NO_SET } from './next-hop-sets.js';

/** What one write of a batch was for: a row, or (row -1) the removal of a stray. */
export interface PendingWrite {
  readonly table: FibTable;
  readonly row: number;
  readonly set: number;
}

export interface BatchInFlight {
  readonly identity: RouteIdentity;
  readonly writes: readonly RouteWrite[];
  readonly pending: readonly PendingWrite[];
}

/** A route of ours under an identity that is not the present one. */
export interface Stray {
  readonly prefix: Prefix;
  readonly identity: RouteIdentity;
}

export interface FibState {
  readonly tables: readonly [FibTable, FibTable];
  readonly sets: NextHopSets;
  readonly groups: IntentGroups;
  readonly retries: Retries;
  readonly inFlight: Map<number, BatchInFlight>;
  /** Found in the kernel; removed by a sweep. */
  readonly strays: Map<string, Stray>;
  /** Strays to remove as soon as every row is written. */
  removals: Stray[];
  identity: RouteIdentity;
  /** What rows marked REWRITE still carry in the kernel. */
  previous: RouteIdentity;
  nextId: number;
  /** Rows that the running listing named, by family; null when none runs. */
  listed: readonly [Set<number>, Set<number>] | null;
  /** Whether a route that is not ours is known to stand where ours would. */
  readonly isTaken: (prefix: Prefix, identity: RouteIdentity) => boolean;
  /** What is believed of routes that are not in the rows may be wrong: only a listing tells. */
  doubtful: boolean;
  readonly counters: { added: number; replaced: number; removed: number; errors: Record<string, number> };
}

export function createFibState(
  identity: RouteIdentity,
  nextHops: NextHops,
  seed: number,
  isTaken: FibState['isTaken'],
): FibState {
  const sets = new NextHopSets();
  return {
    tables: [new FibTable('ipv4', seed), new FibTable('ipv6', seed)],
    sets,
    groups: new IntentGroups(nextHops, sets),
    retries: new Retries(),
    inFlight: new Map(),
    strays: new Map(),
    removals: [],
    identity,
    previous: identity,
    nextId: 1,
    listed: null,
    isTaken,
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

/** Table and metric: what the kernel allows once per prefix. */
export const sameKey = (a: RouteIdentity, b: RouteIdentity): boolean =>
  a.table === b.table && a.metric === b.metric;

/** The identity as the kernel will show it. */
export const identityIn = (identity: RouteIdentity, table: FibTable): RouteIdentity =>
  table.index === 1 && identity.metric === 0 ? { ...identity, metric: IPV6_DEFAULT_METRIC } : identity;

/** The set of next hops that the row should have in the kernel, NO_SET for no route. */
export function desiredSet(fib: FibState, table: FibTable, row: number): number {
  const group = table.wanted(row);
  return group === NO_GROUP ? NO_SET : (fib.groups.get(group)?.set ?? NO_SET);
}

/** The row is to be looked at again, whatever went wrong before. */
export function tryNow(fib: FibState, table: FibTable, row: number): void {
  fib.retries.forget(retryKey(table, row));
  table.lower(row, WAITING);
  table.dirty.add(row);
}

/** Frees the row when nothing is left to do for it. */
export function releaseRow(fib: FibState, table: FibTable, row: number): boolean {
  if (!table.releaseIfIdle(row)) return false;
  fib.retries.erase(retryKey(table, row));
  return true;
}

export function wantRow(fib: FibState, prefix: Prefix, intent: FibIntent): void {
  const table = tableOf(fib, prefix);
  const row = table.rows.insert(prefix);
  table.fit();
  const group = fib.groups.acquire(intent, table.index === 1);
  const before = table.wanted(row);
  if (before !== NO_GROUP) fib.groups.release(before);
  table.setWanted(row, group.id);
  table.lower(row, STALE);
  if (before !== group.id) tryNow(fib, table, row);
}

export function unwantRow(fib: FibState, table: FibTable, row: number): void {
  const group = table.wanted(row);
  if (group !== NO_GROUP) fib.groups.release(group);
  table.setWanted(row, NO_GROUP);
  table.lower(row, STALE);
  if (!releaseRow(fib, table, row)) tryNow(fib, table, row);
}

/** The kernel no longer has the row's route; nobody is to blame, so it is written again without delay. */
export function forgetHeld(fib: FibState, table: FibTable, row: number): void {
  table.setHeld(row, NO_SET);
  if (!releaseRow(fib, table, row)) tryNow(fib, table, row);
}

export const strayKey = ({ prefix, identity }: Stray): string =>
  `${formatPrefix(prefix)} ${identity.table} ${identity.protocol} ${identity.metric}`;

/** Drops next-hop sets that nothing refers to any more. */
export function sweepSets(fib: FibState): void {
  const used = new Set<number>();
  for (const table of fib.tables) for (const row of table.rows) used.add(table.held(row));
  for (const { pending } of fib.inFlight.values()) for (const { set } of pending) used.add(set);
  fib.groups.collectSets(used);
  fib.sets.sweep(used);
}
