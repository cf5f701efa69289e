// UPDATE (RFC 4271 4.3) as received: the three sections, what the attributes make of the NLRI (RFC 7606), and the
// attribute blocks. Decides form only: loops, first AS and next hop reachability are the RIB's.

import { readU16 } from '../base/bytes.js';
import type { FamilyIndex } from '../base/family.js';
import { canonicalRoom, writeCanonical } from './attributes/canonical.js';
import { chooseNextHop, isUsableIpv4, type NextHopChoice } from './attributes/next-hop.js';
import { AttributeSection } from './attributes/section.js';
import { copyOctets } from './attributes/tlv.js';
import { ATTRIBUTE, ATTRIBUTE_NAMES, UPDATE_ERROR } from './iana.js';
import { checkNlri } from './nlri.js';
import { updateError } from './notification.js';
import type { AttributeVerdict, DecodeContext, NlriRun, Notification, UpdateView } from './types.js';

/** Octets of an UPDATE without routes and attributes: End-of-RIB for IPv4 unicast. */
const EMPTY_UPDATE = 23;
/** Octets in front of the attributes of a block: the length octet and the longest next hop. */
const LONGEST_NEXT_HOP = 33;

const UNUSABLE = 'unusable next hop';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const emptyRun = (): Mutable<NlriRun> => ({
  kind: 'unreach',
  family: 0,
  addPath: false,
  start: 0,
  end: 0,
  blockStart: 0,
  blockEnd: 0,
});

const NO_VERDICTS: readonly AttributeVerdict[] = [];

/** Decodes UPDATEs of sessions with one context. The view it returns is the same object each time. */
export class UpdateDecoder {
  readonly #context: DecodeContext;
  readonly #section: AttributeSection;
  readonly #view: Mutable<UpdateView>;
  /** An UPDATE has at most four runs: withdrawn and reachable, classic and multiprotocol. */
  readonly #pool: readonly Mutable<NlriRun>[] = [emptyRun(), emptyRun(), emptyRun(), emptyRun()];
  /** By number of runs: a list that is emptied and filled again would be allocated each time. */
  readonly #lists: readonly (readonly NlriRun[])[] = [0, 1, 2, 3, 4].map((n) => this.#pool.slice(0, n));
  #runs = 0;
  readonly #nextHop: NextHopChoice = { start: 0, length: 0 };
  #scratch = new Uint8Array(512);
  // Offsets of the sections of the frame at hand.
  #withdrawnEnd = 0;
  #attributesEnd = 0;

  constructor(context: DecodeContext) {
    this.#context = context;
    this.#section = new AttributeSection(context);
    this.#view = {
      frame: this.#scratch,
      scratch: this.#scratch,
      runs: [],
      endOfRib: null,
      verdicts: NO_VERDICTS,
      reset: null,
    };
  }

  /** Takes a whole message, header included. The view is valid until the next call, and while `frame` is. */
  decode(frame: Uint8Array): UpdateView {
    const view = this.#view;
    view.frame = frame;
    view.endOfRib = null;
    view.verdicts = NO_VERDICTS;
    this.#runs = 0;
    view.reset = this.#decodeSections(frame);
    view.runs = this.#lists[view.reset === null ? this.#runs : 0]!;
    view.scratch = this.#scratch;
    return view;
  }

  #decodeSections(frame: Uint8Array): Notification | null {
    const end = frame.length;
    const withdrawnEnd = end < EMPTY_UPDATE ? end : 21 + readU16(frame, 19);
    if (withdrawnEnd + 2 > end) return updateError(UPDATE_ERROR.malformedAttributeList);
    const attributesEnd = withdrawnEnd + 2 + readU16(frame, withdrawnEnd);
    if (attributesEnd > end) return updateError(UPDATE_ERROR.malformedAttributeList);
    this.#withdrawnEnd = withdrawnEnd;
    this.#attributesEnd = attributesEnd;
    const section = this.#section;
    const reset = section.walk(frame, withdrawnEnd + 2, attributesEnd) ?? this.#checkClassicNlri(frame);
    const outcome = reset ?? this.#build(frame);
    if (section.verdicts.length > 0) this.#view.verdicts = section.verdicts;
    return outcome;
  }

  /** RFC 7606 5.3: what cannot be parsed cannot be withdrawn either. */
  #checkClassicNlri(frame: Uint8Array): Notification | null {
    if (!this.#context.families[0]) {
      const used = this.#withdrawnEnd > 21 || this.#attributesEnd < frame.length;
      if (used) this.#section.verdict('disable', 0, 'ipv4-unicast was not negotiated', frame, 0, 0);
      return null;
    }
    const addPath = this.#context.addPath[0];
    const error =
      checkNlri(frame, 21, this.#withdrawnEnd, 0, addPath) ??
      checkNlri(frame, this.#attributesEnd, frame.length, 0, addPath);
    return error === null ? null : updateError(UPDATE_ERROR.invalidNetworkField);
  }

  #build(frame: Uint8Array): Notification | null {
    const section = this.#section;
    const ipv4 = this.#context.families[0];
    const mpReach = section.has(ATTRIBUTE.mpReach) && section.mpReach.negotiated;
    const classic = ipv4 && this.#attributesEnd < frame.length;
    const hasReach = this.#attributesEnd < frame.length || section.saw(ATTRIBUTE.mpReach);
    if (hasReach && !section.withdraw) this.#checkMandatory(frame, classic, mpReach);
    // RFC 7606 5.2: the error may be what hid the NLRI.
    if (section.withdraw && !hasReach) return updateError(UPDATE_ERROR.malformedAttributeList);
    if (ipv4 && this.#withdrawnEnd > 21) this.#addRun('unreach', 0, 21, this.#withdrawnEnd);
    if (section.has(ATTRIBUTE.mpUnreach) && section.mpUnreach.negotiated) this.#addMpUnreach(frame);
    const kind = section.withdraw ? 'unreach' : 'reach';
    if (classic) this.#addRun(kind, 0, this.#attributesEnd, frame.length);
    if (mpReach && section.mpReach.nlriStart < section.mpReach.nlriEnd) {
      this.#addRun(kind, section.mpReach.family, section.mpReach.nlriStart, section.mpReach.nlriEnd);
    }
    if (kind === 'reach') this.#writeBlocks(frame, classic);
    if (frame.length === EMPTY_UPDATE && ipv4) this.#view.endOfRib = 0;
    return null;
  }

  /** An MP_UNREACH_NLRI that is alone and empty is End-of-RIB (RFC 4724 2). */
  #addMpUnreach(frame: Uint8Array): void {
    const { family, nlriStart, nlriEnd } = this.#section.mpUnreach;
    if (nlriStart < nlriEnd) this.#addRun('unreach', family, nlriStart, nlriEnd);
    else if (
      this.#section.received === 1 &&
      this.#withdrawnEnd === 21 &&
      this.#attributesEnd === frame.length
    ) {
      this.#view.endOfRib = family;
    }
  }

  /** RFC 7606 3 d and RFC 4271 6.3: every verdict here is treat-as-withdraw. */
  #checkMandatory(frame: Uint8Array, classic: boolean, mpReach: boolean): void {
    const section = this.#section;
    this.#require(ATTRIBUTE.origin);
    this.#require(ATTRIBUTE.asPath);
    if (this.#context.sessionType === 'ibgp') this.#require(ATTRIBUTE.localPref);
    if (classic) {
      this.#require(ATTRIBUTE.nextHop);
      if (section.has(ATTRIBUTE.nextHop) && !isUsableIpv4(frame, section.valueAt[ATTRIBUTE.nextHop]!)) {
        this.#refuseNextHop(frame, ATTRIBUTE.nextHop, UNUSABLE);
      }
    }
    if (mpReach) this.#checkMpNextHop(frame);
  }

  #checkMpNextHop(frame: Uint8Array): void {
    const { family, nextHopStart, nextHopLength } = this.#section.mpReach;
    // The length is one of RFC 8950, so the NLRI are where they should be and can be withdrawn.
    if (family === 0 && nextHopLength > 4 && this.#context.extendedNextHop !== true) {
      this.#refuseNextHop(frame, ATTRIBUTE.mpReach, 'IPv6 next hop was not negotiated');
    }
    chooseNextHop(frame, nextHopStart, nextHopLength, this.#nextHop);
    if (this.#context.linkLocalNextHop === true && this.#nextHop.length === 32) {
      this.#nextHop.start += 16;
      this.#nextHop.length = 16;
    }
    if (this.#nextHop.length === 0) this.#refuseNextHop(frame, ATTRIBUTE.mpReach, UNUSABLE);
  }

  #require(code: number): void {
    if (this.#section.has(code)) return;
    this.#section.verdict('withdraw', code, `missing ${ATTRIBUTE_NAMES[code]}`, this.#view.frame, 0, 0);
  }

  #refuseNextHop(frame: Uint8Array, code: number, reason: string): void {
    const { tlvAt, endAt } = this.#section;
    this.#section.verdict('withdraw', code, reason, frame, tlvAt[code]!, endAt[code]!);
  }

  #addRun(kind: NlriRun['kind'], family: FamilyIndex, start: number, end: number): void {
    const run = this.#pool[this.#runs++]!;
    run.kind = kind;
    run.family = family;
    run.addPath = this.#context.addPath[family];
    run.start = start;
    run.end = end;
    run.blockStart = run.blockEnd = 0;
  }

  /** The runs of one UPDATE share their attributes; the blocks differ in the next hop. */
  #writeBlocks(frame: Uint8Array, classic: boolean): void {
    let attributesStart = -1;
    let attributesEnd = 0;
    let at = 0;
    for (let i = 0; i < this.#runs; i++) {
      const run = this.#pool[i]!;
      if (run.kind !== 'reach') continue;
      if (attributesStart < 0) this.#reserve();
      const scratch = this.#scratch;
      run.blockStart = at;
      at = this.#writeNextHop(frame, at, classic && run.start === this.#attributesEnd);
      if (attributesStart < 0) {
        attributesStart = at;
        at = attributesEnd = writeCanonical(this.#section, frame, this.#context.asn4, scratch, at);
      } else at = copyOctets(scratch, attributesStart, attributesEnd, scratch, at);
      run.blockEnd = at;
    }
  }

  #writeNextHop(frame: Uint8Array, at: number, classic: boolean): number {
    const start = classic ? this.#section.valueAt[ATTRIBUTE.nextHop]! : this.#nextHop.start;
    const length = classic ? 4 : this.#nextHop.length;
    this.#scratch[at] = length;
    return copyOctets(frame, start, start + length, this.#scratch, at + 1);
  }

  /** Room for two blocks. The NLRI inside the attributes are not copied. */
  #reserve(): void {
    const section = this.#section;
    const code = ATTRIBUTE.mpReach;
    const nlri = section.has(code) ? section.endAt[code]! - section.tlvAt[code]! : 0;
    const length = this.#attributesEnd - this.#withdrawnEnd - nlri;
    const room = 2 * (canonicalRoom(length, this.#context.asn4) + LONGEST_NEXT_HOP);
    if (this.#scratch.length < room) this.#scratch = new Uint8Array(room);
  }
}
