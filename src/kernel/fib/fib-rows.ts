// The steps that change a row of the FIB and keep it consistent with intents, objects and retries.

import type { Prefix } from '../../base/prefix.js';
import type { DriftCause, DriftCulprit, FibIntent } from '../types.js';
import type { IntentGroup } from './fib-intents.js';
import { desiredSet, type FibState, retryKey, tableOf } from './fib-state.js';
import { type FibTable, NO_GROUP, STALE, WAITING } from './fib-table.js';
import { comingContent, type GroupObject } from './group-object.js';
import { heldObjectRef, holdRef, setOfRef } from './held.js';
import { NO_SET } from './next-hop-sets.js';

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
  fib.drift.erase(retryKey(table, row));
  return true;
}

/** The row when what is wanted of it changed, else -1. */
export function wantRow(fib: FibState, prefix: Prefix, intent: FibIntent): number {
  const table = tableOf(fib, prefix);
  const row = table.rows.insert(prefix);
  table.fit();
  const group = fib.groups.acquire(intent, table.index === 1);
  const before = table.wanted(row);
  if (before !== NO_GROUP) releaseGroup(fib, before);
  table.setWanted(row, group.id);
  table.lower(row, STALE);
  if (before === group.id) return -1;
  tryNow(fib, table, row);
  return row;
}

export function unwantRow(fib: FibState, table: FibTable, row: number): void {
  const group = table.wanted(row);
  if (group !== NO_GROUP) releaseGroup(fib, group);
  table.setWanted(row, NO_GROUP);
  table.lower(row, STALE);
  if (!releaseRow(fib, table, row)) tryNow(fib, table, row);
}

function releaseGroup(fib: FibState, id: number): void {
  const forgotten: IntentGroup | null = fib.groups.release(id);
  if (forgotten?.object == null) return;
  const { object } = forgotten;
  fib.objects.disown(forgotten);
  // A group for itself goes on with its route, which holds it.
  if (forgotten.sticky !== null) return;
  // Routes of another intent may have come to use it, because it says what they want: then it follows that one.
  const suits = (group: IntentGroup): boolean => fib.objects.fits(object, group);
  const heir = fib.groups.withoutObject(comingContent(object), object.ipv6, suits);
  if (heir !== null) fib.objects.inherit(object, heir);
}

/** The kernel no longer has the row's route; nobody is to blame, so it is written again without delay. */
export function forgetHeld(fib: FibState, table: FibTable, row: number): void {
  holdRef(fib, table, row, NO_SET);
  if (!releaseRow(fib, table, row)) tryNow(fib, table, row);
}

/** The row's route is not as we left it. */
export function noteDrift(
  fib: FibState,
  table: FibTable,
  row: number,
  cause: DriftCause,
  by: DriftCulprit | null,
): void {
  if (table.wanted(row) === NO_GROUP) return;
  fib.drift.record(retryKey(table, row), table.rows.prefix(row), cause, by, fib.now);
}

/** Somebody changed our route: put it right at once the first times, later and later when they insist. */
export function lose(fib: FibState, table: FibTable, row: number, by: DriftCulprit | null): void {
  const key = retryKey(table, row);
  table.dirty.add(row);
  if (desiredSet(fib, table, row) === NO_SET) return;
  const blows = fib.retries.lose(key, fib.now);
  if (blows === 0) return;
  table.dirty.delete(row);
  table.raise(row, WAITING);
  fib.drift.fight(key, table.rows.prefix(row), by, blows, fib.now);
}

/** Rows whose route uses the object are looked at again; with `lost` the kernel took the routes away with it. */
export function revisitHolders(fib: FibState, object: GroupObject, lost: DriftCause | null): void {
  const ref = heldObjectRef(object.index);
  for (const table of fib.tables) {
    for (const row of table.rows) {
      const follows = object.owner !== null && table.wanted(row) === object.owner.id;
      if (lost === null) {
        // Who follows the intent of the object has what it wants, unless the kernel refused that.
        if (follows ? object.owner?.plain === true : table.held(row) === ref) tryNow(fib, table, row);
      } else if (table.held(row) === ref) {
        noteDrift(fib, table, row, lost, null);
        forgetHeld(fib, table, row);
      }
    }
  }
}

/** Drops next-hop sets that nothing refers to any more. */
export function sweepSets(fib: FibState): void {
  const used = new Set<number>();
  const use = (ref: number): void => void used.add(setOfRef(fib, ref));
  for (const table of fib.tables) for (const row of table.rows) use(table.held(row));
  for (const { pending } of fib.inFlight.values())
    for (const each of pending) if (each.kind === 'row') use(each.ref);
  for (const object of fib.objects.groups()) {
    used.add(object.content);
    if (object.writing !== null) used.add(object.writing);
  }
  fib.groups.collectSets(used);
  fib.sets.sweep(used);
}
