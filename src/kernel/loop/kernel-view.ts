// What the kernel holds besides our own routes, and what follows from it: links, foreign routes, workloads, next hops.
// Takes changes in, hands out what they mean; performs nothing.

import { FAMILY_INDEXES, familyOfAddress } from '../../base/family.js';
import { compareIp, type IpAddress, isLinkLocal, isLoopback } from '../../base/ip.js';
import { hostPrefix, makePrefix, type Prefix } from '../../base/prefix.js';
import { Fib } from '../fib/fib.js';
import { FactWatch, NO_FACTS, readFacts } from '../guard/host-facts.js';
import { HostGuard } from '../guard/host-guard.js';
import { GatewayWatch } from '../next-hops/gateway-watch.js';
import { Links } from '../next-hops/links.js';
import { Neighbours } from '../next-hops/neighbours.js';
import { NextHops } from '../next-hops/next-hops.js';
import { ObjectHops } from '../next-hops/object-hops.js';
import type { KernelChange, ListScope } from '../port.js';
import { Importer } from '../routes/importer.js';
import { RouteStore } from '../routes/route-store.js';
import { Tunnels } from '../tunnels/tunnels.js';
import type {
  DriftCause,
  KernelAddress,
  KernelEvent,
  KernelLink,
  KernelNexthop,
  KernelRoute,
  KernelSettings,
  NextHopState,
  WorkloadChange,
} from '../types.js';
import { foreignIn, type NameCulprit, RouteChanges } from './route-changes.js';

/** What a batch of changes means to the world outside. */
export interface ViewNews {
  readonly workloads: readonly WorkloadChange[];
  readonly nextHops: readonly NextHopState[];
  /** Addresses that others may reach the host by came or went. */
  readonly addresses: boolean;
}

interface LinkNames {
  readonly links: Set<number>;
  readonly addresses: Set<string>;
}

const noNames = (): LinkNames => ({ links: new Set(), addresses: new Set() });

const NOBODY: NameCulprit = (port, protocol) => ({ port, name: null, protocol });
/** Next hops over routes over next hops: so often at most. */
const ROUNDS = 8;

export class KernelView {
  readonly links = new Links();
  readonly store: RouteStore;
  readonly importer: Importer;
  readonly neighbours = new Neighbours();
  readonly nextHops: NextHops;
  readonly gateways: GatewayWatch;
  readonly fib: Fib;
  readonly guard: HostGuard;
  readonly tunnels: Tunnels;
  readonly #facts = new FactWatch();
  #settings: KernelSettings;
  readonly #routes: RouteChanges;
  readonly #objectHops = new ObjectHops();
  #events: KernelEvent[] = [];
  #relist: ListScope[] = [];
  #addressNews = false;
  /** Links and addresses that the running listing named. */
  #named: LinkNames | null = null;
  /** Of which notifications told while it runs: its rows may be older. */
  #told: LinkNames = noNames();

  constructor(settings: KernelSettings, seed: number, culprit: NameCulprit = NOBODY) {
    this.#settings = settings;
    this.store = new RouteStore(seed);
    this.importer = new Importer((ifindex) => this.links.nameOf(ifindex));
    this.importer.configure(settings);
    this.nextHops = new NextHops(this.store, this.links, this.neighbours, settings.table);
    this.gateways = new GatewayWatch(this.neighbours, this.nextHops, this.links);
    this.gateways.watch(settings.watchNeighbours === true);
    this.fib = new Fib(settings, this.nextHops, seed, foreignIn(this.store));
    const { store, importer, fib } = this;
    const doubt = (family: 'ipv4' | 'ipv6'): void => void this.#relist.push({ kind: 'foreign', family });
    this.#routes = new RouteChanges(
      { store, importer, fib, objectHops: this.#objectHops, culprit, doubt },
      settings,
    );
    this.guard = new HostGuard({
      install: (prefix, intent) => this.fib.install(prefix, intent),
      uninstall: (prefix) => this.fib.uninstall(prefix),
      wantedInside: (outer, longest) => this.fib.wantedInside(outer, longest),
      reaches: (address) => this.nextHops.hasForeignRoute(address),
    });
    this.guard.configure(settings.guard ?? null);
    this.tunnels = new Tunnels(this.links, this.nextHops);
    this.tunnels.configure(settings.tunnels ?? []);
  }

  configure(settings: KernelSettings): void {
    this.#settings = settings;
    this.#routes.configure(settings);
    this.importer.configure(settings);
    this.store.touch(() => true);
    this.nextHops.configure(settings.table);
    this.gateways.watch(settings.watchNeighbours === true);
    this.fib.configure(settings);
    this.#chooseSources();
    this.guard.configure(settings.guard ?? null);
    this.tunnels.configure(settings.tunnels ?? []);
    this.#facts.stale = true;
  }

  /** What the rules of `settings` would import, null for each prefix of which they would take nothing. */
  *workloadsUnder(settings: KernelSettings): Generator<WorkloadChange | null> {
    const importer = new Importer((ifindex) => this.links.nameOf(ifindex));
    importer.configure(settings);
    for (const routes of this.store.prefixes()) yield importer.chosen(routes);
  }

  /** Events and listings that the changes so far ask for; asking empties them. */
  takeEvents(): readonly KernelEvent[] {
    const refused = this.guard.takeNews().map((news): KernelEvent => ({ kind: 'refused', ...news }));
    return [...this.#events.splice(0), ...refused, ...this.tunnels.takeEvents()];
  }

  takeRelist(): readonly ListScope[] {
    return this.#relist.splice(0);
  }

  /** A notification. */
  apply(change: KernelChange): void {
    switch (change.kind) {
      case 'route':
        this.#routes.apply(change);
        return;
      case 'nexthop':
        this.#applyNexthop(change.nexthop, change.present);
        return;
      case 'link':
        if (this.#named !== null) this.#told.links.add(change.link.ifindex);
        if (change.present) this.#setLink(change.link);
        else this.#deleteLink(change.link.ifindex);
        return;
      case 'address':
        if (this.#named !== null) this.#told.addresses.add(addressKey(change.address));
        this.#applyAddress(change.address, change.present);
        return;
      case 'neighbour':
        this.gateways.hear(change.neighbour);
        return;
      case 'forward':
        return;
      default:
        change satisfies never;
    }
  }

  /** `cause`: what differences to our own routes are put down to. */
  beginListing(scope: ListScope, cause: DriftCause): void {
    if (scope.kind === 'ends') return;
    const whole = scope.kind === 'everything' || scope.kind === 'audit';
    if (whole) this.#objectHops.beginListing();
    this.store.beginListing();
    this.fib.beginListing(cause, whole);
    this.#named = whole ? noNames() : null;
    this.#told = noNames();
  }

  /** A row of a listing. */
  list(change: KernelChange): void {
    switch (change.kind) {
      case 'route':
        this.#routes.list(change.route);
        return;
      case 'nexthop':
        this.#objectHops.observe(change.nexthop, true);
        this.fib.observeNexthop(change.nexthop, true);
        return;
      case 'link':
        this.#named?.links.add(change.link.ifindex);
        if (!this.#told.links.has(change.link.ifindex)) this.#setLink(change.link);
        return;
      case 'address':
        this.#named?.addresses.add(addressKey(change.address));
        if (!this.#told.addresses.has(addressKey(change.address))) this.#applyAddress(change.address, true);
        return;
      case 'neighbour': {
        const { ifindex, address, permanentMac: mac } = change.neighbour;
        if (mac !== undefined)
          this.tunnels.found({ kind: 'neighbour', present: false, ifindex, address, mac });
        return;
      }
      case 'forward':
        this.tunnels.found({ kind: 'forward', present: false, ...change.forward });
        return;
      default:
        change satisfies never;
    }
  }

  endListing(scope: ListScope): void {
    this.#endListing(scope);
    this.fib.retryFreed();
  }

  #endListing(scope: ListScope): void {
    switch (scope.kind) {
      case 'everything':
      case 'audit':
        this.#objectHops.endListing();
        this.store.endListing(() => true);
        this.fib.endListing(FAMILY_INDEXES, 0);
        this.#endLinks();
        return;
      case 'interface':
        this.store.endListing((route) => familyOf(route) === scope.family && uses(route, scope.ifindex));
        this.fib.endListing([familyOfAddress(scope.family)], scope.ifindex);
        return;
      case 'foreign':
        this.store.endListing((route) => familyOf(route) === scope.family);
        return;
      case 'ends':
        return;
      default:
        scope satisfies never;
    }
  }

  /** Works out what all changes since the last call mean. `now` in milliseconds, for back-off. */
  settle(now: number): ViewNews {
    const workloads: WorkloadChange[] = [];
    const prefixes: Prefix[] = [];
    this.store.takeTouched((touched) => {
      const change = this.importer.evaluate(touched);
      if (change !== null) workloads.push(change);
      prefixes.push(touched.prefix);
      this.#facts.touch(touched);
    });
    this.nextHops.touch(prefixes);
    this.#events.push(...this.gateways.settle(now));
    this.fib.tick(now);
    this.#judgeAnew();
    const nextHops = this.#refreshHops();
    this.#routes.settleOwn();
    const addresses = this.#addressNews;
    this.#addressNews = false;
    return { workloads, nextHops, addresses };
  }

  #judgeAnew(): void {
    if (!this.#facts.stale) return;
    this.#facts.stale = false;
    const { store, links } = this;
    this.guard.setFacts(this.guard.active ? readFacts(store, links, this.#settings.table) : NO_FACTS);
  }

  /** Next hops may resolve over routes that change with next hops. */
  #refreshHops(): readonly NextHopState[] {
    const told = new Map<IpAddress, NextHopState>();
    for (let round = 0; round < ROUNDS && (round === 0 || this.nextHops.isStale); round++) {
      const { changed, states } = this.nextHops.refresh();
      this.fib.refreshHops(changed);
      for (const state of states) told.set(state.nextHop, state);
    }
    return [...told.values()];
  }

  resolve(address: IpAddress): { readonly interface: string; readonly source: IpAddress | null } | null {
    const ifindex = this.nextHops.interfaceTo(address);
    if (ifindex === null) return null;
    const own = this.links.ownerOf(address) === ifindex;
    const source = own ? address : this.links.sourceFor(ifindex, address);
    return { interface: this.links.nameOf(ifindex), source };
  }

  #applyNexthop(nexthop: KernelNexthop, present: boolean): void {
    this.fib.observeNexthop(nexthop, present);
    if (!this.#objectHops.observe(nexthop, present)) return;
    for (const family of ['ipv4', 'ipv6'] as const) this.#relist.push({ kind: 'foreign', family });
  }

  #setLink(link: KernelLink): void {
    const old = this.links.get(link.ifindex);
    const wasUsable = this.links.usable(link.ifindex);
    this.links.setLink(link);
    if (old === undefined || old.name !== link.name) this.store.touch((route) => uses(route, link.ifindex));
    const usable = this.links.usable(link.ifindex);
    if (old === undefined || old.name !== link.name || usable !== wasUsable)
      this.nextHops.touchLink(link, old !== undefined);
    if (old === undefined) return;
    if (usable !== wasUsable) this.#linkEvent(usable, link);
    if (!usable) this.neighbours.forgetLink(link.ifindex);
    // A link that went down took its IPv4 routes along and said nothing; one that bounced may have.
    const objectsLost = wasUsable && !usable && this.fib.linkLost(link.ifindex);
    if (old.up !== link.up || objectsLost) this.#relistLink(link.ifindex);
  }

  #linkEvent(usable: boolean, link: KernelLink): void {
    this.#events.push({ kind: usable ? 'linkUp' : 'linkDown', interface: link.name });
  }

  #relistLink(ifindex: number): void {
    this.#relist.push({ kind: 'interface', family: 'ipv4', ifindex });
    this.#relist.push({ kind: 'interface', family: 'ipv6', ifindex });
  }

  /** With a deleted link go all its routes; there is nothing left to list. */
  #deleteLink(ifindex: number): void {
    const link = this.links.get(ifindex);
    if (link === undefined) return;
    if (this.links.usable(ifindex)) this.#linkEvent(false, link);
    this.links.deleteLink(ifindex);
    this.neighbours.forgetLink(ifindex);
    this.nextHops.touchLink(link, true);
    this.store.drop(
      (route) => uses(route, ifindex) && route.nextHops.every((hop) => hop.ifindex === ifindex),
    );
    this.fib.interfaceGone(ifindex);
  }

  #applyAddress(address: KernelAddress, present: boolean): void {
    const isNews = present ? this.links.setAddress(address) : this.links.deleteAddress(address);
    if (isNews && !isLinkLocal(address.address) && !isLoopback(address.address)) this.#addressNews = true;
    // A host in a subnet of ours is not reached in a tunnel.
    this.nextHops.touch([hostPrefix(address.address), makePrefix(address.address, address.length)]);
    this.#facts.stale = true;
    this.#chooseSources();
    if (present || address.address.family === 'ipv6') return;
    if (this.#settings.prefsrc?.some((own) => compareIp(own, address.address) === 0))
      this.#relist.push({ kind: 'everything' });
    // Routes that preferred it as their source went without a word, and all of the link's with its last address.
    this.#relist.push({ kind: 'foreign', family: 'ipv4' });
    this.#relist.push({ kind: 'interface', family: 'ipv4', ifindex: address.ifindex });
  }

  /** A preferred source that the host does not have would make the kernel refuse the route. */
  #chooseSources(): void {
    const { prefsrc = [] } = this.#settings;
    for (const family of FAMILY_INDEXES) {
      const chosen = prefsrc.find((address) => familyOfAddress(address.family) === family) ?? null;
      this.fib.setSource(family, chosen !== null && this.links.ownerOf(chosen) !== 0 ? chosen : null);
    }
  }

  #endLinks(): void {
    const [named, told] = [this.#named, this.#told];
    this.#named = null;
    if (named === null) return;
    for (const { ifindex } of this.links.links)
      if (!named.links.has(ifindex) && !told.links.has(ifindex)) this.#deleteLink(ifindex);
    for (const address of this.links.addresses) {
      const key = addressKey(address);
      if (!named.addresses.has(key) && !told.addresses.has(key)) this.#applyAddress(address, false);
    }
  }
}

const familyOf = (route: KernelRoute): 'ipv4' | 'ipv6' => route.prefix.address.family;

const uses = (route: KernelRoute, ifindex: number): boolean =>
  route.nextHops.some((hop) => hop.ifindex === ifindex);

const addressKey = ({ ifindex, address, length }: KernelAddress): string =>
  `${ifindex} ${address.family === 'ipv4' ? address.word : address.words.join(' ')} ${length}`;
