// Import: which received routes are feasible (loops, RFC 4271 9.1.2 and RFC 4456 8) and what the import policy makes of them.

import type { FamilyIndex } from '../base/family.js';
import { type AttrSetId, NONE, type PrefixId } from '../base/ids.js';
import { asPathContains, clusterListContains, rewriteBlock } from '../wire/block.js';
import type { AttrSets } from './attr-sets.js';
import type { PrefixTable } from './prefix-table.js';
import { RouteCursor } from './route-cursor.js';
import type { RibPeer } from './sources.js';

export class Importer {
  readonly #attrSets: AttrSets;
  readonly #prefixes: readonly [PrefixTable, PrefixTable];
  readonly #route: RouteCursor;
  readonly #routerId: number;
  readonly #clusterId: number | null;

  constructor(
    attrSets: AttrSets,
    prefixes: readonly [PrefixTable, PrefixTable],
    routerId: number,
    clusterId: number | null,
  ) {
    this.#attrSets = attrSets;
    this.#prefixes = prefixes;
    this.#route = new RouteCursor(attrSets);
    this.#routerId = routerId;
    this.#clusterId = clusterId;
  }

  feasible(peer: RibPeer, attrs: AttrSetId): boolean {
    return this.infeasibility(peer, attrs) === null;
  }

  /** Why the route is a loop, for people; null when it is none. */
  infeasibility(peer: RibPeer, attrs: AttrSetId): string | null {
    const block = this.#attrSets.block(attrs);
    if (asPathContains(block, peer.localAsn)) return `AS_PATH contains our AS ${peer.localAsn}`;
    if (peer.peerType === 'ebgp') return null;
    if (this.#attrSets.originatorId(attrs) === this.#routerId) return 'ORIGINATOR_ID is our router id';
    const looped = this.#clusterId !== null && clusterListContains(block, this.#clusterId);
    return looped ? 'CLUSTER_LIST contains our cluster id' : null;
  }

  /** The attributes the route enters the decision with, or NONE. */
  import(family: FamilyIndex, prefix: PrefixId, peer: RibPeer, received: AttrSetId): AttrSetId | typeof NONE {
    const verdict = this.#verdict(family, prefix, peer, received);
    if (verdict.action === 'reject') return NONE;
    if (verdict.edits === null) return received;
    const block = rewriteBlock(this.#attrSets.block(received), verdict.edits);
    return this.#attrSets.intern(block, 0, block.length);
  }

  /** The term that rejected the route, for people; null when it was taken. */
  rejection(family: FamilyIndex, prefix: PrefixId, peer: RibPeer, received: AttrSetId): string | null {
    const verdict = this.#verdict(family, prefix, peer, received);
    return verdict.action === 'reject' ? verdict.term : null;
  }

  #verdict(family: FamilyIndex, prefix: PrefixId, peer: RibPeer, received: AttrSetId) {
    this.#route.show(family, this.#prefixes[family], prefix, 'bgp');
    return peer.importPolicy.evaluate(this.#route.withAttributes(received));
  }
}
