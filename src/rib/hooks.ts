// What the RIB asks of policies: declared here, implemented in `policy/`, so that the RIB knows no policy language.

import type { FamilyIndex } from '../base/family.js';
import type { IpAddress } from '../base/ip.js';
import type { Prefix } from '../base/prefix.js';
import type { AttributeEdits, PrivateAsRemoval } from '../wire/types.js';
import type { Vantage } from './export/vantage.js';

/** `confed`: in another member AS of our confederation (RFC 5065). */
export type PeerType = 'ebgp' | 'confed' | 'ibgp' | 'ibgpClient';

/** Where a route came from: workloads, what the configuration originates by its kind, what peers told. */
export type RouteSource = 'kernel' | 'static' | 'aggregate' | 'service' | 'bgp';

/** What the origin AS may announce (RFC 6811 2). */
export type RpkiState = 'valid' | 'invalid' | 'notFound';

/** What policies know a peer by. The RIB only hands it on. */
export interface PeerView {
  readonly name: string;
  readonly group: string | null;
  /** Members of a confederation are one AS to everybody else. */
  readonly type: 'ebgp' | 'ibgp';
  readonly asn: number;
  readonly address: IpAddress;
}

/** A route as policies see it. The RIB reuses one object: read it during the call, keep nothing. */
export interface RouteView {
  readonly family: FamilyIndex;
  readonly w0: number;
  readonly w1: number;
  readonly w2: number;
  readonly w3: number;
  readonly length: number;
  readonly source: RouteSource;
  /** On import the peer itself, else the one that the route was learned from; null for local routes. */
  readonly peer: PeerView | null;
  /** The kind of session that the policy is run for; null: none, the route goes to the kernel. */
  readonly session: 'ebgp' | 'ibgp' | null;
  /** The attribute block: octets `start` to `end` of `bytes`. On export, as it is before the rewrite the RFCs demand. */
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** Octets of what `next hop self` means to this peer in the route's family; null where it has no meaning. */
  readonly self: Uint8Array | null;
  rpki(): RpkiState;
}

export type PolicyVerdict =
  | { readonly action: 'accept'; readonly edits: AttributeEdits | null; readonly term: string }
  | { readonly action: 'reject'; readonly term: string };

/** RFC 6811 2, for a route of `originAs`; 0 where the path has no origin (empty, or it ends in a set). */
export interface OriginValidation {
  validate(
    family: FamilyIndex,
    w0: number,
    w1: number,
    w2: number,
    w3: number,
    length: number,
    originAs: number,
  ): RpkiState;
}

/** A compiled chain of policies. `evaluate` returns one of a few shared verdict objects. */
export interface CompiledPolicy {
  /** Identity: equal keys mean the same decisions, so update groups and memos can be shared. */
  readonly key: string;
  /** False: the verdict depends on the attributes and the source only and may be remembered per attribute set. */
  readonly readsPrefix: boolean;
  /** False: the verdict does not depend on attributes either (with `readsPrefix` false: constant per source). */
  readonly readsAttributes: boolean;
  /** True: another RPKI state of a prefix can change the verdict; then `readsPrefix` is true as well. */
  readonly readsRpki: boolean;
  readonly evaluate: (route: RouteView) => PolicyVerdict;
}

/** Which paths of a prefix peers with ADD-PATH (RFC 7911) are told. */
export type PathChoice =
  | { readonly kind: 'all' }
  /** The best, the best without that one, and so on. */
  | { readonly kind: 'best'; readonly count: number }
  /** The best and what stands in a multipath set with it. */
  | { readonly kind: 'ecmp' };

/** Everything about a set of peers that changes the octets they are sent; equal profiles share an update group. */
export interface ExportProfile {
  readonly peerType: PeerType;
  readonly localAsn: number;
  /** For rewrites only where `special` asks for it: eBGP peers of many ASes share one group. */
  readonly peerAsn: number;
  /** By family index. */
  readonly families: readonly [boolean, boolean];
  readonly asn4: boolean;
  readonly maxMessage: number;
  /** By family index: octets that replace the next hop (next-hop-self, eBGP), null keeps it where there is one. */
  readonly nextHopSelf: readonly [Uint8Array | null, Uint8Array | null];
  /** True: replace every next hop; false: only where a route has none of its own. */
  readonly alwaysNextHopSelf: boolean;
  /** The cluster of the peers, where they are clients; null when we do not reflect. */
  readonly clusterId: number | null;
  /** False: the clients of one cluster tell each other what they have (RFC 4456 6), so that we need not. */
  readonly clientToClient: boolean;
  readonly policy: CompiledPolicy;
  /** By family index; absent or null: the best path, without a path id. */
  readonly addPath?: readonly [PathChoice | null, PathChoice | null];
  /** From where the best path is looked for (RFC 9107); absent or null: from here. */
  readonly vantage?: Vantage | null;
  /**
   * RFC 7947 2.3: of the paths that these peers may be told the best one, not the best one of all if they may be told that.
   * Not where ADD-PATH tells several.
   */
  readonly ownBest?: boolean;
  /** RFC 4271 5.1.3: the peer's own address, where others name it as a next hop; it is not told so. */
  readonly notVia?: IpAddress | null;
  /** Null or absent: nothing of it. */
  readonly special?: ExportSpecials | null;
}

/** What peers of a special kind are told otherwise. Plain data: two of them are the same when their JSON is. */
export interface ExportSpecials {
  /** In front of what leaves to an external peer, leftmost first, instead of our AS alone (RFC 7705). */
  readonly prependAs: readonly number[] | null;
  /** Private AS numbers leave AS_PATH this way; the peer's own stays. */
  readonly removePrivateAs: PrivateAsRemoval['mode'] | null;
  /** The peer's AS in AS_PATH becomes ours, so that the peer does not find a loop. */
  readonly overrideAs: boolean;
  /** We are in a confederation: external peers do not see its member ASes. */
  readonly confederation: boolean;
  /** RFC 7947: the peer is a client of our route server; AS_PATH and MED of other clients' routes stay as they are. */
  readonly transparent: boolean;
  /** RFC 8950: IPv4 routes may have an IPv6 next hop. */
  readonly extendedNextHop: boolean;
  /** RFC 4271 5.1.3: next hops on these subnets, which we share with the peer, are kept. */
  readonly sharedSubnets: readonly Prefix[];
  /** RFC 9234 5: routes with ONLY_TO_CUSTOMER stay here; what number the others get. Null: the peer has no role. */
  readonly onlyToCustomer: { readonly refused: boolean; readonly add: number | null } | null;
}

/** Where a path came from, as the export rewrite needs it. */
export interface PathOrigin {
  readonly source: RouteSource;
  /** Null for local routes. */
  readonly peer: PeerView | null;
  readonly peerType: PeerType | 'local';
  readonly peerRouterId: number;
  /** What a reflector puts into CLUSTER_LIST: the cluster of a client, else our own; null when we do not reflect. */
  readonly clusterId: number | null;
}

/**
 * The attribute changes that the RFCs demand on the way out: `policy/rewrite.ts` implements it. The family chooses the
 * next hop; all else is the same for both.
 */
export type ExportRewrite = (
  profile: ExportProfile,
  origin: PathOrigin,
  family: FamilyIndex,
) => AttributeEdits;
