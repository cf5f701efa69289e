// What the kernel tells about routes of ours that we did not just write: adoption at start, losses, listings. Corrects
// what is believed to be held and leaves the writing to others.

import { Bitset } from '../../base/bitset.js';
import type { FamilyIndex } from '../../base/family.js';
import { compareIp } from '../../base/ip.js';
import { sameHop } from '../routes/route-store.js';
import type { DriftCause, DriftCulprit, KernelRoute } from '../types.js';
import { forgetHeld, lose, noteDrift, releaseRow, tryNow, unwantRow } from './fib-rows.js';
import {
  desiredSet,
  type FibState,
  knownMetric,
  retryKey,
  strayKey,
  tableOf,
  wantedMetric,
} from './fib-state.js';
import { type FibTable, IN_FLIGHT, NO_GROUP, RESOURCE, REWRITE, STALE, WAITING, YIELD } from './fib-table.js';
import { awaitPlace, yieldPlace } from './fib-yield.js';
import { heldObjectRef, heldSetRef, holdRef, isSettled, setOfRef } from './held.js';
import { NO_SET } from './next-hop-sets.js';

/**
 * A route with our table and protocol, written or removed by somebody else, or named by a listing. `by`: who did it, null
 * in a listing.
 */
export function observeRoute(
  fib: FibState,
  route: KernelRoute,
  present: boolean,
  by: DriftCulprit | null,
): void {
  const table = tableOf(fib, route.prefix);
  if (!isRowsMetric(fib, table, route)) observeStray(fib, route, present);
  else if (present) observePresent(fib, table, route, by);
  else observeAbsent(fib, table, route, by);
}

/** The route is the one that the row stands for, not one that we left under another metric. */
function isRowsMetric(fib: FibState, table: FibTable, { prefix, metric }: KernelRoute): boolean {
  const row = table.rows.find(prefix);
  if (metric === knownMetric(fib, table, row)) return true;
  return row >= 0 && table.held(row) === NO_SET && metric === wantedMetric(fib, table, row);
}

function observeStray(fib: FibState, route: KernelRoute, present: boolean): void {
  const { prefix, table, protocol, metric } = route;
  const identity = { table, protocol, metric };
  const key = strayKey({ prefix, identity });
  const known = fib.strays.get(key);
  if (known !== undefined && known.object !== null) fib.objects.unhold(known.object);
  fib.strays.delete(key);
  if (!present) return;
  const object = route.object === undefined ? null : (fib.objects.byId(route.object)?.index ?? null);
  if (object !== null) fib.objects.hold(object);
  if (fib.swept) fib.removals.push({ prefix, identity, object });
  else fib.strays.set(key, { prefix, identity, object });
}

/** What the route says, in the form in which rows hold it. */
function refOf(fib: FibState, { object, nextHops, type }: KernelRoute): number {
  const known = object === undefined ? undefined : fib.objects.byId(object);
  return known === undefined ? heldSetRef(fib.sets.intern(nextHops, type)) : heldObjectRef(known.index);
}

function observePresent(fib: FibState, table: FibTable, route: KernelRoute, by: DriftCulprit | null): void {
  const row = table.rows.insert(route.prefix);
  table.fit();
  fib.listed?.[table.index].add(row);
  if (by !== null) tell(fib, table, row);
  if (table.has(row, IN_FLIGHT) || (by === null && fib.told[table.index].has(row))) return;
  if (fib.strays.size > 0) observeStray(fib, route, false);
  const ref = refOf(fib, route);
  const before = table.held(row);
  const sourced = sameSource(fib, table, route);
  if (!sourced) table.raise(row, RESOURCE);
  if (before === ref && sourced) return;
  holdRef(fib, table, row, ref);
  table.setHeldMetric(row, route.metric);
  if (table.wanted(row) === NO_GROUP) {
    if (fib.swept) table.dirty.add(row);
    else table.raise(row, STALE);
    return;
  }
  const fine = sourced && isSettled(fib, table, row);
  if (before === NO_SET || fine) {
    settleLater(fib, table, row);
    return;
  }
  noteDrift(fib, table, row, by === null ? auditCause(fib, 'differs') : 'changed', by);
  lose(fib, table, row, by);
}

/** What a listing that is under way says of the route may be older than this. */
export function tell(fib: FibState, table: FibTable, row: number): void {
  if (fib.listed !== null) fib.told[table.index].add(row);
}

function sameSource(fib: FibState, table: FibTable, { source }: KernelRoute): boolean {
  const wanted = fib.sources[table.index];
  if (wanted === null || source === undefined) return wanted === null && source === undefined;
  return compareIp(wanted, source) === 0;
}

/** A listing after lost notifications, or for a link, has an explanation for what it finds. */
const auditCause = (fib: FibState, otherwise: 'missing' | 'differs'): DriftCause =>
  fib.listingCause === 'missing' ? otherwise : fib.listingCause;

/** What is there may be what is wanted; the writer finds out. */
function settleLater(fib: FibState, table: FibTable, row: number): void {
  table.lower(row, WAITING);
  table.dirty.add(row);
  fib.retries.forget(retryKey(table, row));
}

function observeAbsent(fib: FibState, table: FibTable, route: KernelRoute, by: DriftCulprit | null): void {
  const row = table.rows.find(route.prefix);
  if (row >= 0) tell(fib, table, row);
  if (row < 0 || table.has(row, IN_FLIGHT) || table.held(row) === NO_SET) return;
  const held = fib.sets.get(setOfRef(fib, table.held(row)));
  // IPv6 may take single next hops out of a route.
  const left = held.filter((hop) => !route.nextHops.some((gone) => sameHop(hop, gone)));
  const whole = route.object !== undefined || route.nextHops.length === 0;
  if (left.length === held.length && !whole) return;
  const partial = table.index === 1 && left.length > 0 && !whole;
  holdRef(fib, table, row, partial ? heldSetRef(fib.sets.intern(left)) : NO_SET);
  if (table.wanted(row) === NO_GROUP) {
    releaseRow(fib, table, row);
    return;
  }
  if (desiredSet(fib, table, row) !== NO_SET) noteDrift(fib, table, row, lossCause(by), by);
  lose(fib, table, row, by);
}

/** The kernel itself removes a route when its link or its source address goes. */
const lossCause = (by: DriftCulprit | null): DriftCause =>
  by === null || by.port === 0 ? 'linkLost' : 'deleted';

/**
 * A route that is not ours came to the place of ours (`present`: the kernel replaces whoever's it is) or left a place
 * that we may be waiting for.
 */
export function observeContest(
  fib: FibState,
  route: KernelRoute,
  replaced: boolean,
  by: DriftCulprit | null,
): void {
  const table = tableOf(fib, route.prefix);
  const row = rowInPlace(fib, table, route);
  if (row < 0) return;
  if (table.has(row, IN_FLIGHT)) {
    if (replaced) yieldPlace(table, row);
    return;
  }
  if (!replaced) {
    if (table.has(row, WAITING)) settleLater(fib, table, row);
    return;
  }
  const wasHeld = table.held(row) !== NO_SET;
  if (wasHeld) {
    noteDrift(fib, table, row, 'taken', by);
    table.raise(row, YIELD);
  }
  holdRef(fib, table, row, NO_SET);
  if (releaseRow(fib, table, row)) return;
  if (wasHeld) lose(fib, table, row, by);
  else tryNow(fib, table, row);
  if (wasHeld) table.dirty.add(row);
}

/** The row whose route has, or will have, the place of this one; -1: none has. */
function rowInPlace(fib: FibState, table: FibTable, route: KernelRoute): number {
  const row = table.rows.find(route.prefix);
  return row >= 0 && route.metric === knownMetric(fib, table, row) ? row : -1;
}

/** A route that is not ours came to a place that was free. */
export function observeArrival(fib: FibState, route: KernelRoute): void {
  const table = tableOf(fib, route.prefix);
  const row = rowInPlace(fib, table, route);
  if (row >= 0 && table.has(row, IN_FLIGHT)) yieldPlace(table, row);
}

/** The place of ours went to a workload: nothing is to be mended, and to try again before it is free would be in vain. */
export function handOver(fib: FibState, route: KernelRoute): void {
  const table = tableOf(fib, route.prefix);
  const row = rowInPlace(fib, table, route);
  if (row < 0) return;
  const inFlight = table.has(row, IN_FLIGHT);
  if (inFlight || table.held(row) !== NO_SET) yieldPlace(table, row);
  if (inFlight) return;
  holdRef(fib, table, row, NO_SET);
  if (!releaseRow(fib, table, row)) awaitPlace(fib, table, row);
}

/** `cause`: what a difference that it finds is put down to. */
export function beginListing(fib: FibState, cause: DriftCause): void {
  fib.listed = [new Bitset(), new Bitset()];
  for (const told of fib.told) told.clear();
  fib.listingCause = cause;
}

/** What a complete listing did not name is gone. `ifindex` 0: all interfaces. */
export function endListing(fib: FibState, families: readonly FamilyIndex[], ifindex: number): void {
  const { listed, told } = fib;
  fib.listed = null;
  if (listed === null) return;
  const isThere = ({ index }: FibTable, row: number): boolean =>
    listed[index].has(row) || told[index].has(row);
  for (const family of families) forget(fib, fib.tables[family], ifindex, fib.listingCause, isThere);
}

/** The kernel removed everything that leaves by the interface, and said nothing. */
export function interfaceGone(fib: FibState, ifindex: number): void {
  for (const table of fib.tables) forget(fib, table, ifindex, 'linkLost', () => false);
}

function forget(
  fib: FibState,
  table: FibTable,
  ifindex: number,
  cause: DriftCause,
  isThere: (table: FibTable, row: number) => boolean,
): void {
  const through = ifindex === 0 ? null : fib.sets.through(ifindex);
  if (through?.size === 0) return;
  // By number: this runs in one go, and an iterator would make it ten times as long. Rows not in use hold nothing.
  for (let row = 0; row < table.rows.limit; row++) {
    const held = table.held(row);
    // A row to be rewritten is listed under its old protocol, as if it were not ours.
    if (held === NO_SET || table.has(row, IN_FLIGHT | REWRITE) || isThere(table, row)) continue;
    if (through !== null && !through.has(setOfRef(fib, held))) continue;
    noteDrift(fib, table, row, cause, null);
    forgetHeld(fib, table, row);
  }
}

/** Removes adopted routes that nobody wanted; returns how many they are. */
export function sweepStale(fib: FibState): number {
  fib.swept = true;
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
