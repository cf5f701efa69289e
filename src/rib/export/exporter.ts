// What a path looks like to the members of one update group, or that they do not get it: the reflection matrix, the
// communities, the export policy, the rewrite the RFCs demand. Remembers what became of an attribute set, so that a pass
// pays for each set once; only policies that look at prefixes are asked per prefix.

import type { FamilyIndex } from '../../base/family.js';
import { type AttrSetId, NONE, type PeerId, type PrefixId } from '../../base/ids.js';
import { ipEquals, ipFromBytes } from '../../base/ip.js';
import { prefixContainsIp } from '../../base/prefix.js';
import { BlockRewriter, decodeBlock, hasWellKnownCommunity, onlyToCustomerOf } from '../../wire/block.js';
import type { AttributeEdits } from '../../wire/types.js';
import { emptyShape, shapeReach } from '../../wire/update-shape.js';
import type { ExportProfile, ExportRewrite, OriginValidation, PathOrigin, PolicyVerdict } from '../hooks.js';
import type { AttrSets } from '../tables/attr-sets.js';
import { growInt32, grownCapacity, isSparse } from '../tables/columns.js';
import type { NextHopId, NextHops } from '../tables/next-hops.js';
import type { PrefixTable } from '../tables/prefix-table.js';
import { RouteCursor } from '../tables/route-cursor.js';
import type { Sources } from '../tables/sources.js';

type Attrs = AttrSetId | typeof NONE;

/** The rules that `policy/` implements and every group shares. */
export interface ExportRules {
  readonly rewrite: ExportRewrite;
  readonly mayExport: (from: PathOrigin, to: ExportProfile, isReflector: boolean) => boolean;
  /** RFC 1997 well-known communities. */
  readonly communitiesAllow: (communities: readonly number[], to: ExportProfile['peerType']) => boolean;
  readonly isReflector: boolean;
}

export interface ExportTables {
  readonly attrSets: AttrSets;
  readonly sources: Sources;
  readonly nextHops: NextHops;
  readonly prefixes: readonly [PrefixTable, PrefixTable];
  /** Null: no RPKI. */
  readonly validation: OriginValidation | null;
}

const sessionType = ({ peerType }: ExportProfile): 'ebgp' | 'ibgp' => (peerType === 'ebgp' ? 'ebgp' : 'ibgp');

type Ids = Int32Array;

/** All that the edits depend on, within one profile. */
interface EditsInput {
  readonly family: FamilyIndex;
  readonly origin: PathOrigin;
  readonly hasLocalPref: boolean;
  readonly nextHop: Uint8Array | null;
  readonly touched: number;
}

/** Bits for what the policy set, which the rewrite then leaves alone. */
const UNTOUCHED = 0;
const TOUCHED_MED = 1;
const TOUCHED_NEXT_HOP = 2;

const NO_EDITS: AttributeEdits = {};

function touchedBy(edits: AttributeEdits): number {
  let touched = UNTOUCHED;
  for (let step: AttributeEdits | undefined = edits; step !== undefined; step = step.more) {
    if (step.med !== undefined || step.addMed !== undefined) touched |= TOUCHED_MED;
    if (step.nextHop !== undefined) touched |= TOUCHED_NEXT_HOP;
  }
  return touched;
}

const tagOf = (source: PeerId, family: FamilyIndex, touched: number): number =>
  (source * 2 + family) * 4 + touched + 1;

const OWN_HOP = 'its next hop is the peer itself (RFC 4271 5.1.3)';

/** Tag of an unused memo row. */
const EMPTY_TAG = 0;

/** Octets of the longest prefix in an UPDATE. */
const LONGEST_PREFIX = 17;
/** More octets than a message has around its attributes and one prefix. */
const AMPLE_ROOM = 128;

const isInternal = (peerType: PathOrigin['peerType']): boolean =>
  peerType === 'ibgp' || peerType === 'ibgpClient';

export class Exporter {
  readonly profile: ExportProfile;
  readonly #rules: ExportRules;
  readonly #tables: ExportTables;
  readonly #route: RouteCursor;
  readonly #rewriter = new BlockRewriter();
  readonly #policyRewriter = new BlockRewriter();
  readonly #shape = emptyShape();
  /** Per attribute set: which source and family the memo is for, and what came out (a reference is held). */
  #memoTag: Ids = new Int32Array(0);
  #memoResult: Ids = new Int32Array(0);
  #lastEdited: {
    readonly attrs: AttrSetId;
    readonly edits: AttributeEdits;
    readonly result: AttrSetId;
  } | null = null;
  #lastEdits: (EditsInput & { readonly edits: AttributeEdits }) | null = null;

  constructor(profile: ExportProfile, rules: ExportRules, tables: ExportTables) {
    this.profile = profile;
    this.#rules = rules;
    this.#tables = tables;
    this.#route = new RouteCursor(tables.attrSets, tables.validation);
  }

  /** The attributes to announce, or NONE. */
  export(family: FamilyIndex, prefix: PrefixId, source: PeerId, attrs: AttrSetId): Attrs {
    if (!this.profile.policy.readsPrefix) {
      const tag = tagOf(source, family, UNTOUCHED);
      if (this.#isRemembered(attrs, tag)) return this.#memoResult[attrs]! as Attrs;
      const result = this.#decided(family, prefix, source, attrs);
      this.#remember(attrs, tag, result);
      return result;
    }
    return this.#decided(family, prefix, source, attrs);
  }

  /** Matrix, communities and policy; these see the attributes as they came. */
  #decided(family: FamilyIndex, prefix: PrefixId, source: PeerId, attrs: AttrSetId): Attrs {
    const { origin } = this.#tables.sources.get(source);
    if (!this.#matrixAllows(origin) || !this.#communitiesAllow(attrs)) return NONE;
    if (!this.#roleAllows(attrs)) return NONE;
    const verdict = this.#verdict(family, prefix, source, attrs);
    if (verdict.action === 'reject') return NONE;
    const { readsPrefix } = this.profile.policy;
    if (verdict.edits === null) {
      return readsPrefix
        ? this.#ruled(family, source, attrs, UNTOUCHED)
        : this.#transform(family, source, attrs, UNTOUCHED);
    }
    const edited = this.#editedByPolicy(attrs, verdict.edits);
    return this.#ruled(family, source, edited, touchedBy(verdict.edits));
  }

  /** Many prefixes in a row share attributes and edits. */
  #editedByPolicy(attrs: AttrSetId, edits: AttributeEdits): AttrSetId {
    const last = this.#lastEdited;
    if (last !== null && last.attrs === attrs && last.edits === edits) return last.result;
    const result = this.#tables.attrSets.edited(attrs, edits, this.#policyRewriter);
    this.#lastEdited = { attrs, edits, result };
    return result;
  }

  /** Why the group does not get a path, for people; null when it does. */
  refusal(family: FamilyIndex, prefix: PrefixId, source: PeerId, attrs: AttrSetId): string | null {
    const { origin } = this.#tables.sources.get(source);
    const { peerType } = origin;
    const to = this.profile.peerType;
    if (!this.#matrixAllows(origin)) return `routes from ${peerType} sources are not sent to ${to} peers`;
    if (!this.#communitiesAllow(attrs)) return 'a NO_EXPORT or NO_ADVERTISE community';
    if (!this.#roleAllows(attrs)) return 'ONLY_TO_CUSTOMER: only our customers may be told (RFC 9234)';
    const verdict = this.#verdict(family, prefix, source, attrs);
    if (verdict.action === 'reject') return verdict.term;
    const edits = verdict.edits ?? NO_EDITS;
    const edited = this.#editedByPolicy(attrs, edits);
    if (this.#nextHop(family, source, edited, touchedBy(edits)) === 'missing')
      return this.#isOwnHop(edited) ? OWN_HOP : 'we have no next hop address of this family';
    const unsendable = this.#transform(family, source, edited, touchedBy(edits)) === NONE;
    return unsendable ? 'the attributes do not fit into a message' : null;
  }

  forget(attrs: AttrSetId): void {
    if (this.#lastEdited?.attrs === attrs || this.#lastEdited?.result === attrs) this.#lastEdited = null;
    if (attrs >= this.#memoTag.length || this.#memoTag[attrs] === EMPTY_TAG) return;
    this.#memoTag[attrs] = EMPTY_TAG;
    const result = this.#memoResult[attrs]!;
    // A result that is the set itself needs no reference: it is forgotten when the set is freed.
    if (result !== NONE && result !== attrs) this.#tables.attrSets.unref(result as AttrSetId);
  }

  forgetAll(): void {
    for (let attrs = 0; attrs < this.#memoTag.length; attrs++) this.forget(attrs as AttrSetId);
  }

  /** Attribute sets from `rows` on are gone: nothing is remembered of them any more. */
  trim(rows: number): void {
    if (isSparse(rows, this.#memoTag.length)) this.#resize(grownCapacity(0, rows));
  }

  get bytes(): number {
    return this.#memoTag.byteLength + this.#memoResult.byteLength;
  }

  #isRemembered(attrs: AttrSetId, tag: number): boolean {
    return attrs < this.#memoTag.length && this.#memoTag[attrs] === tag;
  }

  /** `#transform`, remembered. `attrs` may be what the policy made. */
  #ruled(family: FamilyIndex, source: PeerId, attrs: AttrSetId, touched: number): Attrs {
    const tag = tagOf(source, family, touched);
    if (this.#isRemembered(attrs, tag)) return this.#memoResult[attrs]! as Attrs;
    const result = this.#transform(family, source, attrs, touched);
    this.#remember(attrs, tag, result);
    return result;
  }

  /** The rewrite that the RFCs demand; what the policy set of its own stays. */
  #transform(family: FamilyIndex, source: PeerId, attrs: AttrSetId, touched: number): Attrs {
    const { origin } = this.#tables.sources.get(source);
    const nextHop = this.#nextHop(family, source, attrs, touched);
    if (nextHop === 'missing') return NONE;
    return this.#ifSendable(
      family,
      this.#edited(attrs, this.#edits(family, origin, attrs, nextHop, touched)),
    );
  }

  #matrixAllows(from: PathOrigin): boolean {
    return this.#rules.mayExport(from, this.profile, this.#rules.isReflector);
  }

  #communitiesAllow(attrs: AttrSetId): boolean {
    const { attrSets } = this.#tables;
    if (!hasWellKnownCommunity(attrSets.bytes, attrSets.startOf(attrs), attrSets.endOf(attrs))) return true;
    const { communities } = decodeBlock(attrSets.block(attrs));
    return this.#rules.communitiesAllow(communities, this.profile.peerType);
  }

  /** RFC 9234 5: what only customers may hear goes to nobody else. */
  #roleAllows(attrs: AttrSetId): boolean {
    if (this.profile.special?.onlyToCustomer?.refused !== true) return true;
    const { attrSets } = this.#tables;
    return onlyToCustomerOf(attrSets.bytes, attrSets.startOf(attrs), attrSets.endOf(attrs)) < 0;
  }

  #verdict(family: FamilyIndex, prefix: PrefixId, source: PeerId, attrs: AttrSetId): PolicyVerdict {
    const { origin } = this.#tables.sources.get(source);
    this.#route.show(family, this.#tables.prefixes[family], prefix, origin.source, origin.peer);
    this.#route.towards(sessionType(this.profile), this.profile.nextHopSelf[family]);
    return this.profile.policy.evaluate(this.#route.withAttributes(attrs));
  }

  #edited(attrs: AttrSetId, edits: AttributeEdits): AttrSetId {
    return this.#tables.attrSets.edited(attrs, edits, this.#rewriter);
  }

  /** NONE where no message can carry the attributes: what was announced before must not stand (RFC 8654 4). */
  #ifSendable(family: FamilyIndex, attrs: AttrSetId): Attrs {
    const { maxMessage, asn4 } = this.profile;
    const { attrSets } = this.#tables;
    const nextHop = attrSets.nextHopLength(attrs);
    const carriesNextHop = nextHop >= 16 || (nextHop === 4 && family === 0);
    const length = attrSets.endOf(attrs) - attrSets.startOf(attrs);
    // In the 2-octet AS form, attributes can take twice the room.
    if (carriesNextHop && length * 2 + AMPLE_ROOM <= maxMessage) return attrs;
    const shape = this.#shape;
    shapeReach(shape, family, attrSets.block(attrs), asn4);
    if (shape.kind === 'unusable') return NONE;
    return shape.headLength + shape.tailLength + LONGEST_PREFIX <= maxMessage ? attrs : NONE;
  }

  /** The same few edits serve all attribute sets of a source: the last ones are kept. */
  #edits(
    family: FamilyIndex,
    origin: PathOrigin,
    attrs: AttrSetId,
    nextHop: Uint8Array | null,
    touched: number,
  ): AttributeEdits {
    const hasLocalPref = this.#tables.attrSets.hasLocalPref(attrs);
    const last = this.#lastEdits;
    const same =
      last?.origin === origin &&
      last.family === family &&
      last.nextHop === nextHop &&
      last.touched === touched &&
      last.hasLocalPref === hasLocalPref;
    if (same) return last.edits;
    const input: EditsInput = { family, origin, hasLocalPref, nextHop, touched };
    const edits = this.#makeEdits(input);
    this.#lastEdits = { ...input, edits };
    return edits;
  }

  #makeEdits({ family, origin, hasLocalPref, nextHop, touched }: EditsInput): AttributeEdits {
    const ruled = this.#rules.rewrite(this.profile, origin, family);
    const { nextHop: _asRuled, localPref, med, ...edits } = ruled;
    // The rule gives a LOCAL_PREF to routes that enter the AS here; one that import policy gave stays.
    const keepsLocalPref = localPref === undefined || (localPref !== null && hasLocalPref);
    return {
      ...edits,
      ...(keepsLocalPref ? {} : { localPref }),
      ...(med === undefined || (touched & TOUCHED_MED) !== 0 ? {} : { med }),
      ...(nextHop === null ? {} : { nextHop }),
      // RFC 7311 3.4.3: AIGP was counted for the next hop that goes.
      ...(nextHop !== null && nextHop === this.profile.nextHopSelf[family] ? { dropAigp: true } : {}),
    };
  }

  /** The next hop to put in, null to keep the route's own. */
  #nextHop(
    family: FamilyIndex,
    source: PeerId,
    attrs: AttrSetId,
    touched: number,
  ): Uint8Array | null | 'missing' {
    const { origin, peer } = this.#tables.sources.get(source);
    const nextHop = this.#ruledNextHop(family, origin.peerType, attrs, touched);
    const self = this.profile.nextHopSelf[family];
    if (nextHop === 'missing' || (nextHop !== null && nextHop === self)) return nextHop;
    const id = this.#tables.attrSets.nextHop[attrs]! as NextHopId;
    const address = this.#tables.nextHops.address(id);
    if (address === null || (peer !== null && ipEquals(address, peer.address))) return nextHop;
    // What another reflector passes on is, as a rule, what that router told it: it knows its ORIGINATOR_ID.
    if (this.#tables.attrSets.originatorId(attrs) < 0) this.#tables.nextHops.name(id);
    if (!this.#isOwnHop(attrs)) return nextHop;
    const internal = isInternal(this.profile.peerType) && isInternal(origin.peerType);
    return internal ? 'missing' : (self ?? 'missing');
  }

  /** RFC 4271 5.1.3: the peer would send packets to itself. */
  #isOwnHop(attrs: AttrSetId): boolean {
    const { notVia = null } = this.profile;
    if (notVia === null) return false;
    const { attrSets, nextHops } = this.#tables;
    const address = nextHops.address(attrSets.nextHop[attrs]! as NextHopId);
    return address !== null && ipEquals(address, notVia);
  }

  #ruledNextHop(
    family: FamilyIndex,
    from: PathOrigin['peerType'],
    attrs: AttrSetId,
    touched: number,
  ): Uint8Array | null | 'missing' {
    if ((touched & TOUCHED_NEXT_HOP) !== 0) return null;
    const { profile } = this;
    // RFC 4456 10: a reflector leaves the next hop alone, also where next-hop-self is on for what it learns from eBGP.
    const reflected = isInternal(profile.peerType) && isInternal(from);
    const { bytes } = this.#tables.attrSets;
    const at = this.#tables.attrSets.startOf(attrs);
    const length = bytes[at]!;
    const self = profile.nextHopSelf[family];
    const linkLocalOnly = length === 16 && bytes[at + 1] === 0xfe && (bytes[at + 2]! & 0xc0) === 0x80;
    // RFC 8950 4: a peer that has not said that it understands them gets no IPv6 next hops for IPv4 routes.
    const foreign = family === 0 && length >= 16 && profile.special?.extendedNextHop !== true;
    if (foreign && reflected) return 'missing';
    const replaced =
      profile.alwaysNextHopSelf && !reflected && (length === 0 || !this.#sharesSubnet(bytes, at + 1, length));
    if (length === 0 || foreign || replaced || linkLocalOnly) return self ?? 'missing';
    // RFC 2545 3: the link-local address is for peers on the same link; a third party gets the global one.
    return length === 32 ? bytes.slice(at + 1, at + 17) : null;
  }

  /** RFC 4271 5.1.3: the router that the next hop names is as near to the peer as we are. */
  #sharesSubnet(bytes: Uint8Array, at: number, length: number): boolean {
    const subnets = this.profile.special?.sharedSubnets;
    if (subnets === undefined || subnets.length === 0) return false;
    const address = ipFromBytes(bytes, at, length === 4 ? 4 : 16);
    return subnets.some((subnet) => prefixContainsIp(subnet, address));
  }

  #remember(attrs: AttrSetId, tag: number, result: Attrs): void {
    if (attrs >= this.#memoTag.length) this.#resize(grownCapacity(this.#memoTag.length, attrs + 1));
    this.forget(attrs);
    this.#memoTag[attrs] = tag;
    this.#memoResult[attrs] = result;
    if (result !== NONE && result !== attrs) this.#tables.attrSets.ref(result as AttrSetId);
  }

  #resize(capacity: number): void {
    this.#memoTag = growInt32(this.#memoTag, capacity);
    this.#memoResult = growInt32(this.#memoResult, capacity);
  }
}
