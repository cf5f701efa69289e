// Changes of one pass on their way into packets: bucketed by (source, attributes), so that prefixes with the same
// attributes share messages and everything a source told us is one stretch of octets that it can skip.
// Announcements go before withdrawals, so that an aggregate is there before what it stands for goes.
// Buckets and the prefixes in them are columns: a full table makes a hundred thousand buckets a pass.

import { Bitset } from '../../base/bitset.js';
import type { FamilyIndex } from '../../base/family.js';
import { type AttrSetId, NONE, type PeerId, type PrefixId } from '../../base/ids.js';
import type { UpdatePacker } from '../../wire/update-packer.js';
import type { AttrSets } from '../tables/attr-sets.js';
import { growInt32, grownCapacity, isSparse } from '../tables/columns.js';
import type { PrefixTable } from '../tables/prefix-table.js';
import type { PacketEntry } from './packet-queue.js';

interface PrivateWithdrawal {
  readonly family: FamilyIndex;
  readonly prefix: PrefixId;
  readonly pathId: number;
}

type Ids = Int32Array;

export class PendingChanges {
  readonly #attrSets: AttrSets;
  readonly #prefixes: readonly [PrefixTable, PrefixTable];
  // One row a bucket.
  #attrs: Ids = new Int32Array(64);
  #source: Ids = new Int32Array(64);
  #family: Ids = new Int32Array(64);
  #head: Ids = new Int32Array(64);
  #tail: Ids = new Int32Array(64);
  /** Next bucket with the same attributes, and next with the same source in the order they came. */
  #nextOfAttrs: Ids = new Int32Array(64);
  #nextOfSource: Ids = new Int32Array(64);
  #buckets = 0;
  /** By attributes + 1: the latest bucket, where that is one of this pass. */
  #latest: Ids = new Int32Array(64);
  #last: number = NONE;
  // One row a prefix.
  #nodePrefix: Ids = new Int32Array(256);
  #nodeNext: Ids = new Int32Array(256);
  /** Empty where no family has path ids. */
  #nodePathId: Ids;
  /** By family index. */
  readonly #pathIds: readonly [boolean, boolean];
  #nodes = 0;
  readonly #perFamily = new Int32Array(2);
  readonly #private = new Map<PeerId, PrivateWithdrawal[]>();
  /** Empty but while it is looked for prefixes that changed twice. */
  readonly #met = new Bitset();

  /** `pathIds` by family index: members are sent path ids (RFC 7911). */
  constructor(
    attrSets: AttrSets,
    prefixes: readonly [PrefixTable, PrefixTable],
    pathIds: readonly [boolean, boolean] = [false, false],
  ) {
    this.#attrSets = attrSets;
    this.#prefixes = prefixes;
    this.#pathIds = pathIds;
    this.#nodePathId = new Int32Array(pathIds.includes(true) ? 256 : 0);
  }

  get size(): number {
    return this.#nodes;
  }

  /** Octets kept for the next changes. */
  get bytes(): number {
    const nodes = this.#nodePrefix.byteLength + this.#nodeNext.byteLength + this.#nodePathId.byteLength;
    return nodes + this.#attrs.byteLength * 7 + this.#latest.byteLength + this.#met.bytes;
  }

  /** Gives back what a pass over many prefixes took, where there are `rows` now. Between passes only. */
  trim(rows: number): void {
    if (this.#nodes > 0 || !isSparse(rows, this.#nodePrefix.length)) return;
    const capacity = grownCapacity(256, rows);
    this.#nodePrefix = new Int32Array(capacity);
    this.#nodeNext = new Int32Array(capacity);
    if (this.#nodePathId.length > 0) this.#nodePathId = new Int32Array(capacity);
    if (isSparse(rows, this.#attrs.length)) this.#resizeBuckets(grownCapacity(0, rows));
    if (isSparse(rows, this.#latest.length)) this.#latest = new Int32Array(grownCapacity(0, rows));
  }

  /** Announces `prefix` with `attrs`, or withdraws it (NONE), to everybody but `source`. */
  add(
    family: FamilyIndex,
    prefix: PrefixId,
    attrs: AttrSetId | typeof NONE,
    source: PeerId | typeof NONE,
    pathId = 0,
  ): void {
    const bucket = this.#bucket(family, attrs, source);
    const node = this.#node(prefix);
    if (this.#pathIds[family]) this.#nodePathId[node] = pathId;
    if (this.#head[bucket] === NONE) this.#head[bucket] = node;
    else this.#nodeNext[this.#tail[bucket]!] = node;
    this.#tail[bucket] = node;
    this.#perFamily[family]!++;
  }

  /** Withdraws `prefix` from one member: what others are told now is its own route. */
  withdrawFrom(peer: PeerId, family: FamilyIndex, prefix: PrefixId, pathId = 0): void {
    const list = this.#private.get(peer);
    if (list === undefined) this.#private.set(peer, [{ family, prefix, pathId }]);
    else list.push({ family, prefix, pathId });
  }

  /** Packs everything into one entry and is empty again. */
  pack(packer: UpdatePacker, epoch: number): PacketEntry {
    const prefixes = this.#collectPrefixes();
    const skips = this.#packBuckets(packer, this.#mayReorder(prefixes));
    const bytes = packer.take();
    const only = this.#packPrivate(packer);
    this.#reset();
    return { bytes, skips, only, prefixes, epoch };
  }

  #bucket(family: FamilyIndex, attrs: AttrSetId | typeof NONE, source: PeerId | typeof NONE): number {
    const last = this.#last;
    if (last !== NONE && this.#is(last, family, attrs, source)) return last;
    if (attrs + 1 >= this.#latest.length) {
      this.#latest = growInt32(this.#latest, grownCapacity(this.#latest.length, attrs + 2));
    }
    let bucket = this.#latestOf(attrs);
    while (bucket !== NONE && !this.#is(bucket, family, attrs, source)) bucket = this.#nextOfAttrs[bucket]!;
    if (bucket === NONE) bucket = this.#newBucket(family, attrs, source);
    this.#last = bucket;
    return bucket;
  }

  #is(bucket: number, family: FamilyIndex, attrs: number, source: number): boolean {
    return (
      this.#attrs[bucket] === attrs && this.#source[bucket] === source && this.#family[bucket] === family
    );
  }

  /** Rows of earlier passes are still there: what a bucket holds tells whether it is meant. */
  #latestOf(attrs: number): number {
    const bucket = this.#latest[attrs + 1]!;
    return bucket < this.#buckets && this.#attrs[bucket] === attrs ? bucket : NONE;
  }

  #newBucket(family: FamilyIndex, attrs: number, source: number): number {
    if (this.#buckets === this.#attrs.length)
      this.#resizeBuckets(grownCapacity(this.#buckets, this.#buckets + 1));
    const next = this.#latestOf(attrs);
    const bucket = this.#buckets++;
    this.#family[bucket] = family;
    this.#attrs[bucket] = attrs;
    this.#source[bucket] = source;
    this.#head[bucket] = this.#tail[bucket] = this.#nextOfSource[bucket] = NONE;
    this.#nextOfAttrs[bucket] = next;
    this.#latest[attrs + 1] = bucket;
    return bucket;
  }

  #resizeBuckets(capacity: number): void {
    this.#attrs = growInt32(this.#attrs, capacity);
    this.#source = growInt32(this.#source, capacity);
    this.#family = growInt32(this.#family, capacity);
    this.#head = growInt32(this.#head, capacity);
    this.#tail = growInt32(this.#tail, capacity);
    this.#nextOfAttrs = growInt32(this.#nextOfAttrs, capacity);
    this.#nextOfSource = growInt32(this.#nextOfSource, capacity);
  }

  #node(prefix: PrefixId): number {
    if (this.#nodes === this.#nodePrefix.length) {
      const capacity = grownCapacity(this.#nodes, this.#nodes + 1);
      this.#nodePrefix = growInt32(this.#nodePrefix, capacity);
      this.#nodeNext = growInt32(this.#nodeNext, capacity);
      if (this.#nodePathId.length > 0) this.#nodePathId = growInt32(this.#nodePathId, capacity);
    }
    const node = this.#nodes++;
    this.#nodePrefix[node] = prefix;
    this.#nodeNext[node] = NONE;
    return node;
  }

  #collectPrefixes(): readonly [Int32Array, Int32Array] {
    const lists = [new Int32Array(this.#perFamily[0]!), new Int32Array(this.#perFamily[1]!)] as const;
    const filled = [0, 0];
    for (let bucket = 0; bucket < this.#buckets; bucket++) {
      const family = this.#family[bucket] as FamilyIndex;
      const list = lists[family];
      for (let node = this.#head[bucket]!; node !== NONE; node = this.#nodeNext[node]!) {
        list[filled[family]!++] = this.#nodePrefix[node]!;
      }
    }
    return lists;
  }

  /** Not where a prefix changed twice in the pass, or may have, as with path ids: the later change must stay the last. */
  #mayReorder(prefixes: readonly [Int32Array, Int32Array]): boolean {
    if (this.#pathIds[0] || this.#pathIds[1] || this.#latestOf(NONE) === NONE) return false;
    return !this.#repeats(prefixes[0]) && !this.#repeats(prefixes[1]);
  }

  #repeats(ids: Int32Array): boolean {
    for (let i = 0; i < ids.length; i++) this.#met.add(ids[i]!);
    const repeats = this.#met.size < ids.length;
    for (let i = 0; i < ids.length; i++) this.#met.delete(ids[i]!);
    return repeats;
  }

  #packBuckets(
    packer: UpdatePacker,
    withdrawalsLast: boolean,
  ): ReadonlyMap<PeerId, readonly number[]> | null {
    const skips = new Map<PeerId, number[]>();
    const firsts = this.#chainBySource();
    for (const withdrawals of withdrawalsLast ? [false, true] : [null]) {
      for (const [source, first] of firsts) {
        const start = packer.length;
        for (let bucket = first; bucket !== NONE; bucket = this.#nextOfSource[bucket]!) {
          if (withdrawals === null || withdrawals === (this.#attrs[bucket] === NONE))
            this.#packBucket(packer, bucket);
        }
        packer.close();
        if (source !== NONE) addRange(skips, source as PeerId, start, packer.length);
      }
    }
    return skips.size === 0 ? null : skips;
  }

  /** By source, in order of arrival: its first bucket. The others follow in `#nextOfSource`. */
  #chainBySource(): ReadonlyMap<number, number> {
    const firsts = new Map<number, number>();
    const lasts = new Map<number, number>();
    let last: number = NONE;
    for (let bucket = 0; bucket < this.#buckets; bucket++) {
      const source = this.#source[bucket]!;
      if (last === NONE || this.#source[last] !== source) last = lasts.get(source) ?? NONE;
      if (last === NONE) firsts.set(source, bucket);
      else this.#nextOfSource[last] = bucket;
      if (this.#source[bucket + 1] !== source || bucket + 1 === this.#buckets) lasts.set(source, bucket);
      last = bucket;
    }
    return firsts;
  }

  #packBucket(packer: UpdatePacker, bucket: number): void {
    const family = this.#family[bucket] as FamilyIndex;
    const attrs = this.#attrs[bucket]!;
    if (attrs === NONE) packer.unreach(family);
    else packer.reach(family, this.#attrSets.block(attrs as AttrSetId));
    if (this.#pathIds[family]) {
      for (let node = this.#head[bucket]!; node !== NONE; node = this.#nodeNext[node]!) {
        this.#packOne(packer, family, this.#nodePrefix[node]! as PrefixId, this.#nodePathId[node]!);
      }
      return;
    }
    const table = this.#prefixes[family];
    if (family === 0) {
      for (let node = this.#head[bucket]!; node !== NONE; node = this.#nodeNext[node]!) {
        const id = this.#nodePrefix[node]!;
        packer.prefix(table.w0[id]!, 0, 0, 0, table.length[id]!);
      }
    } else {
      for (let node = this.#head[bucket]!; node !== NONE; node = this.#nodeNext[node]!) {
        const id = this.#nodePrefix[node]!;
        packer.prefix(table.w0[id]!, table.w1[id]!, table.w2[id]!, table.w3[id]!, table.length[id]!);
      }
    }
  }

  #packPrivate(packer: UpdatePacker): ReadonlyMap<PeerId, Uint8Array> | null {
    if (this.#private.size === 0) return null;
    const only = new Map<PeerId, Uint8Array>();
    for (const [peer, withdrawals] of this.#private) {
      for (const family of [0, 1] as const) {
        const mine = withdrawals.filter((withdrawal) => withdrawal.family === family);
        if (mine.length === 0) continue;
        packer.unreach(family);
        for (const { prefix, pathId } of mine) this.#packOne(packer, family, prefix, pathId);
      }
      packer.close();
      only.set(peer, packer.take());
    }
    return only;
  }

  #packOne(packer: UpdatePacker, family: FamilyIndex, id: PrefixId, pathId: number): void {
    const table = this.#prefixes[family];
    const wide = family === 1;
    const w1 = wide ? table.w1[id]! : 0;
    const w2 = wide ? table.w2[id]! : 0;
    const w3 = wide ? table.w3[id]! : 0;
    if (this.#pathIds[family]) packer.path(pathId, table.w0[id]!, w1, w2, w3, table.length[id]!);
    else packer.prefix(table.w0[id]!, w1, w2, w3, table.length[id]!);
  }

  #reset(): void {
    this.#buckets = 0;
    this.#last = NONE;
    this.#nodes = 0;
    this.#perFamily.fill(0);
    this.#private.clear();
  }
}

function addRange(skips: Map<PeerId, number[]>, source: PeerId, start: number, end: number): void {
  const ranges = skips.get(source);
  if (ranges === undefined) skips.set(source, [start, end]);
  else if (end > start) ranges.push(start, end);
}
