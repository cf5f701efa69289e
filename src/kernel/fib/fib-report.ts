// The FIB as others see it: routes held, problems, counts. Reads only.

import { familyOfAddress } from '../../base/family.js';
import type { IpAddress } from '../../base/ip.js';
import { maskWord, type Prefix, prefixContains, prefixWords } from '../../base/prefix.js';
import type { OwnRoute } from '../next-hops/hop-resolver.js';
import { RT_SCOPE } from '../rtnetlink/numbers.js';
import type { FibIntent, FibNextHop, FibProblem, KernelRoute, KernelStatus } from '../types.js';
import { desiredSet, type FibState, retryRow, tableOf, wantedMetric } from './fib-state.js';
import { NO_GROUP } from './fib-table.js';
import { setOfRef } from './held.js';
import { NO_SET } from './next-hop-sets.js';

const MAX_PROBLEMS = 100;

export function* heldRoutes(fib: FibState): Generator<KernelRoute> {
  const { table: id, protocol } = fib.identity;
  for (const table of fib.tables) {
    const source = fib.sources[table.index];
    for (const row of table.rows) {
      if (table.held(row) === NO_SET) continue;
      const prefix = table.rows.prefix(row);
      const nextHops = fib.sets.get(setOfRef(fib, table.held(row)));
      const metric = table.heldMetric(row);
      const route = { table: id, protocol, prefix, metric, scope: RT_SCOPE.universe, nextHops };
      const type = nextHops.length === 0 ? 'blackhole' : 'unicast';
      yield { ...route, type, ...(source === null ? {} : { source }) };
    }
  }
}

/** Routes that are wanted and hold the address, the longest prefix first: ways to next hops. */
export function* ownRoutes(fib: FibState, address: IpAddress): Generator<OwnRoute> {
  const table = fib.tables[familyOfAddress(address.family)];
  for (const row of table.rows.covering(address)) {
    const group = fib.groups.get(table.wanted(row));
    if (group === undefined) continue;
    yield { length: table.rows.length(row), metric: wantedMetric(fib, table, row), hops: group.hops };
  }
}

/** Writes not yet answered and rows still to be looked at. Rows that wait for their next try do not count. */
export const pendingWrites = (fib: FibState): number =>
  fib.tables.reduce(
    (sum, table) => sum + table.dirty.size + table.inFlightCount,
    fib.removals.length + fib.owed.length + fib.objects.pending,
  );

export function fibStatus(fib: FibState): Omit<KernelStatus['fib'], 'refusals' | 'refusedCount'> {
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

export interface WantedRoute {
  readonly prefix: Prefix;
  readonly intent: FibIntent;
}

/** Looks at words and lengths first: most of half a million rows are not even made a prefix of. */
export function wantedInside(fib: FibState, outer: Prefix, longest: number): readonly WantedRoute[] {
  const table = tableOf(fib, outer);
  const found: WantedRoute[] = [];
  const [word] = prefixWords(outer);
  const mask = maskWord(outer.length);
  for (const row of table.rows) {
    const length = table.rows.length(row);
    if (length < outer.length || length > longest || (table.rows.word(row, 0) & mask) >>> 0 !== word)
      continue;
    const group = fib.groups.get(table.wanted(row));
    const prefix = table.rows.prefix(row);
    if (group?.kind !== 'route' || !prefixContains(outer, prefix)) continue;
    const { nextHops, metric, sticky } = group;
    const more = { ...(metric === null ? {} : { metric }), ...(sticky === null ? {} : { sticky }) };
    found.push({ prefix, intent: { nextHops, ...more } });
  }
  return found;
}
