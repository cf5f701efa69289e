// What the kernel layer and the daemon say to each other. Two backends implement `Kernel`: rtnetlink and memory.

import type { AddressFamily } from '../base/family.js';
import type { IpAddress } from '../base/ip.js';
import type { Prefix } from '../base/prefix.js';

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
}

export interface KernelLink {
  readonly ifindex: number;
  readonly name: string;
  /** IFF_UP. */
  readonly up: boolean;
  /** IFF_LOWER_UP: carrier. */
  readonly running: boolean;
  readonly loopback: boolean;
}

export interface KernelAddress {
  readonly ifindex: number;
  /** The address with its subnet's length. */
  readonly address: IpAddress;
  readonly length: number;
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
  /** BGP next hops; a link-local one names its interface. More than one means ECMP. */
  readonly nextHops: readonly FibNextHop[];
}

export interface FibNextHop {
  readonly address: IpAddress;
  readonly interface: string | null;
}

export interface KernelSettings {
  readonly table: number;
  /** rtm_protocol of the routes we install. */
  readonly protocol: number;
  /** RTA_PRIORITY of the routes we install. */
  readonly metric: number;
  readonly import: readonly ImportRule[];
  /** False: nothing is written to the kernel, neither by `install` nor by `sweep`; the rest works on. */
  readonly install: boolean;
}

/** Whether BGP next hops can be used; the decision process asks (RFC 4271 9.1.2.1). */
export interface NextHopState {
  readonly nextHop: IpAddress;
  readonly reachable: boolean;
  /** Metric of the kernel route it resolves over, 0 when directly connected. */
  readonly cost: number;
}

export interface KernelObserver {
  workloads(changes: readonly WorkloadChange[]): void;
  nextHops(changes: readonly NextHopState[]): void;
  /** One line for the log; never once per route. */
  event(event: KernelEvent): void;
}

export type KernelEvent =
  | { readonly kind: 'synced'; readonly routes: number; readonly links: number; readonly adopted: number }
  | { readonly kind: 'overrun' }
  | { readonly kind: 'linkDown' | 'linkUp'; readonly interface: string }
  | { readonly kind: 'swept'; readonly routes: number }
  | { readonly kind: 'fibError'; readonly prefix: Prefix; readonly errno: string; readonly attempt: number }
  | { readonly kind: 'workerFailed'; readonly message: string };

/** A route of ours that is not in the kernel as wanted. */
export interface FibProblem {
  readonly prefix: Prefix;
  /** `unresolved` or an errno name such as EEXIST. */
  readonly reason: string;
  readonly attempts: number;
  readonly nextHops: readonly FibNextHop[];
}

export interface KernelStatus {
  readonly backend: 'netlink' | 'memory';
  readonly state: 'starting' | 'synced' | 'failed';
  readonly table: number;
  readonly protocol: number;
  readonly links: readonly KernelLink[];
  readonly addresses: readonly KernelAddress[];
  readonly workloads: number;
  readonly fib: {
    readonly wanted: number;
    readonly installed: number;
    readonly pending: number;
    readonly adoptedStale: number;
    /** At most 100 of them. */
    readonly problems: readonly FibProblem[];
    readonly problemCount: number;
  };
  readonly counters: KernelCounters;
}

export interface KernelCounters {
  readonly added: number;
  readonly replaced: number;
  readonly removed: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly overruns: number;
  readonly resyncs: number;
  readonly workloadEvents: number;
  /** Milliseconds from the request to the kernel's ack, one observation a batch. */
  readonly latency: LatencyHistogram;
}

/** Cumulative counts per upper bound, as Prometheus wants them. */
export interface LatencyHistogram {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  readonly sum: number;
  readonly count: number;
}

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
  /** Begin and end of interest in a BGP next hop; state comes through `KernelObserver.nextHops`. */
  trackNextHop(nextHop: IpAddress): void;
  untrackNextHop(nextHop: IpAddress): void;
  reconfigure(settings: KernelSettings): void;
  /** Our routes as we believe them to be in the kernel (CLI, tests). */
  installed(): Iterable<KernelRoute>;
  /** The kernel has acknowledged this route of ours as wanted. */
  isInstalled(prefix: Prefix): boolean;
  /** Workload routes currently imported. */
  workloads(): Iterable<WorkloadChange>;
  /** The answer the kernel would give: which connected interface reaches this address. */
  resolve(address: IpAddress): { readonly interface: string; readonly source: IpAddress | null } | null;
  status(): KernelStatus;
  close(options: { readonly removeRoutes: boolean }): Promise<void>;
}

/** First IPv4 address of a host, for the default router id; null when it has none. */
export type FirstAddress = (family: AddressFamily) => IpAddress | null;
