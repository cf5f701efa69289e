// BGP next hops resolved over the kernel's own routes, as the kernel would: longest match, dead links skipped. Keeps the
// hops somebody asked for and reports what changed. Our own routes never take part, so no route resolves over itself.

import { formatIp, type IpAddress } from '../../base/ip.js';
import { maxLength, type Prefix, prefixContainsIp } from '../../base/prefix.js';
import type { RouteStore } from '../routes/route-store.js';
import { RT_SCOPE, RT_TABLE, RTPROT } from '../rtnetlink/numbers.js';
import type { FibNextHop, KernelLink, KernelNextHop, KernelRoute, NextHopState } from '../types.js';
import type { Links } from './links.js';

/** One next hop that somebody uses; `hops` is null while it cannot be reached. */
export interface TrackedHop {
  readonly hop: FibNextHop;
  hops: readonly KernelNextHop[] | null;
  cost: number;
  /** Times `trackNextHop` was called less times `untrackNextHop` was. */
  watchers: number;
  /** Intents in the FIB that use it. */
  users: number;
  /** What the observer was last told, null before the first time. */
  told: NextHopState | null;
}

interface Resolution {
  readonly hops: readonly KernelNextHop[];
  readonly cost: number;
}

const MANY_PREFIXES = 16;

export class NextHops {
  readonly #store: RouteStore;
  readonly #links: Links;
  readonly #tracked = new Map<string, TrackedHop>();
  readonly #stale = new Set<TrackedHop>();
  #table: number;

  constructor(store: RouteStore, links: Links, table: number) {
    this.#store = store;
    this.#links = links;
    this.#table = table;
  }

  /** Hops that somebody asked for or uses. */
  get size(): number {
    return this.#tracked.size;
  }

  configure(table: number): void {
    this.#table = table;
    this.touchAll();
  }

  watch(address: IpAddress): void {
    this.#track({ address, interface: null }).watchers++;
  }

  unwatch(address: IpAddress): void {
    const tracked = this.#tracked.get(keyOf({ address, interface: null }));
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
      const named = tracked.hop.interface === link.name;
      if (named || tracked.hops?.some((hop) => hop.ifindex === link.ifindex)) this.#stale.add(tracked);
    }
  }

  touchAll(): void {
    for (const tracked of this.#tracked.values()) this.#stale.add(tracked);
  }

  /** Looks up what is stale: the hops that resolve otherwise than before, and what observers have to hear. */
  refresh(): { readonly changed: readonly TrackedHop[]; readonly states: readonly NextHopState[] } {
    const changed: TrackedHop[] = [];
    const states: NextHopState[] = [];
    for (const tracked of this.#stale) {
      if (this.#resolveAgain(tracked)) changed.push(tracked);
      const state = stateOf(tracked);
      if (tracked.watchers > 0 && !sameState(tracked.told, state)) {
        tracked.told = state;
        states.push(state);
      }
    }
    this.#stale.clear();
    return { changed, states };
  }

  /** The interface that packets to the address leave by, null when there is none. */
  interfaceTo(address: IpAddress): number | null {
    return this.#links.ownerOf(address) || (this.#lookup(address)?.hops[0]?.ifindex ?? null);
  }

  #touchHost(address: IpAddress): void {
    const tracked = this.#tracked.get(keyOf({ address, interface: null }));
    if (tracked !== undefined) this.#stale.add(tracked);
  }

  #touchInside(prefix: Prefix): void {
    for (const tracked of this.#tracked.values())
      if (prefixContainsIp(prefix, tracked.hop.address)) this.#stale.add(tracked);
  }

  #track(hop: FibNextHop): TrackedHop {
    const key = keyOf(hop);
    const known = this.#tracked.get(key);
    if (known !== undefined) {
      this.#stale.add(known);
      return known;
    }
    const tracked: TrackedHop = { hop, hops: null, cost: 0, watchers: 0, users: 0, told: null };
    this.#resolveAgain(tracked);
    this.#tracked.set(key, tracked);
    this.#stale.add(tracked);
    return tracked;
  }

  #dropUnused(tracked: TrackedHop): void {
    if (tracked.watchers > 0 || tracked.users > 0) return;
    this.#tracked.delete(keyOf(tracked.hop));
    this.#stale.delete(tracked);
  }

  #resolveAgain(tracked: TrackedHop): boolean {
    const found = this.#resolve(tracked.hop);
    const changed = !sameHops(tracked.hops, found?.hops ?? null);
    tracked.hops = found?.hops ?? null;
    tracked.cost = found?.cost ?? 0;
    return changed;
  }

  #resolve(hop: FibNextHop): Resolution | null {
    if (this.#links.ownerOf(hop.address) !== 0) return null;
    if (hop.interface === null) return this.#lookup(hop.address);
    const link = this.#links.byName(hop.interface);
    if (link === undefined || !this.#links.usable(link.ifindex)) return null;
    const onlink = hop.address.family === 'ipv4' && !this.#isConnected(hop.address, link.ifindex);
    const gateway = { gateway: hop.address, ifindex: link.ifindex, onlink, weight: 1 };
    return { hops: [gateway], cost: 0 };
  }

  #isConnected(address: IpAddress, ifindex: number): boolean {
    const own = this.#lookup(address)?.hops[0];
    return own !== undefined && own.ifindex === ifindex && !own.onlink;
  }

  /** Our table first, then main, as the kernel does when it checks a gateway. */
  #lookup(address: IpAddress): Resolution | null {
    const own = this.#lookupIn(address, this.#table);
    if (own !== null || this.#table === RT_TABLE.main) return own;
    return this.#lookupIn(address, RT_TABLE.main);
  }

  #lookupIn(address: IpAddress, table: number): Resolution | null {
    for (const routes of this.#store.covering(address)) {
      const usable = routes.filter((route) => route.table === table && this.#forwards(route));
      const route = lowestMetric(usable);
      if (route === null || route.type === 'throw') continue;
      return route.type === 'unicast' ? this.#through(route, address) : null;
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
    return { hops, cost: direct ? 0 : route.metric };
  }
}

const keyOf = (hop: FibNextHop): string =>
  hop.interface === null ? formatIp(hop.address) : `${formatIp(hop.address)}%${hop.interface}`;

function lowestMetric(routes: readonly KernelRoute[]): KernelRoute | null {
  let best: KernelRoute | null = null;
  for (const route of routes) if (best === null || route.metric < best.metric) best = route;
  return best;
}

const stateOf = ({ hop, hops, cost }: TrackedHop): NextHopState => ({
  nextHop: hop.address,
  reachable: hops !== null,
  cost,
});

const sameState = (a: NextHopState | null, b: NextHopState): boolean =>
  a !== null && a.reachable === b.reachable && a.cost === b.cost;

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
