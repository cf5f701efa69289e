// What the kernel tells about routes of ours that we did not just write: adoption at start, losses, listings. Corrects
// what is believed to be held and leaves the writing to others.

import type { FamilyIndex } from '../../base/family.js';
import { sameHop } from '../routes/route-store.js';
import type { KernelRoute } from '../types.js';
import {
  desiredSet,
  type FibState,
  forgetHeld,
  identityIn,
  releaseRow,
  retryKey,
  strayKey,
  tableOf,
  unwantRow,
} from './fib-state.js';
import { type FibTable, IN_FLIGHT, NO_GROUP, REWRITE, STALE, WAITING } from './fib-table.js';
import { NO_SET } from './next-hop-sets.js';

/** A route with our table and protocol, written or removed by somebody else, or named by a listing. */
export function observeRoute(fib: FibState, route: KernelRoute, present: boolean, now: number): void {
  const table = tableOf(fib, route.prefix);
  if (route.metric !== identityIn(fib.identity, table).metric) observeStray(fib, route, present);
  else if (present) observePresent(fib, table, route, now);
  else observeAbsent(fib, table, route, now);
}

function observeStray(fib: FibState, route: KernelRoute, present: boolean): void {
  const { prefix, table, protocol, metric } = route;
  const stray = { prefix, identity: { table, protocol, metric } };
  if (present) fib.strays.set(strayKey(stray), stray);
  else fib.strays.delete(strayKey(stray));
}

function observePresent(fib: FibState, table: FibTable, route: KernelRoute, now: number): void {
  const row = table.rows.insert(route.prefix);
  table.fit();
  fib.listed?.[table.index].add(row);
  if (table.has(row, IN_FLIGHT)) return;
  const set = fib.sets.intern(route.nextHops);
  const before = table.held(row);
  if (before === set) return;
  table.setHeld(row, set);
  if (table.wanted(row) === NO_GROUP) table.raise(row, STALE);
  else if (before === NO_SET || desiredSet(fib, table, row) === set) settleLater(fib, table, row);
  else lose(fib, table, row, now);
}

/** What is there may be what is wanted; the writer finds out. */
function settleLater(fib: FibState, table: FibTable, row: number): void {
  table.lower(row, WAITING);
  table.dirty.add(row);
  fib.retries.forget(retryKey(table, row));
}

function observeAbsent(fib: FibState, table: FibTable, route: KernelRoute, now: number): void {
  const row = table.rows.find(route.prefix);
  if (row < 0 || table.has(row, IN_FLIGHT) || table.held(row) === NO_SET) return;
  const held = fib.sets.get(table.held(row));
  // IPv6 may take single next hops out of a route.
  const left = held.filter((hop) => !route.nextHops.some((gone) => sameHop(hop, gone)));
  if (left.length === held.length && route.nextHops.length > 0) return;
  const partial = table.index === 1 && left.length > 0 && route.nextHops.length > 0;
  table.setHeld(row, partial ? fib.sets.intern(left) : NO_SET);
  if (table.wanted(row) === NO_GROUP) releaseRow(fib, table, row);
  else lose(fib, table, row, now);
}

/** Somebody changed our route: put it right at once the first time, later and later when they insist. */
function lose(fib: FibState, table: FibTable, row: number, now: number): void {
  const wanted = desiredSet(fib, table, row) !== NO_SET;
  if (wanted && !fib.retries.lose(retryKey(table, row), now)) table.raise(row, WAITING);
  else table.dirty.add(row);
}

/**
 * A route that is not ours came to the place of ours (`present`: the kernel replaces whoever's it is) or left a place
 * that we may be waiting for.
 */
export function observeContest(fib: FibState, route: KernelRoute, replaced: boolean): void {
  const table = tableOf(fib, route.prefix);
  if (route.metric !== identityIn(fib.identity, table).metric) return;
  const row = table.rows.find(route.prefix);
  if (row < 0 || table.has(row, IN_FLIGHT)) return;
  if (replaced) forgetHeld(fib, table, row);
  else if (table.has(row, WAITING)) settleLater(fib, table, row);
}

export function beginListing(fib: FibState): void {
  fib.listed = [new Set(), new Set()];
}

/** What a complete listing did not name is gone. `ifindex` 0: all interfaces. */
export function endListing(fib: FibState, families: readonly FamilyIndex[], ifindex: number): void {
  const { listed } = fib;
  fib.listed = null;
  const through = ifindex === 0 ? null : fib.sets.through(ifindex);
  if (listed === null || through?.size === 0) return;
  for (const table of families.map((family) => fib.tables[family])) {
    for (const row of table.rows) {
      const held = table.held(row);
      // A row to be rewritten is listed under its old protocol, as if it were not ours.
      if (held === NO_SET || listed[table.index].has(row) || table.has(row, IN_FLIGHT | REWRITE)) continue;
      if (through === null || through.has(held)) forgetHeld(fib, table, row);
    }
  }
}

/** Removes adopted routes that nobody wanted; returns how many they are. */
export function sweepStale(fib: FibState): number {
  let count = fib.strays.size;
  for (const table of fib.tables) {
    for (const row of table.rows) {
      if (!table.has(row, STALE)) continue;
      unwantRow(fib, table, row);
      count++;
    }
  }
  fib.removals.push(...fib.strays.values());
  fib.strays.clear();
  return count;
}
