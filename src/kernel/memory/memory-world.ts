// A kernel in memory: links, addresses and routes that behave as Linux does where it matters to us, with controls for
// tests. Knows nothing of who listens beyond telling them.

import type { KernelChange, ObjectWrite, TunnelWrite } from '../port.js';
import type {
  KernelAddress,
  KernelLink,
  KernelNextHop,
  KernelNexthop,
  KernelRoute,
  NeighbourState,
  TunnelDevice,
} from '../types.js';
import { dropObject, flushObjects, hopsOf, writeObject } from './memory-nexthops.js';
import {
  checkHop,
  connect,
  deleteRoute,
  disconnect,
  flushLink,
  followObject,
  linkNamed,
  type RouteWorld,
  routeOf,
  upsert,
  writeRoute,
} from './memory-routes.js';
import { listEnds, programTunnel, type TunnelWorld } from './memory-tunnels.js';
import { mustIp, type RouteSpec, sameIp } from './route-spec.js';

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

interface Subscriber {
  readonly listener: WorldListener;
  readonly onGap: () => void;
}

interface WorldState extends RouteWorld, TunnelWorld {
  readonly links: Map<string, KernelLink>;
  readonly addresses: KernelAddress[];
  readonly subscribers: Set<Subscriber>;
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
    notify: (change, origin = null) => {
      if (world.deaf) return;
      for (const { listener } of world.subscribers) listener(change, origin);
    },
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
      world.notify({ kind: 'neighbour', neighbour: { ifindex, address: mustIp(address), state } });
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
    write: (kind, route, origin) => writeRoute(world, kind, route, origin),
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
      world.notify({ kind: 'nexthop', present: false, nexthop });
    },
    listen: (listener, onGap) => {
      const subscriber = { listener, onGap };
      world.subscribers.add(subscriber);
      return () => world.subscribers.delete(subscriber);
    },
  };
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
  world.notify({ kind: 'link', present: true, link });
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
  world.notify({ kind: 'link', present: true, link });
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
  world.notify({ kind: 'link', present: false, link });
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
  world.notify({ kind: 'address', present: true, address });
  if (link.up) connect(world, address);
}

function deleteAddress(world: WorldState, linkName: string, text: string): void {
  const { ifindex } = linkNamed(world, linkName);
  const ip = mustIp(text.slice(0, text.indexOf('/')));
  const address = world.addresses.find((a) => a.ifindex === ifindex && sameIp(a.address, ip));
  if (address !== undefined) forgetAddress(world, address);
}

function forgetAddress(world: WorldState, address: KernelAddress): void {
  world.addresses.splice(world.addresses.indexOf(address), 1);
  world.notify({ kind: 'address', present: false, address });
  disconnect(world, address);
}
