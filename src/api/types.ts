// The one status model: what the daemon tells about itself. The HTTP API serves these as JSON, `bgpctl` prints them as
// tables, the metrics are computed from them at scrape time. Times are ISO 8601 strings or seconds; addresses are text.

import type { FamilyName } from '../base/family.js';
import type { SessionState } from '../fsm/types.js';
import type { KernelStatus } from '../kernel/types.js';

export type { LatencyHistogram } from '../kernel/types.js';

import type { MaxPrefixConfig, TimersConfig } from '../config/types.js';
import type { BlameKind, Fault } from '../fsm/blame.js';
import type { ListenerCounters } from '../net/listener.js';
import type { PeerCounters } from '../net/types.js';

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
}

export interface CalicoStatus {
  /** The node that we are among the resources. */
  readonly node: string;
  readonly objects: readonly CalicoObjectStatus[];
  /** Resources of kinds that mean nothing to bgpd. */
  readonly otherResources: number;
  /** A line each: files that can't be read, objects that are missing or overridden. */
  readonly problems: readonly string[];
}

export interface CalicoObjectStatus {
  readonly kind: string;
  readonly name: string;
  readonly file: string;
  readonly line: number;
  /** lastGood: the object is wrong, and an earlier version of it is in force. */
  readonly state: 'applied' | 'degraded' | 'lastGood' | 'refused';
  /** The generation of the configuration since which the version in force is; null: none is. */
  readonly generation: number | null;
  readonly problems: readonly string[];
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
  readonly local: number;
}

export interface PeerSummary {
  readonly name: string;
  readonly address: string;
  readonly asn: number;
  readonly type: 'ibgp' | 'ebgp';
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
  /** Things that are as configured and yet surprise, such as RFC 8212 denial. */
  readonly notes: readonly string[];
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
  readonly queuedBytes: number;
  readonly updateGroup: number | null;
  /** Attributes malformed so far, by verdict. */
  readonly verdicts: Readonly<Record<string, number>>;
  /** Routes that came and were refused as loops, by the attribute that showed it. */
  readonly loops: Readonly<Record<'asPath' | 'originatorId' | 'clusterList', number>>;
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

export interface RouteQuery {
  readonly family?: FamilyName;
  /** Exact prefix or, for an address, the longest match. */
  readonly prefix?: string;
  /** Routes learned from (`in`) or told to (`out`) this peer, by name or address. */
  readonly peer?: string;
  readonly direction?: 'in' | 'out';
  /** Also paths that are not best. */
  readonly all?: boolean;
  readonly limit?: number;
}

export interface RouteStatus {
  readonly prefix: string;
  readonly best: boolean;
  readonly source: string;
  readonly sourceType: 'kernel' | 'static' | 'ibgp' | 'ebgp';
  readonly nextHop: string | null;
  readonly origin: 'IGP' | 'EGP' | 'INCOMPLETE';
  readonly asPath: string;
  readonly localPref: number | null;
  readonly med: number | null;
  /** Standard and large ones. */
  readonly communities: readonly string[];
  /** Those of 8 octets, then the IPv6 specific ones: `rt:65001:100`, `0x…` for what has no customary form. */
  readonly extendedCommunities: readonly string[];
  readonly atomicAggregate: boolean;
  /** As in `65001 192.0.2.1`. */
  readonly aggregator: string | null;
  /** The accumulated IGP metric in decimal, and TLVs besides it (RFC 7311). */
  readonly aigp: string | null;
  /** The AS number of ONLY_TO_CUSTOMER (RFC 9234). */
  readonly onlyToCustomer: number | null;
  /** Of TUNNEL_ENCAP (RFC 9012), one line each. */
  readonly tunnels: readonly string[];
  /** Attributes that are only passed on: `PMSI_TUNNEL 0x…`, `attribute 99 0x…`. */
  readonly otherAttributes: readonly string[];
  readonly originatorId: string | null;
  readonly clusterList: readonly string[];
  /** Why it is best, or what it lost by, with the step of the decision; or why it can't be used. */
  readonly decision: string;
  /** For the best path: `installed`, `pending`, `failed: EEXIST`, `local`, `not installed: …`. */
  readonly kernel: string | null;
}

export interface RouteList {
  readonly routes: readonly RouteStatus[];
  /** All that match, also beyond the limit. */
  readonly total: number;
}

export interface KernelReport extends Omit<KernelStatus, 'links' | 'addresses' | 'fib'> {
  readonly links: readonly {
    readonly name: string;
    readonly up: boolean;
    readonly addresses: readonly string[];
  }[];
  readonly workloadRoutes: readonly {
    readonly prefix: string;
    readonly interface: string;
    readonly protocol: number;
  }[];
  readonly fib: Omit<KernelStatus['fib'], 'problems'> & {
    readonly problems: readonly {
      readonly prefix: string;
      readonly reason: string;
      readonly attempts: number;
      readonly nextHops: readonly string[];
    }[];
  };
}

/** Octets, unless the name says otherwise. */
export interface MemoryReport {
  /** The whole process, from the system and from the engine. */
  readonly process: {
    readonly rss: number;
    readonly heapUsed: number;
    readonly heapTotal: number;
    readonly external: number;
    readonly arrayBuffers: number;
  };
  readonly tables: Readonly<
    Record<FamilyName, { readonly prefixes: MemoryShare; readonly paths: MemoryShare }>
  >;
  readonly attributeSets: {
    readonly count: number;
    readonly columnBytes: number;
    readonly arenaBytes: number;
  };
  readonly nextHops: MemoryShare;
  /** Lists of what is to be decided. */
  readonly work: { readonly bytes: number };
  readonly updateGroups: readonly UpdateGroupMemory[];
  /** Of all tables and groups. */
  readonly ribBytes: number;
  readonly peers: readonly {
    readonly name: string;
    /** Paths received from it. */
    readonly paths: number;
    /** To send, and not taken by the system yet. */
    readonly queuedBytes: number;
  }[];
  readonly limits: readonly LimitStatus[];
}

export interface MemoryShare {
  readonly count: number;
  readonly bytes: number;
}

export interface UpdateGroupMemory {
  readonly id: number;
  readonly members: number;
  readonly adjRibOut: number;
  /** What became of attribute sets on their way out. */
  readonly memo: number;
  /** Room for the changes of a pass. */
  readonly pending: number;
  /** Packets that members have not taken, and the same of those who are behind. */
  readonly queue: number;
  readonly catchUps: number;
}

/** A configured limit. `memory` is in octets here. */
export interface LimitStatus {
  readonly name: 'paths' | 'attributeSets' | 'memory';
  readonly limit: number;
  readonly used: number;
  readonly exceeded: boolean;
}

export interface RpkiStatus {
  readonly caches: readonly CacheStatus[];
  /** In force. */
  readonly records: Readonly<Record<FamilyName, number>>;
}

/** An RPKI cache (RFC 8210). */
export interface CacheStatus {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly preference: number;
  readonly state: 'down' | 'connecting' | 'querying' | 'receiving' | 'synced';
  /** Of the protocol; null until the cache has answered. */
  readonly version: number | null;
  readonly session: number | null;
  readonly serial: number | null;
  readonly records: number;
  /** It has the lowest preference of those that have data. */
  readonly counts: boolean;
  readonly updatedSecondsAgo: number | null;
  /** Seconds. */
  readonly intervals: { readonly refresh: number; readonly retry: number; readonly expire: number };
  readonly lastError: string | null;
}

export interface Health {
  readonly ok: boolean;
  /** One line each; empty when all is well. */
  readonly reasons: readonly string[];
}

export interface LoopStatus {
  /** Seconds, over the last scrape interval. */
  readonly lagP50: number;
  readonly lagP99: number;
  readonly lagMax: number;
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
export interface StatusSource {
  summary(): Summary;
  peers(): readonly PeerDetail[];
  /** By name or address; null when there is none. */
  peer(nameOrAddress: string): PeerDetail | null;
  /** A string explains why the query can't be answered. */
  routes(query: RouteQuery): RouteList | string;
  kernel(): KernelReport | null;
  /** Null: no Calico resources are configured. */
  calico(): CalicoStatus | null;
  memory(): MemoryReport;
  rpki(): RpkiStatus;
  config(): ConfigReport;
  health(): Health;
  readiness(): Health;
  /** Verdict of a reload as `bgpctl reload` and SIGHUP do it. */
  reload(): Promise<{ readonly ok: boolean; readonly message: string }>;
}
