// Nexthop objects of anybody, to read routes that only name one (net.ipv4.nexthop_compat_mode 0): what the kernel then
// leaves out of the route is filled in here.

import type { KernelNextHop, KernelNexthop, KernelRoute } from '../types.js';

export class ObjectHops {
  readonly #objects = new Map<number, KernelNexthop>();
  /** A route had to be filled in: a change of an object changes routes that nobody tells of. */
  #used = false;
  /** Ids that were named since the running listing began, null when none runs. */
  #named: Set<number> | null = null;

  /** True when routes may be others now than they were told to be. */
  observe(nexthop: KernelNexthop, present: boolean): boolean {
    const known = this.#objects.has(nexthop.id);
    this.#named?.add(nexthop.id);
    if (present) this.#objects.set(nexthop.id, nexthop);
    else this.#objects.delete(nexthop.id);
    return known && this.#used;
  }

  /** Until its end what is known stays: a route that is told of meanwhile must not be without hops. */
  beginListing(): void {
    this.#named = new Set();
  }

  /** What was not named is gone. */
  endListing(): void {
    const named = this.#named;
    this.#named = null;
    if (named === null) return;
    for (const id of this.#objects.keys()) if (!named.has(id)) this.#objects.delete(id);
  }

  /** The route with its hops. */
  expand(route: KernelRoute): KernelRoute {
    if (route.object === undefined || route.nextHops.length > 0 || route.type !== 'unicast') return route;
    this.#used = true;
    return { ...route, nextHops: this.#hopsOf(route.object) };
  }

  #hopsOf(id: number): readonly KernelNextHop[] {
    const object = this.#objects.get(id);
    if (object?.hop != null) return [object.hop];
    return (object?.members ?? []).flatMap(({ id: member, weight }) => {
      const hop = this.#objects.get(member)?.hop ?? null;
      return hop === null ? [] : [{ ...hop, weight }];
    });
  }
}
