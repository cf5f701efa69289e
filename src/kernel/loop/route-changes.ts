// Whose a route is that the kernel tells of or lists, and what it means for the FIB: ours, in the way of ours, in place of
// ours. Performs nothing.

import type { Fib } from '../fib/fib.js';
import type { ForeignRoutes } from '../fib/fib-state.js';
import type { ObjectHops } from '../next-hops/object-hops.js';
import type { KernelChange } from '../port.js';
import type { Importer } from '../routes/importer.js';
import type { RouteStore } from '../routes/route-store.js';
import type { DriftCulprit, KernelRoute, KernelSettings } from '../types.js';

/** Who sent a change; `protocol`: of what was written, null for a deletion. */
export type NameCulprit = (port: number, protocol: number | null) => DriftCulprit;

/** What the FIB asks about routes that are not ours. */
export const foreignIn = (store: RouteStore): ForeignRoutes => ({
  at: (prefix, { table, metric }) =>
    store.at(prefix).find((route) => route.table === table && route.metric === metric) ?? null,
  // A listing may not have met it, and nobody tells of what we write.
  returned: (route) => store.add(route, 'replace'),
});

export interface RouteChangesOptions {
  readonly store: RouteStore;
  readonly importer: Importer;
  readonly fib: Fib;
  readonly objectHops: ObjectHops;
  readonly culprit: NameCulprit;
}

interface OwnChange {
  readonly route: KernelRoute;
  readonly present: boolean;
  readonly by: DriftCulprit;
}

export class RouteChanges {
  readonly #options: RouteChangesOptions;
  #settings: KernelSettings;
  /** Changes to routes of ours wait until the next hops are up to date: a dead link explains a lost route. */
  #own: OwnChange[] = [];

  constructor(options: RouteChangesOptions, settings: KernelSettings) {
    this.#options = options;
    this.#settings = settings;
  }

  configure(settings: KernelSettings): void {
    this.#settings = settings;
  }

  /** A notification. */
  apply({ route: told, present, arrival, sender }: Extract<KernelChange, { kind: 'route' }>): void {
    const { store, fib, objectHops, culprit } = this.#options;
    const route = objectHops.expand(told);
    if (this.#isOwn(route)) {
      this.#own.push({ route, present, by: culprit(sender ?? 0, present ? route.protocol : null) });
      return;
    }
    if (present && route.object !== undefined) fib.lend(route.object);
    if (!this.#isForeign(route)) return;
    if (present) store.add(route, arrival);
    else store.delete(route);
    if (route.table !== this.#settings.table) return;
    if (present && arrival === 'new') fib.meet(route);
    else if (!present || arrival === 'replace') this.#contest(route, present, sender ?? 0);
  }

  #contest(route: KernelRoute, present: boolean, sender: number): void {
    const { importer, fib, culprit } = this.#options;
    if (present && importer.chosen([route]) !== null) fib.handOver(route);
    else fib.contest(route, present, culprit(sender, route.protocol));
  }

  /** A row of a listing. */
  list(told: KernelRoute): void {
    const { store, fib, objectHops } = this.#options;
    if (this.#isOwn(told)) {
      fib.observe(told, true, null);
      return;
    }
    const route = objectHops.expand(told);
    if (route.object !== undefined) fib.lend(route.object);
    if (this.#isForeign(route)) store.list(route);
  }

  /**
   * Hands the changes to our own routes to the FIB. `doubt`: ours was removed where another route was believed to be: it had
   * been displaced, and whoever meant to remove it removed ours.
   */
  settleOwn(doubt: (route: KernelRoute) => void): void {
    const { store, fib } = this.#options;
    for (const { route, present, by } of this.#own.splice(0)) {
      fib.observe(route, present, by);
      if (!present && foreignIn(store).at(route.prefix, route) !== null) doubt(route);
    }
  }

  #isOwn(route: KernelRoute): boolean {
    return route.protocol === this.#settings.protocol && route.table === this.#settings.table;
  }

  /** Routes with our protocol in another table are somebody's, but nothing may be learned from them. */
  #isForeign(route: KernelRoute): boolean {
    return route.protocol !== this.#settings.protocol;
  }
}
