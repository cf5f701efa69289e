// Where the kernel's own routes, those that are not ours, lead to: longest match, dead links skipped.

import type { IpAddress } from '../../base/ip.js';
import type { RouteStore } from '../routes/route-store.js';
import { RT_SCOPE, RT_TABLE, RTPROT } from '../rtnetlink/numbers.js';
import type { KernelNextHop, KernelRoute } from '../types.js';
import type { Links } from './links.js';

export interface Resolution {
  readonly hops: readonly KernelNextHop[];
  /** The same array as `hops` unless there is a tunnel. */
  readonly gateways: readonly KernelNextHop[];
  readonly cost: number;
}

/** The kernel's best route that is not ours; `resolution` is null when it discards. */
export interface HostRoute {
  readonly length: number;
  readonly metric: number;
  readonly resolution: Resolution | null;
}

/** A longer prefix wins, then the lower metric. */
export const isBetter = (length: number, metric: number, than: HostRoute): boolean =>
  length > than.length || (length === than.length && metric < than.metric);

export class HostRoutes {
  readonly #store: RouteStore;
  readonly #links: Links;
  /** The table to look in. */
  table: number;

  constructor(store: RouteStore, links: Links, table: number) {
    this.#store = store;
    this.#links = links;
    this.table = table;
  }

  /** The table first, then main, as the kernel does when it checks a gateway. */
  best(address: IpAddress): HostRoute | null {
    const own = this.#lookupIn(address, this.table);
    if (own !== null || this.table === RT_TABLE.main) return own;
    return this.#lookupIn(address, RT_TABLE.main);
  }

  #lookupIn(address: IpAddress, table: number): HostRoute | null {
    for (const routes of this.#store.covering(address)) {
      const usable = routes.filter((route) => route.table === table && this.#forwards(route));
      const route = lowestMetric(usable);
      if (route === null || route.type === 'throw') continue;
      const resolution = route.type === 'unicast' ? this.#through(route, address) : null;
      return { length: route.prefix.length, metric: route.metric, resolution };
    }
    return null;
  }

  /** A route whose links are all dead is as good as gone, even before the kernel says so. */
  #forwards(route: KernelRoute): boolean {
    return route.type !== 'unicast' || route.nextHops.some((hop) => this.#links.usable(hop.ifindex));
  }

  #through(route: KernelRoute, address: IpAddress): Resolution {
    const alive = route.nextHops.filter((hop) => this.#links.usable(hop.ifindex));
    const direct = alive.some((hop) => hop.gateway === null);
    // Where no subnet of the interface holds the address, the kernel must be told to trust us that it is there.
    const onlink = route.protocol !== RTPROT.kernel || route.scope === RT_SCOPE.host;
    const hops = alive.map((hop) => (hop.gateway === null ? { ...hop, gateway: address, onlink } : hop));
    return resolution(hops, direct ? 0 : route.metric);
  }
}

/** Without a tunnel. */
export const resolution = (hops: readonly KernelNextHop[], cost: number): Resolution => ({
  hops,
  gateways: hops,
  cost,
});

function lowestMetric(routes: readonly KernelRoute[]): KernelRoute | null {
  let best: KernelRoute | null = null;
  for (const route of routes) if (best === null || route.metric < best.metric) best = route;
  return best;
}
