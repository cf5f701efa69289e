// Prefixes of one family: (address, length) -> PrefixId by open addressing, and the columns of the Loc-RIB: the chain of
// paths, the best path with its attributes, and the dirty flag. It never decides anything.

import { hashPrefix } from '../../base/hash.js';
import { NONE, type PrefixId } from '../../base/ids.js';
import { growInt32, grownCapacity, growUint8, growUint32, setSparse, worthTrimming } from './columns.js';

type Words = Uint32Array;
type Ids = Int32Array;

const LIVE = 1;
const DIRTY = 2;

const NO_SLOTS: Ids = new Int32Array(0);
/** Slots that are filled anew at once; more would hold up everything else for tens of milliseconds. */
const AT_ONCE = 1 << 11;
/** Rows that move with each new prefix: all have moved long before the slots are full again. */
const MOVED_AT_ONCE = 8;

export class PrefixTable {
  w0: Words = new Uint32Array(64);
  /** Empty for IPv4. */
  w1: Words;
  w2: Words;
  w3: Words;
  length: Uint8Array = new Uint8Array(64);
  /** Prefixes that have a path. */
  occupied = 0;
  /** First path of the prefix, or NONE. */
  head: Ids = new Int32Array(64);
  /** The best path. Until the next decision its row may be gone or another's: `isDirty` tells. */
  best: Ids = new Int32Array(64);
  /** Who told it, as of the last decision. */
  bestSource: Ids = new Int32Array(64);
  /** Its attributes, as of the last decision; holds a reference. */
  bestAttrs: Ids = new Int32Array(64);
  #flags: Uint8Array = new Uint8Array(64);
  #slots: Ids = new Int32Array(256).fill(NONE);
  /** The slots before those, while rows below `#movingRows` move over; who has moved is still found here, too. */
  #oldSlots: Ids = NO_SLOTS;
  #nextToMove = 0;
  #movingRows = 0;
  #rows = 0;
  #free: PrefixId[] = [];
  readonly #wide: boolean;
  readonly #seed: number;
  #live = 0;
  /** Live rows at the last attempt to trim. */
  #tried = Number.POSITIVE_INFINITY;

  constructor(ipv6: boolean, seed: number) {
    this.#wide = ipv6;
    this.#seed = seed;
    const words = ipv6 ? 64 : 0;
    this.w1 = new Uint32Array(words);
    this.w2 = new Uint32Array(words);
    this.w3 = new Uint32Array(words);
  }

  /** Live prefixes, those waiting to be forgotten included. */
  get size(): number {
    return this.#live;
  }

  /** One more than the highest id ever used. */
  get rows(): number {
    return this.#rows;
  }

  isLive(id: PrefixId): boolean {
    return (this.#flags[id]! & LIVE) !== 0;
  }

  find(w0: number, w1: number, w2: number, w3: number, length: number): PrefixId | typeof NONE {
    const mask = this.#slots.length - 1;
    let slot = hashPrefix(w0, w1, w2, w3, length, this.#seed) & mask;
    for (;;) {
      const id = this.#slots[slot]!;
      if (id < 0) return this.#findOld(w0, w1, w2, w3, length);
      if (this.#is(id, w0, w1, w2, w3, length)) return id as PrefixId;
      slot = (slot + 1) & mask;
    }
  }

  findOrAdd(w0: number, w1: number, w2: number, w3: number, length: number): PrefixId {
    const mask = this.#slots.length - 1;
    let slot = hashPrefix(w0, w1, w2, w3, length, this.#seed) & mask;
    for (;;) {
      const id = this.#slots[slot]!;
      if (id < 0) break;
      if (this.#is(id, w0, w1, w2, w3, length)) return id as PrefixId;
      slot = (slot + 1) & mask;
    }
    const old = this.#findOld(w0, w1, w2, w3, length);
    return old === NONE ? this.#add(w0, w1, w2, w3, length, slot) : (old as PrefixId);
  }

  #findOld(w0: number, w1: number, w2: number, w3: number, length: number): PrefixId | typeof NONE {
    if (this.#oldSlots.length === 0) return NONE;
    const mask = this.#oldSlots.length - 1;
    let slot = hashPrefix(w0, w1, w2, w3, length, this.#seed) & mask;
    for (;;) {
      const id = this.#oldSlots[slot]!;
      if (id < 0) return NONE;
      if (this.#is(id, w0, w1, w2, w3, length)) return id as PrefixId;
      slot = (slot + 1) & mask;
    }
  }

  /** True when it was clean. */
  markDirty(id: PrefixId): boolean {
    if ((this.#flags[id]! & DIRTY) !== 0) return false;
    this.#flags[id]! |= DIRTY;
    return true;
  }

  clean(id: PrefixId): void {
    this.#flags[id]! &= ~DIRTY;
  }

  isDirty(id: PrefixId): boolean {
    return (this.#flags[id]! & DIRTY) !== 0;
  }

  remove(id: PrefixId): void {
    this.#unlink(this.#slots, id);
    if (this.#oldSlots.length > 0) this.#unlink(this.#oldSlots, id);
    this.#flags[id] = 0;
    this.#live--;
    this.#free.push(id);
  }

  /** Gives back the rows behind the last live one, when few are in use. Ids stay. */
  trim(): void {
    if (!worthTrimming(this.#live, this.length.length, this.#tried)) return;
    this.#tried = this.#live;
    let rows = this.#rows;
    while (rows > 0 && !this.isLive((rows - 1) as PrefixId)) rows--;
    this.#rows = rows;
    // The lowest first, so that the end of the table empties.
    this.#free = this.#free.filter((id) => id < rows).sort((a, b) => b - a);
    const capacity = grownCapacity(0, rows);
    if (capacity < this.length.length) this.#resize(capacity);
    this.#rehash(grownCapacity(256, this.#live * 2 + 1));
  }

  get bytes(): number {
    const words = this.w0.byteLength + this.w1.byteLength * 3;
    return words + this.#slots.byteLength + this.#oldSlots.byteLength + this.length.length * 18;
  }

  #is(id: number, w0: number, w1: number, w2: number, w3: number, length: number): boolean {
    if (this.w0[id] !== w0 || this.length[id] !== length) return false;
    return !this.#wide || (this.w1[id] === w1 && this.w2[id] === w2 && this.w3[id] === w3);
  }

  #add(w0: number, w1: number, w2: number, w3: number, length: number, slot: number): PrefixId {
    const id = this.#free.pop() ?? this.#newRow();
    this.w0[id] = w0;
    if (this.#wide) {
      this.w1[id] = w1;
      // 0 where nothing is longer than 64, as on the Internet.
      setSparse(this.w2, id, w2);
      setSparse(this.w3, id, w3);
    }
    this.length[id] = length;
    this.head[id] = this.best[id] = this.bestSource[id] = this.bestAttrs[id] = NONE;
    this.#flags[id] = LIVE;
    this.#slots[slot] = id;
    if (this.#oldSlots.length > 0) this.#move(MOVED_AT_ONCE);
    if (++this.#live * 2 > this.#slots.length) this.#widen();
    return id;
  }

  #newRow(): PrefixId {
    if (this.#rows === this.length.length) {
      this.#resize(grownCapacity(this.#rows, this.#rows + 1));
      this.#tried = Number.POSITIVE_INFINITY;
    }
    return this.#rows++ as PrefixId;
  }

  #resize(capacity: number): void {
    this.w0 = growUint32(this.w0, capacity);
    if (this.#wide) {
      this.w1 = growUint32(this.w1, capacity);
      this.w2 = growUint32(this.w2, capacity);
      this.w3 = growUint32(this.w3, capacity);
    }
    this.length = growUint8(this.length, capacity);
    this.head = growInt32(this.head, capacity);
    this.best = growInt32(this.best, capacity);
    this.bestSource = growInt32(this.bestSource, capacity);
    this.bestAttrs = growInt32(this.bestAttrs, capacity);
    this.#flags = growUint8(this.#flags, capacity);
  }

  #hash(id: number): number {
    return this.#wide
      ? hashPrefix(this.w0[id]!, this.w1[id]!, this.w2[id]!, this.w3[id]!, this.length[id]!, this.#seed)
      : hashPrefix(this.w0[id]!, 0, 0, 0, this.length[id]!, this.#seed);
  }

  #rehash(slots: number): void {
    this.#begin(slots);
    this.#oldSlots = NO_SLOTS;
    this.#move(this.#rows);
  }

  /** Twice as many slots; the rows of many move over little by little. */
  #widen(): void {
    if (this.#oldSlots.length > 0) this.#move(this.#rows);
    const old = this.#slots;
    if (old.length < AT_ONCE) this.#rehash(old.length * 2);
    else {
      this.#begin(old.length * 2);
      this.#oldSlots = old;
    }
  }

  #begin(slots: number): void {
    this.#slots = new Int32Array(slots).fill(NONE);
    this.#nextToMove = 0;
    this.#movingRows = this.#rows;
  }

  #move(count: number): void {
    const end = Math.min(this.#movingRows, this.#nextToMove + count);
    for (let id = this.#nextToMove; id < end; id++)
      if ((this.#flags[id]! & LIVE) !== 0) this.#link(this.#slots, id);
    this.#nextToMove = end;
    if (end === this.#movingRows) this.#oldSlots = NO_SLOTS;
  }

  /** A row that was free and is in use again may be there already. */
  #link(slots: Ids, id: number): void {
    const mask = slots.length - 1;
    let slot = this.#hash(id) & mask;
    while (slots[slot]! >= 0 && slots[slot] !== id) slot = (slot + 1) & mask;
    slots[slot] = id;
  }

  /** While rows move, not every one is in both. */
  #unlink(slots: Ids, id: number): void {
    const mask = slots.length - 1;
    let slot = this.#hash(id) & mask;
    while (slots[slot] !== id) {
      if (slots[slot]! < 0) return;
      slot = (slot + 1) & mask;
    }
    slots[slot] = NONE;
    for (let next = (slot + 1) & mask; slots[next]! >= 0; next = (next + 1) & mask) {
      const moved = slots[next]!;
      slots[next] = NONE;
      this.#link(slots, moved);
    }
  }
}
