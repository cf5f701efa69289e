// Which prefixes some records cover: the prefixes of the records in one open-addressed table, one probe for each mask
// length that occurs. Costs no string and no object a record, however many change at once. Judges nothing.

import { hashPrefix } from '../base/hash.js';
import { maskWord } from '../base/prefix.js';
import type { Vrp } from './types.js';

const FREE = 0;
const LENGTHS = 129;

export class CoveredPrefixes {
  /** Entry + 1. */
  readonly #slots: Int32Array;
  readonly #words: Uint32Array;
  /** Mask length, and the family above it. */
  readonly #kinds: Uint16Array;
  readonly #occurs = [new Uint8Array(LENGTHS), new Uint8Array(LENGTHS)] as const;
  #count = 0;

  /** Room for so many records. */
  constructor(capacity: number) {
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(2, capacity * 2))));
    this.#words = new Uint32Array(capacity * 4);
    this.#kinds = new Uint16Array(capacity);
  }

  /** Distinct prefixes. */
  get size(): number {
    return this.#count;
  }

  add({ family, w0, w1, w2, w3, length }: Vrp): void {
    const slot = this.#slotOf(family, w0, w1, w2, w3, length);
    if (this.#slots[slot] !== FREE) return;
    const entry = this.#count++;
    this.#words.set([w0, w1, w2, w3], entry * 4);
    this.#kinds[entry] = family * LENGTHS + length;
    this.#slots[slot] = entry + 1;
    this.#occurs[family][length] = 1;
  }

  /** RFC 6811 2: a record matters to its prefix and to all inside. */
  covers(family: 0 | 1, w0: number, w1: number, w2: number, w3: number, length: number): boolean {
    const occurs = this.#occurs[family];
    for (let mask = 0; mask <= length; mask++) {
      if (occurs[mask] === 0) continue;
      const a = (w0 & maskWord(mask)) >>> 0;
      const b = (w1 & maskWord(mask - 32)) >>> 0;
      const c = (w2 & maskWord(mask - 64)) >>> 0;
      const d = (w3 & maskWord(mask - 96)) >>> 0;
      if (this.#slots[this.#slotOf(family, a, b, c, d, mask)] !== FREE) return true;
    }
    return false;
  }

  /** Where the prefix is, or would be. */
  #slotOf(family: 0 | 1, w0: number, w1: number, w2: number, w3: number, length: number): number {
    const mask = this.#slots.length - 1;
    const kind = family * LENGTHS + length;
    let slot = hashPrefix(w0, w1, w2, w3, length, family) & mask;
    for (let entry = this.#slots[slot]! - 1; entry >= 0; entry = this.#slots[slot]! - 1) {
      const at = entry * 4;
      const words = this.#words;
      const isIt =
        this.#kinds[entry] === kind &&
        words[at] === w0 &&
        words[at + 1] === w1 &&
        words[at + 2] === w2 &&
        words[at + 3] === w3;
      if (isIt) return slot;
      slot = (slot + 1) & mask;
    }
    return slot;
  }
}
