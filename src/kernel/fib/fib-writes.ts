// FIB differences -> writes, and the kernel's answers -> state. One write per row is in flight at a time, so answers and
// state cannot disagree about which route they mean.

import type { Prefix } from '../../base/prefix.js';
import { prefixWords } from '../../base/prefix.js';
import type { RouteIdentity, RouteWrite, WriteFailure } from '../port.js';
import type { KernelNextHop } from '../types.js';
import {
  type BatchInFlight,
  desiredSet,
  type FibState,
  identityIn,
  type PendingWrite,
  releaseRow,
  retryKey,
  type Stray,
  sameKey,
  tableOf,
} from './fib-state.js';
import { type FibTable, IN_FLIGHT, REWRITE, STALE, WAITING } from './fib-table.js';
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
  fib.inFlight.set(id, { identity: fib.identity, writes, pending });
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
  const set = desiredSet(fib, table, row);
  const held = table.held(row);
  if (set === held && !table.has(row, REWRITE)) {
    fib.retries.forget(retryKey(table, row));
    releaseRow(fib, table, row);
    return;
  }
  const kind = set === NO_SET ? 'remove' : held === NO_SET ? 'add' : 'replace';
  table.raise(row, IN_FLIGHT);
  writes.push(rowWrite(fib, table, row, kind, set));
  pending.push({ table, row, set });
}

/** A route that still has the old protocol can be removed under that one only. */
const rowIdentity = (fib: FibState, table: FibTable, row: number, kind: RouteWrite['kind']): RouteIdentity =>
  kind === 'remove' && table.has(row, REWRITE) ? fib.previous : fib.identity;

const rowWrite = (
  fib: FibState,
  table: FibTable,
  row: number,
  kind: RouteWrite['kind'],
  set: number,
): RouteWrite => ({
  kind,
  family: table.family,
  w0: table.rows.word(row, 0),
  w1: table.rows.word(row, 1),
  w2: table.rows.word(row, 2),
  w3: table.rows.word(row, 3),
  length: table.rows.length(row),
  identity: identityIn(rowIdentity(fib, table, row, kind), table),
  nextHops: kind === 'remove' ? NO_HOPS : fib.sets.get(set),
});

function takeRemovals(fib: FibState, max: number, writes: RouteWrite[], pending: PendingWrite[]): void {
  for (const stray of fib.removals.splice(0, max)) {
    const table = tableOf(fib, stray.prefix);
    writes.push(strayWrite(stray, table));
    pending.push({ table, row: -1, set: NO_SET });
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
    identity: identityIn(identity, table),
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
    const failure = settleWrite(fib, batch, batch.writes[i]!, pending, errors.get(i) ?? null, now);
    if (failure !== null && !news.has(failure.errno)) news.set(failure.errno, failure);
  }
  return [...news.values()];
}

function settleWrite(
  fib: FibState,
  batch: BatchInFlight,
  write: RouteWrite,
  { table, row, set }: PendingWrite,
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
  if (outcome === 'done') table.setHeld(row, set);
  if (outcome === 'gone') table.setHeld(row, NO_SET);
  if (outcome !== 'failed') settleIdentity(fib, batch, table, row, set);
  const failure = outcome === 'failed' ? fail(fib, table, row, errno ?? 'unknown', now) : null;
  finishRow(fib, table, row);
  return failure;
}

/** The identity may have changed while the write was under way: then what was written carries an old one. */
function settleIdentity(
  fib: FibState,
  { identity }: BatchInFlight,
  table: FibTable,
  row: number,
  set: number,
): void {
  const outdated = identity !== fib.identity && set !== NO_SET;
  if (outdated && sameKey(identity, fib.identity)) {
    table.raise(row, REWRITE);
    return;
  }
  // A listing may have met the old route, as one that is not ours.
  fib.doubtful ||= table.has(row, REWRITE);
  table.lower(row, REWRITE);
  if (!outdated) return;
  fib.removals.push({ prefix: table.rows.prefix(row), identity });
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
  if (errno === 'EEXIST') fib.doubtful ||= !fib.isTaken(prefix, identityIn(fib.identity, table));
  table.raise(row, WAITING);
  const attempt = fib.retries.fail(retryKey(table, row), errno, now);
  return { prefix, errno, attempt };
}

function finishRow(fib: FibState, table: FibTable, row: number): void {
  if (releaseRow(fib, table, row) || table.has(row, WAITING)) return;
  if (desiredSet(fib, table, row) === table.held(row) && !table.has(row, REWRITE)) {
    table.dirty.delete(row);
    fib.retries.forget(retryKey(table, row));
  } else table.dirty.add(row);
}
