// What a kernel says of its own state when it is asked: FIB, drift, tunnels, gateways, counters. Data only.

import type { IpAddress } from '../base/ip.js';
import type { LatencyHistogram } from '../base/latency.js';
import type { Prefix } from '../base/prefix.js';
import type { FibNextHop, KernelAddress, KernelLink, TunnelDevice } from './types.js';

/**
 * How a route of ours was found to be otherwise than we wrote it. `deleted`, `changed`: somebody else did it; `taken`: a
 * route that is not ours replaced it; `linkLost`: it went with its link; `missing`, `differs`: an audit found it, no
 * notification had told; `overrun`: found after notifications were lost (ENOBUFS). `overwrote` is the other way round: a
 * write of ours that was under way took the place of a route that is not ours, which was put back.
 */
export type DriftCause =
  | 'deleted'
  | 'changed'
  | 'taken'
  | 'linkLost'
  | 'missing'
  | 'differs'
  | 'overrun'
  | 'overwrote';

export interface DriftCulprit {
  /** nlmsg_pid: the process id for most programs; 0: the kernel itself. */
  readonly port: number;
  /** Its name, where it still ran when we looked. */
  readonly name: string | null;
  /** rtm_protocol of what was written in place of ours, null for a deletion. */
  readonly protocol: number | null;
}

export interface DriftEntry {
  readonly prefix: Prefix;
  readonly cause: DriftCause;
  readonly by: DriftCulprit | null;
  /** Milliseconds on the process's monotonic clock. */
  readonly at: number;
}

/** The same route changed by another writer over and over. */
export interface Fight {
  readonly prefix: Prefix;
  readonly by: DriftCulprit | null;
  readonly blows: number;
  /** Milliseconds on the process's monotonic clock. */
  readonly since: number;
  readonly last: number;
}

export interface DriftStatus {
  readonly counts: Readonly<Record<DriftCause, number>>;
  /** Found and not put right yet. */
  readonly open: number;
  /** The latest 100, `linkLost` left out. */
  readonly recent: readonly DriftEntry[];
  /** Those of the last five minutes. */
  readonly fights: readonly Fight[];
  /** Fights since the start. */
  readonly fightCount: number;
  /** Milliseconds from finding a difference to the kernel's ack of the repair. */
  readonly repair: LatencyHistogram;
}

/** A route of ours that is not in the kernel as wanted. */
export interface FibProblem {
  readonly prefix: Prefix;
  /** `unresolved` or an errno name such as EEXIST. */
  readonly reason: string;
  readonly attempts: number;
  readonly nextHops: readonly FibNextHop[];
}

/** A learned route that is kept out of the kernel for the host's own sake. */
export interface Refusal {
  readonly prefix: Prefix;
  readonly reason: string;
}

export interface TunnelStatus {
  readonly device: string;
  readonly kind: TunnelDevice['kind'];
  readonly ready: boolean;
  /** Why it is not ready; null when it is, or not known yet. */
  readonly problem: string | null;
  /** Null of what is not VXLAN, as `address`. */
  readonly vni: number | null;
  /** Ours, which the packets come from. */
  readonly address: string | null;
  /** Other ends that are programmed. */
  readonly ends: number;
}

/** A gateway of next hops that does not answer. */
export interface LostGateway {
  readonly address: IpAddress;
  readonly interface: string;
  /** Milliseconds on the process's monotonic clock. */
  readonly since: number;
}

export interface GatewayStatus {
  /** At most 100 of them. */
  readonly lost: readonly LostGateway[];
  readonly lostCount: number;
  /** Times a gateway was given up since the start. */
  readonly losses: number;
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
    /** At most 100 of them. */
    readonly refusals: readonly Refusal[];
    readonly refusedCount: number;
  };
  readonly tunnels: readonly TunnelStatus[];
  readonly gateways: GatewayStatus;
  readonly counters: KernelCounters;
  readonly drift: DriftStatus;
  /** Comparisons of the whole FIB with the kernel, and how long the last one took (ms, null before the first). */
  readonly audits: { readonly count: number; readonly lastDuration: number | null };
  /** Nexthop objects of ours in the kernel; null where routes carry their hops themselves. */
  readonly nextHopObjects: { readonly groups: number; readonly hops: number } | null;
}

export interface KernelCounters {
  readonly added: number;
  readonly replaced: number;
  readonly removed: number;
  readonly errors: Readonly<Record<string, number>>;
  /** Times a learned route was refused, by reason. */
  readonly refusals: Readonly<Record<string, number>>;
  readonly overruns: number;
  readonly resyncs: number;
  readonly workloadEvents: number;
  /** Milliseconds from the request to the kernel's ack, one observation a batch. */
  readonly latency: LatencyHistogram;
}
