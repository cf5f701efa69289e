// BGP next hops resolved over the kernel's own routes, as the kernel would: longest match, dead links skipped. Keeps the
// hops somebody asked for and reports what changed. Routes that the FIB wants take part, but none resolves over itself.

import { compareIp, formatIp, type IpAddress } from '../../base/ip.js';
import { maxLength, type Prefix, prefixContainsIp } from '../../base/prefix.js';
import type { PrefixRows } from '../routes/prefix-rows.js';
import type { RouteStore } from '../routes/route-store.js';
import { tunnelGateway } from '../tunnels/tunnel-gateway.js';
import type { FibNextHop, FibTunnel, KernelLink, KernelNextHop, NextHopState } from '../types.js';
import { HopIndex } from './hop-index.js';
import { HostRoutes, isBetter, type Resolution, resolution } from './host-routes.js';
import type { Links } from './links.js';
import type { Neighbours } from './neighbours.js';

/** One next hop that somebody uses; `hops` is null while it cannot be reached. */
export interface TrackedHop {
  readonly hop: FibNextHop;
  hops: readonly KernelNextHop[] | null;
  /** What packets to it leave by, whether it answers or not; for a tunnel, the way to its end. */
  gateways: readonly KernelNextHop[];
  cost: number;
  /** Times `trackNextHop` was called less times `untrackNextHop` was. */
  watchers: number;
  /** Intents in the FIB that use it. */
  users: number;
  /** The daemon lost whom it leads to: used only where there is nobody else. */
  suspect: boolean;
  /** What the observer was last told, null before the first time. */
  told: Told | null;
}

interface Told {
  readonly state: NextHopState;
  /** Of the interface, 0 for none: not told, and yet to be looked at when it is another. */
  readonly ifindex: number;
}

/** A route that the FIB wants, as a way to a next hop. */
export interface OwnRoute {
  readonly length: number;
  readonly metric: number;
  readonly hops: readonly TrackedHop[];
}

/** Routes that the FIB wants and that hold the address, the longest prefix first. */
export type OwnRoutes = (address: IpAddress) => Iterable<OwnRoute>;

/** Equal keys: the same way, whoever asks. */
export function nextHopKey({ address, interface: zone, tunnel }: FibNextHop): string {
  const host = zone === null ? formatIp(address) : `${formatIp(address)}%${zone}`;
  if (tunnel === undefined) return host;
  const { end: other } = tunnel;
  const end = other === null ? '' : ` ${other.mac} ${formatIp(other.address)} ${other.vni}`;
  return `${host}>${tunnel.device} ${tunnel.mode}${end}`;
}

const MANY_PREFIXES = 16;
/** A next hop over a next hop over a next hop: more is a mistake. */
const DEEPEST = 8;

export class NextHops {
  readonly #routes: HostRoutes;
  readonly #links: Links;
  readonly #neighbours: Neighbours;
  readonly #tracked = new Map<string, TrackedHop>();
  readonly #stale = new Set<TrackedHop>();
  readonly #tunnelled = new Set<TrackedHop>();
  /** Suspected or cleared: those who use them look again, however they resolve. */
  readonly #judged = new Set<TrackedHop>();
  readonly #index = new HopIndex(() => this.#trackedAddresses());
  #ownRoutes: OwnRoutes = () => [];
  /** A next hop went that nobody uses any more. */
  #dropped = false;

  constructor(store: RouteStore, links: Links, neighbours: Neighbours, table: number) {
    this.#links = links;
    this.#neighbours = neighbours;
    this.#routes = new HostRoutes(store, links, table);
  }

  /** Hops that somebody asked for or uses. */
  get size(): number {
    return this.#tracked.size;
  }

  configure(table: number): void {
    this.#routes.table = table;
    this.touchAll();
  }

  /** Where to look for routes that the FIB wants. */
  resolveOver(ownRoutes: OwnRoutes): void {
    this.#ownRoutes = ownRoutes;
  }

  /** A route that the FIB wants came, went or resolves otherwise. True when next hops may depend on it. */
  touchOwn(rows: PrefixRows, row: number): boolean {
    const ipv4 = rows.family === 'ipv4';
    if (!this.#index.inside(ipv4, rows.word(row, 0), rows.word(row, 1), rows.length(row))) return false;
    this.#touchInside(rows.prefix(row));
    return true;
  }

  /** Next hops with this address, on whatever interface. */
  suspect(address: IpAddress, suspect: boolean): void {
    for (const tracked of this.#tracked.values()) {
      if (tracked.suspect === suspect || compareIp(tracked.hop.address, address) !== 0) continue;
      tracked.suspect = suspect;
      this.#judged.add(tracked);
    }
  }

  watch(address: IpAddress): NextHopState {
    const tracked = this.#track({ address, interface: null });
    tracked.watchers++;
    return stateOf(tracked);
  }

  unwatch(address: IpAddress): void {
    const tracked = this.#tracked.get(nextHopKey({ address, interface: null }));
    if (tracked === undefined || tracked.watchers === 0) return;
    tracked.watchers--;
    if (tracked.watchers === 0) tracked.told = null;
    this.#dropUnused(tracked);
  }

  use(hop: FibNextHop): TrackedHop {
    const tracked = this.#track(hop);
    tracked.users++;
    return tracked;
  }

  unuse(tracked: TrackedHop): void {
    tracked.users--;
    this.#dropUnused(tracked);
  }

  /** Routes of these prefixes changed: hops inside them have to be looked up again. */
  touch(prefixes: readonly Prefix[]): void {
    if (this.#tunnelled.size > 0) this.#touchTunnelled(prefixes);
    const wide: Prefix[] = [];
    for (const prefix of prefixes) {
      if (prefix.length < maxLength(prefix.address.family)) wide.push(prefix);
      else this.#touchHost(prefix.address);
    }
    // To look every hop up again costs less than to ask of each whether it lies in one of many prefixes.
    if (wide.length > MANY_PREFIXES) this.touchAll();
    else for (const prefix of wide) this.#touchInside(prefix);
  }

  /** A link came, went or changed; `known` when routes may already use it. */
  touchLink(link: KernelLink, known: boolean): void {
    if (known && this.#links.usable(link.ifindex)) {
      this.touchAll();
      return;
    }
    for (const tracked of this.#tracked.values()) {
      const named = tracked.hop.interface === link.name || tracked.hop.tunnel?.device === link.name;
      if (named || tracked.hops?.some((hop) => hop.ifindex === link.ifindex)) this.#stale.add(tracked);
    }
  }

  /** A gateway is silent, or answers again. */
  touchGateway(ifindex: number, address: IpAddress): void {
    for (const tracked of this.#tracked.values())
      if (leavesBy(tracked, ifindex, address)) this.#stale.add(tracked);
  }

  /** Whether packets to a tracked hop leave through the gateway, or would if it answered. */
  leadsTo(ifindex: number, address: IpAddress): boolean {
    for (const tracked of this.#tracked.values()) if (leavesBy(tracked, ifindex, address)) return true;
    return false;
  }

  /** True once after tracked hops went. */
  takeDropped(): boolean {
    const dropped = this.#dropped;
    this.#dropped = false;
    return dropped;
  }

  /** Hops that are reached in a tunnel, as far as they are reached. */
  get tunnelled(): Iterable<TrackedHop> {
    return this.#tunnelled;
  }

  /** The host has a route to the address that is not ours. */
  hasForeignRoute(address: IpAddress): boolean {
    return (this.#routes.best(address)?.resolution ?? null) !== null;
  }

  touchAll(): void {
    for (const tracked of this.#tracked.values()) this.#stale.add(tracked);
  }

  /** Something is to be looked up. */
  get isStale(): boolean {
    return this.#stale.size > 0;
  }

  /** Looks up what is stale: the hops that resolve otherwise than before, and what observers have to hear. */
  refresh(): { readonly changed: readonly TrackedHop[]; readonly states: readonly NextHopState[] } {
    const changed: TrackedHop[] = [];
    const states: NextHopState[] = [];
    for (const tracked of this.#stale) {
      if (this.#resolveAgain(tracked)) changed.push(tracked);
      const state = stateOf(tracked);
      const ifindex = tracked.hops?.[0]?.ifindex ?? 0;
      if (tracked.watchers > 0 && !isTold(tracked.told, state, ifindex)) {
        tracked.told = { state, ifindex };
        states.push(state);
      }
    }
    this.#stale.clear();
    for (const tracked of this.#judged) if (!changed.includes(tracked)) changed.push(tracked);
    this.#judged.clear();
    return { changed, states };
  }

  /** The interface that packets to the address leave by, null when there is none. */
  interfaceTo(address: IpAddress): number | null {
    return this.#links.ownerOf(address) || (this.#lookup(address, [])?.hops[0]?.ifindex ?? null);
  }

  #touchHost(address: IpAddress): void {
    const tracked = this.#tracked.get(nextHopKey({ address, interface: null }));
    if (tracked !== undefined) this.#stale.add(tracked);
  }

  /** What a tunnel's end is reached by may be none of the next hop's own. */
  #touchTunnelled(prefixes: readonly Prefix[]): void {
    const all = prefixes.length > MANY_PREFIXES;
    for (const tracked of this.#tunnelled) {
      const { address, tunnel } = tracked.hop;
      const end = tunnel?.end?.address ?? address;
      if (
        all ||
        prefixes.some((prefix) => prefixContainsIp(prefix, address) || prefixContainsIp(prefix, end))
      )
        this.#stale.add(tracked);
    }
  }

  #touchInside(prefix: Prefix): void {
    for (const tracked of this.#tracked.values())
      if (prefixContainsIp(prefix, tracked.hop.address)) this.#stale.add(tracked);
  }

  #track(hop: FibNextHop): TrackedHop {
    const key = nextHopKey(hop);
    const known = this.#tracked.get(key);
    if (known !== undefined) {
      this.#stale.add(known);
      return known;
    }
    const tracked: TrackedHop = {
      hop,
      hops: null,
      gateways: [],
      cost: 0,
      watchers: 0,
      users: 0,
      suspect: false,
      told: null,
    };
    this.#resolveAgain(tracked);
    this.#tracked.set(key, tracked);
    this.#index.outdate();
    this.#stale.add(tracked);
    if (hop.tunnel !== undefined) this.#tunnelled.add(tracked);
    return tracked;
  }

  #dropUnused(tracked: TrackedHop): void {
    if (tracked.watchers > 0 || tracked.users > 0) return;
    this.#tracked.delete(nextHopKey(tracked.hop));
    this.#stale.delete(tracked);
    this.#judged.delete(tracked);
    this.#tunnelled.delete(tracked);
    this.#index.outdate();
    this.#dropped = true;
  }

  #resolveAgain(tracked: TrackedHop): boolean {
    const resolved = this.#resolve(tracked.hop, []);
    const found = resolved === null ? null : this.#answering(resolved);
    tracked.gateways = resolved?.gateways ?? [];
    const changed = !sameHops(tracked.hops, found?.hops ?? null);
    tracked.hops = found?.hops ?? null;
    tracked.cost = found?.cost ?? 0;
    return changed;
  }

  /** Without the gateways that are silent; a tunnel does as long as one of them answers. Null when none does. */
  #answering(found: Resolution): Resolution | null {
    if (this.#neighbours.lostCount === 0) return found;
    const gateways = found.gateways.filter(
      ({ gateway, ifindex }) => gateway === null || !this.#neighbours.isLost(ifindex, gateway),
    );
    if (gateways.length === found.gateways.length) return found;
    if (gateways.length === 0) return null;
    return found.hops === found.gateways ? { ...found, hops: gateways } : found;
  }

  *#trackedAddresses(): Generator<IpAddress> {
    for (const { hop } of this.#tracked.values()) yield hop.address;
  }

  /** `asking`: the next hops that this one is asked for; it must not depend on them in turn. */
  #resolve(hop: FibNextHop, asking: readonly FibNextHop[]): Resolution | null {
    if (this.#links.ownerOf(hop.address) !== 0) return null;
    if (hop.tunnel !== undefined) return this.#tunnel(hop, hop.tunnel, [...asking, hop]);
    if (hop.interface === null) return this.#lookup(hop.address, [...asking, hop]);
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
      return this.#lookup(hop.address, asking);
    const outer = this.#lookup(end?.address ?? hop.address, asking);
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
  #lookup(address: IpAddress, asking: readonly FibNextHop[]): Resolution | null {
    const foreign = this.#routes.best(address);
    for (const { length, metric, hops } of this.#ownRoutes(address)) {
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
      const resolution = this.#resolve(hop, asking);
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

const leavesBy = ({ gateways }: TrackedHop, ifindex: number, address: IpAddress): boolean =>
  gateways.some(
    (hop) => hop.ifindex === ifindex && hop.gateway !== null && compareIp(hop.gateway, address) === 0,
  );

const stateOf = ({ hop, hops, cost }: TrackedHop): NextHopState => ({
  nextHop: hop.address,
  reachable: hops !== null,
  cost,
});

const isTold = (told: Told | null, { reachable, cost }: NextHopState, ifindex: number): boolean =>
  told !== null && told.state.reachable === reachable && told.state.cost === cost && told.ifindex === ifindex;

function sameHops(a: readonly KernelNextHop[] | null, b: readonly KernelNextHop[] | null): boolean {
  if (a === null || b === null) return a === b;
  if (a.length !== b.length) return false;
  return a.every((hop, i) => {
    const other = b[i]!;
    if (hop.ifindex !== other.ifindex || hop.onlink !== other.onlink || hop.weight !== other.weight)
      return false;
    if (hop.gateway === null || other.gateway === null) return hop.gateway === other.gateway;
    return formatIp(hop.gateway) === formatIp(other.gateway);
  });
}
