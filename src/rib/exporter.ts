// What a path looks like to the members of one update group, or that they do not get it: the reflection matrix, the export
// policy, the rewrite the RFCs demand. Remembers the result per attribute set; holds a reference on what it remembers.

import type { FamilyIndex } from '../base/family.js';
import { type AttrSetId, NONE, type PeerId, type PrefixId } from '../base/ids.js';
import { rewriteBlock } from '../wire/block.js';
import type { AttributeEdits } from '../wire/types.js';
import type { AttrSets } from './attr-sets.js';
import { growInt32, grownCapacity } from './columns.js';
import type { ExportProfile, ExportRewrite, PathOrigin } from './hooks.js';
import type { PrefixTable } from './prefix-table.js';
import { RouteCursor } from './route-cursor.js';
import type { Sources } from './sources.js';

/** The rules that `policy/` implements and every group shares. */
export interface ExportRules {
  readonly rewrite: ExportRewrite;
  readonly mayExport: (
    from: PathOrigin['peerType'],
    to: ExportProfile['peerType'],
    isReflector: boolean,
  ) => boolean;
  /** Null when we do not reflect. */
  readonly clusterId: number | null;
}

export interface ExportTables {
  readonly attrSets: AttrSets;
  readonly sources: Sources;
  readonly prefixes: readonly [PrefixTable, PrefixTable];
}

type Ids = Int32Array<ArrayBuffer>;

/** Tag of an unused memo row. */
const EMPTY_TAG = 0;

export class Exporter {
  readonly profile: ExportProfile;
  readonly #rules: ExportRules;
  readonly #tables: ExportTables;
  readonly #route: RouteCursor;
  /** Per attribute set: which source and family the memo is for, and what came out. */
  #memoTag: Ids = new Int32Array(0);
  #memoResult: Ids = new Int32Array(0);

  constructor(profile: ExportProfile, rules: ExportRules, tables: ExportTables) {
    this.profile = profile;
    this.#rules = rules;
    this.#tables = tables;
    this.#route = new RouteCursor(tables.attrSets);
  }

  /** The attributes to announce, or NONE. */
  export(family: FamilyIndex, prefix: PrefixId, source: PeerId, attrs: AttrSetId): AttrSetId | typeof NONE {
    if (this.profile.policy.readsPrefix) return this.#compute(family, prefix, source, attrs);
    const tag = source * 2 + family + 1;
    if (attrs < this.#memoTag.length && this.#memoTag[attrs] === tag) {
      return this.#memoResult[attrs]! as AttrSetId;
    }
    const result = this.#compute(family, prefix, source, attrs);
    this.#remember(attrs, tag, result);
    return result;
  }

  /** Why the group does not get a path, for people; null when it does. */
  refusal(family: FamilyIndex, prefix: PrefixId, source: PeerId, attrs: AttrSetId): string | null {
    const { origin } = this.#tables.sources.get(source);
    if (!this.#mayExport(origin)) return `not sent from ${origin.peerType} to ${this.profile.peerType} peers`;
    const verdict = this.#verdict(family, prefix, origin, attrs);
    if (verdict.action === 'reject') return verdict.term;
    return this.#nextHop(family, attrs) === 'missing' ? 'no next hop of ours for this family' : null;
  }

  forget(attrs: AttrSetId): void {
    if (attrs >= this.#memoTag.length || this.#memoTag[attrs] === EMPTY_TAG) return;
    this.#memoTag[attrs] = EMPTY_TAG;
    const result = this.#memoResult[attrs]!;
    if (result !== NONE && result !== attrs) this.#tables.attrSets.unref(result as AttrSetId);
  }

  forgetAll(): void {
    for (let attrs = 0; attrs < this.#memoTag.length; attrs++) this.forget(attrs as AttrSetId);
  }

  #mayExport(origin: PathOrigin): boolean {
    return this.#rules.mayExport(origin.peerType, this.profile.peerType, this.#rules.clusterId !== null);
  }

  #verdict(family: FamilyIndex, prefix: PrefixId, origin: PathOrigin, attrs: AttrSetId) {
    this.#route.show(family, this.#tables.prefixes[family], prefix, origin.source);
    return this.profile.policy.evaluate(this.#route.withAttributes(attrs));
  }

  #compute(family: FamilyIndex, prefix: PrefixId, source: PeerId, attrs: AttrSetId): AttrSetId | typeof NONE {
    const { origin } = this.#tables.sources.get(source);
    if (!this.#mayExport(origin)) return NONE;
    const verdict = this.#verdict(family, prefix, origin, attrs);
    if (verdict.action === 'reject') return NONE;
    const nextHop = this.#nextHop(family, attrs);
    if (nextHop === 'missing') return NONE;
    return this.#rewrite(attrs, this.#edits(origin, attrs, nextHop), verdict.edits);
  }

  /** Own edits of the policy come last and so have the final say. */
  #rewrite(attrs: AttrSetId, edits: AttributeEdits, policyEdits: AttributeEdits | null): AttrSetId {
    const { attrSets } = this.#tables;
    let block = rewriteBlock(attrSets.block(attrs), edits);
    if (policyEdits !== null) block = rewriteBlock(block, policyEdits);
    return attrSets.intern(block, 0, block.length);
  }

  #edits(origin: PathOrigin, attrs: AttrSetId, nextHop: Uint8Array | null): AttributeEdits {
    const { profile } = this;
    const edits = this.#rules.rewrite(profile, origin, this.#rules.clusterId ?? 0);
    const needsLocalPref = profile.peerType !== 'ebgp' && !this.#tables.attrSets.hasLocalPref(attrs);
    return {
      ...edits,
      ...(nextHop === null ? {} : { nextHop }),
      ...(needsLocalPref && edits.localPref === undefined ? { localPref: 100 } : {}),
    };
  }

  /** The next hop to put in, null to keep the route's own. */
  #nextHop(family: FamilyIndex, attrs: AttrSetId): Uint8Array | null | 'missing' {
    const { profile } = this;
    const block = this.#tables.attrSets.block(attrs);
    const length = block[0]!;
    const self = profile.nextHopSelf[family];
    const linkLocalOnly = length === 16 && block[1] === 0xfe && (block[2]! & 0xc0) === 0x80;
    if (length === 0 || profile.alwaysNextHopSelf || linkLocalOnly) return self ?? 'missing';
    // RFC 2545 3: the link-local address is for peers on the same link; a third party gets the global one.
    return length === 32 ? block.slice(1, 17) : null;
  }

  #remember(attrs: AttrSetId, tag: number, result: AttrSetId | typeof NONE): void {
    if (attrs >= this.#memoTag.length) this.#grow(attrs + 1);
    this.forget(attrs);
    this.#memoTag[attrs] = tag;
    this.#memoResult[attrs] = result;
    if (result !== NONE && result !== attrs) this.#tables.attrSets.ref(result as AttrSetId);
  }

  #grow(needed: number): void {
    const capacity = grownCapacity(this.#memoTag.length, needed);
    this.#memoTag = growInt32(this.#memoTag, capacity) as Ids;
    this.#memoResult = growInt32(this.#memoResult, capacity) as Ids;
  }
}
