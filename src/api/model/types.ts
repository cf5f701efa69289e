// The one status model: what the daemon tells about itself. The HTTP API serves these as JSON, `bgpctl` prints them as
// tables, the metrics are computed from them at scrape time. Times are ISO 8601 strings or seconds; addresses are text.

import type { FamilyName } from '../../base/family.js';
import type { SessionState } from '../../fsm/types.js';

export type { LatencyHistogram } from '../../base/latency.js';
export type * from './calico-types.js';
export type * from './kernel-types.js';
export type * from './memory-types.js';
export type * from './preview-types.js';
export type * from './route-types.js';
export type * from './rpki-types.js';

import type { GracefulRestartConfig, MaxPrefixConfig, TimersConfig } from '../../config/types.js';
import type { BlameKind, Fault } from '../../fsm/blame.js';
import type { ListenerCounters } from '../../net/listener.js';
import type { PeerCounters } from '../../net/types.js';
import type { CalicoStatus } from './calico-types.js';
import type { KernelReport } from './kernel-types.js';
import type { MemoryReport } from './memory-types.js';
import type { PendingChange, RollbackStatus } from './preview-types.js';
import type { RouteListing, RouteQuery } from './route-types.js';
import type { RpkiStatus } from './rpki-types.js';

export interface Summary {
  readonly version: string;
  readonly node: string;
  readonly asn: number;
  readonly routerId: string;
  readonly clusterId: string | null;
  readonly startedAt: string;
  readonly uptimeSeconds: number;
  readonly config: ConfigStatus;
  readonly kernelBackend: 'netlink' | 'memory' | 'none';
  readonly rib: Readonly<Record<FamilyName, RibFamilyStatus>>;
  readonly attributeSets: number;
  readonly updateGroups: number;
  readonly connections: ConnectionCounters;
  readonly peers: readonly PeerSummary[];
}

/** All but its list, which comes last. */
export type SummaryHead = Omit<Summary, 'peers'>;

/** Incoming connections since the start, by what became of them. */
export type ConnectionCounters = ListenerCounters;

export interface ConfigStatus {
  readonly file: string;
  /** Counts successful loads from 1. */
  readonly generation: number;
  readonly loadedAt: string;
  /** The last reload failed and the running configuration stayed: why. */
  readonly lastError: string | null;
  /** Keys whose new value was loaded and is not in force: it is at the next start. */
  readonly needsRestart: readonly string[];
  /** Changes refused since the start because they would withdraw too much. */
  readonly guarded: number;
  /** A change that is rolled back unless it is confirmed; null: none. */
  readonly pending: PendingChange | null;
  readonly lastRollback: RollbackStatus | null;
  /** Since the start, by cause. */
  readonly rollbacks: Readonly<Record<'timeout' | 'session' | 'operator', number>>;
}

export interface ConfigReport extends ConfigStatus {
  /** Peers, groups, policies, sets, pools and so on by name, other sections as a whole. */
  readonly objects: readonly ObjectStatus[];
}

export interface ObjectStatus {
  /** `peers tor-a`, `policies external`, `kernel`. */
  readonly object: string;
  /** The load in which it became what it is; 0: it is in the file and was never good. */
  readonly generation: number;
  /** What is wrong with it in the file; what is in force is the last good one. */
  readonly error: string | null;
}

export interface RibFamilyStatus {
  readonly prefixes: number;
  readonly paths: number;
  /** Prefixes with a best path. */
  readonly best: number;
  /** Prefixes whose traffic several paths share. */
  readonly multipath: number;
  readonly local: number;
}

export interface PeerSummary {
  readonly name: string;
  readonly address: string;
  readonly asn: number;
  /** `confed`: in another member AS of our confederation (RFC 5065). */
  readonly type: 'ibgp' | 'confed' | 'ebgp';
  readonly dynamic: boolean;
  readonly state: SessionState;
  /** Seconds in the state. */
  readonly sinceSeconds: number;
  readonly enabled: boolean;
  readonly prefixes: Readonly<Record<FamilyName, PeerPrefixCounts>>;
  /** Plain words with the evidence; null while Established. */
  readonly reason: string | null;
  /** The same with whose fault it is; null while Established. */
  readonly blame: PeerBlameStatus | null;
  /** Null: it does not restart, or nothing of it is kept for that. */
  readonly restart: PeerRestartStatus | null;
  /** Things that are as configured and yet surprise, such as RFC 8212 denial. */
  readonly notes: readonly string[];
}

/** RFC 4724: the peer is away and its routes stay, or it is back and tells them again. */
export interface PeerRestartStatus {
  readonly state: 'away' | 'back';
  /** Of them it has not told again. */
  readonly stalePaths: number;
  /** Until those go. */
  readonly secondsLeft: number;
}

export interface PeerBlameStatus {
  readonly kind: BlameKind;
  readonly fault: Fault;
  readonly text: string;
  /** What was seen, a line each. */
  readonly evidence: readonly string[];
  readonly since: string;
}

export interface PrefixLimitStatus extends MaxPrefixConfig {
  readonly level: 'below' | 'near' | 'over';
  /** In this session, beyond the limit. */
  readonly dropped: number;
}

export interface PeerPrefixCounts {
  readonly negotiated: boolean;
  readonly received: number;
  readonly accepted: number;
  readonly advertised: number;
}

export interface PeerDetail extends PeerSummary {
  readonly description: string | null;
  readonly group: string | null;
  readonly localAsn: number;
  readonly localAddress: string | null;
  readonly routerId: string | null;
  readonly holdTime: number | null;
  readonly keepaliveTime: number | null;
  readonly capabilities: {
    readonly local: readonly string[];
    readonly peer: readonly string[];
    readonly inForce: readonly string[];
  };
  readonly policies: { readonly import: readonly string[] | null; readonly export: readonly string[] | null };
  /** What is uncommon about the peer: local AS, role, next hop and the like; empty for a plain one. */
  readonly kind: readonly string[];
  readonly routeReflectorClient: boolean;
  /** Of a client: its cluster. */
  readonly clusterId: string | null;
  readonly counters: PeerCounters;
  /** What ended last, a session or an attempt; stays when the peer is up again. */
  readonly lastDown: {
    readonly at: string;
    readonly reason: string;
    readonly kind: BlameKind;
    readonly fault: Fault;
    readonly evidence: readonly string[];
  } | null;
  readonly lastUp: string | null;
  /** Graceful restarts of the peer since it was made: begun, followed by a session, ended by time. */
  readonly restarts: { readonly away: number; readonly back: number; readonly expired: number };
  readonly gracefulRestart: GracefulRestartConfig;
  readonly queuedBytes: number;
  readonly updateGroup: number | null;
  /** Attributes malformed so far, by verdict. */
  readonly verdicts: Readonly<Record<string, number>>;
  /** Routes that came and were refused as loops, by the attribute that showed it. */
  readonly loops: Readonly<Record<'asPath' | 'originatorId' | 'clusterList' | 'onlyToCustomer', number>>;
  /** Routes beyond a limit: not used (AS_PATH, communities) or not taken (prefixes). */
  readonly excess: Readonly<Record<'asPathLength' | 'communities' | 'prefixes', number>>;
  readonly security: {
    /** Where the TCP-MD5 key comes from. */
    readonly password: string | null;
    readonly tcpAo: readonly {
      readonly sendId: number;
      readonly receiveId: number;
      readonly algorithm: string;
      readonly key: string;
    }[];
    /** GTSM: hops. */
    readonly ttlSecurity: number | null;
  };
  readonly prefixLimits: Readonly<Record<FamilyName, PrefixLimitStatus | null>>;
  /** As configured, in seconds; what is in force for hold and keepalive stands above. */
  readonly timers: TimersConfig;
  /** In force, in seconds. */
  readonly sendHoldTime: number | null;
}

/** Something that somebody has to look at, for as long as it lasts. */
export interface AlarmStatus {
  /** `foreignOrigin`: an address or a block that lives here is announced from elsewhere as well. */
  readonly name: 'foreignOrigin';
  readonly subject: string;
  readonly detail: string;
  readonly sinceSeconds: number;
}

export interface PoolStatus {
  readonly cidr: string;
  readonly encapsulation: string;
  /** Who programs the routes to workloads on other hosts. */
  readonly overlay: 'bgp' | 'agent';
  readonly external: boolean;
  /** The tunnel's, where it is bgpd's business. */
  readonly device: string | null;
  /** Why packets can't travel so; null when they can. */
  readonly problem: string | null;
  /** Workload routes of this host inside. */
  readonly workloads: number;
  /** Configured routes inside. */
  readonly originated: number;
}

export interface Health {
  readonly ok: boolean;
  /** One line each; empty when all is well. */
  readonly reasons: readonly string[];
  /** What should be looked at and keeps nobody from using the node; absent when there is nothing. */
  readonly notes?: readonly string[];
}

export interface Verdict {
  readonly ok: boolean;
  /** One line. */
  readonly message: string;
}

/** `in`, `out`: soft, one direction; `soft`: both. */
export type ClearMode = 'hard' | 'soft' | 'in' | 'out';

/** What operators may do to peers; each concerns one peer only. `persist`: it outlives the process. */
export interface PeerAdministration {
  /** `text` is for the peer (RFC 9003) and for whoever asks why it is down. */
  switch(id: string, enabled: boolean, text: string, persist: boolean): Promise<Verdict>;
  clear(id: string, mode: ClearMode, text: string): Promise<Verdict>;
  /** `section`: as in `peers` of the configuration. */
  add(section: Readonly<Record<string, unknown>>, persist: boolean): Promise<Verdict>;
  remove(id: string, persist: boolean): Promise<Verdict>;
}

/** Implemented by the daemon; every call is a fresh, consistent snapshot and costs no more than what it returns. */
/** Thousands of peers: each is looked at when its turn comes, so that nobody waits for all of them. */
export interface StatusSource {
  summary(): SummaryHead;
  peerSummaries(): Iterable<PeerSummary>;
  peers(): Iterable<PeerDetail>;
  /** By name or address; null when there is none. */
  peer(nameOrAddress: string): PeerDetail | null;
  /** A string explains why the query can't be answered. */
  routes(query: RouteQuery): RouteListing | string;
  kernel(): KernelReport | null;
  /** Null: no Calico resources are configured. */
  calico(): CalicoStatus | null;
  memory(): MemoryReport;
  pools(): readonly PoolStatus[];
  alarms(): readonly AlarmStatus[];
  rpki(): RpkiStatus;
  config(): ConfigReport;
  health(): Health;
  readiness(): Health;
  /** Verdict of a reload as `bgpctl reload` and SIGHUP do it. `force`: the guard does not count. */
  reload(force?: boolean): Promise<{ readonly ok: boolean; readonly message: string }>;
}
