// The one reusable `RouteView` that policies are shown: words of a prefix, where the route came from, its octets.

import type { FamilyIndex } from '../../base/family.js';
import type { AttrSetId, PrefixId } from '../../base/ids.js';
import { WIDE_ZERO } from '../../base/wide.js';
import { originAsOf } from '../../wire/block.js';
import type { OriginValidation, PeerView, RouteSource, RouteView, RpkiState } from '../hooks.js';
import type { AttrSets } from './attr-sets.js';
import type { PrefixTable } from './prefix-table.js';

const NOTHING = new Uint8Array(0);

export class RouteCursor implements RouteView {
  family: FamilyIndex = 0;
  w0 = WIDE_ZERO;
  w1 = WIDE_ZERO;
  w2 = WIDE_ZERO;
  w3 = WIDE_ZERO;
  length = 0;
  source: RouteSource = 'bgp';
  peer: PeerView | null = null;
  session: 'ebgp' | 'ibgp' | null = null;
  self: Uint8Array | null = null;
  bytes: Uint8Array = NOTHING;
  start = 0;
  end = 0;
  readonly #attrSets: AttrSets;
  readonly #validation: OriginValidation | null;

  constructor(attrSets: AttrSets, validation: OriginValidation | null) {
    this.#attrSets = attrSets;
    this.#validation = validation;
  }

  show(
    family: FamilyIndex,
    table: PrefixTable,
    prefix: PrefixId,
    source: RouteSource,
    peer: PeerView | null,
  ): void {
    this.family = family;
    this.w0 = table.w0[prefix]!;
    if (family === 1) {
      this.w1 = table.w1[prefix]!;
      this.w2 = table.w2[prefix]!;
      this.w3 = table.w3[prefix]!;
    } else this.w1 = this.w2 = this.w3 = 0;
    this.length = table.length[prefix]!;
    this.source = source;
    this.peer = peer;
  }

  /** The session that the policy is run for, and our next hop there. */
  towards(session: 'ebgp' | 'ibgp' | null, self: Uint8Array | null): void {
    this.session = session;
    this.self = self;
  }

  withAttributes(attrs: AttrSetId): this {
    this.bytes = this.#attrSets.bytes;
    this.start = this.#attrSets.startOf(attrs);
    this.end = this.#attrSets.endOf(attrs);
    return this;
  }

  rpki(): RpkiState {
    if (this.#validation === null) return 'notFound';
    const originAs = originAsOf(this.bytes, this.start, this.end);
    return this.#validation.validate(this.family, this.w0, this.w1, this.w2, this.w3, this.length, originAs);
  }
}
