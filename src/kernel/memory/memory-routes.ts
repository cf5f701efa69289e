// The routes of a kernel in memory: what Linux takes, replaces and refuses, what goes with a link or an address, and who is
// told. Knows its links and listeners as far as that needs.

import { type IpAddress, isLinkLocal } from '../../base/ip.js';
import { formatPrefix, type Prefix, prefixContainsIp } from '../../base/prefix.js';
import type { KernelChange, RouteArrival } from '../port.js';
import { sameHop, sameRoute } from '../routes/route-store.js';
import { RT_SCOPE, RT_TABLE, RTPROT } from '../rtnetlink/numbers.js';
import type { KernelAddress, KernelLink, KernelNextHop, KernelRoute } from '../types.js';
import { connectedRoute } from './connected-route.js';
import { hopsOf, type ObjectWorld } from './memory-nexthops.js';
import { mustIp, mustPrefix, type RouteSpec } from './route-spec.js';

export interface RouteWorld extends ObjectWorld {
  readonly links: ReadonlyMap<string, KernelLink>;
  /** Per prefix as text. */
  readonly routes: Map<string, readonly KernelRoute[]>;
  /** Routes without a gateway: a gateway has to lie inside one. */
  readonly direct: Set<KernelRoute>;
  /** What the next writes fail with. */
  readonly failures: string[];
  readonly notify: (change: KernelChange, origin?: object | null) => void;
}

/** nlmsg_pid of whoever uses the controls: no process has it. */
const AGENT_PORT = 0x7fffffff;

/** Dead next hops make a route vanish: IPv4 says nothing, IPv6 does. */
export function flushLink(world: RouteWorld, ifindex: number): void {
  for (const routes of [...world.routes.values()]) {
    for (const route of routes) {
      if (route.nextHops.length === 0 || route.nextHops.some((hop) => hop.ifindex !== ifindex)) continue;
      remove(world, route);
      if (route.prefix.address.family === 'ipv6')
        world.notify({ kind: 'route', present: false, arrival: 'new', route });
    }
  }
}

/** A host address has no subnet and makes no connected route. */
export function connect(world: RouteWorld, address: KernelAddress): void {
  const host = address.length === (address.address.family === 'ipv4' ? 32 : 128);
  if (!host) upsert(world, connectedRoute(address));
}

/** Tells that the route an address brought along is gone, where it was there. */
export function disconnect(world: RouteWorld, address: KernelAddress): void {
  const connected = connectedRoute(address);
  const route = at(world, connected.prefix).find((other) => sameRoute(other, connected));
  if (route === undefined) return;
  remove(world, route);
  world.notify({ kind: 'route', present: false, arrival: 'new', route });
}

const at = (world: RouteWorld, prefix: Prefix): readonly KernelRoute[] =>
  world.routes.get(formatPrefix(prefix)) ?? [];

function put(world: RouteWorld, prefix: Prefix, routes: readonly KernelRoute[]): void {
  for (const route of at(world, prefix)) world.direct.delete(route);
  for (const route of routes) if (isDirect(route)) world.direct.add(route);
  if (routes.length === 0) world.routes.delete(formatPrefix(prefix));
  else world.routes.set(formatPrefix(prefix), routes);
}

const isDirect = (route: KernelRoute): boolean => route.nextHops.some((hop) => hop.gateway === null);

const remove = (world: RouteWorld, route: KernelRoute): void =>
  put(
    world,
    route.prefix,
    at(world, route.prefix).filter((other) => other !== route),
  );

const sameKey = (a: KernelRoute, b: KernelRoute): boolean => a.table === b.table && a.metric === b.metric;

export function upsert(world: RouteWorld, route: KernelRoute, origin: object | null = null): void {
  const routes = at(world, route.prefix);
  const index = routes.findIndex((other) => sameKey(other, route));
  const arrival: RouteArrival = index < 0 ? 'new' : 'replace';
  put(world, route.prefix, index < 0 ? [...routes, route] : routes.toSpliced(index, 1, route));
  world.notify({ kind: 'route', present: true, arrival, route, sender: AGENT_PORT }, origin);
}

export function deleteRoute(world: RouteWorld, spec: RouteSpec): void {
  const prefix = mustPrefix(spec.prefix);
  const route = at(world, prefix).find(
    (other) =>
      other.table === (spec.table ?? RT_TABLE.main) &&
      (spec.metric === undefined || other.metric === spec.metric) &&
      (spec.protocol === undefined || other.protocol === spec.protocol),
  );
  if (route === undefined) throw new Error(`no route ${spec.prefix}`);
  remove(world, route);
  world.notify({ kind: 'route', present: false, arrival: 'new', route, sender: AGENT_PORT });
}

export function writeRoute(
  world: RouteWorld,
  kind: 'add' | 'replace' | 'remove',
  route: KernelRoute,
  origin: object | null,
): string | null {
  const failure = world.failures.shift();
  if (failure !== undefined) return failure;
  const there = at(world, route.prefix).find((other) => sameKey(other, route));
  if (kind === 'remove') {
    if (there?.protocol !== route.protocol || !names(route, there)) return 'ESRCH';
    remove(world, there);
    world.notify({ kind: 'route', present: false, arrival: 'new', route: there }, origin);
    return null;
  }
  if (kind === 'add' && there !== undefined) return 'EEXIST';
  if (kind === 'replace' && there === undefined) return 'ENOENT';
  const unreachable = checkNextHops(world, route);
  if (unreachable !== null) return unreachable;
  upsert(world, route, origin);
  return null;
}

/** A removal without hops, or with those of the route. */
const names = ({ nextHops }: KernelRoute, there: KernelRoute): boolean =>
  nextHops.every((hop) => there.nextHops.some((other) => sameHop(hop, other)));

function checkNextHops(world: RouteWorld, route: KernelRoute): string | null {
  if (route.object !== undefined) return hopsOf(world, route.object) === null ? 'EINVAL' : null;
  for (const hop of route.nextHops) {
    const refused = checkHop(world, hop);
    if (refused !== null) return refused;
  }
  return null;
}

/** A gateway must be in a subnet of its interface, link-local, or marked onlink. */
export function checkHop(world: RouteWorld, { ifindex, gateway, onlink }: KernelNextHop): string | null {
  const link = [...world.links.values()].find((other) => other.ifindex === ifindex);
  if (link === undefined) return 'ENODEV';
  if (!link.up) return 'ENETDOWN';
  if (gateway === null || onlink || (gateway.family === 'ipv6' && isLinkLocal(gateway))) return null;
  if (isNear(world, gateway, ifindex)) return null;
  return gateway.family === 'ipv4' ? 'ENETUNREACH' : 'EHOSTUNREACH';
}

export function followObject(world: RouteWorld, id: number, hops: readonly KernelNextHop[]): void {
  for (const routes of [...world.routes.values()]) {
    for (const route of routes) {
      if (route.object !== id) continue;
      const left = at(world, route.prefix).filter((other) => other !== route);
      put(world, route.prefix, hops.length === 0 ? left : [...left, { ...route, nextHops: hops }]);
    }
  }
}

function isNear(world: RouteWorld, gateway: IpAddress, ifindex: number): boolean {
  for (const { prefix, nextHops } of world.direct)
    if (nextHops.some((hop) => hop.ifindex === ifindex) && prefixContainsIp(prefix, gateway)) return true;
  return false;
}

export function routeOf(world: RouteWorld, spec: RouteSpec): KernelRoute {
  const prefix = mustPrefix(spec.prefix);
  const gateway = spec.via === undefined ? null : mustIp(spec.via);
  const ifindex = spec.dev === undefined ? 0 : linkNamed(world, spec.dev).ifindex;
  const ipv4 = prefix.address.family === 'ipv4';
  return {
    prefix,
    table: spec.table ?? RT_TABLE.main,
    protocol: spec.protocol ?? RTPROT.static,
    scope: ipv4 && gateway === null ? RT_SCOPE.link : RT_SCOPE.universe,
    type: spec.type ?? 'unicast',
    metric: spec.metric ?? (ipv4 ? 0 : 1024),
    nextHops: ifindex === 0 ? [] : [{ gateway, ifindex, onlink: false, weight: 1 }],
  };
}

// The controls are called by tests: a name that does not exist is a mistake in the program.
export function linkNamed(world: RouteWorld, name: string): KernelLink {
  const link = world.links.get(name);
  if (link === undefined) throw new Error(`no link ${name}`);
  return link;
}
