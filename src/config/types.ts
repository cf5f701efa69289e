// The configuration after loading: complete, checked, immutable. The YAML's shape is `schema.ts`; this is what the rest
// of the daemon reads. Times are seconds unless the name says otherwise.

import type { FamilyName } from '../base/family.js';
import type { IpAddress } from '../base/ip.js';
import type { Prefix } from '../base/prefix.js';
import type { RoleName } from '../policy/roles.js';
import type { PolicyConfig, RouteSource } from '../policy/types.js';
import type { DecisionOptions } from '../rib/decision-steps.js';
import type { Vantage } from '../rib/export/vantage.js';
import type { PathChoice } from '../rib/hooks.js';
import type { Secret } from '../sys/secret.js';
import type { AoAlgorithm } from '../sys/tcp-ao.js';
import type { CalicoReport } from './calico/calico-report.js';
import type { KernelConfig } from './kernel-types.js';
import type { PlainConfig } from './sources/last-good.js';

export type { PolicyConfig, PrefixMatch, RouteSource, TermConfig } from '../policy/types.js';
export type { KernelConfig, KernelImportConfig, VxlanConfig } from './kernel-types.js';

export interface Config {
  readonly node: string;
  readonly asn: number;
  /** Null: the node's first IPv4 address, found by the daemon. */
  readonly routerId: number | null;
  readonly confederation: ConfederationConfig | null;
  readonly listen: readonly ListenConfig[];
  readonly decision: DecisionConfig;
  readonly limits: LimitsConfig;
  readonly gracefulRestart: NodeRestartConfig;
  readonly shutdown: ShutdownConfig;
  readonly routeReflector: RouteReflectorConfig | null;
  readonly optimalRouteReflection: readonly Vantage[];
  readonly kernel: KernelConfig;
  readonly pools: readonly PoolConfig[];
  readonly originate: readonly OriginateConfig[];
  readonly peers: readonly PeerConfig[];
  readonly dynamicPeers: readonly DynamicPeerConfig[];
  readonly policies: Readonly<Record<string, PolicyConfig>>;
  readonly rpki: RpkiConfig;
  readonly reload: ReloadConfig;
  readonly api: ApiConfig;
  readonly log: { readonly level: LogLevel; readonly format: 'auto' | 'json' | 'pretty' };
  /** Null: no Calico resources are read. */
  readonly calico: CalicoConfig | null;
}

export interface CalicoConfig {
  /** The name of this node among the resources. */
  readonly node: string;
  /** Files and folders; relative ones start where the configuration is. */
  readonly resources: readonly string[];
  /** A folder with a folder for each secret and a file in it for each key. Null: there are none. */
  readonly secrets: string | null;
  /** Towards eBGP peers of the resources. */
  readonly advertise: 'auto' | AdvertiseMode;
  /** Names of the pools that leave the AS; null: all that Calico announces. */
  readonly externalPools: readonly string[] | null;
  readonly usePodCidr: boolean;
}

/** `originated`: only what starts at this node, nothing that was learned from a peer. */
export type AdvertiseMode = 'originated' | 'all';

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

export interface ListenConfig {
  readonly address: IpAddress;
  readonly port: number;
  /** The host may get the address later. */
  readonly freeBind: boolean;
}

export interface RouteReflectorConfig {
  readonly clusterId: number;
  /** False: the clients of a cluster are meshed, so that their routes go to others only. */
  readonly clientToClient: boolean;
}

/** RFC 5065. `asn` of the node is its member AS. */
export interface ConfederationConfig {
  /** What the confederation is to others: its AS number. */
  readonly identifier: number;
  /** The other member ASes that we have sessions with. */
  readonly members: readonly number[];
}

export type DecisionConfig = DecisionOptions;

/** RFC 7911: what we offer in the OPEN. */
export interface AddPathConfig {
  readonly receive: boolean;
  /** Null: path ids are not sent. */
  readonly send: PathChoice | null;
}

/** RFC 4724. Peers have it with what their group and the node say merged in. */
export interface GracefulRestartConfig {
  /**
   * `full`: peers are asked to keep our routes while we restart, and theirs are kept. `helper`: only theirs. `off`:
   * neither; a session that ends takes its routes along.
   */
  readonly mode: 'full' | 'helper' | 'off';
  /** How long peers are to wait for us, 0 to 4095. */
  readonly restartTime: number;
  /** The longest that routes of a peer stay without being told again: until it is back, and from then until End-of-RIB. */
  readonly staleTime: number;
  /** RFC 8538: also when a session ends by a NOTIFICATION or an expired hold timer. */
  readonly notification: boolean;
}

export interface NodeRestartConfig extends GracefulRestartConfig {
  /** After a restart, the longest wait for the routes of all peers. */
  readonly selectionDeferral: number;
}

export interface ShutdownConfig {
  /** True: peers are to keep our routes when we stop, as for a restart. */
  readonly graceful: boolean;
}

/** Beyond them an alarm is raised; nothing is refused. Null: no limit. */
export interface LimitsConfig {
  /** Paths of all peers and local ones, both families. */
  readonly paths: number | null;
  readonly attributeSets: number | null;
  /** Resident memory of the process, MiB. */
  readonly memory: number | null;
}

export type Encapsulation = 'None' | 'IPIP' | 'IPIPCrossSubnet' | 'VXLAN' | 'VXLANCrossSubnet';

export interface PoolConfig {
  readonly cidr: Prefix;
  readonly external: boolean;
  readonly encapsulation: Encapsulation;
  /** Who programs the routes to workloads on other hosts: bgpd, or the node agent. */
  readonly overlay: 'bgp' | 'agent';
  /** One address may be on several hosts: no alarm. */
  readonly anycast: boolean;
}

export interface OriginateConfig {
  readonly prefix: Prefix;
  readonly kind: 'static' | 'aggregate' | 'service';
  /** The kernel drops what no longer prefix takes. */
  readonly blackhole: boolean;
  /** Workloads inside are not announced one by one, but for those with a lower metric than `kernel.metric`. */
  readonly suppressMoreSpecifics: boolean;
  /** Announced only while a more specific route from one of these is inside (`kernel`: a workload); empty: always. */
  readonly requireContributor: readonly RouteSource[];
  readonly communities: readonly CommunityConfig[];
}

/** RFC 1997 as one number, RFC 8092 as three. */
export type CommunityConfig =
  | { readonly kind: 'standard'; readonly value: number }
  | { readonly kind: 'large'; readonly value: readonly [number, number, number] };

export interface TimersConfig {
  readonly hold: number;
  /** Null: a third of the negotiated hold time. */
  readonly keepalive: number | null;
  readonly connectRetry: number;
  readonly delayOpen: number;
  /** Without the peer taking any octet (RFC 9687); 0: no limit. Null: 480, or twice the hold time if that is more. */
  readonly sendHold: number | null;
  readonly minRouteAdvertisement: number;
  /** After an error of the protocol: the first pause, the longest, and after how long without errors it is forgotten. */
  readonly idleHold: number;
  readonly idleHoldMax: number;
  readonly idleHoldForget: number;
  /** The first dial comes at a random time within this. */
  readonly startJitter: number;
}

export interface MaxPrefixConfig {
  readonly limit: number;
  /** Per cent of the limit from which on there is a warning. */
  readonly warn: number;
  /** `warn`: nothing but words. `idle`: Cease, and no session until `restart`. `drop`: what is beyond is not taken. */
  readonly action: 'warn' | 'idle' | 'drop';
  /** Seconds; null: until somebody clears or enables the peer. */
  readonly restart: number | null;
}

/** A TCP-AO master key (RFC 5925 3.1). */
export interface TcpAoKeyConfig {
  readonly sendId: number;
  readonly receiveId: number;
  readonly algorithm: AoAlgorithm;
  readonly key: Secret;
}

/** `internal`: our own AS; `external`: all others. */
export type PeerAsn = number | 'internal' | 'external';

/** RFC 7705: the AS that a peer knows us by. */
export interface LocalAsConfig {
  readonly asn: number;
  /** True: what the peer tells does not get this AS in front. */
  readonly noPrepend: boolean;
  /** True: what the peer is told has this AS in front instead of both. */
  readonly replaceAs: boolean;
  /** True: the peer may also know us by our real AS. */
  readonly dualAs: boolean;
}

/** A peer with its group already merged in. */
export interface PeerConfig {
  readonly name: string;
  readonly description: string | null;
  readonly group: string | null;
  /** `::` for an interface peer: whoever is found to be the router on `interface`. */
  readonly address: IpAddress;
  /** The zone of a link-local address, as in `fe80::1%eth1`; the interface of an interface peer. */
  readonly interface: string | null;
  readonly asn: PeerAsn;
  readonly localAs: LocalAsConfig | null;
  readonly port: number;
  readonly localAddress: IpAddress | null;
  readonly passive: boolean;
  readonly enabled: boolean;
  /** Hops; 1 means directly connected. Null: 1 for eBGP, any for iBGP. */
  readonly multihop: number | null;
  /** TCP-MD5 (RFC 2385). */
  readonly password: Secret | null;
  /** The first one signs what we send. */
  readonly tcpAo: readonly TcpAoKeyConfig[];
  /** GTSM (RFC 5082): the peer is at most so many hops away. Null: not checked. */
  readonly ttlSecurity: number | null;
  /** What a peer that is disabled or reset is told (RFC 9003). */
  readonly shutdownText: string;
  readonly maxPrefix: Readonly<Record<FamilyName, MaxPrefixConfig | null>>;
  /** Routes with more are not used. Null: no limit. */
  readonly maxAsPathLength: number | null;
  /** Of all three kinds together. */
  readonly maxCommunities: number | null;
  readonly families: readonly FamilyName[];
  readonly gracefulRestart: GracefulRestartConfig;
  readonly timers: TimersConfig;
  readonly routeReflectorClient: boolean;
  /** The cluster of a client, where it is not the reflector's own. */
  readonly clusterId: number | null;
  /** RFC 4271 5.1.3: `auto` follows the RFC, `self` puts in our own address, `keep` leaves what the route has. */
  readonly nextHop: 'auto' | 'self' | 'keep';
  /** How often our AS may be in the AS_PATH of what the peer tells. */
  readonly allowOwnAs: number;
  /** Towards an external peer: all private AS numbers, only those in front, or replaced by ours. */
  readonly removePrivateAs: 'all' | 'leading' | 'replace' | null;
  /** Towards an external peer: its own AS in AS_PATH becomes ours. */
  readonly overrideAs: boolean;
  /** RFC 7947: we are a route server and the peer is a client of it. */
  readonly routeServerClient: boolean;
  /** Of such a client (RFC 7947 2.3): it is told the best of the paths that it may be told. */
  readonly ownBestPath: boolean;
  /** RFC 9234: what we are to the peer. */
  readonly role: RoleName | null;
  /** A peer that says no role is refused. */
  readonly strictRole: boolean;
  /** RFC 8950. Null: on sessions over link-local addresses. */
  readonly extendedNextHop: boolean | null;
  /** RFC 8654. */
  readonly extendedMessages: boolean;
  readonly addPath: AddPathConfig;
  /** Of a client: the vantage its best paths are looked for from (RFC 9107); null: from here. */
  readonly vantage: string | null;
  /** What becomes of routes with AS_SET or AS_CONFED_SET in their path (RFC 9774). */
  readonly asSets: 'withdraw' | 'accept';
  /** Policy names in order; null: none configured (RFC 8212 applies to eBGP). */
  readonly import: readonly string[] | null;
  readonly export: readonly string[] | null;
  readonly advertise: AdvertiseMode;
  /** The gateway of a host route to the peer, which the kernel is given; null: the host's routes lead there. */
  readonly via: IpAddress | null;
}

export interface DynamicPeerConfig {
  readonly range: Prefix;
  readonly group: string;
  readonly limit: number;
  /** Seconds without a session after which a peer is forgotten. */
  readonly idleTime: number;
  /** What every peer of the range gets; name and address come when it connects. Null `asn` accepts any. */
  readonly template: Omit<PeerConfig, 'name' | 'address' | 'interface' | 'asn'> & {
    readonly asn: PeerAsn | null;
  };
}

/** What a reload may take away without being forced. */
export interface ReloadConfig {
  /** Per cent of the prefixes announced, to all peers and to each; null without a limit. */
  readonly maxWithdraw: number | null;
  /** Fewer prefixes than these may always go. */
  readonly minWithdraw: number;
}

export interface RpkiConfig {
  readonly caches: readonly CacheConfig[];
}

/** An RPKI cache that speaks RTR (RFC 8210). Seconds; null: as the cache says. */
export interface CacheConfig {
  readonly name: string;
  readonly address: IpAddress;
  readonly port: number;
  /** Of the caches that have data, those with the lowest count. */
  readonly preference: number;
  readonly refresh: number | null;
  readonly retry: number | null;
  readonly expire: number | null;
}

export interface ApiConfig {
  readonly socket: string | null;
  readonly listen: { readonly address: IpAddress; readonly port: number } | null;
}

/** One thing wrong with a configuration, worded for the person who wrote it. */
export interface ConfigProblem {
  readonly file: string;
  /** From 1; 0 when the place is unknown (unreadable file). */
  readonly line: number;
  readonly column: number;
  /** Dotted path of the key, such as `peers[2].asn`; only the key itself or empty where the YAML is at fault. */
  readonly key: string;
  readonly message: string;
  /** What would be right. */
  readonly remedy: string;
}

/** An object of the configuration that could not be taken over. */
export interface KeptObject {
  /** `peers tor-a`, `policies external`, `kernel`. */
  readonly object: string;
  readonly fate: 'kept' | 'leftOut';
  readonly problem: ConfigProblem;
}

export type ConfigResult =
  | {
      readonly ok: true;
      readonly config: Config;
      readonly warnings: readonly ConfigProblem[];
      /** What became of the Calico resources; null: none are configured. */
      readonly calico: CalicoReport | null;
      /** The plain data it was made of. */
      readonly source: PlainConfig;
      /** Objects with problems, which are as they were when they were good last, or left out. */
      readonly kept: readonly KeptObject[];
    }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };
