// The sources of paths: BGP peers and the local ones, with what the decision and the export need of each.
// It knows no names and no sessions: a source is up or down and has an id.

import type { FamilyIndex } from '../../base/family.js';
import {
  AGGREGATE_SOURCE,
  FIRST_PEER,
  KERNEL_SOURCE,
  type PeerId,
  SERVICE_SOURCE,
  STATIC_SOURCE,
} from '../../base/ids.js';
import { compareIp, type IpAddress } from '../../base/ip.js';
import type { AttributeEdits } from '../../wire/types.js';
import type { CompiledPolicy, PathOrigin, PeerType, PeerView, RouteSource } from '../hooks.js';

/** A peer as the RIB knows it, from its establishment to its end. */
export interface RibPeer {
  readonly address: IpAddress;
  readonly asn: number;
  readonly routerId: number;
  readonly peerType: PeerType;
  /** What policies know it by. */
  readonly view: PeerView;
  /** By family index: octets of our own address towards it, null where we have none. */
  readonly self: readonly [Uint8Array | null, Uint8Array | null];
  readonly importPolicy: CompiledPolicy;
  /** RFC 4271 9: routes with our AS in their path are unfeasible. */
  readonly localAsn: number;
  /** The cluster of a client, or our own; null when we do not reflect. */
  readonly clusterId: number | null;
  /** Null or absent: nothing of it. */
  readonly special?: ImportSpecials | null;
  /** Null or absent: none. */
  readonly limits?: PathLimits | null;
}

/** What is taken from one peer; infinity for no limit. */
export interface PathLimits {
  /** Paths held, by family index: what comes beyond is dropped. */
  readonly paths: readonly [number, number];
  /** Routes with more are held and not used. */
  readonly asPathLength: number;
  readonly communities: number;
}

const NO_LIMIT: readonly [number, number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];

/** Which limit a route is beyond. */
export const EXCESS_KINDS = ['asPathLength', 'communities'] as const;
export type ExcessKind = (typeof EXCESS_KINDS)[number];

/** What a session's new settings do to the routes that are held from it; `renamed`: also to what others make of them. */
export function changeOf(before: RibPeer, after: RibPeer): 'changed' | 'renamed' | null {
  const { name, group } = before.view;
  if (name !== after.view.name || group !== after.view.group) return 'renamed';
  return importKey(before) === importKey(after) ? null : 'changed';
}

/** What is special about what a peer tells. Plain data: two of them are the same when their JSON is. */
export interface ImportSpecials {
  /** Other AS numbers that are ours: the confederation's, or the one that this peer knows us by. */
  readonly alsoOurs: readonly number[];
  /** How often each AS of ours may be in AS_PATH. */
  readonly allowOwnAs: number;
  /** RFC 9234 5: which ONLY_TO_CUSTOMER the peer may send; `own` is its own AS number. */
  readonly onlyToCustomer: 'any' | 'own' | 'none';
  /** Done to every route before the import policy sees it. */
  readonly edits: AttributeEdits | null;
}

/** Equal for peers whose routes are judged the same way. */
export const importKey = ({ importPolicy, special, limits }: RibPeer): string =>
  `${importPolicy.key}|${JSON.stringify([special ?? null, limits ?? null])}`;

/** The attribute by which a route shows that it has been here before, or should never have come from this peer. */
export const LOOP_KINDS = ['asPath', 'originatorId', 'clusterList', 'onlyToCustomer'] as const;
export type LoopKind = (typeof LOOP_KINDS)[number];

/** Why a route is held and not used, whatever the policies say. */
export type RefusalKind = LoopKind | ExcessKind;

/** Of what the peer tells again, by family index. A path of an earlier round is stale once the round is over. */
export interface RefreshState {
  /** 0 to 255; a BoRR begins the next one. */
  readonly round: [number, number];
  /** The latest that is over: paths of earlier ones must go. */
  readonly ended: [number, number];
  /** The session ended and the paths of earlier rounds wait for the peer to tell them again (RFC 4724). */
  readonly restarting: [boolean, boolean];
}

/** The next round begins. */
export function beginRound(refresh: RefreshState, family: FamilyIndex): void {
  const next = (refresh.round[family] + 1) & 0xff;
  // A peer that begins again and again and never ends stays in its last round.
  if (next !== refresh.ended[family]) refresh.round[family] = next;
}

/** All rounds are over but the one that goes on. */
export function endRounds(refresh: RefreshState, family: FamilyIndex): void {
  refresh.ended[family] = refresh.round[family];
}

/** A path of this round was not told again in one that is over. */
export function isStale({ round, ended }: RefreshState, family: FamilyIndex, pathRound: number): boolean {
  const now = round[family];
  return ((now - pathRound) & 0xff) > ((now - ended[family]) & 0xff);
}

const noRounds = (): RefreshState => ({ round: [0, 0], ended: [0, 0], restarting: [false, false] });

export interface Source {
  readonly id: PeerId;
  readonly origin: PathOrigin;
  readonly peer: RibPeer | null;
  /** By family index: paths held, and how many of them the import policy took. */
  readonly received: [number, number];
  readonly accepted: [number, number];
  readonly refresh: RefreshState;
  /** Routes that came and were loops or beyond a limit. */
  readonly refused: Record<RefusalKind, number>;
  /** Paths that may be held, by family index. */
  readonly mostPaths: readonly [number, number];
  /** Paths beyond that, by family index. */
  readonly dropped: [number, number];
}

export class Sources {
  readonly #rows: (Source | null)[] = [];
  readonly #free: PeerId[] = [];

  constructor() {
    this.#rows[KERNEL_SOURCE] = localSource(KERNEL_SOURCE, 'kernel');
    this.#rows[STATIC_SOURCE] = localSource(STATIC_SOURCE, 'static');
    this.#rows[AGGREGATE_SOURCE] = localSource(AGGREGATE_SOURCE, 'aggregate');
    this.#rows[SERVICE_SOURCE] = localSource(SERVICE_SOURCE, 'service');
  }

  add(peer: RibPeer): PeerId {
    const id = this.#free.pop() ?? (Math.max(this.#rows.length, FIRST_PEER) as PeerId);
    this.#rows[id] = bgpSource(id, peer);
    return id;
  }

  /** A peer under an id of the caller's, which `add` does not know of: for a copy of another RIB. */
  put(id: PeerId, peer: RibPeer): void {
    this.#rows[id] = bgpSource(id, peer);
  }

  /** The id may be used again for another peer: no path and no Adj-RIB-Out may still name it. */
  remove(id: PeerId): void {
    this.#rows[id] = null;
    this.#free.push(id);
  }

  /** Replaces what is known of a peer (policy change), keeping its counts. */
  replace(id: PeerId, peer: RibPeer): void {
    const before = this.get(id);
    this.#rows[id] = {
      ...bgpSource(id, peer),
      received: before.received,
      accepted: before.accepted,
      refused: before.refused,
      refresh: before.refresh,
      dropped: before.dropped,
    };
  }

  get(id: PeerId): Source {
    return this.#rows[id]!;
  }

  all(): readonly Source[] {
    return this.#rows.filter((row) => row != null);
  }

  has(id: PeerId): boolean {
    return this.#rows[id] != null;
  }

  count(id: PeerId, family: FamilyIndex): { readonly received: number; readonly accepted: number } {
    const source = this.get(id);
    return { received: source.received[family], accepted: source.accepted[family] };
  }

  /** RFC 4271 9.1.2.2 g: lower address first; local sources before peers. */
  compareAddress(a: PeerId, b: PeerId): number {
    const left = this.get(a).peer;
    const right = this.get(b).peer;
    if (left === null || right === null) return a - b;
    return compareIp(left.address, right.address) || a - b;
  }
}

const noRefusals = (): Source['refused'] => ({
  asPath: 0,
  originatorId: 0,
  clusterList: 0,
  onlyToCustomer: 0,
  asPathLength: 0,
  communities: 0,
});

const localSource = (id: PeerId, source: Exclude<RouteSource, 'bgp'>): Source => ({
  id,
  origin: { source, peer: null, peerType: 'local', peerRouterId: 0, clusterId: null },
  peer: null,
  received: [0, 0],
  accepted: [0, 0],
  refresh: noRounds(),
  refused: noRefusals(),
  mostPaths: NO_LIMIT,
  dropped: [0, 0],
});

const bgpSource = (id: PeerId, peer: RibPeer): Source => ({
  id,
  origin: {
    source: 'bgp',
    peer: peer.view,
    peerType: peer.peerType,
    peerRouterId: peer.routerId,
    clusterId: peer.clusterId,
  },
  peer,
  received: [0, 0],
  accepted: [0, 0],
  refresh: noRounds(),
  refused: noRefusals(),
  mostPaths: peer.limits?.paths ?? NO_LIMIT,
  dropped: [0, 0],
});
