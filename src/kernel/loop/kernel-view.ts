// What the kernel holds besides our own routes, and what follows from it: links, foreign routes, workloads, next hops.
// Takes changes in, hands out what they mean; performs nothing.

import { FAMILY_INDEXES, familyOfAddress } from '../../base/family.js';
import type { IpAddress } from '../../base/ip.js';
import { hostPrefix, type Prefix } from '../../base/prefix.js';
import { Fib } from '../fib/fib.js';
import { Links } from '../next-hops/links.js';
import { NextHops } from '../next-hops/next-hops.js';
import type { KernelChange, ListScope, RouteArrival, RouteIdentity } from '../port.js';
import { Importer } from '../routes/importer.js';
import { RouteStore } from '../routes/route-store.js';
import type {
  KernelAddress,
  KernelEvent,
  KernelLink,
  KernelRoute,
  KernelSettings,
  NextHopState,
  WorkloadChange,
} from '../types.js';

/** What a batch of changes means to the world outside. */
export interface ViewNews {
  readonly workloads: readonly WorkloadChange[];
  readonly nextHops: readonly NextHopState[];
}

export class KernelView {
  readonly links = new Links();
  readonly store: RouteStore;
  readonly importer: Importer;
  readonly nextHops: NextHops;
  readonly fib: Fib;
  #settings: KernelSettings;
  /** Changes to routes of ours wait until the next hops are up to date: a dead link explains a lost route. */
  #own: { readonly route: KernelRoute; readonly present: boolean }[] = [];
  #events: KernelEvent[] = [];
  #relist: ListScope[] = [];
  /** Links and addresses that the running listing named. */
  #named: { readonly links: Set<number>; readonly addresses: Set<string> } | null = null;

  constructor(settings: KernelSettings, seed: number) {
    this.#settings = settings;
    this.store = new RouteStore(seed);
    this.importer = new Importer((ifindex) => this.links.nameOf(ifindex));
    this.importer.configure(settings);
    this.nextHops = new NextHops(this.store, this.links, settings.table);
    const isTaken = (prefix: KernelRoute['prefix'], identity: RouteIdentity): boolean =>
      this.store
        .at(prefix)
        .some((route) => route.table === identity.table && route.metric === identity.metric);
    this.fib = new Fib(settings, this.nextHops, seed, isTaken);
  }

  configure(settings: KernelSettings): void {
    this.#settings = settings;
    this.importer.configure(settings);
    this.store.touch(() => true);
    this.nextHops.configure(settings.table);
    this.fib.configure(settings);
  }

  /** Events and listings that the changes so far ask for; asking empties them. */
  takeEvents(): readonly KernelEvent[] {
    return this.#events.splice(0);
  }

  takeRelist(): readonly ListScope[] {
    return this.#relist.splice(0);
  }

  /** A notification. */
  apply(change: KernelChange): void {
    switch (change.kind) {
      case 'route':
        this.#applyRoute(change.route, change.present, change.arrival);
        return;
      case 'link':
        if (change.present) this.#setLink(change.link);
        else this.#deleteLink(change.link.ifindex);
        return;
      case 'address':
        this.#applyAddress(change.address, change.present);
        return;
      default:
        change satisfies never;
    }
  }

  beginListing(scope: ListScope): void {
    this.store.beginListing();
    this.fib.beginListing();
    this.#named = scope.kind === 'everything' ? { links: new Set(), addresses: new Set() } : null;
  }

  /** A row of a listing. */
  list(change: KernelChange, now: number): void {
    switch (change.kind) {
      case 'route':
        if (this.#isOwn(change.route)) this.fib.observe(change.route, true, now);
        else if (this.#isForeign(change.route)) this.store.list(change.route);
        return;
      case 'link':
        this.#named?.links.add(change.link.ifindex);
        this.#setLink(change.link);
        return;
      case 'address':
        this.#named?.addresses.add(addressKey(change.address));
        this.#applyAddress(change.address, true);
        return;
      default:
        change satisfies never;
    }
  }

  endListing(scope: ListScope): void {
    switch (scope.kind) {
      case 'everything':
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
    });
    this.nextHops.touch(prefixes);
    const { changed, states } = this.nextHops.refresh();
    this.fib.refreshHops(changed);
    for (const { route, present } of this.#own.splice(0)) this.fib.observe(route, present, now);
    return { workloads, nextHops: states };
  }

  resolve(address: IpAddress): { readonly interface: string; readonly source: IpAddress | null } | null {
    const ifindex = this.nextHops.interfaceTo(address);
    if (ifindex === null) return null;
    const own = this.links.ownerOf(address) === ifindex;
    const source = own ? address : this.links.sourceFor(ifindex, address);
    return { interface: this.links.nameOf(ifindex), source };
  }

  #isOwn(route: KernelRoute): boolean {
    return route.protocol === this.#settings.protocol && route.table === this.#settings.table;
  }

  /** Routes with our protocol in another table are somebody's, but nothing may be learned from them. */
  #isForeign(route: KernelRoute): boolean {
    return route.protocol !== this.#settings.protocol;
  }

  #applyRoute(route: KernelRoute, present: boolean, arrival: RouteArrival): void {
    if (this.#isOwn(route)) {
      this.#own.push({ route, present });
      return;
    }
    if (!this.#isForeign(route)) return;
    if (present) this.store.add(route, arrival);
    else this.store.delete(route);
    if (route.table !== this.#settings.table) return;
    if (!present || arrival === 'replace') this.fib.contest(route, present);
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
    // A link that went down took its IPv4 routes along and said nothing; one that bounced may have.
    if (old.up !== link.up) this.#relistLink(link.ifindex);
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
    this.nextHops.touchLink(link, true);
    this.store.drop(
      (route) => uses(route, ifindex) && route.nextHops.every((hop) => hop.ifindex === ifindex),
    );
    this.fib.interfaceGone(ifindex);
  }

  #applyAddress(address: KernelAddress, present: boolean): void {
    if (present) this.links.setAddress(address);
    else this.links.deleteAddress(address);
    this.nextHops.touch([hostPrefix(address.address)]);
    if (present || address.address.family === 'ipv6') return;
    // Routes that preferred it as their source went without a word, and all of the link's with its last address.
    this.#relist.push({ kind: 'foreign', family: 'ipv4' });
    this.#relist.push({ kind: 'interface', family: 'ipv4', ifindex: address.ifindex });
  }

  #endLinks(): void {
    const named = this.#named;
    this.#named = null;
    if (named === null) return;
    for (const link of this.links.links) if (!named.links.has(link.ifindex)) this.#deleteLink(link.ifindex);
    for (const address of this.links.addresses)
      if (!named.addresses.has(addressKey(address))) this.#applyAddress(address, false);
  }
}

const familyOf = (route: KernelRoute): 'ipv4' | 'ipv6' => route.prefix.address.family;

const uses = (route: KernelRoute, ifindex: number): boolean =>
  route.nextHops.some((hop) => hop.ifindex === ifindex);

const addressKey = ({ ifindex, address, length }: KernelAddress): string =>
  `${ifindex} ${address.family === 'ipv4' ? address.word : address.words.join(' ')} ${length}`;
