// What the members of an update group with ADD-PATH (RFC 7911) have been told of one family: several paths a prefix, each
// under a path id of ours that it keeps as long as it is told. A prefix's ids are small and dense, so that all that were
// ever used for it can be withdrawn again. It knows which paths there are only from its caller.

import { type AttrSetId, NONE, type PeerId, type PrefixId } from '../../base/ids.js';
import type { AttrSets } from '../tables/attr-sets.js';
import { growInt32, grownCapacity, worthTrimming } from '../tables/columns.js';
import type { ExportedPaths } from './exported-paths.js';

type Ids = Int32Array;

/** Told of every difference, each path id at most once. NONE: nothing was, or is, announced under the id. */
export interface PathSink {
  pathChanged(prefix: PrefixId, pathId: number, change: PathChange): void;
}

/** One object, used again and again. */
export interface PathChange {
  oldAttrs: AttrSetId | typeof NONE;
  oldSource: PeerId | typeof NONE;
  attrs: AttrSetId | typeof NONE;
  source: PeerId | typeof NONE;
}

export class AdjRibOutPaths {
  readonly kind = 'paths';
  /** First row of the prefix, or NONE. */
  #head: Ids = new Int32Array(0);
  /** The highest path id that a member may have been told for the prefix. */
  #top: Ids = new Int32Array(0);
  // One row a path.
  pathId: Ids = new Int32Array(64);
  attrs: Ids = new Int32Array(64);
  source: Ids = new Int32Array(64);
  /** Next row of the prefix; next free row on the free list. */
  next: Ids = new Int32Array(64);
  /** The row of the path in the Adj-RIB-In: while it is told, the id is its own. */
  path: Ids = new Int32Array(64);
  #rows = 0;
  #freeHead: number = NONE;
  #size = 0;
  #tried = Number.POSITIVE_INFINITY;
  readonly #bySource = new Map<PeerId, number>();
  readonly #wanted = new Map<number, number>();
  #stale: number[] = [];
  #used = new Uint8Array(64);
  readonly #change: PathChange = { oldAttrs: NONE, oldSource: NONE, attrs: NONE, source: NONE };

  /** Paths announced. */
  get size(): number {
    return this.#size;
  }

  /** Paths announced to `member`: all but its own. */
  sizeFor(member: PeerId): number {
    return this.#size - (this.#bySource.get(member) ?? 0);
  }

  announces(prefix: PrefixId): boolean {
    return this.head(prefix) !== NONE;
  }

  /** First row of the prefix, or NONE. */
  head(prefix: PrefixId): number {
    return prefix < this.#head.length ? this.#head[prefix]! : NONE;
  }

  get prefixRows(): number {
    return this.#head.length;
  }

  /** Members may hold what they were told of `other`: its ids are withdrawn where ours are. */
  coverIds(other: AdjRibOutPaths): void {
    if (other.#top.length > this.#top.length) this.#growPrefixes(other.#top.length);
    for (let prefix = 0; prefix < other.#top.length; prefix++) {
      this.#top[prefix] = Math.max(this.#top[prefix]!, other.#top[prefix]!);
    }
  }

  /** Ids that were announced for the prefix once, or may have been, and are not now. */
  goneIds(prefix: PrefixId): readonly number[] {
    const top = prefix < this.#top.length ? this.#top[prefix]! : 0;
    this.#markUsed(prefix, top);
    const gone: number[] = [];
    for (let id = 1; id <= top; id++) if (this.#used[id] === 0) gone.push(id);
    return gone;
  }

  /** Makes `paths` what is announced for the prefix; the differences go to `sink`. */
  replace(attrSets: AttrSets, prefix: PrefixId, paths: ExportedPaths, sink: PathSink): void {
    if (prefix >= this.#head.length) {
      if (paths.count === 0) return;
      this.#growPrefixes(prefix + 1);
    }
    this.#match(attrSets, prefix, paths, sink);
    for (const index of this.#wanted.values()) {
      const row = this.#stale.pop() ?? this.#addRow(prefix);
      this.path[row] = paths.path[index]!;
      this.#update(attrSets, prefix, row, paths.attrs[index]!, paths.source[index]!, sink);
    }
    for (const row of this.#stale) this.#update(attrSets, prefix, row, NONE, NONE, sink);
    if (this.#stale.length > 0) this.#unlinkEmpty(prefix);
    this.#wanted.clear();
    this.#stale.length = 0;
  }

  clear(attrSets: AttrSets): void {
    for (let prefix = 0; prefix < this.#head.length; prefix++) {
      for (let row = this.#head[prefix]!; row !== NONE; row = this.next[row]!) {
        attrSets.unref(this.attrs[row]! as AttrSetId);
      }
    }
    this.#head = this.#top = new Int32Array(0);
    this.#rows = this.#size = 0;
    this.#freeHead = NONE;
    this.#resizeRows(64);
    this.#bySource.clear();
  }

  /** Gives back everything, when nothing is announced and much was. */
  trim(): void {
    if (this.#size > 0 || !worthTrimming(this.#size, this.attrs.length, this.#tried)) return;
    this.#tried = this.#size;
    this.#rows = 0;
    this.#freeHead = NONE;
    this.#resizeRows(64);
  }

  get bytes(): number {
    return this.#head.byteLength * 2 + this.attrs.byteLength * 5;
  }

  /** Paths that are told already keep their rows; the other rows are stale, the other paths still wanted. */
  #match(attrSets: AttrSets, prefix: PrefixId, paths: ExportedPaths, sink: PathSink): void {
    const wanted = this.#wanted;
    for (let i = 0; i < paths.count; i++) wanted.set(paths.path[i]!, i);
    for (let row = this.#head[prefix]!; row !== NONE; row = this.next[row]!) {
      const index = wanted.get(this.path[row]!);
      if (index === undefined) this.#stale.push(row);
      else {
        wanted.delete(this.path[row]!);
        this.#update(attrSets, prefix, row, paths.attrs[index]!, paths.source[index]!, sink);
      }
    }
  }

  #update(
    attrSets: AttrSets,
    prefix: PrefixId,
    row: number,
    attrs: number,
    source: number,
    sink: PathSink,
  ): void {
    const change = this.#change;
    change.oldAttrs = this.attrs[row]! as AttrSetId;
    change.oldSource = this.source[row]! as PeerId;
    if (change.oldAttrs === attrs && change.oldSource === source) return;
    change.attrs = attrs as AttrSetId;
    change.source = source as PeerId;
    if (attrs !== NONE) {
      attrSets.ref(attrs as AttrSetId);
      this.#count(source as PeerId, 1);
    }
    if (change.oldAttrs !== NONE) {
      attrSets.unref(change.oldAttrs as AttrSetId);
      this.#count(change.oldSource as PeerId, -1);
    }
    this.attrs[row] = attrs;
    this.source[row] = source;
    sink.pathChanged(prefix, this.pathId[row]!, change);
  }

  #count(source: PeerId, by: 1 | -1): void {
    this.#size += by;
    const left = (this.#bySource.get(source) ?? 0) + by;
    if (left === 0) this.#bySource.delete(source);
    else this.#bySource.set(source, left);
  }

  /** A row with the lowest id that the prefix has free. */
  #addRow(prefix: PrefixId): number {
    const row = this.#newRow();
    this.#markUsed(prefix, this.#top[prefix]!);
    let id = 1;
    while (id <= this.#top[prefix]! && this.#used[id] !== 0) id++;
    this.#top[prefix] = Math.max(this.#top[prefix]!, id);
    this.pathId[row] = id;
    this.attrs[row] = this.source[row] = NONE;
    this.next[row] = this.#head[prefix]!;
    this.#head[prefix] = row;
    return row;
  }

  /** Marks the ids of the prefix, which are none above `top`. */
  #markUsed(prefix: PrefixId, top: number): void {
    if (top >= this.#used.length) this.#used = new Uint8Array(grownCapacity(this.#used.length, top + 1));
    this.#used.fill(0, 0, top + 1);
    for (let row = this.head(prefix); row !== NONE; row = this.next[row]!) this.#used[this.pathId[row]!] = 1;
  }

  #unlinkEmpty(prefix: PrefixId): void {
    let before: number = NONE;
    for (let row = this.#head[prefix]!; row !== NONE; ) {
      const next = this.next[row]!;
      if (this.attrs[row] === NONE) {
        if (before === NONE) this.#head[prefix] = next;
        else this.next[before] = next;
        this.next[row] = this.#freeHead;
        this.#freeHead = row;
      } else before = row;
      row = next;
    }
  }

  #newRow(): number {
    if (this.#freeHead !== NONE) {
      const row = this.#freeHead;
      this.#freeHead = this.next[row]!;
      return row;
    }
    if (this.#rows === this.attrs.length) {
      this.#resizeRows(grownCapacity(this.#rows, this.#rows + 1));
      this.#tried = Number.POSITIVE_INFINITY;
    }
    return this.#rows++;
  }

  #growPrefixes(needed: number): void {
    const capacity = grownCapacity(this.#head.length, needed);
    this.#head = growInt32(this.#head, capacity, NONE);
    this.#top = growInt32(this.#top, capacity);
  }

  #resizeRows(capacity: number): void {
    this.pathId = growInt32(this.pathId, capacity);
    this.attrs = growInt32(this.attrs, capacity, NONE);
    this.source = growInt32(this.source, capacity, NONE);
    this.next = growInt32(this.next, capacity, NONE);
    this.path = growInt32(this.path, capacity, NONE);
  }
}
