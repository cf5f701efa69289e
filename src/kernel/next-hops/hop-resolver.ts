// The way to a next hop, as the kernel would find it: by its own routes and by those that the FIB wants, whichever is
// better, directly or in a tunnel. Keeps nothing; a hop never resolves over itself.

import type { IpAddress } from '../../base/ip.js';
import { tunnelGateway } from '../tunnels/tunnel-gateway.js';
import type { FibNextHop, FibTunnel } from '../types.js';
import { type HostRoutes, isBetter, type Resolution, resolution } from './host-routes.js';
import type { Links } from './links.js';
import { nextHopKey, type TrackedHop } from './tracked-hop.js';

/** A route that the FIB wants, as a way to a next hop. */
export interface OwnRoute {
  readonly length: number;
  readonly metric: number;
  readonly hops: readonly TrackedHop[];
}

/** Routes that the FIB wants and that hold the address, the longest prefix first. */
export type OwnRoutes = (address: IpAddress) => Iterable<OwnRoute>;

/** A next hop over a next hop over a next hop: more is a mistake. */
const DEEPEST = 8;

export class HopResolver {
  readonly #routes: HostRoutes;
  readonly #links: Links;
  /** Where to look for routes that the FIB wants. */
  ownRoutes: OwnRoutes = () => [];

  constructor(routes: HostRoutes, links: Links) {
    this.#routes = routes;
    this.#links = links;
  }

  /** `asking`: the next hops that this one is asked for; it must not depend on them in turn. */
  resolve(hop: FibNextHop, asking: readonly FibNextHop[] = []): Resolution | null {
    if (this.#links.ownerOf(hop.address) !== 0) return null;
    if (hop.tunnel !== undefined) return this.#tunnel(hop, hop.tunnel, [...asking, hop]);
    if (hop.interface === null) return this.lookup(hop.address, [...asking, hop]);
    const link = this.#links.byName(hop.interface);
    if (link === undefined || !this.#links.usable(link.ifindex)) return null;
    const onlink = hop.address.family === 'ipv4' && !this.#isConnected(hop.address, link.ifindex);
    const gateway = { gateway: hop.address, ifindex: link.ifindex, onlink, weight: 1 };
    return resolution([gateway], 0);
  }

  /** The device carries to any end that the host can reach. */
  #tunnel(
    hop: FibNextHop,
    { device, mode, end }: FibTunnel,
    asking: readonly FibNextHop[],
  ): Resolution | null {
    if (mode === 'crossSubnet' && this.#links.inOwnSubnet(hop.address))
      return this.lookup(hop.address, asking);
    const outer = this.lookup(end?.address ?? hop.address, asking);
    const link = this.#links.byName(device);
    if (outer === null || link === undefined || !this.#links.usable(link.ifindex)) return null;
    const gateway = tunnelGateway(hop);
    const onlink = gateway.family === 'ipv4';
    const { gateways, cost } = outer;
    return { hops: [{ gateway, ifindex: link.ifindex, onlink, weight: 1 }], gateways, cost };
  }

  /** The kernel's own routes say so: ours lead somewhere else by nature. */
  #isConnected(address: IpAddress, ifindex: number): boolean {
    const own = this.#routes.best(address)?.resolution?.hops[0];
    return own !== undefined && own.ifindex === ifindex && !own.onlink;
  }

  /** Whichever is the better way: a route of ours, or one of the kernel's own. */
  lookup(address: IpAddress, asking: readonly FibNextHop[] = []): Resolution | null {
    const foreign = this.#routes.best(address);
    for (const { length, metric, hops } of this.ownRoutes(address)) {
      if (foreign !== null && !isBetter(length, metric, foreign)) break;
      const found = this.#overOwn(hops, asking);
      if (found !== null) return found;
    }
    return foreign?.resolution ?? null;
  }

  /** Over what a route of ours resolves to; null when it leads back here, or nowhere: then it is not in the kernel. */
  #overOwn(hops: readonly TrackedHop[], asking: readonly FibNextHop[]): Resolution | null {
    if (asking.length > DEEPEST) return null;
    const found: Resolution[] = [];
    for (const { hop } of hops) {
      if (asking.some((other) => nextHopKey(other) === nextHopKey(hop))) return null;
      const resolution = this.resolve(hop, asking);
      if (resolution !== null) found.push(resolution);
    }
    if (found.length === 0) return null;
    const whole = resolution(
      found.flatMap((each) => each.hops),
      Math.min(...found.map(({ cost }) => cost)),
    );
    if (found.every((each) => each.gateways === each.hops)) return whole;
    return { ...whole, gateways: found.flatMap((each) => each.gateways) };
  }
}
