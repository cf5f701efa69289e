// Looking at prefixes again for a reason that lies outside the RIB (other origin validation): one walk over the rows, in
// slices. What comes during a walk waits for the next one. Judges nothing.

import type { FamilyIndex } from '../../base/family.js';
import { NONE, type PathId, type PrefixId } from '../../base/ids.js';
import type { PrefixTable } from '../tables/prefix-table.js';
import type { AdjRibIn } from './adj-rib-in.js';

/** Which prefixes are meant. */
export type Covers = (
  family: FamilyIndex,
  w0: number,
  w1: number,
  w2: number,
  w3: number,
  length: number,
) => boolean;

/** A row that is not meant costs much less than one that is. */
const ROWS_AT_A_PRICE = 16;

export class Revalidation {
  readonly #prefixes: readonly [PrefixTable, PrefixTable];
  #waiting: Covers[] = [];
  #walking: readonly Covers[] = [];
  #family: FamilyIndex = 0;
  #row = 0;

  constructor(prefixes: readonly [PrefixTable, PrefixTable]) {
    this.#prefixes = prefixes;
  }

  add(covers: Covers): void {
    this.#waiting.push(covers);
  }

  get pending(): boolean {
    return this.#walking.length > 0 || this.#waiting.length > 0;
  }

  /** Visits about `budget` prefixes that have paths. */
  slice(budget: number, visit: (family: FamilyIndex, prefix: PrefixId) => void): void {
    if (this.#walking.length === 0) this.#begin();
    let price = budget * ROWS_AT_A_PRICE;
    while (this.#walking.length > 0 && price > 0) {
      const table = this.#prefixes[this.#family];
      if (this.#row >= table.rows) {
        this.#endOfTable();
        continue;
      }
      const prefix = this.#row++ as PrefixId;
      const meant = table.isLive(prefix) && table.head[prefix] !== NONE && this.#isMeant(table, prefix);
      if (meant) visit(this.#family, prefix);
      price -= meant ? ROWS_AT_A_PRICE : 1;
    }
  }

  #begin(): void {
    this.#walking = this.#waiting;
    this.#waiting = [];
    this.#family = 0;
    this.#row = 0;
  }

  #endOfTable(): void {
    this.#row = 0;
    if (this.#family === 0) this.#family = 1;
    else this.#walking = [];
  }

  #isMeant(table: PrefixTable, prefix: PrefixId): boolean {
    const six = this.#family === 1;
    const [w1, w2, w3] = six ? [table.w1[prefix]!, table.w2[prefix]!, table.w3[prefix]!] : [0, 0, 0];
    const length = table.length[prefix]!;
    return this.#walking.some((covers) => covers(this.#family, table.w0[prefix]!, w1, w2, w3, length));
  }
}

/** The paths of a prefix, read before any is touched. */
export function pathsOf(paths: AdjRibIn, table: PrefixTable, prefix: PrefixId): readonly PathId[] {
  const found: PathId[] = [];
  for (let path = table.head[prefix]!; path !== NONE; path = paths.next[path]!) found.push(path as PathId);
  return found;
}
