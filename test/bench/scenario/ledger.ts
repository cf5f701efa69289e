// What every receiver holds, one bit a route, and whether it came with the right attributes. Reads UPDATEs in place and
// allocates nothing for a route. Knows no sockets and no clock.

import { readU16 } from '../../../src/base/bytes.js';
import type { FamilyIndex } from '../../../src/base/family.js';
import { AttributeDigest } from './attribute-digest.js';
import type { Catalogue } from './catalogue.js';
import type { LoadFeed } from './load-feed.js';

export interface Tallies {
  /** Prefixes that nobody announced. */
  unexpected: number;
  /** Prefixes with other attributes than they must have. */
  wrongAttributes: number;
  /** UPDATEs whose lengths do not add up. */
  malformed: number;
  /** A receiver's own routes, sent back to it: allowed, it drops them. */
  echoes: number;
  /** Announced again while held: allowed. */
  duplicates: number;
  /** Withdrawn while not held: allowed. */
  idleWithdrawals: number;
  updates: number;
}

export interface Receiver {
  /** Its own routes, from `first` up to `end`, are not expected back. */
  readonly first: number;
  readonly end: number;
}

/** A route of a receiver came or went at a moment of the caller's clock. */
export type RouteChange = (id: number, at: number) => void;

const emptyTallies = (): Tallies => ({
  unexpected: 0,
  wrongAttributes: 0,
  malformed: 0,
  echoes: 0,
  duplicates: 0,
  idleWithdrawals: 0,
  updates: 0,
});

export class Ledger {
  tallies = emptyTallies();
  /** Receivers that lack a route. */
  incomplete = 0;
  /** When the last of them got its last one; meaningless while `incomplete` is not 0. */
  completedAt = 0;
  /** The first UPDATE at fault, as hex. */
  evidence: string | null = null;
  onChange: RouteChange | null = null;
  readonly #feed: LoadFeed;
  readonly #catalogue: Catalogue;
  readonly #receivers: readonly Receiver[];
  readonly #words: number;
  readonly #held: Uint32Array;
  readonly #missing: Int32Array;
  readonly #digest = new AttributeDigest();

  constructor(feed: LoadFeed, receivers: readonly Receiver[]) {
    this.#feed = feed;
    this.#catalogue = feed.catalogue;
    this.#receivers = receivers;
    this.#words = (feed.catalogue.count + 31) >>> 5;
    this.#held = new Uint32Array(this.#words * receivers.length);
    this.#missing = new Int32Array(receivers.length);
    this.clear();
  }

  /** Nobody holds anything any more; tallies stay. */
  clear(): void {
    const { count } = this.#feed.catalogue;
    this.#held.fill(0);
    for (const [index, { first, end }] of this.#receivers.entries()) {
      this.#missing[index] = count - (end - first);
    }
    this.incomplete = this.#missing.filter((missing) => missing > 0).length;
  }

  /** Takes one whole UPDATE that `receiver` read at `at`. */
  take(receiver: number, frame: Uint8Array, at: number): void {
    const before = this.tallies.unexpected + this.tallies.wrongAttributes;
    this.tallies.updates += 1;
    const withdrawn = 21;
    const withdrawnEnd = withdrawn + readU16(frame, 19);
    const attributes = withdrawnEnd + 2;
    const attributesEnd = attributes <= frame.length ? attributes + readU16(frame, withdrawnEnd) : attributes;
    const digest = this.#digest;
    const value = digest.read(frame, attributes, Math.min(attributesEnd, frame.length));
    if (attributesEnd > frame.length || !digest.sound) {
      this.tallies.malformed += 1;
      this.#remember(frame);
      return;
    }
    const { reachStart, reachEnd, unreachStart, unreachEnd } = digest;
    this.#withdraw(receiver, 0, frame, withdrawn, withdrawnEnd, at);
    this.#withdraw(receiver, 1, frame, unreachStart, unreachEnd, at);
    this.#announce(receiver, 1, frame, reachStart, reachEnd, value, at);
    this.#announce(receiver, 0, frame, attributesEnd, frame.length, value, at);
    if (this.tallies.unexpected + this.tallies.wrongAttributes > before) this.#remember(frame);
  }

  /** How many routes are held that should not be, or the other way round; `gone` has been withdrawn. Slow: looks at all. */
  differences(gone: ReadonlySet<number>): number {
    let found = 0;
    for (const [receiver, { first, end }] of this.#receivers.entries()) {
      for (let id = 0; id < this.#feed.catalogue.count; id += 1) {
        const wanted = (id < first || id >= end) && !gone.has(id);
        if (this.holds(receiver, id) !== wanted) found += 1;
      }
    }
    return found;
  }

  holds(receiver: number, id: number): boolean {
    return (this.#held[receiver * this.#words + (id >>> 5)]! & (1 << (id & 31))) !== 0;
  }

  /** Routes that receivers lack, in all. */
  get missing(): number {
    return this.#missing.reduce((sum, missing) => sum + missing, 0);
  }

  #announce(
    receiver: number,
    family: FamilyIndex,
    bytes: Uint8Array,
    start: number,
    end: number,
    digest: number,
    time: number,
  ): void {
    const { setOf, digests, thirdParty } = this.#feed;
    const { first: ownFirst, end: ownEnd } = this.#receivers[receiver]!;
    const held = this.#held;
    const row = receiver * this.#words;
    let came = 0;
    for (let at = start; at < end; ) {
      const length = bytes[at]!;
      const id = this.#idAt(family, bytes, at, length);
      at += 1 + ((length + 7) >>> 3);
      if (id < 0) {
        this.tallies.unexpected += 1;
        continue;
      }
      const difference = (digest - digests[setOf[id]!]!) | 0;
      if (difference !== 0 && difference !== thirdParty) this.tallies.wrongAttributes += 1;
      const cell = row + (id >>> 5);
      const before = held[cell]!;
      const bit = 1 << (id & 31);
      if (id >= ownFirst && id < ownEnd) this.tallies.echoes += 1;
      else if ((before & bit) !== 0) this.tallies.duplicates += 1;
      else {
        held[cell] = before | bit;
        came += 1;
        this.onChange?.(id, time);
      }
    }
    if (came > 0) this.#came(receiver, came, time);
  }

  #withdraw(
    receiver: number,
    family: FamilyIndex,
    bytes: Uint8Array,
    start: number,
    end: number,
    time: number,
  ): void {
    const held = this.#held;
    const row = receiver * this.#words;
    for (let at = start; at < end; ) {
      const length = bytes[at]!;
      const id = this.#idAt(family, bytes, at, length);
      at += 1 + ((length + 7) >>> 3);
      const cell = row + (id >>> 5);
      const bit = 1 << (id & 31);
      if (id < 0) this.tallies.unexpected += 1;
      else if ((held[cell]! & bit) === 0) this.tallies.idleWithdrawals += 1;
      else {
        held[cell]! &= ~bit;
        this.#went(receiver);
        this.onChange?.(id, time);
      }
    }
  }

  #came(receiver: number, count: number, time: number): void {
    const missing = this.#missing[receiver]! - count;
    this.#missing[receiver] = missing;
    if (missing > 0) return;
    this.incomplete -= 1;
    this.completedAt = time;
  }

  #went(receiver: number): void {
    if (this.#missing[receiver] === 0) this.incomplete += 1;
    this.#missing[receiver]! += 1;
  }

  #idAt(family: FamilyIndex, bytes: Uint8Array, at: number, length: number): number {
    const { idOf } = this.#catalogue;
    if (family !== this.#catalogue.family) return -1;
    if (family === 0) return idOf(word(bytes, at + 1, length), 0, 0, 0, length);
    return idOf(
      word(bytes, at + 1, length),
      word(bytes, at + 5, length - 32),
      word(bytes, at + 9, length - 64),
      word(bytes, at + 13, length - 96),
      length,
    );
  }

  #remember(frame: Uint8Array): void {
    this.evidence ??= Buffer.from(frame.subarray(0, 200)).toString('hex');
  }
}

/** The word at `at` of a prefix of which `bits` bits fall into it or later. Octets behind the end count as 0. */
const word = (bytes: Uint8Array, at: number, bits: number): number => {
  if (bits <= 0) return 0;
  const all = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  return bits >= 32 ? all >>> 0 : (all & (-1 << (32 - bits))) >>> 0;
};
