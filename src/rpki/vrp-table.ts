// The validated ROA payloads of all caches in one table, and origin validation over those that count (RFC 6811 2).
// Prefixes and records in columns; which cache says a record is a bit of it.

import { hashPrefix } from '../base/hash.js';
import { maskWord } from '../base/prefix.js';
import type { OriginValidation, RpkiState } from '../rib/hooks.js';
import { RecordColumns } from './record-columns.js';
import type { Vrp } from './types.js';

/** More caches than this can't be told apart. */
export const MAX_CACHES = 16;

const NONE = -1;
const LENGTHS = 129;

export class VrpTable implements OriginValidation {
  readonly #records = new RecordColumns();
  /** By family: records by prefix and mask length, first of each chain; open addressing over rows. */
  #slots = new Int32Array(64).fill(NONE);
  /** By family and mask length: records that there are. */
  readonly #perLength = [new Uint32Array(LENGTHS), new Uint32Array(LENGTHS)] as const;
  /** The caches whose records count. */
  #counting = 0;

  get counting(): number {
    return this.#counting;
  }

  /** Records that count, by family. */
  counts(): readonly [number, number] {
    return this.#records.count(this.#counting);
  }

  /** Records of a cache. */
  countOf(cache: number): number {
    const [four, six] = this.#records.count(1 << cache);
    return four + six;
  }

  /** A row for the record, made when there is none. */
  rowOf(vrp: Vrp): number {
    const head = this.#head(vrp.family, vrp.w0, vrp.w1, vrp.w2, vrp.w3, vrp.length);
    for (let row = head; row !== NONE; row = this.#records.next[row]!) {
      if (this.#records.asn[row] === vrp.asn && this.#records.maxLength[row] === vrp.maxLength) return row;
    }
    return this.#add(vrp, head);
  }

  has(row: number, cache: number): boolean {
    return (this.#records.owners[row]! & (1 << cache)) !== 0;
  }

  /** The cache says the record, or no more. True when that changes what counts. */
  set(row: number, cache: number, says: boolean): boolean {
    const before = this.#records.owners[row]!;
    const after = says ? before | (1 << cache) : before & ~(1 << cache);
    this.#records.owners[row] = after;
    return this.#counts(before) !== this.#counts(after);
  }

  /** Other caches count. Rows for which that makes a difference go to `changed`. */
  setCounting(caches: number, changed: (row: number) => void): void {
    const before = this.#counting;
    this.#counting = caches;
    for (let row = 0; row < this.#records.rows; row++) {
      const owners = this.#records.owners[row]!;
      if (((owners & before) !== 0) !== ((owners & caches) !== 0)) changed(row);
    }
  }

  /** Rows of one cache. */
  *rowsOf(cache: number): Generator<number> {
    for (let row = 0; row < this.#records.rows; row++) if (this.has(row, cache)) yield row;
  }

  vrp(row: number): Vrp {
    return this.#records.vrp(row);
  }

  validate(
    family: 0 | 1,
    w0: number,
    w1: number,
    w2: number,
    w3: number,
    length: number,
    originAs: number,
  ): RpkiState {
    let covered = false;
    const perLength = this.#perLength[family];
    for (let mask = 0; mask <= length; mask++) {
      if (perLength[mask] === 0) continue;
      const a = (w0 & maskWord(mask)) >>> 0;
      const b = (w1 & maskWord(mask - 32)) >>> 0;
      const c = (w2 & maskWord(mask - 64)) >>> 0;
      const d = (w3 & maskWord(mask - 96)) >>> 0;
      for (let row = this.#head(family, a, b, c, d, mask); row !== NONE; row = this.#records.next[row]!) {
        if (!this.#counts(this.#records.owners[row]!)) continue;
        covered = true;
        // AS 0 says that nobody may originate it (RFC 6483 4).
        const asn = this.#records.asn[row]!;
        if (asn === originAs && asn !== 0 && length <= this.#records.maxLength[row]!) return 'valid';
      }
    }
    return covered ? 'invalid' : 'notFound';
  }

  /** Rows that no cache says are given back. Not to be called while rows are held. */
  compact(): void {
    if (this.#records.unowned() * 2 < this.#records.rows) return;
    const kept = this.#records.owned();
    this.#records.clear();
    this.#slots = new Int32Array(64).fill(NONE);
    for (const lengths of this.#perLength) lengths.fill(0);
    for (const { vrp, owners } of kept) {
      // A new row may move the columns.
      const row = this.rowOf(vrp);
      this.#records.owners[row] = owners;
    }
  }

  #counts(owners: number): boolean {
    return (owners & this.#counting) !== 0;
  }

  #head(family: number, w0: number, w1: number, w2: number, w3: number, length: number): number {
    const mask = this.#slots.length - 1;
    let slot = hashPrefix(w0, w1, w2, w3, length, family) & mask;
    for (;;) {
      const row = this.#slots[slot]!;
      if (row === NONE || this.#records.hasPrefix(row, family, w0, w1, w2, w3, length)) return row;
      slot = (slot + 1) & mask;
    }
  }

  /** `head` is the first record of the prefix, which stays that. */
  #add(vrp: Vrp, head: number): number {
    const row = this.#records.add(vrp);
    this.#perLength[vrp.family][vrp.length]!++;
    if (head === NONE) {
      this.#link(row);
      if (this.#records.rows * 2 > this.#slots.length) this.#rehash();
    } else {
      this.#records.next[row] = this.#records.next[head]!;
      this.#records.next[head] = row;
    }
    return row;
  }

  #link(row: number): void {
    const { family, w0, w1, w2, w3, length } = this.#records.vrp(row);
    const mask = this.#slots.length - 1;
    let slot = hashPrefix(w0, w1, w2, w3, length, family) & mask;
    while (this.#slots[slot] !== NONE) slot = (slot + 1) & mask;
    this.#slots[slot] = row;
  }

  #rehash(): void {
    const heads = this.#slots.filter((row) => row !== NONE);
    this.#slots = new Int32Array(this.#slots.length * 2).fill(NONE);
    for (const row of heads) this.#link(row);
  }
}
