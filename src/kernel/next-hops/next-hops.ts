// BGP next hops that somebody asked for, resolved as the kernel would: keeps them, looks them up again when what they depend
// on changed, and reports what became of them. Routes that the FIB wants take part.

import { compareIp, type IpAddress } from '../../base/ip.js';
import { maxLength, type Prefix, prefixContainsIp } from '../../base/prefix.js';
import type { PrefixRows } from '../routes/prefix-rows.js';
import type { RouteStore } from '../routes/route-store.js';
import type { FibNextHop, KernelLink, NextHopState } from '../types.js';
import { HopIndex } from './hop-index.js';
import { HopResolver, type OwnRoutes } from './hop-resolver.js';
import { HostRoutes, type Resolution } from './host-routes.js';
import type { Links } from './links.js';
import type { Neighbours } from './neighbours.js';
import { isTold, leavesBy, nextHopKey, sameHops, stateOf, type TrackedHop } from './tracked-hop.js';

const MANY_PREFIXES = 16;

export class NextHops {
  readonly #routes: HostRoutes;
  readonly #resolver: HopResolver;
  readonly #links: Links;
  readonly #neighbours: Neighbours;
  readonly #tracked = new Map<string, TrackedHop>();
  readonly #stale = new Set<TrackedHop>();
  readonly #tunnelled = new Set<TrackedHop>();
  /** Suspected or cleared: those who use them look again, however they resolve. */
  readonly #judged = new Set<TrackedHop>();
  readonly #index = new HopIndex(() => this.#trackedAddresses());
  /** A next hop went that nobody uses any more. */
  #dropped = false;

  constructor(store: RouteStore, links: Links, neighbours: Neighbours, table: number) {
    this.#links = links;
    this.#neighbours = neighbours;
    this.#routes = new HostRoutes(store, links, table);
    this.#resolver = new HopResolver(this.#routes, links);
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
    this.#resolver.ownRoutes = ownRoutes;
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
    return this.#links.ownerOf(address) || (this.#resolver.lookup(address)?.hops[0]?.ifindex ?? null);
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
    const resolved = this.#resolver.resolve(tracked.hop);
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
}
