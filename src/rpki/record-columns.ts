// VRPs as rows of columns: prefix, bounds, origin AS, who says it, and the next row of the same prefix. No rules.

import type { Vrp } from './types.js';

const NONE = -1;
const SMALLEST = 64;

interface Columns {
  words: Uint32Array;
  /** Mask length. */
  length: Uint8Array;
  family: Uint8Array;
  maxLength: Uint8Array;
  asn: Uint32Array;
  /** A bit for each cache. */
  owners: Uint32Array;
  next: Int32Array;
}

const columns = (rows: number): Columns => ({
  words: new Uint32Array(rows * 4),
  length: new Uint8Array(rows),
  family: new Uint8Array(rows),
  maxLength: new Uint8Array(rows),
  asn: new Uint32Array(rows),
  owners: new Uint32Array(rows),
  next: new Int32Array(rows),
});

export class RecordColumns {
  #columns = columns(SMALLEST);
  #rows = 0;

  get rows(): number {
    return this.#rows;
  }

  get maxLength(): Uint8Array {
    return this.#columns.maxLength;
  }

  get asn(): Uint32Array {
    return this.#columns.asn;
  }

  get owners(): Uint32Array {
    return this.#columns.owners;
  }

  get next(): Int32Array {
    return this.#columns.next;
  }

  add({ family, w0, w1, w2, w3, length, maxLength, asn }: Vrp): number {
    if (this.#rows === this.#columns.asn.length) this.#grow();
    const row = this.#rows++;
    const table = this.#columns;
    table.words.set([w0, w1, w2, w3], row * 4);
    table.length[row] = length;
    table.family[row] = family;
    table.maxLength[row] = maxLength;
    table.asn[row] = asn;
    table.owners[row] = 0;
    table.next[row] = NONE;
    return row;
  }

  vrp(row: number): Vrp {
    const { words, length, family, maxLength, asn } = this.#columns;
    return {
      family: family[row] === 0 ? 0 : 1,
      w0: words[row * 4]!,
      w1: words[row * 4 + 1]!,
      w2: words[row * 4 + 2]!,
      w3: words[row * 4 + 3]!,
      length: length[row]!,
      maxLength: maxLength[row]!,
      asn: asn[row]!,
    };
  }

  hasPrefix(
    row: number,
    family: number,
    w0: number,
    w1: number,
    w2: number,
    w3: number,
    length: number,
  ): boolean {
    const table = this.#columns;
    const at = row * 4;
    return (
      table.length[row] === length &&
      table.family[row] === family &&
      table.words[at] === w0 &&
      table.words[at + 1] === w1 &&
      table.words[at + 2] === w2 &&
      table.words[at + 3] === w3
    );
  }

  /** Rows that one of the caches says, by family. */
  count(caches: number): readonly [number, number] {
    const counts: [number, number] = [0, 0];
    for (let row = 0; row < this.#rows; row++) {
      if ((this.owners[row]! & caches) !== 0) counts[this.#columns.family[row] === 0 ? 0 : 1]++;
    }
    return counts;
  }

  unowned(): number {
    let count = 0;
    for (let row = 0; row < this.#rows; row++) if (this.owners[row] === 0) count++;
    return count;
  }

  owned(): readonly { readonly vrp: Vrp; readonly owners: number }[] {
    const kept: { readonly vrp: Vrp; readonly owners: number }[] = [];
    for (let row = 0; row < this.#rows; row++) {
      const owners = this.owners[row]!;
      if (owners !== 0) kept.push({ vrp: this.vrp(row), owners });
    }
    return kept;
  }

  clear(): void {
    this.#columns = columns(SMALLEST);
    this.#rows = 0;
  }

  #grow(): void {
    const before = this.#columns;
    const after = columns(before.asn.length * 2);
    for (const key of Object.keys(before) as (keyof Columns)[]) after[key].set(before[key]);
    this.#columns = after;
  }
}
