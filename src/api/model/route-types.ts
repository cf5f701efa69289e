// Routes and what was asked about them, as the status model tells it.

import type { FamilyName } from '../../base/family.js';

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
  /** Shares the traffic with the best path, or is the best of several that do. */
  readonly multipath: boolean;
  /** Its peer restarts and has not told it again (RFC 4724). */
  readonly stale: boolean;
  /** RFC 7911: as the peer sent it, or as we sent it to the peer asked for; null on sessions without. */
  readonly pathId: number | null;
  /** The first step of the decision; never told to anybody. */
  readonly weight: number;
  readonly source: string;
  readonly sourceType: 'kernel' | 'static' | 'aggregate' | 'service' | 'ibgp' | 'confed' | 'ebgp';
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
  /** For the best path and those that share with it: `installed`, `pending`, `failed: EEXIST`, `local`, `not installed: …`. */
  readonly kernel: string | null;
}

/**
 * An answer in the making. Routes come in the order of their prefixes: IPv4 before IPv6, by address, the wider one first;
 * those of one prefix as they were decided. What changes while the table is looked through may or may not be in it.
 */
export interface RouteListing {
  /** Looks on for a few milliseconds at most; true while there is more to look through. */
  more(): boolean;
  /** All that match, also beyond the limit; known when there is nothing more. */
  readonly total: number;
  /** Up to the limit, each made only when it is asked for; to be read when there is nothing more. */
  readonly routes: Iterable<RouteStatus>;
}

export interface RouteList {
  readonly routes: readonly RouteStatus[];
  /** All that match, also beyond the limit. */
  readonly total: number;
}
