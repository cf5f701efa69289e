// The devices that tunnels need: made when they are missing, made anew when they are not as configured, filled with the
// other ends. Says what stands in the way. Never touches a device of another kind that has the name. One with another VNI is
// put aside, that is renamed, and goes when its routes have moved to the new one.

import { formatIp, ipEquals } from '../../base/ip.js';
import type { Links } from '../next-hops/links.js';
import type { NextHops } from '../next-hops/next-hops.js';
import type { TunnelWrite, WriteFailure } from '../port.js';
import type { KernelEvent, KernelLink, TunnelDevice, TunnelStatus } from '../types.js';
import { TunnelEnds, type TunnelEntry } from './tunnel-ends.js';

/** Milliseconds until something that failed is tried again. */
const RETRY = 10_000;
/** Milliseconds that a device put aside still receives what others send until they have heard of the new one. */
const LINGER = 10_000;
/** What the name of a device that was put aside ends in, and how much of its own it keeps: 15 octets are allowed. */
const ASIDE = '~bgpd';
const NAME_OCTETS = 15;
/** Octets that VXLAN adds, by the outer family. */
const OVERHEAD = { ipv4: 50, ipv6: 70 } as const;

interface Managed {
  readonly device: TunnelDevice;
  readonly ends: TunnelEnds;
  /** To make or to destroy the device: asked for and not seen yet, or it failed and waits. */
  deviceAfter: number;
  /** The device that was told to go or to step aside, 0 for none. */
  leaving: number;
  /** The kernel renames no device that is up. */
  noAside: boolean;
  /** When the one that was put aside goes, 0 for none. */
  asideUntil: number;
  /** Entries that failed wait. */
  endsAfter: number;
  /** Times in a row that the kernel would not make it. */
  attempts: number;
  ready: boolean;
  problem: string | null;
}

/** What a batch of writes was for. */
interface Order {
  readonly managed: Managed;
  readonly write: TunnelWrite;
}

export class Tunnels {
  readonly #links: Links;
  readonly #nextHops: Pick<NextHops, 'tunnelled'>;
  readonly #managed = new Map<string, Managed>();
  readonly #inFlight = new Map<number, readonly Order[]>();
  #dropped: string[] = [];
  #events: KernelEvent[] = [];
  #nextId = 1;

  constructor(links: Links, nextHops: Pick<NextHops, 'tunnelled'>) {
    this.#links = links;
    this.#nextHops = nextHops;
  }

  get active(): boolean {
    return this.#managed.size > 0 || this.#dropped.length > 0;
  }

  configure(devices: readonly TunnelDevice[]): void {
    const names = new Set(devices.map(({ name }) => name));
    this.#dropped = this.#dropped.filter((name) => !names.has(name));
    for (const [name, { device }] of this.#managed) {
      if (names.has(name)) continue;
      this.#managed.delete(name);
      if (device.kind === 'vxlan') this.#dropped.push(name, asideName(name));
    }
    for (const device of devices) {
      const before = this.#managed.get(device.name);
      const ends = before?.ends ?? new TunnelEnds();
      this.#managed.set(device.name, {
        device,
        ends,
        deviceAfter: 0,
        leaving: 0,
        noAside: before?.noAside ?? false,
        asideUntil: 0,
        endsAfter: 0,
        attempts: 0,
        ready: false,
        problem: null,
      });
    }
  }

  /** The devices were not watched for a while, or it is time to make sure. */
  forget(): void {
    for (const { ends } of this.#managed.values()) ends.forget();
  }

  /** No answer will come to what was asked. */
  abandon(): void {
    this.#inFlight.clear();
    for (const managed of this.#managed.values()) managed.deviceAfter = managed.endsAfter = 0;
    this.forget();
  }

  /** It was asked for, and nothing says that it cannot be. */
  isMaking(device: string): boolean {
    const managed = this.#managed.get(device);
    return managed !== undefined && !managed.ready && managed.problem === null;
  }

  /** Interfaces of devices that an earlier run of ours may have left entries in: they have to be listed. */
  sweep(): readonly number[] {
    return [...this.#managed.values()].flatMap(({ device }) => {
      const link = this.#links.byName(device.name);
      return device.kind === 'vxlan' && link?.linkKind === 'vxlan' ? [link.ifindex] : [];
    });
  }

  /** An entry that the device has, as its removal: it goes when nobody wants it. */
  found(entry: TunnelEntry): void {
    const name = this.#links.nameOf(entry.ifindex);
    this.#managed.get(name)?.ends.found(entry);
  }

  /**
   * What to do now, null when nothing. `now` in milliseconds; `written`: routes are as they are wanted, so that what they no
   * longer need can go.
   */
  take(
    now: number,
    written: boolean,
  ): { readonly id: number; readonly writes: readonly TunnelWrite[] } | null {
    const orders = [...this.#managed.values()].flatMap((managed) =>
      this.#plan(managed, now, written).map((write): Order => ({ managed, write })),
    );
    const writes = [...(written ? this.#destroyDropped() : []), ...orders.map(({ write }) => write)];
    if (writes.length === 0) return null;
    const id = this.#nextId++;
    // What is destroyed on the way out has nobody to answer to.
    const others = writes.length - orders.length;
    this.#inFlight.set(id, [...new Array<Order>(others), ...orders]);
    return { id, writes };
  }

  written(id: number, failures: readonly WriteFailure[], now: number): void {
    const orders = this.#inFlight.get(id) ?? [];
    this.#inFlight.delete(id);
    const failed = new Map(failures.map(({ index, errno }) => [index, errno]));
    for (const [index, order] of orders.entries()) {
      const errno = failed.get(index);
      if (order !== undefined) settle(order, errno ?? null, now);
      if (order !== undefined && errno !== undefined) this.#complain(order, errno);
    }
  }

  /** When something that failed is to be tried again; null when nothing waits. */
  nextDue(): number | null {
    const times = [...this.#managed.values()].flatMap((each) => [
      each.deviceAfter,
      each.endsAfter,
      each.asideUntil,
    ]);
    const due = Math.min(...times.filter((at) => at > 0));
    return Number.isFinite(due) ? due : null;
  }

  takeEvents(): readonly KernelEvent[] {
    return this.#events.splice(0);
  }

  /** The devices that we made go with us. */
  removeAll(): void {
    this.configure([]);
  }

  status(): readonly TunnelStatus[] {
    return [...this.#managed.values()].map(({ device, ends, ready, problem }) => ({
      device: device.name,
      kind: device.kind,
      ready,
      problem,
      vni: device.kind === 'vxlan' ? device.vni : null,
      address: device.kind === 'vxlan' ? formatIp(device.address) : null,
      ends: ends.size,
    }));
  }

  #plan(managed: Managed, now: number, written: boolean): readonly TunnelWrite[] {
    const { device, ends } = managed;
    const link = this.#links.byName(device.name);
    if (link === undefined) return this.#lacking(managed, now);
    managed.attempts = 0;
    if (device.kind === 'vxlan' && link.linkKind !== 'vxlan') {
      this.#tell(managed, `there is an interface ${device.name} that is no VXLAN device`);
      return [];
    }
    if (device.kind === 'vxlan' && !isAsWanted(device, link)) return this.#unlike(managed, link, now);
    managed.deviceAfter = 0;
    if (!this.#links.usable(link.ifindex)) {
      ends.forget();
      this.#tell(managed, `${device.name} is down`);
      return [];
    }
    this.#tell(managed, null);
    this.#dropAside(managed, now);
    if (managed.endsAfter > now) return [];
    managed.endsAfter = 0;
    return ends.differences(link.ifindex, this.#nextHops.tunnelled, written);
  }

  #lacking(managed: Managed, now: number): readonly TunnelWrite[] {
    const { device, ends } = managed;
    ends.forget();
    managed.ready = false;
    if (managed.leaving !== 0) managed.deviceAfter = 0;
    managed.leaving = 0;
    if (managed.deviceAfter > now) return [];
    managed.deviceAfter = Number.POSITIVE_INFINITY;
    managed.attempts++;
    return [{ kind: 'create', device, mtu: this.#mtuOf(device) }];
  }

  /** The kernel changes none of these: the device has to be made anew. Two of one VNI and port cannot be there at once. */
  #unlike(managed: Managed, { ifindex, vxlan }: KernelLink, now: number): readonly TunnelWrite[] {
    managed.ends.forget();
    if (managed.deviceAfter > now || managed.leaving === ifindex) return [];
    managed.leaving = ifindex;
    managed.deviceAfter = Number.POSITIVE_INFINITY;
    const name = asideName(managed.device.name);
    const mayStay = isBeside(managed.device, vxlan) && this.#links.byName(name) === undefined;
    if (!mayStay || managed.noAside) return [{ kind: 'destroy', ifindex }];
    return [{ kind: 'rename', ifindex, name }];
  }

  /** Also one that an earlier run of ours put aside. */
  #dropAside(managed: Managed, now: number): void {
    const name = asideName(managed.device.name);
    if (this.#links.byName(name)?.linkKind !== 'vxlan') managed.asideUntil = 0;
    else if (managed.asideUntil === 0) managed.asideUntil = now + LINGER;
    else if (managed.asideUntil <= now) {
      managed.asideUntil = 0;
      this.#dropped.push(name);
    }
  }

  /** Of the interface that packets in the tunnel leave by, less what the tunnel adds. */
  #mtuOf(device: TunnelDevice): number | null {
    if (device.kind !== 'vxlan') return null;
    const outer = this.#links.get(this.#links.ownerOf(device.address))?.mtu;
    return device.mtu ?? (outer === undefined ? null : outer - OVERHEAD[device.address.family]);
  }

  #destroyDropped(): readonly TunnelWrite[] {
    return this.#dropped.splice(0).flatMap((name): TunnelWrite[] => {
      const link = this.#links.byName(name);
      return link?.linkKind === 'vxlan' ? [{ kind: 'destroy', ifindex: link.ifindex }] : [];
    });
  }

  #complain({ managed, write }: Order, errno: string): void {
    // The first time it may be that it was made and its notification is on the way.
    if (write.kind === 'create' && errno === 'EEXIST' && managed.attempts < 2) return;
    if (write.kind === 'create') this.#tell(managed, cannotMake(managed.device, errno));
    else if (write.kind === 'destroy') this.#tell(managed, `cannot make it anew (${errno})`);
  }

  /** One event a change. */
  #tell(managed: Managed, problem: string | null): void {
    const { device } = managed;
    const news = problem === null ? !managed.ready : managed.problem !== problem;
    managed.ready = problem === null;
    managed.problem = problem;
    if (!news) return;
    this.#events.push(
      problem === null
        ? { kind: 'tunnelReady', device: device.name }
        : { kind: 'tunnelProblem', device: device.name, problem },
    );
  }
}

function settle({ managed, write }: Order, errno: string | null, now: number): void {
  if (write.kind === 'create') managed.deviceAfter = now + RETRY;
  else if (write.kind === 'destroy') {
    managed.deviceAfter = errno === null ? 0 : now + RETRY;
    if (errno !== null) managed.leaving = 0;
  } else if (write.kind === 'rename') {
    managed.deviceAfter = 0;
    if (errno === null) return;
    managed.leaving = 0;
    managed.noAside = true;
  } else if (errno !== null && write.present) {
    managed.ends.failed(write);
    managed.endsAfter = now + RETRY;
  }
}

function isAsWanted(device: Extract<TunnelDevice, { kind: 'vxlan' }>, { vxlan, mac }: KernelLink): boolean {
  if (vxlan === undefined || vxlan.vni !== device.vni || vxlan.port !== device.port) return false;
  return vxlan.address !== null && ipEquals(vxlan.address, device.address) && mac === device.mac;
}

const asideName = (name: string): string => name.slice(0, NAME_OCTETS - ASIDE.length) + ASIDE;

/** The kernel takes both. */
const isBeside = (device: TunnelDevice, vxlan: KernelLink['vxlan']): boolean =>
  device.kind === 'vxlan' && vxlan !== undefined && (vxlan.vni !== device.vni || vxlan.port !== device.port);

const ABSENT: readonly string[] = ['EOPNOTSUPP', 'ENOTSUP', 'ENODEV'];

const cannotMake = ({ kind, name }: TunnelDevice, errno: string): string =>
  ABSENT.includes(errno)
    ? `this kernel has no ${kind} (${errno}): ${name} cannot be made`
    : `${name} cannot be made (${errno})`;
