// Prefix -> row number for one family: open addressing over typed arrays, so that a million prefixes cost no objects.
// Rows index the columns of whoever owns the table; a freed row is used again.

import type { AddressFamily } from '../../base/family.js';
import { hashPrefix } from '../../base/hash.js';
import type { IpAddress } from '../../base/ip.js';
import { maskWord, maxLength, type Prefix, prefixFromWords } from '../../base/prefix.js';

const FIRST_CAPACITY = 256;
/** In the length column: a row that was freed. No prefix is this long. */
const FREED = 255;

export class PrefixRows {
  readonly family: AddressFamily;
  readonly #seed: number;
  readonly #wide: boolean;
  /** Row + 1 per slot, 0 when free; at most half full. */
  #slots = new Int32Array(FIRST_CAPACITY * 2);
  #words: Uint32Array;
  #lengths = new Uint8Array(FIRST_CAPACITY);
  /** Kept so that a larger slot table is filled without looking at a prefix again. */
  #hashes = new Uint32Array(FIRST_CAPACITY);
  #used = 0;
  #free: number[] = [];
  #size = 0;
  /** How many prefixes have each length. */
  readonly #perLength = new Uint32Array(129);

  constructor(family: AddressFamily, seed: number) {
    this.family = family;
    this.#seed = seed;
    this.#wide = family === 'ipv6';
    this.#words = new Uint32Array(FIRST_CAPACITY * (this.#wide ? 4 : 1));
  }

  get size(): number {
    return this.#size;
  }

  /** Columns must have at least this many rows. */
  get capacity(): number {
    return this.#lengths.length;
  }

  /** Rows at or above this were never used. */
  get limit(): number {
    return this.#used;
  }

  find(prefix: Prefix): number {
    const { address, length } = prefix;
    if (address.family === 'ipv4') return this.#find(address.word, 0, 0, 0, length);
    const [w0, w1, w2, w3] = address.words;
    return this.#find(w0, w1, w2, w3, length);
  }

  /** The row of the prefix, made when it is new. */
  insert(prefix: Prefix): number {
    const found = this.find(prefix);
    if (found >= 0) return found;
    const row = this.#free.pop() ?? this.#used++;
    if (row >= this.capacity) this.#growRows();
    if (this.#size * 2 >= this.#slots.length) this.#growSlots();
    this.#store(row, prefix);
    this.#place(row);
    this.#size++;
    this.#perLength[prefix.length]!++;
    return row;
  }

  /** The row must be in use. */
  remove(row: number): void {
    const mask = this.#slots.length - 1;
    let hole = this.#home(row);
    while (this.#slots[hole] !== row + 1) hole = (hole + 1) & mask;
    this.#perLength[this.#lengths[row]!]!--;
    this.#slots[hole] = 0;
    // Close the gap: an entry moves into the hole when its own place is not between the hole and where it is now.
    for (let at = (hole + 1) & mask; this.#slots[at] !== 0; at = (at + 1) & mask) {
      const home = this.#home(this.#slots[at]! - 1);
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      this.#slots[hole] = this.#slots[at]!;
      this.#slots[at] = 0;
      hole = at;
    }
    this.#size--;
    this.#lengths[row] = FREED;
    this.#free.push(row);
  }

  /** Word 0 to 3 of the row's address; IPv4 has the first only. */
  word(row: number, index: 0 | 1 | 2 | 3): number {
    if (this.#wide) return this.#words[row * 4 + index]!;
    return index === 0 ? this.#words[row]! : 0;
  }

  length(row: number): number {
    return this.#lengths[row]!;
  }

  prefix(row: number): Prefix {
    const words = this.#wide
      ? this.#words.subarray(row * 4, row * 4 + 4)
      : this.#words.subarray(row, row + 1);
    return prefixFromWords(
      this.family,
      words[0]!,
      words[1] ?? 0,
      words[2] ?? 0,
      words[3] ?? 0,
      this.length(row),
    );
  }

  /** Rows whose prefix holds the address, the longest first. */
  *covering(address: IpAddress): Generator<number> {
    if (address.family !== this.family) return;
    const [w0, w1, w2, w3] = address.family === 'ipv4' ? [address.word, 0, 0, 0] : address.words;
    for (let length = maxLength(this.family) as number; length >= 0; length--) {
      if (this.#perLength[length] === 0) continue;
      const row = this.#find(
        (w0 & maskWord(length)) >>> 0,
        (w1 & maskWord(length - 32)) >>> 0,
        (w2 & maskWord(length - 64)) >>> 0,
        (w3 & maskWord(length - 96)) >>> 0,
        length,
      );
      if (row >= 0) yield row;
    }
  }

  /** Rows in use, in no order; rows may be removed while this runs. */
  *[Symbol.iterator](): Generator<number> {
    for (let row = 0; row < this.#used; row++) if (this.#lengths[row] !== FREED) yield row;
  }

  #find(w0: number, w1: number, w2: number, w3: number, length: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = hashPrefix(w0, w1, w2, w3, length, this.#seed) & mask; ; slot = (slot + 1) & mask) {
      const row = this.#slots[slot]! - 1;
      if (row < 0) return -1;
      if (this.#lengths[row] === length && this.#equals(row, w0, w1, w2, w3)) return row;
    }
  }

  #equals(row: number, w0: number, w1: number, w2: number, w3: number): boolean {
    const words = this.#words;
    if (!this.#wide) return words[row] === w0;
    const at = row * 4;
    return words[at] === w0 && words[at + 1] === w1 && words[at + 2] === w2 && words[at + 3] === w3;
  }

  #store(row: number, prefix: Prefix): void {
    this.#lengths[row] = prefix.length;
    const { address, length } = prefix;
    if (address.family === 'ipv4') {
      this.#words[row] = address.word;
      this.#hashes[row] = hashPrefix(address.word, 0, 0, 0, length, this.#seed);
      return;
    }
    const [w0, w1, w2, w3] = address.words;
    this.#words.set(address.words, row * 4);
    this.#hashes[row] = hashPrefix(w0, w1, w2, w3, length, this.#seed);
  }

  #home(row: number): number {
    return this.#hashes[row]! & (this.#slots.length - 1);
  }

  #place(row: number): void {
    const mask = this.#slots.length - 1;
    let slot = this.#home(row);
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = row + 1;
  }

  #growRows(): void {
    const lengths = new Uint8Array(this.#lengths.length * 2);
    lengths.set(this.#lengths);
    this.#lengths = lengths;
    const hashes = new Uint32Array(this.#hashes.length * 2);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    const words = new Uint32Array(this.#words.length * 2);
    words.set(this.#words);
    this.#words = words;
  }

  #growSlots(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(old.length * 2);
    for (const entry of old) if (entry !== 0) this.#place(entry - 1);
  }
}
