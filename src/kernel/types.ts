// What the kernel layer and the daemon say to each other. Two backends implement `Kernel`: rtnetlink and memory.

import type { AddressFamily } from '../base/family.js';
import type { IpAddress } from '../base/ip.js';
import type { Prefix } from '../base/prefix.js';
import type { DriftEntry, Fight, KernelStatus } from './status-types.js';

export type * from './status-types.js';

/** rtm_type (rtnetlink(7)); others are kept as their number. */
export type RouteType = 'unicast' | 'local' | 'blackhole' | 'unreachable' | 'prohibit' | 'throw' | 'other';

export interface KernelNextHop {
  readonly gateway: IpAddress | null;
  /** 0 when the kernel gave none. */
  readonly ifindex: number;
  readonly onlink: boolean;
  /** 1 or more. */
  readonly weight: number;
}

/** One route as the kernel holds it. */
export interface KernelRoute {
  readonly prefix: Prefix;
  readonly table: number;
  /** rtm_protocol: 2 kernel, 3 boot, 4 static, 12 bird, 80 Calico's. */
  readonly protocol: number;
  /** rtm_scope: 0 universe, 253 link, 254 host. */
  readonly scope: number;
  readonly type: RouteType;
  /** RTA_PRIORITY, 0 when absent (IPv6: 1024 is the kernel's default). */
  readonly metric: number;
  readonly nextHops: readonly KernelNextHop[];
  /** RTA_NH_ID: the nexthop object that it uses; absent when it has hops of its own. */
  readonly object?: number;
  /** RTA_PREFSRC; absent when the kernel chooses. */
  readonly source?: IpAddress;
}

/** A nexthop object (RTM_NEWNEXTHOP): one hop, or a group of such objects. */
export interface KernelNexthop {
  readonly id: number;
  /** nhm_protocol. */
  readonly protocol: number;
  /** Null for a group, and for a form that we cannot use (blackhole, fdb). */
  readonly hop: KernelNextHop | null;
  /** Null for a single hop. */
  readonly members: readonly NexthopMember[] | null;
  /** A group that leaves flows where they are when another member goes (NEXTHOP_GRP_TYPE_RES). */
  readonly resilient?: true;
}

export interface NexthopMember {
  readonly id: number;
  /** 1 or more. */
  readonly weight: number;
}

/** What a VXLAN device was made with. */
export interface VxlanParameters {
  readonly vni: number;
  readonly port: number;
  readonly address: IpAddress | null;
}

export interface KernelLink {
  readonly ifindex: number;
  readonly name: string;
  /** IFF_UP. */
  readonly up: boolean;
  /** IFF_LOWER_UP: carrier. */
  readonly running: boolean;
  readonly loopback: boolean;
  /** Octets; absent where the kernel did not say. */
  readonly mtu?: number;
  /** `02:00:00:00:00:01`; absent for links without one. */
  readonly mac?: string;
  /** IFLA_INFO_KIND: vxlan, ipip, dummy, veth; absent for hardware. */
  readonly linkKind?: string;
  readonly vxlan?: VxlanParameters;
}

export interface KernelAddress {
  readonly ifindex: number;
  /** The address with its subnet's length. */
  readonly address: IpAddress;
  readonly length: number;
}

/** `gone`: the kernel has no entry any more, which says nothing of the neighbour. */
export type NeighbourState = 'failed' | 'valid' | 'gone';

/** An ARP or neighbour discovery entry (RTM_NEWNEIGH, RTM_DELNEIGH). */
export interface KernelNeighbour {
  readonly ifindex: number;
  readonly address: IpAddress;
  readonly state: NeighbourState;
  /** Of an entry that somebody made to stay (NUD_PERMANENT). */
  readonly permanentMac?: string;
}

/** A workload route noticed or gone; `host` data tells people where it lives. */
export interface WorkloadChange {
  readonly prefix: Prefix;
  readonly present: boolean;
  readonly interface: string;
  readonly metric: number;
  readonly protocol: number;
}

/** What one import rule takes (config `kernel.import`). */
export interface ImportRule {
  /** Globs with `*` and `?`; empty means any interface. */
  readonly interfaces: readonly string[];
  /** Globs; they win over `interfaces`. */
  readonly ignoreInterfaces?: readonly string[];
  /** Route protocols to take; empty means any but kernel (2) and our own. */
  readonly protocols: readonly number[];
  /** Only routes inside one of these; empty means any. */
  readonly prefixes: readonly Prefix[];
  /** Also shorter prefixes than /32 and /128. */
  readonly anyLength: boolean;
  readonly table: number;
}

/** What the RIB wants in the kernel for one prefix. */
export interface FibIntent {
  /** BGP next hops; a link-local one names its interface. More than one means ECMP. Empty for a blackhole. */
  readonly nextHops: readonly FibNextHop[];
  /** Absent: a route. */
  readonly kind?: 'route' | 'blackhole';
  /** RTA_PRIORITY of this route; absent: that of the settings. */
  readonly metric?: number;
  /** A next hop that goes is to move its own flows only: the name of the route that has a group for itself. */
  readonly sticky?: string;
}

export interface FibNextHop {
  readonly address: IpAddress;
  readonly interface: string | null;
  /** Share of the traffic among several, 1 (when absent) to 256. */
  readonly weight?: number;
  /** Absent: packets go as they are. */
  readonly tunnel?: FibTunnel;
}

/** Packets to a next hop go in a tunnel. */
export interface FibTunnel {
  readonly device: string;
  /** `crossSubnet`: only to next hops that are in no subnet of ours. */
  readonly mode: 'always' | 'crossSubnet';
  /** The other end of a VXLAN tunnel; null: the next hop itself is the end (IP-in-IP). */
  readonly end: TunnelEnd | null;
}

/** The VNI is the one that the other end wants: it need not be that of our device. */
export interface TunnelEnd {
  readonly address: IpAddress;
  readonly mac: string;
  readonly vni: number;
}

/** A device that tunnels need. */
export type TunnelDevice =
  | { readonly kind: 'ipip'; readonly name: string }
  | {
      readonly kind: 'vxlan';
      readonly name: string;
      readonly vni: number;
      readonly port: number;
      /** Null: that of the interface with `address`, less what VXLAN adds. */
      readonly mtu: number | null;
      readonly address: IpAddress;
      readonly mac: string;
    };

/** What a learned route may not take over, and where it may all the same. */
export interface GuardSettings {
  /** Addresses of peers. */
  readonly peers: readonly IpAddress[];
  /** Ranges of workloads: they may lie in a subnet of an interface. */
  readonly pools: readonly Prefix[];
  /** Ranges that this host serves by other means. */
  readonly services: readonly Prefix[];
  /** A route of these, with a length in the bounds, is never refused. */
  readonly allow: readonly { readonly prefix: Prefix; readonly ge: number; readonly le: number }[];
}

export interface KernelSettings {
  readonly table: number;
  /** rtm_protocol of the routes we install. */
  readonly protocol: number;
  /** RTA_PRIORITY of the routes we install. */
  readonly metric: number;
  /** The same of IPv6 routes; absent: `metric`. */
  readonly ipv6Metric?: number;
  readonly import: readonly ImportRule[];
  /** False: nothing is written to the kernel, neither by `install` nor by `sweep`; the rest works on. */
  readonly install: boolean;
  /** Nexthop objects and groups; `auto`: where the kernel has them. Absent: `off`. */
  readonly nextHopGroups?: 'auto' | 'on' | 'off';
  /** RTA_PREFSRC of the routes we install, one per family at most; used while the host has the address. */
  readonly prefsrc?: readonly IpAddress[];
  /** Seconds between two comparisons of the whole FIB with the kernel, 0 for none. Absent: 60. */
  readonly auditInterval?: number;
  /** A gateway that does not answer (ARP, neighbour discovery) is no way to a next hop. Absent: false. */
  readonly watchNeighbours?: boolean;
  /** Devices to have; absent: none. */
  readonly tunnels?: readonly TunnelDevice[];
  /** Absent: nothing is refused. */
  readonly guard?: GuardSettings;
}

/**
 * Whether BGP next hops can be used; the decision process asks (RFC 4271 9.1.2.1). Told again, too, where only the interface
 * that it is reached by is another: `resolve` has its name.
 */
export interface NextHopState {
  readonly nextHop: IpAddress;
  readonly reachable: boolean;
  /** Metric of the kernel route it resolves over, 0 when directly connected. */
  readonly cost: number;
}

export interface KernelObserver {
  workloads(changes: readonly WorkloadChange[]): void;
  nextHops(changes: readonly NextHopState[]): void;
  /** Addresses of the host came or went that others may reach it by: neither loopback nor link-local. */
  addresses(): void;
  /** There are prefixes that it has yet to decide about; `Kernel.decided` follows. */
  deciding(): boolean;
  /** One line for the log; never once per route. */
  event(event: KernelEvent): void;
}

export type KernelEvent =
  | { readonly kind: 'synced'; readonly routes: number; readonly links: number; readonly adopted: number }
  | { readonly kind: 'overrun' }
  | { readonly kind: 'linkDown' | 'linkUp'; readonly interface: string }
  /** A gateway is not used, as it does not answer; it is used again. */
  | { readonly kind: 'gatewayLost' | 'gatewayBack'; readonly address: IpAddress; readonly interface: string }
  | { readonly kind: 'swept'; readonly routes: number }
  | { readonly kind: 'fibError'; readonly prefix: Prefix; readonly errno: string; readonly attempt: number }
  /** `nextHopGroups: on` where the kernel has none. */
  | { readonly kind: 'noNextHopGroups' }
  | { readonly kind: 'drift'; readonly first: DriftEntry; readonly count: number }
  | { readonly kind: 'fight'; readonly fight: Fight }
  | { readonly kind: 'refused'; readonly prefix: Prefix; readonly reason: string }
  | { readonly kind: 'tunnelProblem'; readonly device: string; readonly problem: string }
  | { readonly kind: 'tunnelReady'; readonly device: string }
  | { readonly kind: 'workerFailed'; readonly message: string };

/** The daemon's view of the kernel. Both backends behave the same; one set of contract tests runs on both. */
export interface Kernel {
  /** Dumps and adopts; resolves when the first `workloads` and `nextHops` calls have been made. */
  start(
    observer: KernelObserver,
  ): Promise<{ readonly ok: true } | { readonly ok: false; readonly reason: string }>;
  /** Desired state of one prefix; the last call wins. Batched; nothing is returned, see `status` and events. */
  install(prefix: Prefix, intent: FibIntent): void;
  uninstall(prefix: Prefix): void;
  /** All peers had their say: remove adopted routes that were not wanted again. */
  sweep(): void;
  /** Begin and end of interest in a BGP next hop; answers what is known now, what follows comes through `KernelObserver.nextHops`. */
  trackNextHop(nextHop: IpAddress): NextHopState;
  untrackNextHop(nextHop: IpAddress): void;
  /**
   * The one whom this next hop leads to is lost, and the routes over it will follow one by one: until `suspect` is taken
   * back, routes that have other next hops do without it.
   */
  suspectNextHop(nextHop: IpAddress, suspect: boolean): void;
  /** What was told so far has been acted upon: what is wanted now is the truth, for routes that lost their next hops as well. */
  decided(): void;
  reconfigure(settings: KernelSettings): void;
  /** Our routes as we believe them to be in the kernel (CLI, tests). */
  installed(): Iterable<KernelRoute>;
  /** The kernel has acknowledged this route of ours as wanted. */
  isInstalled(prefix: Prefix): boolean;
  /** Why this route is kept out for the host's own sake; null when it is not. */
  refusal(prefix: Prefix): string | null;
  /** Workload routes currently imported. */
  workloads(): Iterable<WorkloadChange>;
  /**
   * Workload routes that would be imported under other settings, null for each prefix without: whoever asks can
   * pause in between.
   */
  workloadsUnder(settings: KernelSettings): Iterable<WorkloadChange | null>;
  /** The answer the kernel would give: which connected interface reaches this address. */
  resolve(address: IpAddress): { readonly interface: string; readonly source: IpAddress | null } | null;
  status(): KernelStatus;
  close(options: { readonly removeRoutes: boolean }): Promise<void>;
}

/** First IPv4 address of a host, for the default router id; null when it has none. */
export type FirstAddress = (family: AddressFamily) => IpAddress | null;
