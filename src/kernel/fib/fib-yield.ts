// Places where a route that is not ours has come. rtnetlink has no compare-and-swap: a write of ours that was under way may
// have landed on it. To remove ours by its protocol is the comparison; what it displaced is put back only when it did.

import type { RouteWrite } from '../port.js';
import { sameRoute } from '../routes/route-store.js';
import type { KernelRoute } from '../types.js';
import { releaseRow } from './fib-rows.js';
import { type FibState, type PendingWrite, retryKey } from './fib-state.js';
import { type FibTable, IN_FLIGHT, NO_GROUP, REWRITE, WAITING, YIELD } from './fib-table.js';
import { holdRef } from './held.js';
import { NO_SET } from './next-hop-sets.js';
import { rowWrite, theirWrite } from './route-writes.js';

/** Ours has to leave the place, should it stand there. */
export function yieldPlace(table: FibTable, row: number): void {
  table.raise(row, YIELD);
  table.dirty.add(row);
}

/** To try before the place is free would be in vain. */
export function awaitPlace(fib: FibState, table: FibTable, row: number): void {
  if (table.wanted(row) === NO_GROUP) return;
  table.raise(row, WAITING);
  fib.retries.fail(retryKey(table, row), 'EEXIST', fib.now);
}

/**
 * Two writes: the removal of ours, which fails when theirs stands there, and after it theirs. Theirs is never a
 * replacement: what its owner does meanwhile is not undone.
 */
export function takeYield(
  fib: FibState,
  table: FibTable,
  row: number,
  writes: RouteWrite[],
  pending: PendingWrite[],
): void {
  table.raise(row, IN_FLIGHT);
  writes.push(rowWrite(fib, table, row, 'remove', NO_SET, table.heldMetric(row)));
  const theirs = displaced(fib, table, row, table.heldMetric(row));
  pending.push({ kind: 'yield', table, row, theirs });
  if (theirs === null) return;
  writes.push({ ...theirWrite('add', theirs), follows: true });
  pending.push({ kind: 'return', route: theirs });
}

export function takeOwed(fib: FibState, writes: RouteWrite[], pending: PendingWrite[]): void {
  for (const { route, instead } of fib.owed.splice(0)) {
    const write = theirWrite('add', route);
    if (instead !== null) {
      writes.push(theirWrite('remove', instead));
      pending.push({ kind: 'outdated' });
    }
    writes.push(instead === null ? write : { ...write, follows: true });
    pending.push({ kind: 'return', route });
  }
}

/** Null, too, for a route that we could not write as it was. */
function displaced(fib: FibState, table: FibTable, row: number, metric: number): KernelRoute | null {
  const route = fib.foreign.at(table.rows.prefix(row), { ...fib.identity, metric });
  return route === null || route.type === 'other' ? null : route;
}

/** A write of ours was answered that was under way when theirs came: it was carried out after theirs was there. */
export function settleCrossing(
  fib: FibState,
  table: FibTable,
  row: number,
  kind: RouteWrite['kind'],
  metric: number,
  outcome: 'done' | 'gone' | 'failed',
): void {
  // There was something of ours to remove, so theirs was no longer there.
  const route = kind === 'remove' && outcome === 'done' ? displaced(fib, table, row, metric) : null;
  if (route !== null) fib.owed.push({ route, instead: null });
  // An addition displaces nothing. A replacement that failed says nothing of what stands there.
  const open = kind === 'replace' ? outcome !== 'gone' : kind === 'remove' && outcome === 'failed';
  if (open) table.dirty.add(row);
  else table.lower(row, YIELD);
}

/** Ours has left the place; or (`found` false) had before. */
export function settleYield(
  fib: FibState,
  table: FibTable,
  row: number,
  found: boolean,
  theirs: KernelRoute | null,
): void {
  // It came while the removal was under way, and before it was carried out.
  const late = found && theirs === null ? displaced(fib, table, row, table.heldMetric(row)) : null;
  if (late !== null) fib.owed.push({ route: late, instead: null });
  table.lower(row, YIELD | REWRITE);
  holdRef(fib, table, row, NO_SET);
  if (releaseRow(fib, table, row) || table.has(row, WAITING)) return;
  const metric = table.heldMetric(row);
  const taken = fib.foreign.at(table.rows.prefix(row), { ...fib.identity, metric }) !== null;
  if (taken) awaitPlace(fib, table, row);
  else table.dirty.add(row);
}

/** ECANCELED: theirs stood there. EEXIST: its owner was faster. True: it was lost, and cannot be written. */
export function settleReturn(fib: FibState, route: KernelRoute, errno: string | null): boolean {
  if (errno === 'ECANCELED' || errno === 'EEXIST') return false;
  if (errno === null) {
    // What its owner had written in its place, but not yet told us, is what we displaced.
    const latest = fib.foreign.at(route.prefix, route);
    if (latest !== null && !sameRoute(latest, route)) {
      fib.owed.push({ route: latest, instead: route });
      return false;
    }
    fib.drift.overwrote(route.prefix, null, fib.now);
    fib.foreign.returned(route);
    return false;
  }
  fib.counters.errors[errno] = (fib.counters.errors[errno] ?? 0) + 1;
  fib.doubtful = true;
  return true;
}
