// Prefixes to decide again, in order of arrival, each at most once: neighbours in an UPDATE stay neighbours in the packets.

import { NONE, type PrefixId } from '../../base/ids.js';
import { growInt32, grownCapacity, isSparse } from './columns.js';
import type { PrefixTable } from './prefix-table.js';

export class DirtyList {
  readonly #table: PrefixTable;
  #ring: Int32Array = new Int32Array(256);
  #head = 0;
  #tail = 0;

  constructor(table: PrefixTable) {
    this.#table = table;
  }

  get size(): number {
    return this.#tail - this.#head;
  }

  add(prefix: PrefixId): void {
    if (!this.#table.markDirty(prefix)) return;
    if (this.#tail === this.#ring.length) this.#makeRoom();
    this.#ring[this.#tail++] = prefix;
  }

  get bytes(): number {
    return this.#ring.byteLength;
  }

  /** Gives back what a burst took. */
  trim(): void {
    if (this.size === 0 && isSparse(this.#table.rows, this.#ring.length)) {
      this.#ring = new Int32Array(grownCapacity(256, this.#table.rows));
    }
  }

  /** The oldest, now clean; NONE when there is none. */
  take(): PrefixId | typeof NONE {
    if (this.#head === this.#tail) return NONE;
    const prefix = this.#ring[this.#head++]! as PrefixId;
    if (this.#head === this.#tail) this.#head = this.#tail = 0;
    this.#table.clean(prefix);
    return prefix;
  }

  #makeRoom(): void {
    if (this.#head > this.#ring.length >>> 1) {
      this.#ring.copyWithin(0, this.#head, this.#tail);
      this.#tail -= this.#head;
      this.#head = 0;
    } else {
      this.#ring = growInt32(this.#ring, grownCapacity(this.#ring.length, this.#ring.length + 1));
    }
  }
}
