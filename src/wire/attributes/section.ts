// The path attributes of one received UPDATE: one walk that finds them, holds them against their rows and collects
// the verdicts of RFC 7606. Reused for every UPDATE of a session; remembers offsets, copies nothing but evidence.

import { copyBytes, readU16 } from '../../base/bytes.js';
import { ATTRIBUTE, familyLabel, UPDATE_ERROR } from '../iana.js';
import { MAX_NOTIFICATION_DATA, updateError } from '../notification.js';
import type { AttributeVerdict, DecodeContext, Notification } from '../types.js';
import { refusedAs4Path } from './as-path.js';
import { LOCAL_FACTS } from './local-facts.js';
import { emptyMpSection, parseMpReach, parseMpUnreach } from './mp-nlri.js';
import { EXTENDED_LENGTH, OPTIONAL_TRANSITIVE } from './row.js';
import { canonicalFlags, rowOf } from './table.js';
import { fateOfUnknown } from './unknown.js';

/** Octets of evidence kept in a verdict, and verdicts kept of one UPDATE: what a peer sends must not fill the logs. */
const MAX_EVIDENCE = 256;
const MAX_VERDICTS = 16;

export class AttributeSection {
  /** Codes of the attributes that belong into a block, in order of arrival. */
  readonly codes = new Uint8Array(256);
  count = 0;
  /** By code, valid for seen attributes: offsets of the TLV, of its value and behind it. */
  readonly tlvAt = new Int32Array(256);
  readonly valueAt = new Int32Array(256);
  readonly endAt = new Int32Array(256);
  /** The kept attributes arrived in ascending order. */
  sorted = true;
  /** At least one verdict turns the routes of the UPDATE into withdrawals. */
  withdraw = false;
  verdicts: AttributeVerdict[] = [];
  readonly mpReach = emptyMpSection();
  readonly mpUnreach = emptyMpSection();
  /** Attributes received, known or not, usable or not. */
  received = 0;
  readonly #seen = new Int32Array(8);
  readonly #usable = new Int32Array(8);
  readonly #context: DecodeContext;

  constructor(context: DecodeContext) {
    this.#context = context;
  }

  /** RFC 9012 11: what an external peer says of tunnels is not taken. */
  get filtersTunnels(): boolean {
    return this.#context.sessionType === 'ebgp' && this.#context.tunnelEncapsulation !== true;
  }

  /** The attribute arrived and its value is well formed. */
  has(code: number): boolean {
    return (this.#usable[code >>> 5]! & (1 << (code & 31))) !== 0;
  }

  /** The attribute arrived, well formed or not. */
  saw(code: number): boolean {
    return (this.#seen[code >>> 5]! & (1 << (code & 31))) !== 0;
  }

  /** Reads the attributes of a new UPDATE. Not null: the session must be reset with it. */
  walk(frame: Uint8Array, start: number, end: number): Notification | null {
    this.#clear();
    let at = start;
    while (at < end) {
      const extended = (frame[at]! & EXTENDED_LENGTH) !== 0;
      const valueAt = at + (extended ? 4 : 3);
      const next = valueAt > end ? end + 1 : valueAt + (extended ? readU16(frame, at + 2) : frame[at + 2]!);
      // RFC 7606 4: the section length still tells where the NLRI begin.
      if (next > end) {
        this.verdict(
          'withdraw',
          at + 1 < end ? frame[at + 1]! : 0,
          'runs past the attributes',
          frame,
          at,
          end,
        );
        return null;
      }
      const reset = this.#take(frame, at, valueAt, next);
      if (reset !== null) return reset;
      at = next;
    }
    return null;
  }

  /** Records what was found wrong; the offsets are the evidence. */
  verdict(
    action: AttributeVerdict['action'],
    attribute: number,
    reason: string,
    frame: Uint8Array,
    start: number,
    end: number,
  ): void {
    if (action === 'withdraw') this.withdraw = true;
    if (this.verdicts.length >= MAX_VERDICTS) return;
    const bytes = copyBytes(frame, start, Math.min(end, start + MAX_EVIDENCE));
    this.verdicts.push({ action, attribute, reason, bytes });
  }

  #clear(): void {
    this.count = 0;
    this.received = 0;
    this.sorted = true;
    this.withdraw = false;
    if (this.verdicts.length > 0) this.verdicts = [];
    for (let i = 0; i < 8; i++) this.#seen[i] = this.#usable[i] = 0;
  }

  #take(frame: Uint8Array, at: number, valueAt: number, next: number): Notification | null {
    const flags = frame[at]!;
    const code = frame[at + 1]!;
    this.received++;
    if (this.saw(code)) return this.#repeated(frame, at, next, code);
    this.#seen[code >>> 5]! |= 1 << (code & 31);
    const row = rowOf(code);
    if (row === null) return this.#unknown(frame, at, valueAt, next);
    if (row.fromEbgp !== 'accept' && this.#context.sessionType === 'ebgp') {
      if (row.fromEbgp === 'discard') this.verdict('discard', code, 'from an external peer', frame, at, next);
      if (row.fromEbgp === 'discard' || this.#context[row.fromEbgp] !== true) return null;
    }
    // RFC 7606 3 c.
    if ((flags & OPTIONAL_TRANSITIVE) !== row.flags) {
      this.verdict(row.onFlags ?? 'withdraw', code, 'flags conflict with the type', frame, at, next);
      if (row.onFlags === 'discard') return null;
    }
    const reason = row.check(frame, valueAt, next, this.#context);
    if (reason === null) return this.#keep(frame, at, valueAt, next);
    if (row.onMalformed === 'reset') return this.#reset(frame, at, next, code, reason);
    this.verdict(row.onMalformed, code, reason, frame, at, next);
    return null;
  }

  /** RFC 7606 3 g: the first one counts, but the NLRI attributes must be single. */
  #repeated(frame: Uint8Array, at: number, next: number, code: number): Notification | null {
    if (code === ATTRIBUTE.mpReach || code === ATTRIBUTE.mpUnreach) {
      this.verdict('reset', code, 'appears twice', frame, at, next);
      return updateError(UPDATE_ERROR.malformedAttributeList);
    }
    this.verdict('discard', code, 'appears twice', frame, at, next);
    return null;
  }

  #unknown(frame: Uint8Array, at: number, valueAt: number, next: number): Notification | null {
    const code = frame[at + 1]!;
    // Ours: see local-facts.ts.
    if (code === LOCAL_FACTS) {
      this.verdict('discard', code, 'attribute 0 is reserved', frame, at, next);
      return null;
    }
    switch (fateOfUnknown(frame[at]!)) {
      case 'reset':
        this.verdict('reset', code, 'unrecognized well-known attribute', frame, at, next);
        return updateError(UPDATE_ERROR.unrecognizedWellKnownAttribute, evidence(frame, at, next));
      case 'drop':
        return null;
      case 'keep':
        this.#record(at, valueAt, next, code);
        this.#store(code);
        return null;
    }
  }

  #keep(frame: Uint8Array, at: number, valueAt: number, next: number): Notification | null {
    const code = frame[at + 1]!;
    this.#record(at, valueAt, next, code);
    switch (code) {
      case ATTRIBUTE.as4Path:
        if (this.#context.refuseAsSets === true) this.#refuseSets(frame, at, valueAt, next);
        return null;
      case ATTRIBUTE.nextHop:
      case ATTRIBUTE.as4Aggregator:
        return null;
      case ATTRIBUTE.mpReach:
      case ATTRIBUTE.mpUnreach:
        return this.#openMp(frame, at, valueAt, next, code);
      default:
        this.#store(code);
        return null;
    }
  }

  #refuseSets(frame: Uint8Array, at: number, valueAt: number, next: number): void {
    const reason = refusedAs4Path(frame, valueAt, next);
    if (reason !== null) this.verdict('withdraw', ATTRIBUTE.as4Path, reason, frame, at, next);
  }

  #openMp(frame: Uint8Array, at: number, valueAt: number, next: number, code: number): Notification | null {
    const reach = code === ATTRIBUTE.mpReach;
    const section = reach ? this.mpReach : this.mpUnreach;
    const parse = reach ? parseMpReach : parseMpUnreach;
    const reason = parse(frame, valueAt, next, this.#context, section);
    if (reason !== null) return this.#reset(frame, at, next, code, reason);
    if (!section.negotiated) {
      const family = familyLabel(readU16(frame, valueAt), frame[valueAt + 2]!) ?? 'family';
      this.verdict('disable', code, `${family} was not negotiated`, frame, at, next);
    }
    return null;
  }

  #reset(frame: Uint8Array, at: number, next: number, code: number, reason: string): Notification {
    this.verdict('reset', code, reason, frame, at, next);
    return updateError(UPDATE_ERROR.optionalAttributeError, evidence(frame, at, next));
  }

  #record(at: number, valueAt: number, next: number, code: number): void {
    this.#usable[code >>> 5]! |= 1 << (code & 31);
    this.tlvAt[code] = at;
    this.valueAt[code] = valueAt;
    this.endAt[code] = next;
  }

  #store(code: number): void {
    if (this.count > 0 && this.codes[this.count - 1]! > code) this.sorted = false;
    this.codes[this.count++] = code;
  }

  /** Ascending codes; the lists are short and mostly sorted already. */
  sort(): void {
    const { codes, count } = this;
    for (let i = 1; i < count; i++) {
      const code = codes[i]!;
      let at = i;
      while (at > 0 && codes[at - 1]! > code) codes[at] = codes[--at]!;
      codes[at] = code;
    }
    this.sorted = true;
  }

  /** The TLV can be copied into a block as it is. */
  isClean(frame: Uint8Array, code: number): boolean {
    const flags = frame[this.tlvAt[code]!]!;
    return flags === canonicalFlags(rowOf(code), flags, this.endAt[code]! - this.valueAt[code]!);
  }
}

/** RFC 4271 6.3: type, length and value as received, as much as fits. */
const evidence = (frame: Uint8Array, at: number, next: number): Uint8Array =>
  copyBytes(frame, at, Math.min(next, at + MAX_NOTIFICATION_DATA));
