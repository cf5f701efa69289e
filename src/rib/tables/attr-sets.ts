// Interned attribute sets: canonical octets -> AttrSetId, with reference counts and the columns that the decision reads.
// Equal ids mean equal attributes and next hop. Freed sets are reclaimed only in `sweep`, when no caller holds a bare id.

import { hashBytes } from '../../base/hash.js';
import type { AttrSetId } from '../../base/ids.js';
import { LOCAL_FIELD, localNumber } from '../../wire/attributes/local-facts.js';
import { aigpOf, type BlockRewriter, emptyFacts, readFacts, sameAsPath } from '../../wire/block.js';
import type { AttributeEdits, AttributeFacts } from '../../wire/types.js';
import { ByteArena } from './byte-arena.js';
import {
  growInt32,
  grownCapacity,
  growUint8,
  growUint16,
  growUint32,
  isSparse,
  setSparse,
  worthTrimming,
} from './columns.js';
import type { NextHopId, NextHops } from './next-hops.js';

const HAS_LOCAL_PREF = 1;
const HAS_ORIGINATOR = 2;
const QUEUED = 4;
const LIVE = 8;
/** Of all columns. */
const ROW_OCTETS = 42;
/** Octets of the smallest arena. */
const ARENA = 1 << 16;
const HAS_MED = 16;
const HAS_AIGP = 32;
const HAS_WEIGHT = 64;

export class AttrSets {
  origin: Uint8Array = new Uint8Array(64);
  asPathLength: Uint16Array = new Uint16Array(64);
  neighbourAs: Uint32Array = new Uint32Array(64);
  clusterListLength: Uint16Array = new Uint16Array(64);
  nextHop: Int32Array = new Int32Array(64);
  #med: Uint32Array = new Uint32Array(64);
  #localPref: Uint32Array = new Uint32Array(64);
  #originatorId: Uint32Array = new Uint32Array(64);
  #flags: Uint8Array = new Uint8Array(64);
  #hash: Uint32Array = new Uint32Array(64);
  #offset: Uint32Array = new Uint32Array(64);
  #length: Uint32Array = new Uint32Array(64);
  #refs: Uint32Array = new Uint32Array(64);
  #slots: Int32Array = new Int32Array(256).fill(-1);
  #rows = 0;
  #live = 0;
  #free: number[] = [];
  #unreferenced: AttrSetId[] = [];
  #arena = new ByteArena();
  /** Live sets at the last attempt to trim. */
  #tried = Number.POSITIVE_INFINITY;
  readonly #nextHops: NextHops;
  readonly #seed: number;
  readonly #facts: AttributeFacts = emptyFacts();
  /** Told of every set that is reclaimed, so that memos keyed by it can forget. */
  onFree: ((id: AttrSetId) => void) | null = null;

  constructor(nextHops: NextHops, seed: number) {
    this.#nextHops = nextHops;
    this.#seed = seed;
  }

  get size(): number {
    return this.#live;
  }

  /** The id of a canonical block. The caller takes a reference with `ref` or forgets the id before the next `sweep`. */
  intern(bytes: Uint8Array, start: number, end: number): AttrSetId {
    const hash = hashBytes(bytes, start, end, this.#seed);
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const id = this.#slots[slot]!;
      if (id < 0) break;
      if (this.#hash[id] === hash && this.#same(id, bytes, start, end)) return id as AttrSetId;
      slot = (slot + 1) & mask;
    }
    return this.#insert(bytes, start, end, hash);
  }

  /** The set with the edits applied. */
  edited(id: AttrSetId, edits: AttributeEdits, rewriter: BlockRewriter): AttrSetId {
    const length = rewriter.rewrite(this.bytes, this.startOf(id), this.endOf(id), edits);
    return this.intern(rewriter.bytes, 0, length);
  }

  ref(id: AttrSetId): void {
    this.#refs[id]!++;
  }

  unref(id: AttrSetId): void {
    if (--this.#refs[id]! === 0) this.#queue(id);
  }

  refs(id: AttrSetId): number {
    return this.#refs[id]!;
  }

  /** A view, valid until the next `intern`. */
  block(id: AttrSetId): Uint8Array {
    return this.#arena.view(this.#offset[id]!, this.#length[id]!);
  }

  /** The octets that blocks lie in, from `startOf` to `endOf`: as `block`, without making a view. */
  get bytes(): Uint8Array {
    return this.#arena.bytes;
  }

  startOf(id: AttrSetId): number {
    return this.#offset[id]!;
  }

  endOf(id: AttrSetId): number {
    return this.#offset[id]! + this.#length[id]!;
  }

  /** The same AS_PATH, of which the columns know only the length. */
  sameAsPath(a: AttrSetId, b: AttrSetId): boolean {
    if (a === b) return true;
    if (this.asPathLength[a] !== this.asPathLength[b] || this.neighbourAs[a] !== this.neighbourAs[b])
      return false;
    return sameAsPath(this.bytes, this.startOf(a), this.endOf(a), this.startOf(b), this.endOf(b));
  }

  /** Octets of the next hop: 0, 4, 16 or 32. */
  nextHopLength(id: AttrSetId): number {
    return this.#arena.bytes[this.#offset[id]!]!;
  }

  /** RFC 4271 9.1.2.2 c: a missing MED counts as 0, the lowest. */
  med(id: AttrSetId): number {
    return this.#med[id]!;
  }

  hasMed(id: AttrSetId): boolean {
    return (this.#flags[id]! & HAS_MED) !== 0;
  }

  hasAigp(id: AttrSetId): boolean {
    return (this.#flags[id]! & HAS_AIGP) !== 0;
  }

  /** The AIGP metric (RFC 7311 3), 0 where there is none. */
  aigp(id: AttrSetId): bigint {
    return aigpOf(this.block(id)) ?? 0n;
  }

  /** 100 where the route brought none, as every implementation does. */
  localPref(id: AttrSetId): number {
    return this.#localPref[id]!;
  }

  hasLocalPref(id: AttrSetId): boolean {
    return (this.#flags[id]! & HAS_LOCAL_PREF) !== 0;
  }

  /** What a policy set, 0 where none did; few routes have one, so it is read from the block. */
  weight(id: AttrSetId): number {
    if ((this.#flags[id]! & HAS_WEIGHT) === 0) return 0;
    return localNumber(this.bytes, this.startOf(id), this.endOf(id), LOCAL_FIELD.weight);
  }

  /** -1 when absent. */
  originatorId(id: AttrSetId): number {
    return (this.#flags[id]! & HAS_ORIGINATOR) !== 0 ? this.#originatorId[id]! : -1;
  }

  /** Reclaims every set without references. Bare ids from before are invalid afterwards. */
  sweep(): void {
    const queue = this.#unreferenced;
    for (let i = 0; i < queue.length; i++) {
      const id = queue[i]!;
      this.#flags[id]! &= ~QUEUED;
      if (this.#refs[id] === 0 && (this.#flags[id]! & LIVE) !== 0) this.#reclaim(id);
    }
    queue.length = 0;
  }

  /** Gives back rows behind the last live one, and octets, when few are in use. Ids stay; views and bare ids do not. */
  trim(): void {
    this.sweep();
    const arena = this.#arena;
    if (arena.capacity > ARENA && isSparse(arena.used, arena.capacity)) this.#compact();
    if (!worthTrimming(this.#live, this.#refs.length, this.#tried)) return;
    this.#tried = this.#live;
    let rows = this.#rows;
    while (rows > 0 && (this.#flags[rows - 1]! & LIVE) === 0) rows--;
    this.#rows = rows;
    this.#free = this.#free.filter((id) => id < rows).sort((a, b) => b - a);
    const capacity = grownCapacity(0, rows);
    if (capacity < this.#refs.length) this.#resize(capacity);
    this.#rehash(grownCapacity(256, this.#live * 2 + 1));
  }

  /** One more than the highest id in use since the last `trim`. */
  get rows(): number {
    return this.#rows;
  }

  /** Octets of the columns. */
  get columnBytes(): number {
    return this.#slots.byteLength + this.#refs.length * ROW_OCTETS;
  }

  /** Octets of the blocks. */
  get arenaBytes(): number {
    return this.#arena.capacity;
  }

  #compact(): void {
    const arena = new ByteArena(Math.max(ARENA, this.#arena.used * 2));
    for (let id = 0; id < this.#rows; id++) {
      if ((this.#flags[id]! & LIVE) === 0) continue;
      const block = this.block(id as AttrSetId);
      this.#offset[id] = arena.store(block, 0, block.length);
    }
    this.#arena = arena;
  }

  #queue(id: AttrSetId): void {
    if ((this.#flags[id]! & QUEUED) !== 0) return;
    this.#flags[id]! |= QUEUED;
    this.#unreferenced.push(id);
  }

  #same(id: number, bytes: Uint8Array, start: number, end: number): boolean {
    const length = end - start;
    if (this.#length[id] !== length) return false;
    const stored = this.#arena.bytes;
    const offset = this.#offset[id]!;
    for (let i = 0; i < length; i++) if (stored[offset + i] !== bytes[start + i]) return false;
    return true;
  }

  #insert(bytes: Uint8Array, start: number, end: number, hash: number): AttrSetId {
    const id = (this.#free.pop() ?? this.#newRow()) as AttrSetId;
    this.#offset[id] = this.#arena.store(bytes, start, end);
    this.#length[id] = end - start;
    this.#hash[id] = hash;
    this.#refs[id] = 0;
    this.nextHop[id] = this.#nextHops.use(bytes, start);
    this.#fillFacts(id, bytes, start, end);
    this.#live++;
    if (this.#live * 2 > this.#slots.length) this.#rehash(this.#slots.length * 2);
    else this.#link(id);
    this.#queue(id);
    return id;
  }

  #fillFacts(id: AttrSetId, bytes: Uint8Array, start: number, end: number): void {
    const facts = this.#facts;
    readFacts(bytes, start, end, facts);
    this.origin[id] = facts.origin;
    this.asPathLength[id] = facts.asPathLength;
    this.neighbourAs[id] = facts.neighbourAs;
    setSparse(this.clusterListLength, id, facts.clusterListLength);
    setSparse(this.#med, id, Math.max(facts.med, 0));
    this.#localPref[id] = facts.localPref < 0 ? 100 : facts.localPref;
    setSparse(this.#originatorId, id, Math.max(facts.originatorId, 0));
    this.#flags[id] =
      LIVE |
      (facts.localPref < 0 ? 0 : HAS_LOCAL_PREF) |
      (facts.originatorId < 0 ? 0 : HAS_ORIGINATOR) |
      (facts.med < 0 ? 0 : HAS_MED) |
      (facts.hasAigp ? HAS_AIGP : 0) |
      (facts.weight > 0 ? HAS_WEIGHT : 0);
  }

  #newRow(): number {
    if (this.#rows === this.#refs.length) {
      this.#resize(grownCapacity(this.#rows, this.#rows + 1));
      this.#tried = Number.POSITIVE_INFINITY;
    }
    return this.#rows++;
  }

  #resize(capacity: number): void {
    this.origin = growUint8(this.origin, capacity);
    this.asPathLength = growUint16(this.asPathLength, capacity);
    this.neighbourAs = growUint32(this.neighbourAs, capacity);
    this.clusterListLength = growUint16(this.clusterListLength, capacity);
    this.nextHop = growInt32(this.nextHop, capacity);
    this.#med = growUint32(this.#med, capacity);
    this.#localPref = growUint32(this.#localPref, capacity);
    this.#originatorId = growUint32(this.#originatorId, capacity);
    this.#flags = growUint8(this.#flags, capacity);
    this.#hash = growUint32(this.#hash, capacity);
    this.#offset = growUint32(this.#offset, capacity);
    this.#length = growUint32(this.#length, capacity);
    this.#refs = growUint32(this.#refs, capacity);
  }

  #link(id: number): void {
    const mask = this.#slots.length - 1;
    let slot = this.#hash[id]! & mask;
    while (this.#slots[slot]! >= 0) slot = (slot + 1) & mask;
    this.#slots[slot] = id;
  }

  #rehash(slots: number): void {
    this.#slots = new Int32Array(slots).fill(-1);
    for (let id = 0; id < this.#rows; id++) if ((this.#flags[id]! & LIVE) !== 0) this.#link(id);
  }

  #reclaim(id: AttrSetId): void {
    this.onFree?.(id);
    this.#unlink(id);
    this.#arena.free(this.#offset[id]!, this.#length[id]!);
    this.#nextHops.release(this.nextHop[id]! as NextHopId);
    this.#flags[id] = 0;
    this.#live--;
    this.#free.push(id);
  }

  #unlink(id: number): void {
    const mask = this.#slots.length - 1;
    let slot = this.#hash[id]! & mask;
    while (this.#slots[slot] !== id) slot = (slot + 1) & mask;
    this.#slots[slot] = -1;
    for (let next = (slot + 1) & mask; this.#slots[next]! >= 0; next = (next + 1) & mask) {
      const moved = this.#slots[next]!;
      this.#slots[next] = -1;
      this.#link(moved);
    }
  }
}
