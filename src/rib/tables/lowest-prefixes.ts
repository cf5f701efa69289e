// The lowest prefixes of one family among any number that are offered, in address order: what a sorted listing with a
// limit needs, in memory for the limit alone. Copies of keys, so that the table may change meanwhile. It looks nothing up.

import { growInt32, grownCapacity, growUint8, growUint32 } from './columns.js';

export class LowestPrefixes {
  w0: Uint32Array = new Uint32Array(64);
  /** Empty for IPv4. */
  w1: Uint32Array;
  w2: Uint32Array;
  w3: Uint32Array;
  length: Uint8Array = new Uint8Array(64);
  readonly #limit: number;
  readonly #wide: boolean;
  /** Rows as a heap, the highest prefix first; behind `#heaped` in order. */
  #rows: Int32Array = new Int32Array(64);
  #count = 0;
  #heaped = 0;

  constructor(ipv6: boolean, limit: number) {
    this.#limit = limit;
    this.#wide = ipv6;
    const words = ipv6 ? 64 : 0;
    this.w1 = new Uint32Array(words);
    this.w2 = new Uint32Array(words);
    this.w3 = new Uint32Array(words);
  }

  /** Prefixes kept. */
  get count(): number {
    return this.#count;
  }

  /** Keeps the prefix when it is among the lowest so far. Not after `order`. */
  offer(w0: number, w1: number, w2: number, w3: number, length: number): void {
    if (this.#count < this.#limit) {
      this.#store(this.#newRow(), w0, w1, w2, w3, length);
      this.#rise(this.#heaped++);
      return;
    }
    const highest = this.#rows[0]!;
    if (this.#order(highest, w0, w1, w2, w3, length) <= 0) return;
    this.#store(highest, w0, w1, w2, w3, length);
    this.#sink();
  }

  /** Puts up to `count` more of them into order; true when there are more to do. */
  order(count: number): boolean {
    for (let left = count; left > 0 && this.#heaped > 0; left--) {
      const highest = this.#rows[0]!;
      this.#rows[0] = this.#rows[--this.#heaped]!;
      this.#rows[this.#heaped] = highest;
      this.#sink();
    }
    return this.#heaped > 0;
  }

  /** The row of the `index`th lowest; true to its name when `order` has nothing more to do. */
  row(index: number): number {
    return this.#rows[index]!;
  }

  #newRow(): number {
    if (this.#count === this.length.length) this.#grow(grownCapacity(this.#count, this.#count + 1));
    const row = this.#count++;
    this.#rows[row] = row;
    return row;
  }

  #grow(capacity: number): void {
    this.w0 = growUint32(this.w0, capacity);
    if (this.#wide) {
      this.w1 = growUint32(this.w1, capacity);
      this.w2 = growUint32(this.w2, capacity);
      this.w3 = growUint32(this.w3, capacity);
    }
    this.length = growUint8(this.length, capacity);
    this.#rows = growInt32(this.#rows, capacity);
  }

  #store(row: number, w0: number, w1: number, w2: number, w3: number, length: number): void {
    this.w0[row] = w0;
    if (this.#wide) {
      this.w1[row] = w1;
      this.w2[row] = w2;
      this.w3[row] = w3;
    }
    this.length[row] = length;
  }

  #rise(from: number): void {
    const row = this.#rows[from]!;
    let at = from;
    while (at > 0) {
      const above = (at - 1) >>> 1;
      if (this.#compare(row, this.#rows[above]!) <= 0) break;
      this.#rows[at] = this.#rows[above]!;
      at = above;
    }
    this.#rows[at] = row;
  }

  /** The first row to where it belongs. */
  #sink(): void {
    const row = this.#rows[0]!;
    let at = 0;
    for (;;) {
      const below = this.#higherBelow(at);
      if (below < 0 || this.#compare(this.#rows[below]!, row) <= 0) break;
      this.#rows[at] = this.#rows[below]!;
      at = below;
    }
    this.#rows[at] = row;
  }

  #higherBelow(at: number): number {
    const left = at * 2 + 1;
    if (left >= this.#heaped) return -1;
    const right = left + 1;
    return right < this.#heaped && this.#compare(this.#rows[right]!, this.#rows[left]!) > 0 ? right : left;
  }

  #compare(a: number, b: number): number {
    const wide = this.#wide;
    return wide
      ? this.#order(a, this.w0[b]!, this.w1[b]!, this.w2[b]!, this.w3[b]!, this.length[b]!)
      : this.#order(a, this.w0[b]!, 0, 0, 0, this.length[b]!);
  }

  /** Below 0: the prefix of `row` comes before the other, that is at a lower address or the wider one there. */
  #order(row: number, w0: number, w1: number, w2: number, w3: number, length: number): number {
    if (this.w0[row] !== w0) return this.w0[row]! - w0;
    if (this.#wide) {
      if (this.w1[row] !== w1) return this.w1[row]! - w1;
      if (this.w2[row] !== w2) return this.w2[row]! - w2;
      if (this.w3[row] !== w3) return this.w3[row]! - w3;
    }
    return this.length[row]! - length;
  }
}
