// What the members of an update group have been told, per prefix of one family: the attributes and the source peer.
// A member whose own route it is has not been told that one (split horizon).

import { type AttrSetId, NONE, type PeerId, type PrefixId } from '../../base/ids.js';
import type { AttrSets } from '../tables/attr-sets.js';
import { growInt32, grownCapacity, worthTrimming } from '../tables/columns.js';

type Ids = Int32Array;

export class AdjRibOut {
  readonly kind = 'single';
  attrs: Ids = new Int32Array(0);
  source: Ids = new Int32Array(0);
  #size = 0;
  /** Prefixes announced at the last attempt to trim. */
  #tried = Number.POSITIVE_INFINITY;
  readonly #bySource = new Map<PeerId, number>();

  /** Prefixes announced. */
  get size(): number {
    return this.#size;
  }

  /** Prefixes announced to `member`: all but its own. */
  sizeFor(member: PeerId): number {
    return this.#size - (this.#bySource.get(member) ?? 0);
  }

  attrsOf(prefix: PrefixId): AttrSetId | typeof NONE {
    return prefix < this.attrs.length ? (this.attrs[prefix]! as AttrSetId) : NONE;
  }

  sourceOf(prefix: PrefixId): PeerId | typeof NONE {
    return prefix < this.source.length ? (this.source[prefix]! as PeerId) : NONE;
  }

  /** True when something is announced. */
  announces(prefix: PrefixId): boolean {
    return prefix < this.attrs.length && this.attrs[prefix] !== NONE;
  }

  /** One more than the highest prefix that may be announced. */
  get prefixRows(): number {
    return this.attrs.length;
  }

  /** Stores the new state with its references; NONE withdraws. */
  set(attrSets: AttrSets, prefix: PrefixId, attrs: AttrSetId | typeof NONE, source: PeerId): void {
    if (prefix >= this.attrs.length) this.#grow(prefix + 1);
    const before = this.attrs[prefix]!;
    if (attrs !== NONE) {
      attrSets.ref(attrs as AttrSetId);
      this.#count(source, 1);
    }
    if (before !== NONE) {
      attrSets.unref(before as AttrSetId);
      this.#count(this.source[prefix]! as PeerId, -1);
    }
    this.attrs[prefix] = attrs;
    this.source[prefix] = attrs === NONE ? NONE : source;
  }

  clear(attrSets: AttrSets): void {
    for (let i = 0; i < this.attrs.length; i++) {
      if (this.attrs[i] !== NONE) attrSets.unref(this.attrs[i]! as AttrSetId);
    }
    this.attrs = new Int32Array(0);
    this.source = new Int32Array(0);
    this.#size = 0;
    this.#bySource.clear();
  }

  /** Gives back the rows behind the last prefix announced, when few are in use. */
  trim(): void {
    if (!worthTrimming(this.#size, this.attrs.length, this.#tried)) return;
    this.#tried = this.#size;
    let rows = this.attrs.length;
    while (rows > 0 && this.attrs[rows - 1] === NONE) rows--;
    const capacity = grownCapacity(0, rows);
    if (capacity < this.attrs.length) this.#resize(capacity);
  }

  get bytes(): number {
    return this.attrs.byteLength + this.source.byteLength;
  }

  #count(source: PeerId, by: 1 | -1): void {
    this.#size += by;
    const left = (this.#bySource.get(source) ?? 0) + by;
    if (left === 0) this.#bySource.delete(source);
    else this.#bySource.set(source, left);
  }

  #grow(needed: number): void {
    this.#resize(grownCapacity(this.attrs.length, needed));
    this.#tried = Number.POSITIVE_INFINITY;
  }

  #resize(capacity: number): void {
    this.attrs = growInt32(this.attrs, capacity, NONE);
    this.source = growInt32(this.source, capacity, NONE);
  }
}
