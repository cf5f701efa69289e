// FIB differences -> writes, and the kernel's answers -> state. One write per row is in flight at a time, so answers and
// state cannot disagree about which route they mean.

import type { Prefix } from '../../base/prefix.js';
import type { KernelWrite, ObjectWrite, RouteWrite, WriteFailure } from '../port.js';
import { tell } from './fib-observe.js';
import { releaseRow, revisitHolders } from './fib-rows.js';
import {
  type BatchInFlight,
  type FibState,
  type PendingWrite,
  retryKey,
  sameIdentity,
  sameKey,
  tableOf,
  wantedMetric,
} from './fib-state.js';
import { type FibTable, IN_FLIGHT, NO_GROUP, RESOURCE, REWRITE, STALE, WAITING, YIELD } from './fib-table.js';
import { settleCrossing, settleReturn, settleYield, takeOwed, takeYield } from './fib-yield.js';
import type { ObjectPending } from './group-object.js';
import { holdRef, isObjectRef, isSettled, objectIndex, wantedRef } from './held.js';
import { NO_SET } from './next-hop-sets.js';
import { rowWrite, strayWrite } from './route-writes.js';

/** Writes to hand to the port; the answer goes to `settleBatch`. */
export interface FibBatch {
  readonly id: number;
  readonly writes: readonly KernelWrite[];
}

/** The first failure of its kind in one answer. */
export interface FibFailure {
  readonly prefix: Prefix;
  readonly errno: string;
  readonly attempt: number;
}

/** Up to `max` writes, null when there is nothing to write now. */
export function takeBatch(fib: FibState, max: number): FibBatch | null {
  const rows: RouteWrite[] = [];
  const rowPending: PendingWrite[] = [];
  if (fib.owed.length > 0) takeOwed(fib, rows, rowPending);
  for (const table of fib.tables) {
    const { dirty } = table;
    for (let row = dirty.next(0); row >= 0 && rows.length < max; row = dirty.next(row + 1)) {
      dirty.delete(row);
      takeRow(fib, table, row, rows, rowPending);
    }
  }
  // Objects come before the routes that use them.
  const writes: KernelWrite[] = [];
  const pending: PendingWrite[] = [];
  takeObjects(fib, writes, pending);
  writes.push(...rows);
  pending.push(...rowPending);
  // Strays go last: until then they carry the traffic of the rows that replace them.
  if (writes.length === 0 && fib.inFlight.size === 0) takeRemovals(fib, max, writes, pending);
  if (writes.length === 0) return null;
  const id = fib.nextId++;
  fib.inFlight.set(id, { identity: fib.identity, writes, pending });
  return { id, writes };
}

function takeObjects(fib: FibState, writes: KernelWrite[], pending: PendingWrite[]): void {
  if (fib.objects.dirty.size === 0) return;
  const objectWrites: ObjectWrite[] = [];
  const objectPending: ObjectPending[] = [];
  fib.objects.takeWrites(objectWrites, objectPending);
  writes.push(...objectWrites);
  for (const object of objectPending) pending.push({ kind: 'object', object });
}

function takeRow(
  fib: FibState,
  table: FibTable,
  row: number,
  writes: RouteWrite[],
  pending: PendingWrite[],
): void {
  if (table.has(row, YIELD) && !table.has(row, IN_FLIGHT)) {
    takeYield(fib, table, row, writes, pending);
    return;
  }
  if (table.has(row, IN_FLIGHT | WAITING | STALE) || staysAsItIs(fib, table, row)) return;
  const metric = wantedMetric(fib, table, row);
  const moved =
    table.wanted(row) !== NO_GROUP && table.held(row) !== NO_SET && table.heldMetric(row) !== metric;
  if (moved) leaveMetric(fib, table, row);
  if (isSettled(fib, table, row) && !table.has(row, REWRITE | RESOURCE)) {
    fib.retries.forget(retryKey(table, row));
    fib.drift.repaired(retryKey(table, row), fib.now);
    releaseRow(fib, table, row);
    return;
  }
  const ref = wantedRef(fib, table, row);
  // The object that it has was taken over by its new intent: the object alone is written.
  if (ref !== NO_SET && ref === table.held(row) && !table.has(row, REWRITE | RESOURCE)) return;
  const kind = ref === NO_SET ? 'remove' : table.held(row) === NO_SET ? 'add' : 'replace';
  table.raise(row, IN_FLIGHT);
  if (isObjectRef(ref)) fib.objects.hold(objectIndex(ref));
  writes.push(rowWrite(fib, table, row, kind, ref, kind === 'remove' ? table.heldMetric(row) : metric));
  pending.push({ kind: 'row', table, row, ref, metric });
}

/** It has no way now, and may have another one in a moment: to remove it first would leave a gap. */
function staysAsItIs(fib: FibState, table: FibTable, row: number): boolean {
  if (table.held(row) === NO_SET || table.wanted(row) === NO_GROUP) return false;
  const group = fib.groups.get(table.wanted(row))!;
  return group.waits && group.set === NO_SET;
}

/** Another metric is another route to the kernel: the new one comes first, then the old one goes. */
function leaveMetric(fib: FibState, table: FibTable, row: number): void {
  const identity = { ...fib.identity, metric: table.heldMetric(row) };
  fib.removals.push({ prefix: table.rows.prefix(row), identity, object: null });
  holdRef(fib, table, row, NO_SET);
}

function takeRemovals(fib: FibState, max: number, writes: KernelWrite[], pending: PendingWrite[]): void {
  for (const stray of fib.removals.splice(0, max)) {
    writes.push(strayWrite(stray, tableOf(fib, stray.prefix)));
    pending.push({ kind: 'stray', object: stray.object });
  }
  if (writes.length > 0) return;
  const objectWrites: ObjectWrite[] = [];
  const objectPending: ObjectPending[] = [];
  fib.objects.takeGarbage(max, objectWrites, objectPending);
  writes.push(...objectWrites);
  for (const object of objectPending) pending.push({ kind: 'object', object });
}

/** The kernel's answer to a batch; returns the first failure of each kind. */
export function settleBatch(
  fib: FibState,
  id: number,
  failures: readonly WriteFailure[],
  now: number,
): readonly FibFailure[] {
  const batch = fib.inFlight.get(id);
  if (batch === undefined) return [];
  fib.inFlight.delete(id);
  const errors = new Map(failures.map(({ index, errno }) => [index, errno]));
  const news = new Map<string, FibFailure>();
  for (const [i, pending] of batch.pending.entries()) {
    const failure = settleWrite(fib, batch, batch.writes[i]!, pending, errors.get(i) ?? null, now);
    if (failure !== null && !news.has(failure.errno)) news.set(failure.errno, failure);
  }
  return [...news.values()];
}

function settleWrite(
  fib: FibState,
  batch: BatchInFlight,
  write: KernelWrite,
  pending: PendingWrite,
  errno: string | null,
  now: number,
): FibFailure | null {
  switch (pending.kind) {
    case 'row':
      return settleRow(fib, batch, write as RouteWrite, pending, errno, now);
    case 'stray':
      if (errno === null) fib.counters.removed++;
      if (pending.object !== null) fib.objects.unhold(pending.object);
      // A listing may have met it before it was removed, and nobody will tell of its end.
      fib.doubtful ||= fib.removals.length === 0;
      return null;
    case 'object':
      settleObject(fib, pending.object, errno);
      return null;
    case 'yield':
      return settleRemoved(fib, pending, errno, now);
    case 'return': {
      const lost = settleReturn(fib, pending.route, errno);
      return lost ? { prefix: pending.route.prefix, errno: errno!, attempt: 1 } : null;
    }
    case 'outdated':
      return null;
    default:
      return pending satisfies never;
  }
}

/** Ours was to leave a place to a route that is not ours. */
function settleRemoved(
  fib: FibState,
  { table, row, theirs }: Extract<PendingWrite, { kind: 'yield' }>,
  errno: string | null,
  now: number,
): FibFailure | null {
  table.lower(row, IN_FLIGHT);
  tell(fib, table, row);
  const outcome = outcomeOf('remove', errno);
  if (outcome === 'failed') return fail(fib, table, row, errno ?? 'unknown', now);
  if (outcome === 'done') count(fib, 'remove');
  settleYield(fib, table, row, outcome === 'done', theirs);
  return null;
}

function settleObject(fib: FibState, pending: ObjectPending, errno: string | null): void {
  if (errno !== null && pending.kind !== 'drop')
    fib.counters.errors[errno] = (fib.counters.errors[errno] ?? 0) + 1;
  if (errno === null && pending.kind === 'group') fib.objects.named(pending.object.id);
  const object = fib.objects.settle(pending, errno);
  if (object !== null) revisitHolders(fib, object, null);
}

function settleRow(
  fib: FibState,
  batch: BatchInFlight,
  { kind, identity }: RouteWrite,
  { table, row, ref, metric }: Extract<PendingWrite, { kind: 'row' }>,
  errno: string | null,
  now: number,
): FibFailure | null {
  const outcome = outcomeOf(kind, errno);
  if (outcome === 'done') count(fib, kind);
  table.lower(row, IN_FLIGHT);
  tell(fib, table, row);
  if (outcome === 'done') {
    holdRef(fib, table, row, ref);
    table.setHeldMetric(row, metric);
    table.lower(row, RESOURCE);
  }
  if (outcome === 'gone') holdRef(fib, table, row, NO_SET);
  if (isObjectRef(ref)) {
    if (errno === 'EINVAL') fib.objects.distrust(objectIndex(ref));
    fib.objects.unhold(objectIndex(ref));
  }
  if (outcome !== 'failed') settleIdentity(fib, batch, table, row, ref);
  const failure = outcome === 'failed' ? fail(fib, table, row, errno ?? 'unknown', now) : null;
  if (table.has(row, YIELD)) settleCrossing(fib, table, row, kind, identity.metric, outcome);
  finishRow(fib, table, row);
  return failure;
}

/** The identity may have changed while the write was under way: then what was written carries an old one. */
function settleIdentity(
  fib: FibState,
  { identity }: BatchInFlight,
  table: FibTable,
  row: number,
  ref: number,
): void {
  const outdated = ref !== NO_SET && !sameIdentity(identity, fib.identity, table);
  if (outdated && sameKey(identity, fib.identity, table)) {
    table.raise(row, REWRITE);
    return;
  }
  // A listing may have met the old route, as one that is not ours.
  fib.doubtful ||= table.has(row, REWRITE);
  table.lower(row, REWRITE);
  if (!outdated) return;
  fib.removals.push({
    prefix: table.rows.prefix(row),
    identity: { ...identity, metric: table.heldMetric(row) },
    object: null,
  });
  holdRef(fib, table, row, NO_SET);
}

/** `gone`: there was nothing to replace or to remove. */
function outcomeOf(kind: RouteWrite['kind'], errno: string | null): 'done' | 'gone' | 'failed' {
  if (errno === null) return 'done';
  if (errno === 'ESRCH' && kind !== 'add') return 'gone';
  return errno === 'ENOENT' && kind === 'replace' ? 'gone' : 'failed';
}

function count({ counters }: FibState, kind: RouteWrite['kind']): void {
  if (kind === 'add') counters.added++;
  else if (kind === 'replace') counters.replaced++;
  else counters.removed++;
}

function fail(fib: FibState, table: FibTable, row: number, errno: string, now: number): FibFailure {
  fib.counters.errors[errno] = (fib.counters.errors[errno] ?? 0) + 1;
  const prefix = table.rows.prefix(row);
  if (errno === 'EEXIST') {
    const metric = wantedMetric(fib, table, row);
    fib.doubtful ||= fib.foreign.at(prefix, { ...fib.identity, metric }) === null;
  }
  table.raise(row, WAITING);
  const attempt = fib.retries.fail(retryKey(table, row), errno, now);
  return { prefix, errno, attempt };
}

function finishRow(fib: FibState, table: FibTable, row: number): void {
  if (releaseRow(fib, table, row) || table.has(row, WAITING | YIELD)) return;
  const moved = table.held(row) !== NO_SET && table.heldMetric(row) !== wantedMetric(fib, table, row);
  if (!moved && isSettled(fib, table, row) && !table.has(row, REWRITE | RESOURCE)) {
    table.dirty.delete(row);
    fib.retries.forget(retryKey(table, row));
    fib.drift.repaired(retryKey(table, row), fib.now);
  } else table.dirty.add(row);
}
