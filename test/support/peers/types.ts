// What every kind of router in a test network can be told and asked, whatever program it runs. No behaviour.

import type { LoggedProcess } from '../logged-process.js';
import type { NetNode } from '../netns.js';

export type RouterKind = 'bird' | 'frr' | 'gobgp' | 'bgpd';

export type Family = 'ipv4-unicast' | 'ipv6-unicast';

export interface NeighborSpec {
  readonly address: string;
  readonly asn: number;
  /** Our end of the session; default: chosen by the system. */
  readonly localAddress?: string;
  /** Default: the family of `address` only. */
  readonly families?: readonly Family[];
  readonly passive?: boolean;
  /** Seconds. Default: the program's own. */
  readonly holdTime?: number;
  readonly password?: string;
  /** GTSM: hops. */
  readonly ttlSecurity?: number;
  readonly maxPrefix?: MaxPrefixSpec;
  readonly routeReflectorClient?: boolean;
  readonly nextHopSelf?: boolean;
  /** ADD-PATH (RFC 7911) both ways, all paths. */
  readonly addPath?: boolean;
  /** Only routes inside these leave; default: all. */
  readonly exportOnly?: readonly string[];
  /** Of these only what starts here: not what other hosts announce (bgpd only). */
  readonly exportOwn?: boolean;
  /** eBGP over several hops. */
  readonly multihop?: number;
  /** More in the program's own words. */
  readonly words?: NeighborWords;
}

/** What only some programs know, or each by another name; each reads its own field. */
export interface NeighborWords {
  /** Keys of the peer. */
  readonly bgpd?: Readonly<Record<string, unknown>>;
  /** Lines of the protocol; `birdChannel` of each of its channels. */
  readonly bird?: readonly string[];
  readonly birdChannel?: string;
  /** What follows `neighbor ADDRESS`; `frrFamily` in each address family. */
  readonly frr?: readonly string[];
  readonly frrFamily?: readonly string[];
  /** Lines of TOML below the neighbour. */
  readonly gobgp?: readonly string[];
  /** The same below each of its families. */
  readonly gobgpFamily?: readonly string[];
}

/** bgpd knows all of it; the others end the session at the limit. */
export interface MaxPrefixSpec {
  readonly limit: number;
  readonly action?: 'warn' | 'idle' | 'drop';
  readonly restart?: number;
}

/** A route the router originates by itself. */
export interface AnnouncedRoute {
  readonly prefix: string;
  readonly communities?: readonly string[];
  readonly largeCommunities?: readonly string[];
  readonly med?: number;
  readonly localPref?: number;
  /** Prepended as is. */
  readonly asPath?: readonly number[];
}

export interface RouterSpec {
  /** More of the whole router in the program's own words: keys of bgpd, lines of the others. */
  readonly words?: {
    readonly bgpd?: Readonly<Record<string, unknown>>;
    readonly lines?: readonly string[];
    /** Of the command line; BIRD and GoBGP. */
    readonly options?: readonly string[];
  };
  readonly asn: number;
  readonly routerId: string;
  readonly neighbors: readonly NeighborSpec[];
  readonly announce?: readonly AnnouncedRoute[];
  readonly clusterId?: string;
  /** Accept the neighbours from these ranges instead of naming them; all are then as the first one (bgpd only). */
  readonly acceptFrom?: readonly string[];
  /** Put learned routes into the namespace's kernel. */
  readonly install?: boolean;
  /** Advertise the kernel's host routes inside these pools (the workloads). */
  readonly importPools?: readonly string[];
  /** Those of `importPools` that may be known outside; matters to bgpd, whose pools say so. */
  readonly externalPools?: readonly string[];
  /** LOCAL_PREF from the kernel's metric, and back (bgpd only). */
  readonly localPrefFromMetric?: boolean;
  /** Pools whose packets go in tunnels of the router's own making (bgpd only). */
  readonly encapsulated?: Readonly<Record<string, string>>;
}

export type SessionState = 'Idle' | 'Connect' | 'Active' | 'OpenSent' | 'OpenConfirm' | 'Established';

export interface ReceivedRoute {
  readonly prefix: string;
  /** Without a link-local second address. */
  readonly nextHop: string;
  readonly origin: 'IGP' | 'EGP' | 'INCOMPLETE';
  /** AS numbers with spaces between, sets in braces; empty for our own AS. */
  readonly asPath: string;
  readonly localPref: number | null;
  readonly med: number | null;
  /** As in 64512:1, sorted. */
  readonly communities: readonly string[];
  readonly largeCommunities: readonly string[];
  readonly originatorId: string | null;
  readonly clusterList: readonly string[];
}

/** A NOTIFICATION as the router logged it (RFC 4271 section 4.5). */
export interface SeenNotification {
  readonly direction: 'sent' | 'received';
  readonly code: number;
  readonly subcode: number;
}

export interface Router {
  readonly kind: RouterKind;
  readonly node: NetNode;
  readonly spec: RouterSpec;
  /** The BGP process that was started last. */
  readonly process: LoggedProcess | null;
  /** Resolves when the router answers questions. */
  start(): Promise<void>;
  /** An orderly end, as its service script asks for it. */
  stop(): Promise<void>;
  /** SIGKILL; nothing is tidied up. */
  kill(): Promise<void>;
  session(neighbor: string): Promise<SessionState>;
  /** All routes this neighbour has told, in the order of their text. */
  received(neighbor: string, family: Family): Promise<readonly ReceivedRoute[]>;
  announce(route: AnnouncedRoute): Promise<void>;
  withdraw(prefix: string): Promise<void>;
  /** Administrative reset of one session from this side: a NOTIFICATION Cease goes out. */
  reset(neighbor: string): Promise<void>;
  /** Asks the neighbour for everything again (RFC 2918). */
  refresh(neighbor: string): Promise<void>;
  /** Administrative shutdown with a text for the other side (RFC 9003). */
  shutdown(neighbor: string, text: string): Promise<void>;
  notifications(neighbor: string): Promise<readonly SeenNotification[]>;
  /** Everything a person would want to see when a test fails. */
  evidence(): Promise<string>;
}

/** A neighbour without an address: it is whoever is found on this interface. */
export const isInterface = ({ address }: NeighborSpec): boolean => !/[.:]/.test(address);

export const familyOf = (text: string): Family => (text.includes(':') ? 'ipv6-unicast' : 'ipv4-unicast');

export const familiesOf = (neighbor: NeighborSpec): readonly Family[] =>
  neighbor.families ?? [familyOf(neighbor.address)];

export const byPrefix = (a: ReceivedRoute, b: ReceivedRoute): number =>
  a.prefix < b.prefix ? -1 : a.prefix > b.prefix ? 1 : 0;
