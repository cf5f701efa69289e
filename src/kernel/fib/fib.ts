// The FIB: what the RIB wants in the kernel against what the kernel holds. The one face of the fib-* files; the kernel
// loop calls it. Never reads a clock, never touches a route that is not ours.

import type { FamilyIndex } from '../../base/family.js';
import { compareIp, type IpAddress } from '../../base/ip.js';
import type { Prefix } from '../../base/prefix.js';
import type { NextHops } from '../next-hops/next-hops.js';
import type { TrackedHop } from '../next-hops/tracked-hop.js';
import type { RouteIdentity, WriteFailure } from '../port.js';
import type {
  DriftCause,
  DriftCulprit,
  FibIntent,
  KernelNexthop,
  KernelRoute,
  KernelStatus,
} from '../types.js';
import * as observe from './fib-observe.js';
import {
  fibStatus,
  heldRoutes,
  ownRoutes,
  pendingWrites,
  type WantedRoute,
  wantedInside,
} from './fib-report.js';
import { forgetHeld, revisitHolders, sweepSets, tryNow, unwantRow, wantRow } from './fib-rows.js';
import {
  createFibState,
  desiredSet,
  type FibState,
  type ForeignRoutes,
  retryRow,
  sameIdentity,
  sameKey,
  tableOf,
  wantedMetric,
} from './fib-state.js';
import { type FibTable, IN_FLIGHT, NO_GROUP, RESOURCE, REWRITE, STALE, WAITING } from './fib-table.js';
import { type FibBatch, type FibFailure, settleBatch, takeBatch } from './fib-writes.js';
import { heldObjectRef, isObjectRef, objectIndex, setOfRef } from './held.js';
import { NO_SET } from './next-hop-sets.js';

export class Fib {
  readonly #state: FibState;
  readonly #nextHops: NextHops;

  constructor(identity: RouteIdentity, nextHops: NextHops, seed: number, foreign: ForeignRoutes) {
    this.#state = createFibState(identityOf(identity), nextHops, seed, foreign);
    this.#nextHops = nextHops;
    nextHops.resolveOver((address) => ownRoutes(this.#state, address));
  }

  /** True when next hops may depend on the route. */
  install(prefix: Prefix, intent: FibIntent): boolean {
    const row = wantRow(this.#state, prefix, intent);
    return row >= 0 && this.#nextHops.touchOwn(tableOf(this.#state, prefix).rows, row);
  }

  /** True when next hops may depend on the route. */
  uninstall(prefix: Prefix): boolean {
    const table = tableOf(this.#state, prefix);
    const row = table.rows.find(prefix);
    if (row < 0) return false;
    const touched = this.#nextHops.touchOwn(table.rows, row);
    unwantRow(this.#state, table, row);
    return touched;
  }

  /** What is wanted of learned routes inside `outer` of at most `longest` bits. */
  wantedInside(outer: Prefix, longest: number): readonly WantedRoute[] {
    return wantedInside(this.#state, outer, longest);
  }

  /** These hops resolve otherwise than before. Next hops over routes that follow are touched in turn. */
  refreshHops(changed: readonly TrackedHop[]): void {
    const { groups, tables, sets, objects } = this.#state;
    const affected = new Map([...groups.refresh(changed)].map((group) => [group.id, group]));
    for (const { object } of affected.values()) if (object !== null) objects.dirty.add(object);
    if (affected.size > 0) {
      for (const table of tables) {
        for (const row of table.rows) {
          const group = affected.get(table.wanted(row));
          if (group === undefined) continue;
          this.#nextHops.touchOwn(table.rows, row);
          // A route that uses the intent's object follows it without being written.
          const follows = group.object !== null && table.held(row) === heldObjectRef(group.object.index);
          if (!follows || group.set === NO_SET) tryNow(this.#state, table, row);
        }
      }
    }
    if (sets.wantsSweep) sweepSets(this.#state);
  }

  /** Routes without a way are kept for now, until `endWaits`. */
  get someWait(): boolean {
    return this.#state.groups.someWait;
  }

  /** Whoever may know another way has been asked: routes that still have none go, but for those that `goesOn` names. */
  endWaits(goesOn: (hops: readonly TrackedHop[]) => boolean): void {
    const { groups, tables } = this.#state;
    const lost = new Set([...groups.endWaits(({ hops }) => goesOn(hops))].map(({ id }) => id));
    if (lost.size === 0) return;
    for (const table of tables)
      for (const row of table.rows) if (lost.has(table.wanted(row))) tryNow(this.#state, table, row);
  }

  /** Up to `max` writes for the port, null when there is nothing to write now. */
  take(max: number): FibBatch | null {
    return takeBatch(this.#state, max);
  }

  /** The kernel's answer to a batch; returns the first failure of each kind. */
  written(id: number, failures: readonly WriteFailure[], now: number): readonly FibFailure[] {
    return settleBatch(this.#state, id, failures, now);
  }

  /** Monotonic milliseconds: what happens from now on happened then. */
  tick(now: number): void {
    this.#state.now = now;
  }

  /** A route with our table and protocol that somebody else wrote or removed, or (`by` null) that a listing named. */
  observe(route: KernelRoute, present: boolean, by: DriftCulprit | null): void {
    observe.observeRoute(this.#state, route, present, by);
  }

  /** A nexthop object that somebody else changed or that a listing named. */
  observeNexthop(nexthop: KernelNexthop, present: boolean): void {
    const { objects } = this.#state;
    const changed = objects.observe(nexthop, present);
    if (changed !== null) revisitHolders(this.#state, changed, changed.content === NO_SET ? 'deleted' : null);
  }

  /** A route that is not ours uses this nexthop object: it has to stay. */
  lend(id: number): void {
    this.#state.objects.lend(id);
  }

  /** A route that is not ours took (`replaced`) or left a place in our table. */
  contest(route: KernelRoute, replaced: boolean, by: DriftCulprit | null): void {
    observe.observeContest(this.#state, route, replaced, by);
  }

  /** A route that is not ours came to a place that was free: a write of ours that is under way may land on it. */
  meet(route: KernelRoute): void {
    observe.observeArrival(this.#state, route);
  }

  /** A workload arrived: its route took the place of ours, which is as it should be. */
  handOver(route: KernelRoute): void {
    observe.handOver(this.#state, route);
  }

  /** `cause`: what differences are put down to; `objects`: it names nexthop objects, too. */
  beginListing(cause: DriftCause, objects: boolean): void {
    observe.beginListing(this.#state, cause);
    if (objects) this.#state.objects.beginListing();
  }

  endListing(families: readonly FamilyIndex[], ifindex: number): void {
    const { objects, listingCause } = this.#state;
    for (const object of objects.endListing()) revisitHolders(this.#state, object, listingCause);
    observe.endListing(this.#state, families, ifindex);
  }

  /** Everything of ours that sends through the interface alone is gone with it. */
  interfaceGone(ifindex: number): void {
    this.linkLost(ifindex);
    observe.interfaceGone(this.#state, ifindex);
  }

  /** The link is down or without carrier: the kernel drops the nexthop objects that use it. True when there were some. */
  linkLost(ifindex: number): boolean {
    const { gone, some } = this.#state.objects.linkLost(ifindex);
    for (const object of gone) revisitHolders(this.#state, object, 'linkLost');
    return some;
  }

  /** Whether routes use nexthop objects from now on. */
  useObjects(enabled: boolean): void {
    const { objects, tables } = this.#state;
    if (objects.enabled === enabled) return;
    objects.enabled = enabled;
    for (const table of tables)
      for (const row of table.rows) if (table.wanted(row) !== NO_GROUP) tryNow(this.#state, table, row);
  }

  /** RTA_PREFSRC of one family's routes from now on, null for none. */
  setSource(family: FamilyIndex, source: IpAddress | null): void {
    const { sources, tables } = this.#state;
    const old = sources[family];
    if (old === source || (old !== null && source !== null && compareIp(old, source) === 0)) return;
    sources[family] = source;
    const table = tables[family];
    for (const row of table.rows) {
      if (table.held(row) === NO_SET) continue;
      table.raise(row, RESOURCE);
      table.dirty.add(row);
    }
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

  /** Rows whose place somebody held may find it free by now. */
  retryFreed(): void {
    const { retries, groups, identity } = this.#state;
    for (const { key, reason } of [...retries.failures()]) {
      if (reason !== 'EEXIST') continue;
      const { table, row } = retryRow(this.#state, key);
      if (groups.get(table.wanted(row)) === undefined) continue;
      const metric = wantedMetric(this.#state, table, row);
      if (this.#state.foreign.at(table.rows.prefix(row), { ...identity, metric }) === null)
        tryNow(this.#state, table, row);
    }
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
      for (const each of pending) {
        if (each.kind === 'object') this.#state.objects.abandon(each.object);
        if (each.kind !== 'row' && each.kind !== 'yield') continue;
        const { table, row } = each;
        if (each.kind === 'row' && isObjectRef(each.ref)) this.#state.objects.unhold(objectIndex(each.ref));
        table.lower(row, IN_FLIGHT);
        table.dirty.add(row);
      }
    }
    inFlight.clear();
  }

  /** Another table, protocol or metric: all is written anew, then what carries the old identity is removed. */
  configure(settings: RouteIdentity): void {
    const identity = identityOf(settings);
    const old = this.#state.identity;
    const { tables } = this.#state;
    const changed = tables.filter((table) => !sameIdentity(old, identity, table));
    if (changed.length === 0) return;
    this.#state.identity = identity;
    this.#state.previous = old;
    this.#state.strays.clear();
    this.#state.objects.configure(identity.protocol);
    for (const table of changed)
      for (const row of table.rows)
        if (table.held(row) !== NO_SET) this.#reidentify(table, row, old, sameKey(old, identity, table));
  }

  #reidentify(table: FibTable, row: number, old: RouteIdentity, inPlace: boolean): void {
    const fixed = this.#state.groups.get(table.wanted(row))?.metric ?? null;
    const stays = inPlace || (fixed !== null && old.table === this.#state.identity.table);
    if (stays && !table.has(row, STALE)) {
      if (old.protocol !== this.#state.identity.protocol) table.raise(row, REWRITE);
      tryNow(this.#state, table, row);
      return;
    }
    const identity = { ...old, metric: table.heldMetric(row) };
    this.#state.removals.push({ prefix: table.rows.prefix(row), identity, object: null });
    forgetHeld(this.#state, table, row);
  }

  /** The kernel holds the prefix, and as it is wanted. */
  isInstalled(prefix: Prefix): boolean {
    const table = tableOf(this.#state, prefix);
    const row = table.rows.find(prefix);
    if (row < 0 || table.held(row) === NO_SET) return false;
    return setOfRef(this.#state, table.held(row)) === desiredSet(this.#state, table, row);
  }

  installed(): Iterable<KernelRoute> {
    return heldRoutes(this.#state);
  }

  status(): ReturnType<typeof fibStatus> {
    return fibStatus(this.#state);
  }

  get drift(): FibState['drift'] {
    return this.#state.drift;
  }

  /** Null while routes carry their hops themselves. */
  get objectCounts(): KernelStatus['nextHopObjects'] {
    const { objects } = this.#state;
    return objects.enabled ? objects.counts : null;
  }

  get counters(): FibState['counters'] {
    return this.#state.counters;
  }

  get pending(): number {
    return pendingWrites(this.#state);
  }
}

/** Settings are an identity and more. */
const identityOf = ({ table, protocol, metric, ipv6Metric = metric }: RouteIdentity): RouteIdentity => ({
  table,
  protocol,
  metric,
  ipv6Metric,
});
