// The FIB as others see it: routes held, problems, counts. Reads only.

import type { Prefix } from '../../base/prefix.js';
import { RT_SCOPE } from '../rtnetlink/numbers.js';
import type { FibNextHop, FibProblem, KernelRoute, KernelStatus } from '../types.js';
import { desiredSet, type FibState, identityIn, retryRow } from './fib-state.js';
import { NO_GROUP } from './fib-table.js';
import { NO_SET } from './next-hop-sets.js';

const MAX_PROBLEMS = 100;

export function* heldRoutes(fib: FibState): Generator<KernelRoute> {
  for (const table of fib.tables) {
    const identity = identityIn(fib.identity, table);
    for (const row of table.rows) {
      if (table.held(row) === NO_SET) continue;
      const prefix = table.rows.prefix(row);
      const nextHops = fib.sets.get(table.held(row));
      yield { prefix, ...identity, scope: RT_SCOPE.universe, type: 'unicast', nextHops };
    }
  }
}

/** Writes not yet answered and rows still to be looked at. Rows that wait for their next try do not count. */
export const pendingWrites = (fib: FibState): number =>
  fib.tables.reduce((sum, table) => sum + table.dirty.size + table.inFlightCount, fib.removals.length);

export function fibStatus(fib: FibState): KernelStatus['fib'] {
  const [v4, v6] = fib.tables;
  return {
    wanted: v4.wantedCount + v6.wantedCount,
    installed: v4.heldCount + v6.heldCount,
    pending: pendingWrites(fib),
    adoptedStale: v4.staleCount + v6.staleCount + fib.strays.size,
    problems: [...firstProblems(fib)],
    problemCount: fib.groups.unresolvedCount + fib.retries.size,
  };
}

function* firstProblems(fib: FibState): Generator<FibProblem> {
  let count = 0;
  for (const problem of problems(fib)) {
    if (count++ >= MAX_PROBLEMS) return;
    yield problem;
  }
}

function* problems(fib: FibState): Generator<FibProblem> {
  for (const { key, reason, attempts } of fib.retries.failures()) {
    const { table, row } = retryRow(fib, key);
    const nextHops = nextHopsOf(fib, table.wanted(row));
    yield { prefix: table.rows.prefix(row), reason, attempts, nextHops };
  }
  if (fib.groups.unresolvedCount > 0) yield* unresolved(fib);
}

function* unresolved(fib: FibState): Generator<FibProblem> {
  for (const table of fib.tables) {
    for (const row of table.rows) {
      const group = table.wanted(row);
      if (group === NO_GROUP || desiredSet(fib, table, row) !== NO_SET) continue;
      const prefix: Prefix = table.rows.prefix(row);
      yield { prefix, reason: 'unresolved', attempts: 0, nextHops: nextHopsOf(fib, group) };
    }
  }
}

const nextHopsOf = (fib: FibState, group: number): readonly FibNextHop[] =>
  fib.groups.get(group)?.nextHops ?? [];
