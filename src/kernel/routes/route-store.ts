// The kernel's routes that are not ours, per prefix, in the kernel's order. Knows how notifications change the kernel's
// list and finds the route an address takes. Never decides what a route is good for.

import { Bitset } from '../../base/bitset.js';
import { type AddressFamily, FAMILY_INDEXES, type FamilyIndex, familyOfAddress } from '../../base/family.js';
import { compareIp, type IpAddress } from '../../base/ip.js';
import { formatPrefix, type Prefix, prefixEquals } from '../../base/prefix.js';
import type { RouteArrival } from '../port.js';
import type { KernelNextHop, KernelRoute } from '../types.js';
import { PrefixRows } from './prefix-rows.js';

const NO_ROUTES: readonly KernelRoute[] = [];

/** One prefix whose routes changed since the last `takeTouched`. */
export interface TouchedPrefix {
  readonly family: FamilyIndex;
  readonly row: number;
  readonly prefix: Prefix;
  readonly routes: readonly KernelRoute[];
}

export class RouteStore {
  readonly #rows: readonly [PrefixRows, PrefixRows];
  readonly #routes: [(readonly KernelRoute[] | undefined)[], (readonly KernelRoute[] | undefined)[]] = [
    [],
    [],
  ];
  readonly #touched = [new Bitset(), new Bitset()] as const;
  /** Routes that the running listing has named; null when none runs. */
  #named: Set<KernelRoute> | null = null;
  /** Places of which notifications told while the listing runs: its rows may be older. */
  readonly #told = new Set<string>();
  #size = 0;

  constructor(seed: number) {
    this.#rows = [new PrefixRows('ipv4', seed), new PrefixRows('ipv6', seed)];
  }

  get size(): number {
    return this.#size;
  }

  at(prefix: Prefix): readonly KernelRoute[] {
    const family = familyOfAddress(prefix.address.family);
    const row = this.#rows[family].find(prefix);
    return row < 0 ? NO_ROUTES : (this.#routes[family][row] ?? NO_ROUTES);
  }

  /** RTM_NEWROUTE. */
  add(route: KernelRoute, arrival: RouteArrival): void {
    const old = this.at(route.prefix);
    this.#tell(route);
    if (old.some((other) => sameRoute(other, route))) return;
    const at = old.findIndex((other) => displaces(route, arrival, other));
    if (at >= 0) this.#set(route.prefix, old.toSpliced(at, 1, route));
    else this.#set(route.prefix, arrival === 'append' ? [...old, route] : [route, ...old]);
  }

  /** RTM_DELROUTE. IPv6 names the next hops that went; the others of the route stay. False: there was no such route. */
  delete(route: KernelRoute): boolean {
    this.#tell(route);
    const old = this.at(route.prefix);
    const exact = old.findIndex((other) => sameRoute(other, route));
    const at = exact >= 0 ? exact : old.findIndex((other) => sameKey(other, route) && shares(other, route));
    if (at < 0) return false;
    const left = exact >= 0 ? [] : remaining(old[at]!, route);
    const rest = left.length > 0 ? [{ ...old[at]!, nextHops: left }] : [];
    this.#set(route.prefix, old.toSpliced(at, 1, ...rest));
    return true;
  }

  /** A listing begins: `list` names what is there, `endListing` drops what was not named. */
  beginListing(): void {
    this.#named = new Set();
    this.#told.clear();
  }

  list(route: KernelRoute): void {
    if (this.#told.has(placeOf(route))) return;
    const old = this.at(route.prefix);
    const known = old.find((other) => sameRoute(other, route));
    if (known === undefined) this.#set(route.prefix, [...old, route]);
    this.#named?.add(known ?? route);
  }

  endListing(covers: (route: KernelRoute) => boolean): void {
    const named = this.#named ?? new Set();
    this.#named = null;
    this.drop((route) => !named.has(route) && covers(route) && !this.#told.has(placeOf(route)));
    this.#told.clear();
  }

  #tell(route: KernelRoute): void {
    if (this.#named !== null) this.#told.add(placeOf(route));
  }

  /** Forgets the routes that are gone without a notification. */
  drop(isGone: (route: KernelRoute) => boolean): void {
    for (const family of FAMILY_INDEXES) {
      for (const row of this.#rows[family]) {
        const old = this.#routes[family][row] ?? NO_ROUTES;
        if (old.some(isGone))
          this.#set(
            this.#rows[family].prefix(row),
            old.filter((route) => !isGone(route)),
          );
      }
    }
  }

  /** Marks prefixes as touched although their routes did not change: an interface was renamed, rules changed. */
  touch(concerns: (route: KernelRoute) => boolean): void {
    for (const family of FAMILY_INDEXES)
      for (const row of this.#rows[family])
        if (this.#routes[family][row]?.some(concerns)) this.#touched[family].add(row);
  }

  /** Visits every touched prefix once; a prefix without routes is forgotten afterwards. */
  takeTouched(visit: (touched: TouchedPrefix) => void): void {
    for (const family of FAMILY_INDEXES) {
      for (const row of this.#touched[family]) {
        const routes = this.#routes[family][row] ?? NO_ROUTES;
        visit({ family, row, prefix: this.#rows[family].prefix(row), routes });
        if (routes.length === 0) this.#forget(family, row);
      }
      this.#touched[family].clear();
    }
  }

  *routes(): Generator<KernelRoute> {
    for (const family of FAMILY_INDEXES)
      for (const row of this.#rows[family]) yield* this.#routes[family][row] ?? NO_ROUTES;
  }

  /** The routes of each prefix that has some. */
  *prefixes(): Generator<readonly KernelRoute[]> {
    for (const family of FAMILY_INDEXES)
      for (const row of this.#rows[family]) {
        const routes = this.#routes[family][row] ?? NO_ROUTES;
        if (routes.length > 0) yield routes;
      }
  }

  /** Prefixes that hold the address, the longest first, each with its routes. */
  *covering(address: IpAddress): Generator<readonly KernelRoute[]> {
    const family = familyOfAddress(address.family);
    for (const row of this.#rows[family].covering(address)) {
      const routes = this.#routes[family][row];
      if (routes !== undefined && routes.length > 0) yield routes;
    }
  }

  #set(prefix: Prefix, routes: readonly KernelRoute[]): void {
    const family = familyOfAddress(prefix.address.family);
    const row = this.#rows[family].insert(prefix);
    this.#size += routes.length - (this.#routes[family][row]?.length ?? 0);
    this.#routes[family][row] = routes;
    this.#touched[family].add(row);
  }

  #forget(family: FamilyIndex, row: number): void {
    this.#routes[family][row] = undefined;
    this.#rows[family].remove(row);
  }
}

const familyOf = (route: KernelRoute): AddressFamily => route.prefix.address.family;

const placeOf = ({ prefix, table, metric }: KernelRoute): string =>
  `${formatPrefix(prefix)} ${table} ${metric}`;

/** The key that IPv4 allows once unless a route is appended. */
const sameKey = (a: KernelRoute, b: KernelRoute): boolean => a.table === b.table && a.metric === b.metric;

const hasGateway = (route: KernelRoute): boolean => route.nextHops.some((hop) => hop.gateway !== null);

/**
 * Whether the new route took the place of `other`. IPv4 does so only when told to replace. IPv6 merges next hops with a
 * gateway into one route and sends the whole of it, while device routes of one metric stand side by side.
 */
function displaces(route: KernelRoute, arrival: RouteArrival, other: KernelRoute): boolean {
  if (!sameKey(route, other)) return false;
  if (arrival === 'replace') return familyOf(route) === 'ipv4' || hasGateway(route) === hasGateway(other);
  return familyOf(route) === 'ipv6' && hasGateway(route) && hasGateway(other);
}

export const sameHop = (a: KernelNextHop, b: KernelNextHop): boolean =>
  a.ifindex === b.ifindex && sameGateway(a.gateway, b.gateway);

const sameGateway = (a: IpAddress | null, b: IpAddress | null): boolean =>
  a === null || b === null ? a === b : compareIp(a, b) === 0;

const shares = (a: KernelRoute, b: KernelRoute): boolean =>
  a.protocol === b.protocol &&
  (a.nextHops.length === 0 ||
    b.nextHops.length === 0 ||
    b.nextHops.some((hop) => a.nextHops.some((other) => sameHop(hop, other))));

const remaining = (route: KernelRoute, gone: KernelRoute): readonly KernelNextHop[] =>
  familyOf(route) === 'ipv4'
    ? []
    : route.nextHops.filter((hop) => !gone.nextHops.some((other) => sameHop(hop, other)));

export function sameRoute(a: KernelRoute, b: KernelRoute): boolean {
  if (!sameKey(a, b) || a.protocol !== b.protocol || a.type !== b.type || a.scope !== b.scope) return false;
  if (!prefixEquals(a.prefix, b.prefix) || a.nextHops.length !== b.nextHops.length) return false;
  return a.nextHops.every((hop, i) => {
    const other = b.nextHops[i]!;
    return sameHop(hop, other) && hop.weight === other.weight && hop.onlink === other.onlink;
  });
}
