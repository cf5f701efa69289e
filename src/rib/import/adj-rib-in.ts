// Paths of one family as columns: which peer told which attributes for which prefix, under which path id (RFC 7911),
// before and after import policy. A prefix's paths form a chain from `PrefixTable.head`. It never chooses between them.

import { NONE, type PathId, type PeerId, type PrefixId } from '../../base/ids.js';
import { growInt32, grownCapacity, growUint8, growUint32, worthTrimming } from '../tables/columns.js';
import type { PrefixTable } from '../tables/prefix-table.js';

type Ids = Int32Array;

export class AdjRibIn {
  prefix: Ids = new Int32Array(64);
  peer: Ids = new Int32Array(64);
  /** As received, before policy; holds a reference. */
  received: Ids = new Int32Array(64);
  /** After policy, NONE when rejected; holds a reference. */
  accepted: Ids = new Int32Array(64);
  /** Next path of the prefix; next free row on the free list. */
  next: Ids = new Int32Array(64);
  /** The refresh of the peer in which it last told the path. */
  round: Uint8Array = new Uint8Array(64);
  /** As received. Empty until a path comes with an id other than 0. */
  #pathId: Uint32Array = new Uint32Array(0);
  #rows = 0;
  #freeHead: number = NONE;
  #size = 0;
  /** Paths at the last attempt to trim. */
  #tried = Number.POSITIVE_INFINITY;

  get size(): number {
    return this.#size;
  }

  get rows(): number {
    return this.#rows;
  }

  /** The path that `peer` has for the prefix under `pathId`, or NONE. */
  find(head: number, peer: PeerId, pathId = 0): PathId | typeof NONE {
    for (let path = head; path !== NONE; path = this.next[path]!) {
      if (this.peer[path] === peer && this.pathId(path) === pathId) return path as PathId;
    }
    return NONE;
  }

  /** True when `peer` has a path for the prefix. */
  has(head: number, peer: PeerId): boolean {
    for (let path = head; path !== NONE; path = this.next[path]!) if (this.peer[path] === peer) return true;
    return false;
  }

  /** The path id that the peer gave the path, 0 without ADD-PATH. */
  pathId(path: number): number {
    return path < this.#pathId.length ? this.#pathId[path]! : 0;
  }

  add(prefixes: PrefixTable, prefix: PrefixId, peer: PeerId, pathId = 0): PathId {
    const id = this.#row();
    this.prefix[id] = prefix;
    this.peer[id] = peer;
    this.received[id] = this.accepted[id] = NONE;
    if (pathId !== 0 && this.#pathId.length === 0) this.#pathId = new Uint32Array(this.prefix.length);
    if (this.#pathId.length > 0) this.#pathId[id] = pathId;
    this.next[id] = prefixes.head[prefix]!;
    if (this.next[id] === NONE) prefixes.occupied++;
    prefixes.head[prefix] = id;
    this.#size++;
    return id;
  }

  /** Takes the path out of its prefix's chain. The caller has released the attribute references. */
  remove(prefixes: PrefixTable, id: PathId): void {
    const prefix = this.prefix[id]!;
    if (prefixes.head[prefix] === id) prefixes.head[prefix] = this.next[id]!;
    else {
      let before = prefixes.head[prefix]!;
      while (this.next[before] !== id) before = this.next[before]!;
      this.next[before] = this.next[id]!;
    }
    if (prefixes.head[prefix] === NONE) prefixes.occupied--;
    this.prefix[id] = this.peer[id] = NONE;
    this.next[id] = this.#freeHead;
    this.#freeHead = id;
    this.#size--;
  }

  /** Gives back the rows behind the last path, when few are in use. Ids stay. */
  trim(): void {
    if (!worthTrimming(this.#size, this.prefix.length, this.#tried)) return;
    this.#tried = this.#size;
    if (this.#size === 0) this.#pathId = new Uint32Array(0);
    let rows = this.#rows;
    while (rows > 0 && this.prefix[rows - 1] === NONE) rows--;
    this.#rows = rows;
    this.#freeHead = NONE;
    for (let row = rows - 1; row >= 0; row--) {
      if (this.prefix[row] !== NONE) continue;
      this.next[row] = this.#freeHead;
      this.#freeHead = row;
    }
    const capacity = grownCapacity(0, rows);
    if (capacity < this.prefix.length) this.#resize(capacity);
  }

  get bytes(): number {
    return this.prefix.length * 21 + this.#pathId.byteLength;
  }

  #row(): PathId {
    if (this.#freeHead !== NONE) {
      const id = this.#freeHead;
      this.#freeHead = this.next[id]!;
      return id as PathId;
    }
    if (this.#rows === this.prefix.length) {
      this.#resize(grownCapacity(this.#rows, this.#rows + 1));
      this.#tried = Number.POSITIVE_INFINITY;
    }
    return this.#rows++ as PathId;
  }

  #resize(capacity: number): void {
    this.prefix = growInt32(this.prefix, capacity);
    this.peer = growInt32(this.peer, capacity);
    this.received = growInt32(this.received, capacity);
    this.accepted = growInt32(this.accepted, capacity);
    this.next = growInt32(this.next, capacity);
    this.round = growUint8(this.round, capacity);
    if (this.#pathId.length > 0) {
      this.#pathId = growUint32(this.#pathId, capacity);
    }
  }
}
