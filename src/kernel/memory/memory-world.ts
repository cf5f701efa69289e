// A kernel in memory: links, addresses and routes that behave as Linux does where it matters to us, with controls for
// tests. Knows nothing of who listens beyond telling them.

import { type IpAddress, isLinkLocal } from '../../base/ip.js';
import { formatPrefix, type Prefix, prefixContainsIp } from '../../base/prefix.js';
import type { KernelChange, ObjectWrite, RouteArrival, TunnelWrite } from '../port.js';
import { sameHop, sameRoute } from '../routes/route-store.js';
import { RT_SCOPE, RT_TABLE, RTPROT } from '../rtnetlink/numbers.js';
import type {
  KernelAddress,
  KernelLink,
  KernelNextHop,
  KernelNexthop,
  KernelRoute,
  NeighbourState,
  TunnelDevice,
} from '../types.js';
import { connectedRoute } from './connected-route.js';
import { dropObject, flushObjects, hopsOf, type ObjectWorld, writeObject } from './memory-nexthops.js';
import { listEnds, programTunnel, type TunnelWorld } from './memory-tunnels.js';
import { mustIp, mustPrefix, type RouteSpec, sameIp } from './route-spec.js';

/** `origin` is the port that caused the change; ports do not hear of their own. */
export type WorldListener = (change: KernelChange, origin: object | null) => void;

/** What a write asks for, with the outcome of rtnetlink: null or an errno name. */
export interface MemoryWorld {
  addLink(name: string, options?: { readonly up?: boolean; readonly loopback?: boolean }): number;
  /** Down takes the IPv4 routes along without a word and IPv6 ones with notifications, as Linux does. */
  setLink(name: string, state: { readonly up?: boolean; readonly running?: boolean }): void;
  deleteLink(name: string): void;
  /** `10.0.0.1/24`: the connected route comes with it. */
  addAddress(link: string, address: string): void;
  deleteAddress(link: string, address: string): void;
  /** As an agent does, replacing what has the same table, prefix and metric. */
  addRoute(route: RouteSpec): void;
  /** Takes away whatever has this table, prefix and, when given, metric and protocol. */
  deleteRoute(route: RouteSpec): void;
  /** What the kernel finds out about a neighbour. */
  setNeighbour(link: string, address: string, state: NeighbourState): void;
  routes(): readonly KernelRoute[];
  links(): readonly KernelLink[];
  addresses(): readonly KernelAddress[];
  /** The next `count` writes of routes fail with this errno. */
  failNext(errno: string, count?: number): void;
  /** The same for writes of nexthop objects. */
  failNextObject(errno: string, count?: number): void;
  /** Notifications are lost from now on until `recover`; then listeners learn that there was a gap. */
  overrun(): void;
  recover(): void;
  /** A write by a kernel; `origin` is its port. */
  write(kind: 'add' | 'replace' | 'remove', route: KernelRoute, origin: object | null): string | null;
  /** A write to a tunnel's device by a kernel. */
  program(write: TunnelWrite): string | null;
  /** Kinds of devices that this kernel cannot make: EOPNOTSUPP. */
  lack(kind: TunnelDevice['kind']): void;
  /** `10.0.0.2 02:..` per neighbour and `02:.. 172.18.0.2` per forwarding entry of a device, sorted. */
  tunnelEnds(device: string): readonly string[];
  /** The same as a listing names them. */
  listEnds(ifindex: number): readonly KernelChange[];
  /** A write of a nexthop object by a kernel. */
  writeObject(write: ObjectWrite): string | null;
  nexthops(): readonly KernelNexthop[];
  /** The hops that a route with this object takes, none when it does not exist. */
  hopsOf(id: number): readonly KernelNextHop[];
  /** As `ip nexthop del`: routes that use it are gone without a word. */
  deleteNexthop(id: number): void;
  listen(listener: WorldListener, onGap: () => void): () => void;
}

/** nlmsg_pid of whoever uses the controls: no process has it. */
const AGENT_PORT = 0x7fffffff;

interface Subscriber {
  readonly listener: WorldListener;
  readonly onGap: () => void;
}

interface WorldState extends ObjectWorld, TunnelWorld {
  readonly links: Map<string, KernelLink>;
  readonly addresses: KernelAddress[];
  /** Per prefix as text. */
  readonly routes: Map<string, readonly KernelRoute[]>;
  /** Routes without a gateway: a gateway has to lie inside one. */
  readonly direct: Set<KernelRoute>;
  readonly subscribers: Set<Subscriber>;
  failures: string[];
  objectFailures: string[];
  deaf: boolean;
}

export function createMemoryWorld(): MemoryWorld {
  const world: WorldState = {
    objects: new Map(),
    follow: (id, hops) => followObject(world, id, hops),
    check: (hop) => checkHop(world, hop),
    links: new Map(),
    addresses: [],
    routes: new Map(),
    direct: new Set(),
    subscribers: new Set(),
    lacking: new Set(),
    ends: new Map(),
    nextIndex: 1,
    failures: [],
    objectFailures: [],
    deaf: false,
  };
  const controls = {
    addDevice: (link: KernelLink) => putLink(world, link),
    deleteLink: (name: string) => deleteLink(world, name),
    renameLink: (from: string, to: string) => renameLink(world, from, to),
  };
  return {
    addLink: (name, options = {}) => addLink(world, name, options),
    setLink: (name, state) => setLink(world, name, state),
    deleteLink: (name) => deleteLink(world, name),
    addAddress: (link, address) => addAddress(world, link, address),
    deleteAddress: (link, address) => deleteAddress(world, link, address),
    addRoute: (spec) => upsert(world, routeOf(world, spec)),
    deleteRoute: (spec) => deleteRoute(world, spec),
    setNeighbour: (link, address, state) => {
      const { ifindex } = linkNamed(world, link);
      notify(world, { kind: 'neighbour', neighbour: { ifindex, address: mustIp(address), state } });
    },
    routes: () => [...world.routes.values()].flat(),
    links: () => [...world.links.values()],
    addresses: () => [...world.addresses],
    failNext: (errno, count = 1) => {
      world.failures.push(...new Array<string>(count).fill(errno));
    },
    overrun: () => {
      world.deaf = true;
    },
    recover: () => {
      world.deaf = false;
      for (const { onGap } of world.subscribers) onGap();
    },
    write: (kind, route, origin) => write(world, kind, route, origin),
    program: (write) => programTunnel(world, write, controls),
    lack: (kind) => {
      world.lacking.add(kind);
    },
    tunnelEnds: (device) => {
      const { ifindex } = linkNamed(world, device);
      return [...(world.ends.get(ifindex) ?? [])].map(([key, value]) => `${key} ${value}`).sort();
    },
    listEnds: (ifindex) => listEnds(world, ifindex),
    failNextObject: (errno, count = 1) => {
      world.objectFailures.push(...new Array<string>(count).fill(errno));
    },
    writeObject: (wanted) => world.objectFailures.shift() ?? writeObject(world, wanted),
    hopsOf: (id) => hopsOf(world, id) ?? [],
    nexthops: () => [...world.objects.values()],
    deleteNexthop: (id) => {
      const nexthop = world.objects.get(id);
      if (nexthop === undefined) throw new Error(`no nexthop ${id}`);
      dropObject(world, id);
      notify(world, { kind: 'nexthop', present: false, nexthop });
    },
    listen: (listener, onGap) => {
      const subscriber = { listener, onGap };
      world.subscribers.add(subscriber);
      return () => world.subscribers.delete(subscriber);
    },
  };
}

function notify(world: WorldState, change: KernelChange, origin: object | null = null): void {
  if (world.deaf) return;
  for (const { listener } of world.subscribers) listener(change, origin);
}

function addLink(
  world: WorldState,
  name: string,
  options: { readonly up?: boolean; readonly loopback?: boolean },
): number {
  const up = options.up ?? true;
  const ifindex = world.nextIndex++;
  const link = { ifindex, name, up, running: up, loopback: options.loopback ?? false, mtu: 1500 };
  putLink(world, link);
  return ifindex;
}

function putLink(world: WorldState, link: KernelLink): void {
  world.links.set(link.name, link);
  notify(world, { kind: 'link', present: true, link });
}

function renameLink(world: WorldState, from: string, to: string): void {
  const link = linkNamed(world, from);
  world.links.delete(from);
  putLink(world, { ...link, name: to });
}

function setLink(
  world: WorldState,
  name: string,
  state: { readonly up?: boolean; readonly running?: boolean },
): void {
  const old = linkNamed(world, name);
  const up = state.up ?? old.up;
  const link = { ...old, up, running: state.running ?? (state.up === undefined ? old.running : up) };
  world.links.set(name, link);
  notify(world, { kind: 'link', present: true, link });
  if (!up || !link.running) flushObjects(world, link.ifindex);
  if (old.up && !up) flushLink(world, link.ifindex);
  if (old.up && !up) world.ends.delete(link.ifindex);
  if (old.up || !up) return;
  for (const address of world.addresses) if (address.ifindex === link.ifindex) connect(world, address);
}

function deleteLink(world: WorldState, name: string): void {
  const link = linkNamed(world, name);
  flushObjects(world, link.ifindex);
  flushLink(world, link.ifindex);
  for (const address of [...world.addresses])
    if (address.ifindex === link.ifindex) forgetAddress(world, address);
  world.links.delete(name);
  world.ends.delete(link.ifindex);
  notify(world, { kind: 'link', present: false, link });
}

/** Dead next hops make a route vanish: IPv4 says nothing, IPv6 does. */
function flushLink(world: WorldState, ifindex: number): void {
  for (const routes of [...world.routes.values()]) {
    for (const route of routes) {
      if (route.nextHops.length === 0 || route.nextHops.some((hop) => hop.ifindex !== ifindex)) continue;
      remove(world, route);
      if (route.prefix.address.family === 'ipv6')
        notify(world, { kind: 'route', present: false, arrival: 'new', route });
    }
  }
}

function addAddress(world: WorldState, linkName: string, text: string): void {
  const link = linkNamed(world, linkName);
  const slash = text.indexOf('/');
  const address = {
    ifindex: link.ifindex,
    address: mustIp(text.slice(0, slash)),
    length: Number(text.slice(slash + 1)),
  };
  world.addresses.push(address);
  notify(world, { kind: 'address', present: true, address });
  if (link.up) connect(world, address);
}

/** A host address has no subnet and makes no connected route. */
function connect(world: WorldState, address: KernelAddress): void {
  const host = address.length === (address.address.family === 'ipv4' ? 32 : 128);
  if (!host) upsert(world, connectedRoute(address));
}

function deleteAddress(world: WorldState, linkName: string, text: string): void {
  const { ifindex } = linkNamed(world, linkName);
  const ip = mustIp(text.slice(0, text.indexOf('/')));
  const address = world.addresses.find((a) => a.ifindex === ifindex && sameIp(a.address, ip));
  if (address !== undefined) forgetAddress(world, address);
}

function forgetAddress(world: WorldState, address: KernelAddress): void {
  world.addresses.splice(world.addresses.indexOf(address), 1);
  notify(world, { kind: 'address', present: false, address });
  const connected = connectedRoute(address);
  const route = at(world, connected.prefix).find((other) => sameRoute(other, connected));
  if (route === undefined) return;
  remove(world, route);
  notify(world, { kind: 'route', present: false, arrival: 'new', route });
}

const at = (world: WorldState, prefix: Prefix): readonly KernelRoute[] =>
  world.routes.get(formatPrefix(prefix)) ?? [];

function put(world: WorldState, prefix: Prefix, routes: readonly KernelRoute[]): void {
  for (const route of at(world, prefix)) world.direct.delete(route);
  for (const route of routes) if (isDirect(route)) world.direct.add(route);
  if (routes.length === 0) world.routes.delete(formatPrefix(prefix));
  else world.routes.set(formatPrefix(prefix), routes);
}

const isDirect = (route: KernelRoute): boolean => route.nextHops.some((hop) => hop.gateway === null);

const remove = (world: WorldState, route: KernelRoute): void =>
  put(
    world,
    route.prefix,
    at(world, route.prefix).filter((other) => other !== route),
  );

const sameKey = (a: KernelRoute, b: KernelRoute): boolean => a.table === b.table && a.metric === b.metric;

function upsert(world: WorldState, route: KernelRoute, origin: object | null = null): void {
  const routes = at(world, route.prefix);
  const index = routes.findIndex((other) => sameKey(other, route));
  const arrival: RouteArrival = index < 0 ? 'new' : 'replace';
  put(world, route.prefix, index < 0 ? [...routes, route] : routes.toSpliced(index, 1, route));
  notify(world, { kind: 'route', present: true, arrival, route, sender: AGENT_PORT }, origin);
}

function deleteRoute(world: WorldState, spec: RouteSpec): void {
  const prefix = mustPrefix(spec.prefix);
  const route = at(world, prefix).find(
    (other) =>
      other.table === (spec.table ?? RT_TABLE.main) &&
      (spec.metric === undefined || other.metric === spec.metric) &&
      (spec.protocol === undefined || other.protocol === spec.protocol),
  );
  if (route === undefined) throw new Error(`no route ${spec.prefix}`);
  remove(world, route);
  notify(world, { kind: 'route', present: false, arrival: 'new', route, sender: AGENT_PORT });
}

function write(
  world: WorldState,
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
    notify(world, { kind: 'route', present: false, arrival: 'new', route: there }, origin);
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

function checkNextHops(world: WorldState, route: KernelRoute): string | null {
  if (route.object !== undefined) return hopsOf(world, route.object) === null ? 'EINVAL' : null;
  for (const hop of route.nextHops) {
    const refused = checkHop(world, hop);
    if (refused !== null) return refused;
  }
  return null;
}

/** A gateway must be in a subnet of its interface, link-local, or marked onlink. */
function checkHop(world: WorldState, { ifindex, gateway, onlink }: KernelNextHop): string | null {
  const link = [...world.links.values()].find((other) => other.ifindex === ifindex);
  if (link === undefined) return 'ENODEV';
  if (!link.up) return 'ENETDOWN';
  if (gateway === null || onlink || (gateway.family === 'ipv6' && isLinkLocal(gateway))) return null;
  if (isNear(world, gateway, ifindex)) return null;
  return gateway.family === 'ipv4' ? 'ENETUNREACH' : 'EHOSTUNREACH';
}

function followObject(world: WorldState, id: number, hops: readonly KernelNextHop[]): void {
  for (const routes of [...world.routes.values()]) {
    for (const route of routes) {
      if (route.object !== id) continue;
      const left = at(world, route.prefix).filter((other) => other !== route);
      put(world, route.prefix, hops.length === 0 ? left : [...left, { ...route, nextHops: hops }]);
    }
  }
}

function isNear(world: WorldState, gateway: IpAddress, ifindex: number): boolean {
  for (const { prefix, nextHops } of world.direct)
    if (nextHops.some((hop) => hop.ifindex === ifindex) && prefixContainsIp(prefix, gateway)) return true;
  return false;
}

function routeOf(world: WorldState, spec: RouteSpec): KernelRoute {
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
function linkNamed(world: WorldState, name: string): KernelLink {
  const link = world.links.get(name);
  if (link === undefined) throw new Error(`no link ${name}`);
  return link;
}
