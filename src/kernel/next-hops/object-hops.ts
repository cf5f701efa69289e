// Nexthop objects of anybody, to read routes that only name one (net.ipv4.nexthop_compat_mode 0): what the kernel then
// leaves out of the route is filled in here.

import type { KernelNextHop, KernelNexthop, KernelRoute } from '../types.js';

export class ObjectHops {
  readonly #objects = new Map<number, KernelNexthop>();
  /** A route had to be filled in: a change of an object changes routes that nobody tells of. */
  #used = false;

  /** True when routes may be others now than they were told to be. */
  observe(nexthop: KernelNexthop, present: boolean): boolean {
    const known = this.#objects.has(nexthop.id);
    if (present) this.#objects.set(nexthop.id, nexthop);
    else this.#objects.delete(nexthop.id);
    return known && this.#used;
  }

  /** A listing of everything begins. */
  clear(): void {
    this.#objects.clear();
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
