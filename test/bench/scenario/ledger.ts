// What every receiver holds, one bit a route, and whether it came with the right attributes. Reads UPDATEs in place and
// allocates nothing for a route. Knows no sockets and no clock.

import { readU16 } from '../../../src/base/bytes.js';
import { AttributeDigest } from './attribute-digest.js';
import type { LoadFeed } from './load-feed.js';
import { type Ids, NlriReader, type Run } from './nlri-reader.js';

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
  readonly #reader: NlriReader;
  readonly #receivers: readonly Receiver[];
  readonly #words: number;
  readonly #held: Int32Array;
  readonly #missing: Int32Array;
  readonly #digest = new AttributeDigest();

  constructor(feed: LoadFeed, receivers: readonly Receiver[]) {
    this.#feed = feed;
    this.#reader = new NlriReader(feed);
    this.#receivers = receivers;
    this.#words = (feed.catalogue.count + 31) >>> 5;
    this.#held = new Int32Array(this.#words * receivers.length);
    this.#missing = new Int32Array(receivers.length);
    this.clear();
  }

  /** Nobody holds anything any more; tallies stay. */
  clear(): void {
    for (const index of this.#receivers.keys()) this.forget(index);
  }

  /** One receiver holds nothing any more. */
  forget(receiver: number): void {
    const row = receiver * this.#words;
    this.#held.fill(0, row, row + this.#words);
    const { first, end } = this.#receivers[receiver]!;
    this.#missing[receiver] = this.#feed.catalogue.count - (end - first);
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
    this.#withdraw(receiver, { family: 0, bytes: frame, start: withdrawn, end: withdrawnEnd }, at);
    this.#withdraw(receiver, { family: 1, bytes: frame, start: unreachStart, end: unreachEnd }, at);
    this.#announce(receiver, { family: 1, bytes: frame, start: reachStart, end: reachEnd }, value, at);
    this.#announce(receiver, { family: 0, bytes: frame, start: attributesEnd, end: frame.length }, value, at);
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

  #announce(receiver: number, run: Run, digest: number, time: number): void {
    if (run.start >= run.end) return;
    const found = this.#reader.reach(run, digest);
    this.tallies.unexpected += found.unexpected;
    this.tallies.wrongAttributes += found.wrong;
    const { first, end } = this.#receivers[receiver]!;
    const { lowest, count } = found;
    const foreign = lowest >= end || (lowest >= 0 && lowest + count <= first);
    const block = foreign && count > 32 && this.onChange === null;
    const came = block ? this.#holdBlock(receiver, lowest, count) : this.#hold(receiver, found, time);
    if (came > 0) this.#came(receiver, came, time);
  }

  /** Returns how many were not held before. */
  #hold(receiver: number, { ids, count }: Ids, time: number): number {
    const { first: ownFirst, end: ownEnd } = this.#receivers[receiver]!;
    const held = this.#held;
    const row = receiver * this.#words;
    const { onChange, tallies } = this;
    let came = 0;
    for (let i = 0; i < count; i += 1) {
      const id = ids[i]!;
      const cell = row + (id >>> 5);
      const before = held[cell]!;
      const bit = 1 << (id & 31);
      if (id >= ownFirst && id < ownEnd) tallies.echoes += 1;
      else if ((before & bit) !== 0) tallies.duplicates += 1;
      else {
        held[cell] = before | bit;
        came += 1;
        if (onChange !== null) onChange(id, time);
      }
    }
    return came;
  }

  /** The same for `count` numbers from `lowest` on, none of them the receiver's own: 32 at a time. */
  #holdBlock(receiver: number, lowest: number, count: number): number {
    const held = this.#held;
    const row = receiver * this.#words;
    const end = lowest + count;
    let came = 0;
    for (let id = lowest; id < end; ) {
      const from = id & 31;
      const size = Math.min(32 - from, end - id);
      const mask = (size === 32 ? -1 : (1 << size) - 1) << from;
      const cell = row + (id >>> 5);
      came += bitsIn(mask & ~held[cell]!);
      held[cell]! |= mask;
      id += size;
    }
    this.tallies.duplicates += count - came;
    return came;
  }

  #withdraw(receiver: number, run: Run, time: number): void {
    if (run.start >= run.end) return;
    const { ids, count, unexpected } = this.#reader.unreach(run);
    this.tallies.unexpected += unexpected;
    const held = this.#held;
    const row = receiver * this.#words;
    for (let i = 0; i < count; i += 1) {
      const id = ids[i]!;
      const cell = row + (id >>> 5);
      const bit = 1 << (id & 31);
      if ((held[cell]! & bit) === 0) this.tallies.idleWithdrawals += 1;
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

  #remember(frame: Uint8Array): void {
    this.evidence ??= Buffer.from(frame.subarray(0, 200)).toString('hex');
  }
}

const bitsIn = (word: number): number => {
  const pairs = (word - ((word >>> 1) & 0x55555555)) | 0;
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
};
