// A list of path rows that is filled and emptied again and again without garbage.

import type { PathId } from '../../base/ids.js';

export class PathList {
  /** The first `count` are meant. */
  rows = new Int32Array(16);
  count = 0;

  clear(): void {
    this.count = 0;
  }

  add(path: number): void {
    if (this.count === this.rows.length) {
      const grown = new Int32Array(this.rows.length * 2);
      grown.set(this.rows);
      this.rows = grown;
    }
    this.rows[this.count++] = path;
  }

  has(path: number): boolean {
    for (let i = 0; i < this.count; i++) if (this.rows[i] === path) return true;
    return false;
  }

  /** For a few paths: they move into order, lowest first. */
  sort(compare: (a: number, b: number) => number): void {
    const { rows } = this;
    for (let i = 1; i < this.count; i++) {
      const path = rows[i]!;
      let at = i;
      for (; at > 0 && compare(path, rows[at - 1]!) < 0; at--) rows[at] = rows[at - 1]!;
      rows[at] = path;
    }
  }

  toSet(): ReadonlySet<PathId> {
    return new Set(this.rows.subarray(0, this.count) as Iterable<number> as Iterable<PathId>);
  }
}
