// FIB differences -> writes, and the kernel's answers -> state. One write per row is in flight at a time, so answers and
// state cannot disagree about which route they mean.

import type { Prefix } from '../../base/prefix.js';
import { prefixWords } from '../../base/prefix.js';
import type { RouteIdentity, RouteWrite, WriteFailure } from '../port.js';
import type { KernelNextHop } from '../types.js';
import {
  desiredMetric,
  desiredSet,
  type FibState,
  identityWith,
  isCurrent,
  metricIn,
  type PendingWrite,
  releaseRow,
  retryKey,
  type Stray,
  strayKey,
  tableOf,
} from './fib-state.js';
import { type FibTable, IN_FLIGHT, NO_GROUP, REWRITE, STALE, WAITING } from './fib-table.js';
import { NO_SET } from './next-hop-sets.js';

/** Writes to hand to the port; the answer goes to `settleBatch`. */
export interface FibBatch {
  readonly id: number;
  readonly writes: readonly RouteWrite[];
}

/** The first failure of its kind in one answer. */
export interface FibFailure {
  readonly prefix: Prefix;
  readonly errno: string;
  readonly attempt: number;
}

const NO_HOPS: readonly KernelNextHop[] = [];

/** Up to `max` writes, null when there is nothing to write now. */
export function takeBatch(fib: FibState, max: number): FibBatch | null {
  const writes: RouteWrite[] = [];
  const pending: PendingWrite[] = [];
  for (const table of fib.tables) {
    const { dirty } = table;
    for (let row = dirty.next(0); row >= 0 && writes.length < max; row = dirty.next(row + 1)) {
      dirty.delete(row);
      takeRow(fib, table, row, writes, pending);
    }
  }
  // Strays go last: until then they carry the traffic of the rows that replace them.
  if (writes.length === 0 && fib.inFlight.size === 0) takeRemovals(fib, max, writes, pending);
  if (writes.length === 0) return null;
  const id = fib.nextId++;
  fib.inFlight.set(id, { writes, pending });
  return { id, writes };
}

function takeRow(
  fib: FibState,
  table: FibTable,
  row: number,
  writes: RouteWrite[],
  pending: PendingWrite[],
): void {
  if (table.has(row, IN_FLIGHT | WAITING | STALE)) return;
  if (fib.strays.size > 0) adoptStray(fib, table, row);
  if (isCurrent(fib, table, row) && !table.has(row, REWRITE)) {
    fib.retries.forget(retryKey(table, row));
    releaseRow(fib, table, row);
    return;
  }
  const set = desiredSet(fib, table, row);
  const kind = kindOf(fib, table, row, set);
  const metric = kind === 'remove' ? table.heldMetric(row) : desiredMetric(fib, table, row);
  table.raise(row, IN_FLIGHT);
  writes.push(rowWrite(fib, table, row, kind, set, metric));
  pending.push({ table, row, set, metric });
}

/** A route with another metric stands beside the one that is there, which goes only when the new one carries. */
function kindOf(fib: FibState, table: FibTable, row: number, set: number): RouteWrite['kind'] {
  if (set === NO_SET) return 'remove';
  const held = table.held(row);
  const beside = held !== NO_SET && table.heldMetric(row) !== desiredMetric(fib, table, row);
  return held === NO_SET || beside ? 'add' : 'replace';
}

/** A route of an earlier run stands where the row's has to be: it is the row's, and what the row holds is in the way. */
function adoptStray(fib: FibState, table: FibTable, row: number): void {
  const prefix = table.rows.prefix(row);
  const identity = identityWith(fib.identity, desiredMetric(fib, table, row));
  const key = strayKey({ prefix, identity });
  const stray = fib.strays.get(key);
  if (stray === undefined || table.wanted(row) === NO_GROUP) return;
  fib.strays.delete(key);
  leaveHeld(fib, table, row);
  table.setHeld(row, stray.set, identity.metric);
}

/** What the row holds is the row's no more, and is removed. */
function leaveHeld(fib: FibState, table: FibTable, row: number): void {
  const set = table.held(row);
  if (set === NO_SET) return;
  const identity = identityWith(fib.identity, table.heldMetric(row));
  fib.removals.push({ prefix: table.rows.prefix(row), identity, set });
}

/** A route that still has the old protocol can be removed under that one only. */
const rowIdentity = (
  fib: FibState,
  table: FibTable,
  row: number,
  kind: RouteWrite['kind'],
  metric: number,
): RouteIdentity =>
  identityWith(kind === 'remove' && table.has(row, REWRITE) ? fib.previous : fib.identity, metric);

const rowWrite = (
  fib: FibState,
  table: FibTable,
  row: number,
  kind: RouteWrite['kind'],
  set: number,
  metric: number,
): RouteWrite => ({
  kind,
  family: table.family,
  w0: table.rows.word(row, 0),
  w1: table.rows.word(row, 1),
  w2: table.rows.word(row, 2),
  w3: table.rows.word(row, 3),
  length: table.rows.length(row),
  identity: rowIdentity(fib, table, row, kind, metric),
  nextHops: kind === 'remove' ? NO_HOPS : fib.sets.get(set),
});

function takeRemovals(fib: FibState, max: number, writes: RouteWrite[], pending: PendingWrite[]): void {
  for (const stray of fib.removals.splice(0, max)) {
    const table = tableOf(fib, stray.prefix);
    writes.push(strayWrite(stray, table));
    pending.push({ table, row: -1, set: NO_SET, metric: 0 });
  }
}

function strayWrite({ prefix, identity }: Stray, table: FibTable): RouteWrite {
  const [w0, w1, w2, w3] = prefixWords(prefix);
  const { length } = prefix;
  const { family } = table;
  return {
    kind: 'remove',
    family,
    w0,
    w1,
    w2,
    w3,
    length,
    identity: identityWith(identity, metricIn(identity.metric, table)),
    nextHops: NO_HOPS,
  };
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
    const failure = settleWrite(fib, batch.writes[i]!, pending, errors.get(i) ?? null, now);
    if (failure !== null && !news.has(failure.errno)) news.set(failure.errno, failure);
  }
  return [...news.values()];
}

function settleWrite(
  fib: FibState,
  write: RouteWrite,
  { table, row, set, metric }: PendingWrite,
  errno: string | null,
  now: number,
): FibFailure | null {
  const outcome = outcomeOf(write.kind, errno);
  if (outcome === 'done') count(fib, write.kind);
  if (row < 0) {
    // A listing may have met it before it was removed, and nobody will tell of its end.
    fib.doubtful ||= fib.removals.length === 0;
    return null;
  }
  table.lower(row, IN_FLIGHT);
  if (outcome === 'done' && write.kind === 'add') leaveHeld(fib, table, row);
  if (outcome === 'done') table.setHeld(row, set, metric);
  if (outcome === 'gone') table.setHeld(row, NO_SET);
  if (outcome !== 'failed') settleIdentity(fib, write, table, row, set);
  const failure = outcome === 'failed' ? fail(fib, table, row, errno ?? 'unknown', now) : null;
  finishRow(fib, table, row);
  return failure;
}

/** The identity may have changed while the write was under way: then what was written carries an old one. */
function settleIdentity(
  fib: FibState,
  { identity }: RouteWrite,
  table: FibTable,
  row: number,
  set: number,
): void {
  const moved = set !== NO_SET && identity.table !== fib.identity.table;
  const renamed = set !== NO_SET && identity.protocol !== fib.identity.protocol;
  if (renamed && !moved) {
    table.raise(row, REWRITE);
    return;
  }
  // A listing may have met the old route, as one that is not ours.
  fib.doubtful ||= table.has(row, REWRITE);
  table.lower(row, REWRITE);
  if (!moved) return;
  fib.removals.push({ prefix: table.rows.prefix(row), identity, set });
  table.setHeld(row, NO_SET);
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
  if (errno === 'EEXIST')
    fib.doubtful ||= !fib.isTaken(prefix, identityWith(fib.identity, desiredMetric(fib, table, row)));
  table.raise(row, WAITING);
  const attempt = fib.retries.fail(retryKey(table, row), errno, now);
  return { prefix, errno, attempt };
}

function finishRow(fib: FibState, table: FibTable, row: number): void {
  if (releaseRow(fib, table, row) || table.has(row, WAITING)) return;
  if (isCurrent(fib, table, row) && !table.has(row, REWRITE)) {
    table.dirty.delete(row);
    fib.retries.forget(retryKey(table, row));
  } else table.dirty.add(row);
}
