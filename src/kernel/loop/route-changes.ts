// Whose a route is that the kernel tells of or lists, and what it means for the FIB: ours, in the way of ours, in place of
// ours. Performs nothing.

import type { AddressFamily } from '../../base/family.js';
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
  /** What is known of the family's foreign routes may be wrong: a listing is due. */
  readonly doubt: (family: AddressFamily) => void;
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
      if (!present) this.#forgetDisplaced(route);
      return;
    }
    if (present && route.object !== undefined) fib.lend(route.object);
    if (!this.#isForeign(route)) return;
    if (present) store.add(route, arrival);
    else this.#delete(route);
    if (route.table !== this.#settings.table) return;
    if (present && arrival === 'new') fib.meet(route);
    else if (!present || arrival === 'replace') this.#contest(route, present, sender ?? 0);
  }

  /** A workload that goes where another is believed to stand was not known, and neither is what stands there now. */
  #delete(route: KernelRoute): void {
    const { store, importer, doubt } = this.#options;
    if (store.delete(route) || foreignIn(store).at(route.prefix, route) === null) return;
    if (importer.chosen([route]) !== null) doubt(route.prefix.address.family);
  }

  /** Ours was there to be removed, so theirs was not: whoever meant to remove theirs removed ours. */
  #forgetDisplaced({ prefix, ...identity }: KernelRoute): void {
    const { store, doubt } = this.#options;
    const theirs = foreignIn(store).at(prefix, identity);
    if (theirs === null) return;
    store.delete(theirs);
    doubt(prefix.address.family);
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

  /** Hands the changes to our own routes to the FIB. */
  settleOwn(): void {
    for (const { route, present, by } of this.#own.splice(0)) this.#options.fib.observe(route, present, by);
  }

  #isOwn(route: KernelRoute): boolean {
    return route.protocol === this.#settings.protocol && route.table === this.#settings.table;
  }

  /** Routes with our protocol in another table are somebody's, but nothing may be learned from them. */
  #isForeign(route: KernelRoute): boolean {
    return route.protocol !== this.#settings.protocol;
  }
}
