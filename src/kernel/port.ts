// What the kernel logic asks of the layer below it: rtnetlink or the memory world. Data only; reports come back in the
// order in which the kernel did the things they tell of.

import type { AddressFamily } from '../base/family.js';
import type { IpAddress } from '../base/ip.js';

import type {
  KernelAddress,
  KernelLink,
  KernelNeighbour,
  KernelNextHop,
  KernelNexthop,
  KernelRoute,
  NexthopMember,
  RouteType,
  TunnelDevice,
} from './types.js';

/** What makes a route ours, and the key it has in the kernel. */
export interface RouteIdentity {
  readonly table: number;
  readonly protocol: number;
  readonly metric: number;
  /** Of IPv6 routes, where that is another. */
  readonly ipv6Metric?: number;
}

/** How a route notification says it came about (nlmsg_flags of RTM_NEWROUTE). */
export type RouteArrival = 'new' | 'replace' | 'append';

/** One thing that happened in the kernel, or one row of a listing. */
export type KernelChange =
  | {
      readonly kind: 'route';
      readonly present: boolean;
      readonly arrival: RouteArrival;
      readonly route: KernelRoute;
      /** nlmsg_pid of who asked for it, 0 for the kernel itself; absent in a listing. */
      readonly sender?: number;
    }
  | { readonly kind: 'nexthop'; readonly present: boolean; readonly nexthop: KernelNexthop }
  | { readonly kind: 'link'; readonly present: boolean; readonly link: KernelLink }
  | { readonly kind: 'address'; readonly present: boolean; readonly address: KernelAddress }
  /** Told as it happens; listed in the scope `ends` only. */
  | { readonly kind: 'neighbour'; readonly neighbour: KernelNeighbour }
  /** Of a tunnel's device: listed in the scope `ends`, not told. */
  | { readonly kind: 'forward'; readonly forward: ForwardEntry };

/** Frames to `mac` go to the tunnel's end at `address`. */
export interface ForwardEntry {
  readonly ifindex: number;
  readonly address: IpAddress;
  readonly mac: string;
  /** Null: that of the device. */
  readonly vni: number | null;
}

/**
 * One write. `add` fails with EEXIST when any route has that table, prefix and metric; `replace` fails with ENOENT when
 * none has; `remove` takes away only a route of that protocol, and of those hops if it names some, and fails with ESRCH
 * when there is none.
 */
export interface RouteWrite {
  readonly kind: 'add' | 'replace' | 'remove';
  readonly family: AddressFamily;
  /** The prefix: four words (IPv4 uses the first) and its length. */
  readonly w0: number;
  readonly w1: number;
  readonly w2: number;
  readonly w3: number;
  readonly length: number;
  readonly identity: RouteIdentity;
  /** Empty for a blackhole, and for a `remove` that takes any. The port may remember octets per array: share one array among equal writes. */
  readonly nextHops: readonly KernelNextHop[];
  /** Id of the nexthop object to use instead of `nextHops`, 0 for none. */
  readonly object: number;
  /** RTA_PREFSRC, null to leave it to the kernel. */
  readonly source: IpAddress | null;
  /** Of a route that is not ours; absent: of universal scope, and unicast unless it is a blackhole. */
  readonly form?: { readonly scope: number; readonly type: RouteType };
  /** Only done when the write before it in the batch was; else it fails with ECANCELED. */
  readonly follows?: true;
}

/** One thing to do to a tunnel's device. Neighbours and FDB entries are permanent; writing one again replaces it. */
export type TunnelWrite =
  | { readonly kind: 'create'; readonly device: TunnelDevice; readonly mtu: number | null }
  | { readonly kind: 'destroy'; readonly ifindex: number }
  /** Stays up and keeps its routes: Linux 6.2 and later; EBUSY before. */
  | { readonly kind: 'rename'; readonly ifindex: number; readonly name: string }
  | {
      readonly kind: 'neighbour';
      readonly present: boolean;
      readonly ifindex: number;
      readonly address: IpAddress;
      readonly mac: string;
    }
  | ({ readonly kind: 'forward'; readonly present: boolean } & ForwardEntry);

/**
 * One write of a nexthop object. `setHop` and `setGroup` make it or change it in place, for every route that uses it;
 * with `dropObject` the kernel takes away the routes that still do.
 */
export type ObjectWrite =
  | {
      readonly kind: 'setHop';
      readonly id: number;
      readonly protocol: number;
      readonly family: AddressFamily;
      readonly hop: KernelNextHop;
    }
  | {
      readonly kind: 'setGroup';
      /** Of one kind once and for all: EINVAL otherwise, and where the kernel has none. */
      readonly resilient: boolean;
      readonly id: number;
      readonly protocol: number;
      readonly members: readonly NexthopMember[];
    }
  | { readonly kind: 'dropObject'; readonly id: number };

export type KernelWrite = RouteWrite | ObjectWrite;

export interface WriteFailure {
  /** Index into the writes of the batch. */
  readonly index: number;
  /** Name, such as EEXIST. */
  readonly errno: string;
}

/** Which part of the kernel's state a listing covers; what it covers and did not name is gone. */
export type ListScope =
  | { readonly kind: 'everything' }
  /** Everything, when nothing is known to be wrong: it may take its time. */
  | { readonly kind: 'audit' }
  /** Routes of one family through one interface. */
  | { readonly kind: 'interface'; readonly family: AddressFamily; readonly ifindex: number }
  /** Routes of one family that are not ours. */
  | { readonly kind: 'foreign'; readonly family: AddressFamily }
  /** Neighbours and forwarding entries of one tunnel's device. */
  | { readonly kind: 'ends'; readonly ifindex: number };

export type PortReport =
  | { readonly kind: 'changes'; readonly changes: readonly KernelChange[] }
  | {
      readonly kind: 'listed';
      readonly id: number;
      readonly changes: readonly KernelChange[];
      /** True in the first report of a listing. */
      readonly first: boolean;
      /** True in the last report of a listing. */
      readonly done: boolean;
      /** In the last report: why the listing is not complete, else null. */
      readonly errno: string | null;
    }
  | {
      readonly kind: 'written';
      readonly id: number;
      readonly failures: readonly WriteFailure[];
      /** Milliseconds from the request to the kernel's last answer. */
      readonly latency: number;
    }
  | { readonly kind: 'programmed'; readonly id: number; readonly failures: readonly WriteFailure[] }
  /** Notifications were lost; what came before the gap has been reported. */
  | { readonly kind: 'overrun' }
  /** The port is dead; `open` may be called again. */
  | { readonly kind: 'failed'; readonly message: string };

/** Which routes are worth reporting. */
export interface PortFilter {
  readonly tables: readonly number[];
  readonly protocol: number;
  /** Neighbours too; absent: none. */
  readonly neighbours?: boolean;
}

/** `objects`: the kernel knows nexthop objects. */
export type PortOpened =
  | { readonly ok: true; readonly objects: boolean }
  | { readonly ok: false; readonly reason: string };

export interface KernelPort {
  readonly backend: 'netlink' | 'memory';
  open(filter: PortFilter, deliver: (report: PortReport) => void): Promise<PortOpened>;
  filter(filter: PortFilter): void;
  /** Answered by `listed` reports with this id, after the answers to everything asked before. */
  list(id: number, scope: ListScope): void;
  /** Something urgent waits for the listing that runs. */
  hurry(): void;
  /** Answered by one `written` report with this id. */
  write(id: number, writes: readonly KernelWrite[]): void;
  /** Answered by one `programmed` report with this id. */
  program(id: number, writes: readonly TunnelWrite[]): void;
  close(): Promise<void>;
}
