// Import: which received routes are feasible (loops, RFC 4271 9.1.2 and RFC 4456 8) and what the import policy makes of them.

import type { FamilyIndex } from '../../base/family.js';
import { type AttrSetId, NONE, type PrefixId } from '../../base/ids.js';
import type { IpAddress } from '../../base/ip.js';
import {
  asPathContains,
  asPathCount,
  BlockRewriter,
  clusterListContains,
  communityCount,
  onlyToCustomerOf,
} from '../../wire/block.js';
import type { AttributeEdits } from '../../wire/types.js';
import type { OriginValidation } from '../hooks.js';
import type { AttrSets } from '../tables/attr-sets.js';
import type { NextHopId, NextHops } from '../tables/next-hops.js';
import type { PrefixTable } from '../tables/prefix-table.js';
import { RouteCursor } from '../tables/route-cursor.js';
import type { ExcessKind, ImportSpecials, LoopKind, RefusalKind, RibPeer } from '../tables/sources.js';

export interface ImportTables {
  readonly attrSets: AttrSets;
  readonly nextHops: NextHops;
  readonly prefixes: readonly [PrefixTable, PrefixTable];
  /** Null: no RPKI. */
  readonly validation: OriginValidation | null;
}

/** The interface over which a next hop is reached, null where it is not. */
export type InterfaceOf = (nextHop: IpAddress) => string | null;

export class Importer {
  readonly #attrSets: AttrSets;
  readonly #nextHops: NextHops;
  readonly #prefixes: readonly [PrefixTable, PrefixTable];
  readonly #route: RouteCursor;
  readonly #rewriter = new BlockRewriter();
  readonly #routerId: number;
  /** Many prefixes in a row share attributes and edits. */
  #last: {
    readonly prepared: AttrSetId;
    readonly edits: AttributeEdits;
    readonly result: AttrSetId;
  } | null = null;
  #clusterIds: readonly number[];
  /** Null: learned routes have no interface. */
  #interfaceOf: InterfaceOf | null = null;
  /** By the address of a next hop, which is one object as long as it is in use. Null: it is not known. */
  #interfaces = new WeakMap<IpAddress, Pick<AttributeEdits, 'interface'> | null>();

  constructor(
    { attrSets, nextHops, prefixes, validation }: ImportTables,
    routerId: number,
    clusterIds: readonly number[],
  ) {
    this.#attrSets = attrSets;
    this.#nextHops = nextHops;
    this.#prefixes = prefixes;
    this.#route = new RouteCursor(attrSets, validation);
    this.#routerId = routerId;
    this.#clusterIds = clusterIds;
  }

  /** True when they are others than before. */
  setClusterIds(ids: readonly number[]): boolean {
    const before = this.#clusterIds;
    this.#clusterIds = ids;
    return ids.length !== before.length || ids.some((id) => !before.includes(id));
  }

  /** True when what is there has to be judged anew. */
  setInterfaces(interfaceOf: InterfaceOf | null): boolean {
    const before = this.#interfaceOf;
    this.#interfaceOf = interfaceOf;
    this.#interfaces = new WeakMap();
    return interfaceOf !== before;
  }

  /** True when routes with this next hop have another interface now. One that is out of reach keeps its own. */
  hasMoved(address: IpAddress): boolean {
    const name = this.#interfaceOf?.(address) ?? null;
    if (name === null) return false;
    let moved = false;
    for (const id of this.#nextHops.idsOf(address)) {
      const nextHop = this.#nextHops.address(id);
      const known = nextHop === null ? undefined : this.#interfaces.get(nextHop);
      if (nextHop === null || known === undefined || known?.interface === name) continue;
      this.#interfaces.set(nextHop, { interface: name });
      moved = true;
    }
    return moved;
  }

  /** Null: policies decide. */
  refusal(peer: RibPeer, attrs: AttrSetId): RefusalKind | null {
    return this.#loop(peer, attrs) ?? this.#excess(peer, attrs);
  }

  /** The attributes the route enters the decision with: NONE when it is refused, by its nature or by the policy. */
  judge(family: FamilyIndex, prefix: PrefixId, peer: RibPeer, received: AttrSetId): AttrSetId | typeof NONE {
    if (this.refusal(peer, received) !== null) return NONE;
    return this.import(family, prefix, peer, received);
  }

  #loop(peer: RibPeer, attrs: AttrSetId): LoopKind | null {
    const { bytes } = this.#attrSets;
    const start = this.#attrSets.startOf(attrs);
    const end = this.#attrSets.endOf(attrs);
    const { special } = peer;
    if (special == null) {
      if (asPathContains(bytes, peer.localAsn, start, end)) return 'asPath';
    } else {
      const kind = this.#specialLoop(peer, special, start, end);
      if (kind !== null) return kind;
    }
    if (peer.peerType === 'ebgp') return null;
    if (this.#attrSets.originatorId(attrs) === this.#routerId) return 'originatorId';
    if (this.#attrSets.clusterListLength[attrs] === 0) return null;
    return this.#clusterIds.some((id) => clusterListContains(bytes, id, start, end)) ? 'clusterList' : null;
  }

  #specialLoop(peer: RibPeer, special: ImportSpecials, start: number, end: number): LoopKind | null {
    const { bytes } = this.#attrSets;
    const tooOften = (asn: number): boolean => asPathCount(bytes, asn, start, end) > special.allowOwnAs;
    if (tooOften(peer.localAsn) || special.alsoOurs.some(tooOften)) return 'asPath';
    if (special.onlyToCustomer === 'any') return null;
    const asn = onlyToCustomerOf(bytes, start, end);
    if (asn < 0 || (special.onlyToCustomer === 'own' && asn === peer.asn)) return null;
    return 'onlyToCustomer';
  }

  #excess({ limits }: RibPeer, attrs: AttrSetId): ExcessKind | null {
    if (limits == null) return null;
    if (this.#attrSets.asPathLength[attrs]! > limits.asPathLength) return 'asPathLength';
    if (limits.communities === Number.POSITIVE_INFINITY) return null;
    return communityCount(this.#attrSets.block(attrs)) > limits.communities ? 'communities' : null;
  }

  /** The attributes the route enters the decision with, or NONE. */
  import(family: FamilyIndex, prefix: PrefixId, peer: RibPeer, received: AttrSetId): AttrSetId | typeof NONE {
    const prepared = this.#prepared(peer, received);
    const verdict = this.#verdict(family, prefix, peer, prepared);
    if (verdict.action === 'reject') return NONE;
    if (verdict.edits === null) return prepared;
    const last = this.#last;
    if (last !== null && last.prepared === prepared && last.edits === verdict.edits) return last.result;
    const result = this.#attrSets.edited(prepared, verdict.edits, this.#rewriter);
    this.#last = { prepared, edits: verdict.edits, result };
    return result;
  }

  /** The set was reclaimed: its id means something else from now on. */
  forget(attrs: AttrSetId): void {
    if (this.#last?.prepared === attrs || this.#last?.result === attrs) this.#last = null;
  }

  #prepared(peer: RibPeer, received: AttrSetId): AttrSetId {
    const edits = peer.special?.edits ?? null;
    const prepared = edits === null ? received : this.#attrSets.edited(received, edits, this.#rewriter);
    return this.#interfaceOf === null ? prepared : this.#placed(prepared, this.#interfaceOf);
  }

  /** With the interface that policies ask for. */
  #placed(attrs: AttrSetId, interfaceOf: InterfaceOf): AttrSetId {
    const nextHop = this.#nextHops.address(this.#attrSets.nextHop[attrs]! as NextHopId);
    if (nextHop === null) return attrs;
    let place = this.#interfaces.get(nextHop);
    if (place === undefined) {
      const name = interfaceOf(nextHop);
      place = name === null ? null : { interface: name };
      this.#interfaces.set(nextHop, place);
    }
    return place === null ? attrs : this.#attrSets.edited(attrs, place, this.#rewriter);
  }

  /** Why the route is not used, for people: its nature, or the term that rejected it; null when it was taken. */
  reason(family: FamilyIndex, prefix: PrefixId, peer: RibPeer, received: AttrSetId): string | null {
    const refusal = this.refusal(peer, received);
    if (refusal !== null) return refusalText(refusal, peer);
    const verdict = this.#verdict(family, prefix, peer, this.#prepared(peer, received));
    return verdict.action === 'reject' ? verdict.term : null;
  }

  #verdict(family: FamilyIndex, prefix: PrefixId, peer: RibPeer, received: AttrSetId) {
    this.#route.show(family, this.#prefixes[family], prefix, 'bgp', peer.view);
    this.#route.towards(peer.view.type, peer.self[family]);
    return peer.importPolicy.evaluate(this.#route.withAttributes(received));
  }
}

/** Why a route is refused, for people. */
function refusalText(refusal: RefusalKind, { localAsn, limits, special }: RibPeer): string {
  switch (refusal) {
    case 'asPath': {
      const ours = [localAsn, ...(special?.alsoOurs ?? [])].join(' or ');
      const allowed = special?.allowOwnAs ?? 0;
      return `AS_PATH contains our AS ${ours}${allowed === 0 ? '' : ` more than ${allowed} times`}`;
    }
    case 'onlyToCustomer':
      return 'route leak: ONLY_TO_CUSTOMER may not come from this peer (RFC 9234)';
    case 'originatorId':
      return 'ORIGINATOR_ID is our router id';
    case 'clusterList':
      return 'CLUSTER_LIST contains our cluster id';
    case 'asPathLength':
      return `AS_PATH is longer than ${limits?.asPathLength} (maxAsPathLength)`;
    case 'communities':
      return `more than ${limits?.communities} communities (maxCommunities)`;
  }
}
