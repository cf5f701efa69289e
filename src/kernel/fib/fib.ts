// The FIB: what the RIB wants in the kernel against what the kernel holds. The one face of the fib-* files; the kernel
// loop calls it. Never reads a clock, never touches a route that is not ours.

import { FAMILY_INDEXES, type FamilyIndex } from '../../base/family.js';
import type { Prefix } from '../../base/prefix.js';
import type { NextHops, TrackedHop } from '../next-hops/next-hops.js';
import type { RouteIdentity, WriteFailure } from '../port.js';
import type { FibIntent, KernelRoute, KernelStatus } from '../types.js';
import * as observe from './fib-observe.js';
import { fibStatus, heldRoutes, pendingWrites } from './fib-report.js';
import {
  createFibState,
  desiredSet,
  type FibState,
  forgetHeld,
  retryRow,
  sameKey,
  sweepSets,
  tableOf,
  tryNow,
  unwantRow,
  wantRow,
} from './fib-state.js';
import { IN_FLIGHT, NO_GROUP, REWRITE, STALE, WAITING } from './fib-table.js';
import { type FibBatch, type FibFailure, settleBatch, takeBatch } from './fib-writes.js';
import { NO_SET } from './next-hop-sets.js';

export class Fib {
  readonly #state: FibState;

  /** `isTaken`: whether a route that is not ours is known to stand at that table, prefix and metric. */
  constructor(identity: RouteIdentity, nextHops: NextHops, seed: number, isTaken: FibState['isTaken']) {
    this.#state = createFibState(identity, nextHops, seed, isTaken);
  }

  install(prefix: Prefix, intent: FibIntent): void {
    wantRow(this.#state, prefix, intent);
  }

  uninstall(prefix: Prefix): void {
    const table = tableOf(this.#state, prefix);
    const row = table.rows.find(prefix);
    if (row >= 0) unwantRow(this.#state, table, row);
  }

  /** These hops resolve otherwise than before. */
  refreshHops(changed: readonly TrackedHop[]): void {
    const { groups, tables, sets } = this.#state;
    const affected = groups.refresh(changed);
    if (affected.size > 0) {
      for (const table of tables)
        for (const row of table.rows) if (affected.has(table.wanted(row))) tryNow(this.#state, table, row);
    }
    if (sets.wantsSweep) sweepSets(this.#state);
  }

  /** Up to `max` writes for the port, null when there is nothing to write now. */
  take(max: number): FibBatch | null {
    return takeBatch(this.#state, max);
  }

  /** The kernel's answer to a batch; returns the first failure of each kind. */
  written(id: number, failures: readonly WriteFailure[], now: number): readonly FibFailure[] {
    return settleBatch(this.#state, id, failures, now);
  }

  /** A route with our table and protocol that somebody else wrote or removed, or that a listing named. */
  observe(route: KernelRoute, present: boolean, now: number): void {
    observe.observeRoute(this.#state, route, present, now);
  }

  /** A route that is not ours took (`replaced`) or left a place in our table. */
  contest(route: KernelRoute, replaced: boolean): void {
    observe.observeContest(this.#state, route, replaced);
  }

  beginListing(): void {
    observe.beginListing(this.#state);
  }

  endListing(families: readonly FamilyIndex[], ifindex: number): void {
    observe.endListing(this.#state, families, ifindex);
  }

  /** Everything of ours that sends through the interface alone is gone with it. */
  interfaceGone(ifindex: number): void {
    observe.beginListing(this.#state);
    observe.endListing(this.#state, FAMILY_INDEXES, ifindex);
  }

  sweep(): number {
    return observe.sweepStale(this.#state);
  }

  /** Wants nothing any more. */
  removeAll(): void {
    observe.sweepStale(this.#state);
    for (const table of this.#state.tables)
      for (const row of table.rows) if (table.wanted(row) !== NO_GROUP) unwantRow(this.#state, table, row);
  }

  /** Rows whose back-off is over may be written again. */
  releaseDue(now: number): void {
    this.#state.retries.takeDue(now, (key) => {
      const { table, row } = retryRow(this.#state, key);
      table.lower(row, WAITING);
      table.dirty.add(row);
    });
  }

  /** When the next back-off is over, null when none runs. */
  nextDue(): number | null {
    return this.#state.retries.nextDue();
  }

  /** True once after an answer that puts in doubt what we know of the kernel: a listing is due. */
  takeDoubt(): boolean {
    const { doubtful } = this.#state;
    this.#state.doubtful = false;
    return doubtful;
  }

  /** The port died and no answer will come; a listing of everything has to follow. */
  abandon(): void {
    const { inFlight } = this.#state;
    for (const { pending } of inFlight.values()) {
      for (const { table, row } of pending) {
        if (row < 0) continue;
        table.lower(row, IN_FLIGHT);
        table.dirty.add(row);
      }
    }
    inFlight.clear();
  }

  /** Another table, protocol or metric: all is written anew, then what carries the old identity is removed. */
  configure(identity: RouteIdentity): void {
    const old = this.#state.identity;
    const inPlace = sameKey(old, identity);
    if (inPlace && old.protocol === identity.protocol) return;
    this.#state.identity = identity;
    this.#state.previous = old;
    this.#state.strays.clear();
    for (const table of this.#state.tables) {
      for (const row of table.rows) {
        if (table.held(row) === NO_SET) continue;
        if (inPlace && !table.has(row, STALE)) {
          table.raise(row, REWRITE);
          tryNow(this.#state, table, row);
          continue;
        }
        this.#state.removals.push({ prefix: table.rows.prefix(row), identity: old });
        forgetHeld(this.#state, table, row);
      }
    }
  }

  /** The kernel holds the prefix, and as it is wanted. */
  isInstalled(prefix: Prefix): boolean {
    const table = tableOf(this.#state, prefix);
    const row = table.rows.find(prefix);
    return row >= 0 && table.held(row) !== NO_SET && table.held(row) === desiredSet(this.#state, table, row);
  }

  installed(): Iterable<KernelRoute> {
    return heldRoutes(this.#state);
  }

  status(): KernelStatus['fib'] {
    return fibStatus(this.#state);
  }

  get counters(): FibState['counters'] {
    return this.#state.counters;
  }

  get pending(): number {
    return pendingWrites(this.#state);
  }
}
