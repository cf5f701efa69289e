// Changes of one pass on their way into packets: bucketed by (source, attributes), so that prefixes with the same
// attributes share messages and everything a source told us is one stretch of octets that it can skip.

import type { FamilyIndex } from '../base/family.js';
import { type AttrSetId, NONE, type PeerId, type PrefixId } from '../base/ids.js';
import type { UpdatePacker } from '../wire/update-packer.js';
import type { AttrSets } from './attr-sets.js';
import { growInt32, grownCapacity, isSparse } from './columns.js';
import type { PacketEntry } from './packet-queue.js';
import type { PrefixTable } from './prefix-table.js';

interface Bucket {
  readonly family: FamilyIndex;
  readonly attrs: AttrSetId | typeof NONE;
  readonly source: PeerId | typeof NONE;
  head: number;
  tail: number;
}

interface PrivateWithdrawal {
  readonly family: FamilyIndex;
  readonly prefix: PrefixId;
}

type Ids = Int32Array<ArrayBuffer>;

export class PendingChanges {
  readonly #attrSets: AttrSets;
  readonly #prefixes: readonly [PrefixTable, PrefixTable];
  #buckets: Bucket[] = [];
  readonly #byKey = new Map<number, Bucket>();
  #last: Bucket | null = null;
  #nodePrefix: Ids = new Int32Array(256);
  #nodeNext: Ids = new Int32Array(256);
  #nodes = 0;
  readonly #perFamily: [number, number] = [0, 0];
  readonly #private = new Map<PeerId, PrivateWithdrawal[]>();

  constructor(attrSets: AttrSets, prefixes: readonly [PrefixTable, PrefixTable]) {
    this.#attrSets = attrSets;
    this.#prefixes = prefixes;
  }

  get size(): number {
    return this.#nodes;
  }

  /** Octets kept for the next changes. */
  get bytes(): number {
    return this.#nodePrefix.byteLength + this.#nodeNext.byteLength;
  }

  /** Gives back what a pass over many prefixes took, where there are `rows` now. Between passes only. */
  trim(rows: number): void {
    if (this.#nodes > 0 || !isSparse(rows, this.#nodePrefix.length)) return;
    const capacity = grownCapacity(256, rows);
    this.#nodePrefix = new Int32Array(capacity);
    this.#nodeNext = new Int32Array(capacity);
  }

  /** Announces `prefix` with `attrs`, or withdraws it (NONE), to everybody but `source`. */
  add(
    family: FamilyIndex,
    prefix: PrefixId,
    attrs: AttrSetId | typeof NONE,
    source: PeerId | typeof NONE,
  ): void {
    const bucket = this.#bucket(family, attrs, source);
    const node = this.#node(prefix);
    if (bucket.head === NONE) bucket.head = node;
    else this.#nodeNext[bucket.tail] = node;
    bucket.tail = node;
    this.#perFamily[family]++;
  }

  /** Withdraws `prefix` from one member: what others are told now is its own route. */
  withdrawFrom(peer: PeerId, family: FamilyIndex, prefix: PrefixId): void {
    const list = this.#private.get(peer);
    if (list === undefined) this.#private.set(peer, [{ family, prefix }]);
    else list.push({ family, prefix });
  }

  /** Packs everything into one entry and is empty again. */
  pack(packer: UpdatePacker, epoch: number): PacketEntry {
    const prefixes = this.#collectPrefixes();
    const skips = this.#packBuckets(packer);
    const bytes = packer.take();
    const only = this.#packPrivate(packer);
    this.#reset();
    return { bytes, skips, only, prefixes, epoch };
  }

  #bucket(family: FamilyIndex, attrs: AttrSetId | typeof NONE, source: PeerId | typeof NONE): Bucket {
    const last = this.#last;
    if (last !== null && last.attrs === attrs && last.source === source && last.family === family)
      return last;
    const key = ((attrs + 1) * 0x100000 + source + 1) * 2 + family;
    let bucket = this.#byKey.get(key);
    if (bucket === undefined) {
      bucket = { family, attrs, source, head: NONE, tail: NONE };
      this.#byKey.set(key, bucket);
      this.#buckets.push(bucket);
    }
    this.#last = bucket;
    return bucket;
  }

  #node(prefix: PrefixId): number {
    if (this.#nodes === this.#nodePrefix.length) {
      const capacity = grownCapacity(this.#nodes, this.#nodes + 1);
      this.#nodePrefix = growInt32(this.#nodePrefix, capacity) as Ids;
      this.#nodeNext = growInt32(this.#nodeNext, capacity) as Ids;
    }
    const node = this.#nodes++;
    this.#nodePrefix[node] = prefix;
    this.#nodeNext[node] = NONE;
    return node;
  }

  #collectPrefixes(): readonly [Int32Array, Int32Array] {
    const lists = [new Int32Array(this.#perFamily[0]), new Int32Array(this.#perFamily[1])] as const;
    const filled = [0, 0];
    for (const bucket of this.#buckets) {
      const list = lists[bucket.family];
      for (let node = bucket.head; node !== NONE; node = this.#nodeNext[node]!) {
        list[filled[bucket.family]!++] = this.#nodePrefix[node]!;
      }
    }
    return lists;
  }

  #packBuckets(packer: UpdatePacker): ReadonlyMap<PeerId, readonly [number, number]> | null {
    const bySource = new Map<PeerId | typeof NONE, Bucket[]>();
    for (const bucket of this.#buckets) {
      const list = bySource.get(bucket.source);
      if (list === undefined) bySource.set(bucket.source, [bucket]);
      else list.push(bucket);
    }
    const skips = new Map<PeerId, readonly [number, number]>();
    for (const [source, buckets] of bySource) {
      const start = packer.length;
      for (const bucket of buckets) this.#packBucket(packer, bucket);
      packer.close();
      if (source !== NONE) skips.set(source as PeerId, [start, packer.length]);
    }
    return skips.size === 0 ? null : skips;
  }

  #packBucket(packer: UpdatePacker, bucket: Bucket): void {
    const { family, attrs } = bucket;
    if (attrs === NONE) packer.unreach(family);
    else packer.reach(family, this.#attrSets.block(attrs as AttrSetId));
    const table = this.#prefixes[family];
    if (family === 0) {
      for (let node = bucket.head; node !== NONE; node = this.#nodeNext[node]!) {
        const id = this.#nodePrefix[node]!;
        packer.prefix(table.w0[id]!, 0, 0, 0, table.length[id]!);
      }
    } else {
      for (let node = bucket.head; node !== NONE; node = this.#nodeNext[node]!) {
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
        for (const { prefix } of mine) this.#packOne(packer, family, prefix);
      }
      packer.close();
      only.set(peer, packer.take());
    }
    return only;
  }

  #packOne(packer: UpdatePacker, family: FamilyIndex, id: PrefixId): void {
    const table = this.#prefixes[family];
    if (family === 0) packer.prefix(table.w0[id]!, 0, 0, 0, table.length[id]!);
    else packer.prefix(table.w0[id]!, table.w1[id]!, table.w2[id]!, table.w3[id]!, table.length[id]!);
  }

  #reset(): void {
    this.#buckets = [];
    this.#byKey.clear();
    this.#last = null;
    this.#nodes = 0;
    this.#perFamily[0] = this.#perFamily[1] = 0;
    this.#private.clear();
  }
}
