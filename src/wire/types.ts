// The shapes of BGP data once decoded. No behaviour.
//
// The *attribute block* is the one form in which path attributes travel through the daemon and are interned:
//   octet 0        n, the length of the next hop: 0, 4, 16 or 32 (32 is global + link-local, RFC 2545)
//   octets 1..n    the next hop, taken from NEXT_HOP or MP_REACH_NLRI
//   then           the other attributes as TLVs: ascending code, each at most once, shortest length form, flags as the
//                  RFC wants them, AS_PATH and AGGREGATOR with 4-octet AS numbers (AS4_PATH and AS4_AGGREGATOR merged in),
//                  without NEXT_HOP, MP_REACH_NLRI, MP_UNREACH_NLRI.
// Two routes have the same attributes exactly when their blocks are the same octets.

import type { FamilyIndex } from '../base/family.js';
import type { IpAddress } from '../base/ip.js';

/** What a NOTIFICATION says (RFC 4271 4.5). */
export interface Notification {
  readonly code: number;
  readonly subcode: number;
  readonly data: Uint8Array;
}

export interface AfiSafi {
  readonly afi: number;
  readonly safi: number;
}

export type AddPathMode = 1 | 2 | 3;

/** RFC 5492 capabilities, one variant each; what we do not know keeps its octets. */
export type Capability =
  | { readonly kind: 'multiprotocol'; readonly afi: number; readonly safi: number }
  | { readonly kind: 'routeRefresh' }
  | { readonly kind: 'enhancedRouteRefresh' }
  | { readonly kind: 'extendedMessage' }
  | { readonly kind: 'fourOctetAs'; readonly asn: number }
  | {
      readonly kind: 'gracefulRestart';
      readonly restarting: boolean;
      readonly notification: boolean;
      /** Seconds. */
      readonly restartTime: number;
      readonly families: readonly (AfiSafi & { readonly forwarding: boolean })[];
    }
  | {
      readonly kind: 'longLivedGracefulRestart';
      readonly families: readonly (AfiSafi & { readonly forwarding: boolean; readonly staleTime: number })[];
    }
  | { readonly kind: 'addPath'; readonly families: readonly (AfiSafi & { readonly mode: AddPathMode })[] }
  | {
      readonly kind: 'extendedNextHop';
      readonly families: readonly (AfiSafi & { readonly nextHopAfi: number })[];
    }
  | { readonly kind: 'role'; readonly role: number }
  | { readonly kind: 'fqdn'; readonly host: string; readonly domain: string }
  | { readonly kind: 'softwareVersion'; readonly version: string }
  | { readonly kind: 'unknown'; readonly code: number; readonly value: Uint8Array };

export interface OpenMessage {
  readonly version: number;
  /** The 2-octet field; AS_TRANS (23456) when the AS needs four. */
  readonly asn: number;
  /** Seconds. */
  readonly holdTime: number;
  readonly routerId: number;
  readonly capabilities: readonly Capability[];
}

export interface RouteRefreshMessage {
  readonly afi: number;
  readonly safi: number;
  /** 0 request, 1 BoRR, 2 EoRR (RFC 7313). */
  readonly subtype: number;
}

/** Of what kind a session is; `confed` is external to another member AS of our confederation (RFC 5065). */
export type SessionType = 'ibgp' | 'confed' | 'ebgp';

/** What the decoder of one session must know about the session. */
export interface DecodeContext {
  readonly asn4: boolean;
  readonly sessionType: SessionType;
  /** By family index: the family was negotiated. */
  readonly families: readonly [boolean, boolean];
  /** By family index: NLRI from the peer carry path ids (RFC 7911). */
  readonly addPath: readonly [boolean, boolean];
  /** We announced RFC 8950 to the peer: IPv4 routes may have an IPv6 next hop. Absent: no. */
  readonly extendedNextHop?: boolean;
  /** RFC 7311 3.3, AIGP_SESSION: absent means that AIGP of an external peer is ignored. */
  readonly aigp?: boolean;
  /** RFC 9774 3: routes with AS_SET or AS_CONFED_SET in their path are withdrawn. Absent: taken. */
  readonly refuseAsSets?: boolean;
  /** RFC 9012 11: absent means that what an external peer says of tunnels is filtered. */
  readonly tunnelEncapsulation?: boolean;
  /** The session runs over link-local addresses: of a next hop that has both, the link-local address is used. */
  readonly linkLocalNextHop?: boolean;
}

/** One malformed attribute and what RFC 7606 makes of it; at most a few per UPDATE. */
export interface AttributeVerdict {
  readonly action: 'discard' | 'withdraw' | 'disable' | 'reset';
  readonly attribute: number;
  readonly reason: string;
  /** The attribute as received, capped. */
  readonly bytes: Uint8Array;
}

/** A run of NLRI in the frame, checked: every prefix is complete and no longer than its family allows. */
export interface NlriRun {
  readonly kind: 'reach' | 'unreach';
  readonly family: FamilyIndex;
  readonly addPath: boolean;
  /** Octets of `UpdateView.frame`. */
  readonly start: number;
  readonly end: number;
  /** The attribute block of a reach run: octets of `UpdateView.scratch`; 0, 0 for unreach. */
  readonly blockStart: number;
  readonly blockEnd: number;
}

/** A decoded UPDATE; valid until the decoder that made it is used again. */
export interface UpdateView {
  readonly frame: Uint8Array;
  readonly scratch: Uint8Array;
  /** Withdrawals first. Treat-as-withdraw has already turned reach into unreach. Empty on reset. */
  readonly runs: readonly NlriRun[];
  /** End-of-RIB of this family (RFC 4724 2), or null. */
  readonly endOfRib: FamilyIndex | null;
  readonly verdicts: readonly AttributeVerdict[];
  /** Not null: the session must be reset with this. */
  readonly reset: Notification | null;
}

export interface AsPathSegment {
  readonly kind: 'set' | 'sequence' | 'confedSequence' | 'confedSet';
  readonly asns: readonly number[];
}

export interface Tlv {
  readonly type: number;
  readonly value: Uint8Array;
}

/** One tunnel of TUNNEL_ENCAP (RFC 9012 2): its type and its sub-TLVs in order, those we do not know included. */
export interface Tunnel {
  readonly type: number;
  readonly subTlvs: readonly Tlv[];
}

/** What this host knows of a route and never tells; attribute 0 of a block. Null: unknown, or not set. */
export interface LocalFacts {
  /** Set by policy: decides before LOCAL_PREF, the higher the better. */
  readonly weight: number | null;
  /** Of a kernel route, or set by policy for the route that is installed. */
  readonly metric: number | null;
  /** Of a kernel route; of a learned one that to its next hop, where policies ask for it. */
  readonly interface: string | null;
}

/** A block decoded for policies, the API and people; never made on the hot path. */
export interface PathAttributes {
  readonly local: LocalFacts;
  readonly nextHop: IpAddress | null;
  readonly linkLocalNextHop: IpAddress | null;
  /** 0 IGP, 1 EGP, 2 INCOMPLETE. */
  readonly origin: number;
  readonly asPath: readonly AsPathSegment[];
  readonly med: number | null;
  readonly localPref: number | null;
  readonly atomicAggregate: boolean;
  readonly aggregator: { readonly asn: number; readonly address: number } | null;
  readonly communities: readonly number[];
  readonly extendedCommunities: readonly Uint8Array[];
  readonly largeCommunities: readonly (readonly [number, number, number])[];
  readonly originatorId: number | null;
  readonly clusterList: readonly number[];
  /** RFC 9012; empty when absent. */
  readonly tunnels: readonly Tunnel[];
  /** RFC 5701, 20 octets each. */
  readonly ipv6ExtendedCommunities: readonly Uint8Array[];
  /** The TLVs of AIGP (RFC 7311 3) in order; the first of type 1 counts. Empty when absent. */
  readonly aigp: readonly Tlv[];
  /** RFC 9234 5: the AS number of ONLY_TO_CUSTOMER. */
  readonly onlyToCustomer: number | null;
  /** PMSI_TUNNEL and everything else without a field, as octets. */
  readonly others: readonly { readonly code: number; readonly flags: number; readonly value: Uint8Array }[];
}

/** The big-endian number of `size` octets at `at` of a community lies between, both ends included. */
export interface OctetRange {
  readonly at: number;
  readonly size: 1 | 2 | 4;
  readonly min: number;
  readonly max: number;
}

/** All must hold; empty: every community. */
export type CommunityPattern = readonly OctetRange[];

/** Takes out what one of the patterns matches, then appends what is not there yet: whole communities in a row. */
export interface CommunityEdit {
  readonly remove: readonly CommunityPattern[];
  readonly add: Uint8Array;
}

/** What the decision process reads of a block, filled in place by `readFacts`. */
export interface AttributeFacts {
  origin: number;
  /** RFC 4271 9.1.2.2 a with RFC 5065: a set counts 1, confederation segments 0. */
  asPathLength: number;
  /** Leftmost AS of the path when it starts with a sequence (confederation segments skipped), else 0. */
  neighbourAs: number;
  /** -1 when absent. */
  med: number;
  /** -1 when absent. */
  localPref: number;
  /** -1 when absent. */
  originatorId: number;
  clusterListLength: number;
  /** There is an AIGP metric (RFC 7311 3); `aigpOf` reads it. */
  hasAigp: boolean;
  /** 0 when absent. */
  weight: number;
}

/**
 * Private AS numbers (RFC 6996) in AS_PATH: all go, or all become `by`, or those in front of the first public one go.
 * `keep` is the receiver's own AS number.
 */
export interface PrivateAsRemoval {
  readonly mode: 'all' | 'replace' | 'leading';
  readonly keep: number;
  readonly by: number;
}

/** Changes to a block; absent means leave, null means remove. */
export interface AttributeEdits {
  /** 4, 16 or 32 octets. */
  readonly nextHop?: Uint8Array;
  /** AS numbers put in front of AS_PATH, leftmost first. */
  readonly prependAs?: readonly number[];
  /** Comes before everything else that changes AS_PATH. */
  readonly removePrivateAs?: PrivateAsRemoval;
  /** One AS number in AS_PATH stands for another, before anything is prepended. */
  readonly overrideAs?: { readonly from: number; readonly to: number };
  /** RFC 5065 4: member ASes stay inside the confederation. Comes before `prependAs`. */
  readonly dropConfed?: true;
  /** RFC 5065 4: our member AS in front, as AS_CONFED_SEQUENCE; after `prependAs`. */
  readonly prependConfed?: number;
  readonly origin?: number;
  readonly med?: number | null;
  readonly localPref?: number | null;
  /** Added after that; the sum stays within 0 to 4294967295. A missing MED counts as 0, a missing LOCAL_PREF as 100. */
  readonly addMed?: number;
  readonly addLocalPref?: number;
  readonly communities?: CommunityEdit;
  readonly extendedCommunities?: CommunityEdit;
  readonly largeCommunities?: CommunityEdit;
  /** Local facts. */
  readonly weight?: number;
  readonly metric?: number;
  readonly interface?: string;
  /** RFC 4456 8: set only when absent. */
  readonly originatorIdIfAbsent?: number;
  readonly clusterIdPrepend?: number;
  /** Remove ORIGINATOR_ID and CLUSTER_LIST (towards eBGP). */
  readonly dropReflection?: true;
  /** Remove AIGP: it must not stand beside a next hop that it was not counted for (RFC 7311 3.4.3). */
  readonly dropAigp?: true;
  /**
   * Remove what stays inside an administration (towards eBGP): AIGP (RFC 7311 3.3), TUNNEL_ENCAP and the Encapsulation
   * extended community (RFC 9012 11), extended communities that are not transitive across ASes (RFC 4360 6, RFC 5701 2).
   */
  readonly dropInternal?: true;
  /** Remove the local facts and optional non-transitive attributes we do not know. */
  readonly dropUnknownNonTransitive?: true;
  /** RFC 9234 5: ONLY_TO_CUSTOMER, where there is none. */
  readonly onlyToCustomerIfAbsent?: number;
  /** Made of what the others leave. */
  readonly more?: AttributeEdits;
}
