// What a row holds in the kernel as one number: nothing, a set of hops of its own, or a nexthop object. Counts the rows of
// each object.

import type { IntentGroup } from './fib-intents.js';
import { desiredSet, type FibState } from './fib-state.js';
import type { FibTable } from './fib-table.js';
import { comingContent } from './group-object.js';
import { NO_SET } from './next-hop-sets.js';

/** Even numbers are sets, odd ones objects; NO_SET is neither. */
export const heldSetRef = (set: number): number => (set === NO_SET ? NO_SET : set * 2);
export const heldObjectRef = (index: number): number => index * 2 + 1;
export const isObjectRef = (ref: number): boolean => ref !== NO_SET && (ref & 1) === 1;
export const objectIndex = (ref: number): number => ref >> 1;

/** The hops that packets take: those of the object where there is one. */
export const setOfRef = (fib: FibState, ref: number): number =>
  ref === NO_SET ? NO_SET : isObjectRef(ref) ? fib.objects.get(objectIndex(ref)).content : ref >> 1;

/** Every change of what a row holds comes by here. */
export function holdRef(fib: FibState, table: FibTable, row: number, ref: number): void {
  const before = table.held(row);
  if (before === ref) return;
  if (isObjectRef(ref)) fib.objects.hold(objectIndex(ref));
  table.setHeld(row, ref);
  if (isObjectRef(before)) fib.objects.unhold(objectIndex(before));
}

/** Several next hops share a group; a single one is no gain, and other programs read its route more easily. */
const isShared = (fib: FibState, { nextHops, set }: IntentGroup): boolean =>
  nextHops.length > 1 || fib.sets.get(set).length > 1;

/** What the row should hold, in the form that it should have. May take an object for its intent. */
export function wantedRef(fib: FibState, table: FibTable, row: number): number {
  const set = desiredSet(fib, table, row);
  const group = set === NO_SET ? undefined : fib.groups.get(table.wanted(row));
  if (group === undefined) return NO_SET;
  const asObject = fib.objects.enabled && !group.plain && (group.object !== null || isShared(fib, group));
  if (!asObject) return heldSetRef(set);
  const held = table.held(row);
  return heldObjectRef(fib.objects.of(group, isObjectRef(held) ? objectIndex(held) : null).index);
}

/** The row's route sends packets where they should go, in a form that may stay. */
export function isSettled(fib: FibState, table: FibTable, row: number): boolean {
  const held = table.held(row);
  const set = desiredSet(fib, table, row);
  if (set === NO_SET || held === NO_SET) return set === held;
  const group = fib.groups.get(table.wanted(row))!;
  const mayShare = fib.objects.enabled && !group.plain;
  if (!isObjectRef(held)) return setOfRef(fib, held) === set && !(mayShare && isShared(fib, group));
  if (!mayShare) return false;
  const object = fib.objects.get(objectIndex(held));
  // Its own object follows the intent by itself; another one will do while it says the same.
  if (group.object === object) return !object.gone;
  return comingContent(object) === set && fib.objects.fits(object, group);
}
