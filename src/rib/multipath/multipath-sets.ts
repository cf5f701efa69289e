// The multipath sets in force: which next hops share the traffic of a prefix, and in which proportions. Equal sets are one
// row, as thousands of prefixes share few of them. Holds nothing while no prefix has a set; never chooses the members.

import type { FamilyIndex } from '../../base/family.js';
import { mix32 } from '../../base/hash.js';
import { NONE, type PeerId, type PrefixId } from '../../base/ids.js';
import type { IpAddress } from '../../base/ip.js';
import { linkBandwidthOf } from '../../wire/link-bandwidth.js';
import type { Decision, DecisionTables } from '../decision.js';
import { growInt32, grownCapacity } from '../tables/columns.js';
import type { NextHopId } from '../tables/next-hops.js';
import { linkWeights } from './link-weights.js';

export interface MultipathMember {
  readonly address: IpAddress;
  /** Where the next hop is link-local: on whose link. */
  readonly peer: PeerId | null;
  /** 1 to 256, as shares of the traffic. */
  readonly weight: number;
}

export interface MultipathSet {
  readonly members: readonly MultipathMember[];
}

interface SetRow extends MultipathSet {
  readonly words: Int32Array;
  readonly hash: number;
  /** Prefixes with this set. */
  uses: number;
}

/** Of a member: next hop, peer (NONE where it does not matter), weight. */
const WORDS = 3;

export class MultipathSets {
  readonly #tables: DecisionTables;
  /** By prefix: a row, NONE for none. Empty until a prefix of the family has a set. */
  readonly #rowOf: [Int32Array, Int32Array] = [new Int32Array(0), new Int32Array(0)];
  readonly #prefixes: [number, number] = [0, 0];
  readonly #rows: (SetRow | null)[] = [];
  readonly #free: number[] = [];
  readonly #byHash = new Map<number, number[]>();
  #words = new Int32Array(WORDS * 16);
  readonly #bandwidths: number[] = [];
  readonly #weights: number[] = [];

  constructor(tables: DecisionTables) {
    this.#tables = tables;
  }

  /** Distinct sets. */
  get size(): number {
    return this.#rows.length - this.#free.length;
  }

  /** Prefixes that have one. */
  prefixes(family: FamilyIndex): number {
    return this.#prefixes[family];
  }

  /** Octets of the column. */
  bytes(family: FamilyIndex): number {
    return this.#rowOf[family].byteLength;
  }

  /** Null: the prefix has one next hop, or none. */
  of(family: FamilyIndex, prefix: PrefixId): MultipathSet | null {
    const row = this.#rowOf[family][prefix] ?? NONE;
    return row === NONE ? null : this.#rows[row]!;
  }

  /** Takes the set of the latest decision for the prefix. True when it is another one than before. */
  assign(family: FamilyIndex, prefix: PrefixId, decision: Decision): boolean {
    const before = this.#rowOf[family][prefix] ?? NONE;
    const after = decision.members.count === 0 ? NONE : this.#intern(this.#describe(decision));
    if (before === after) return false;
    this.#set(family, prefix, after);
    if (after !== NONE) this.#rows[after]!.uses++;
    if (before !== NONE && --this.#rows[before]!.uses === 0) this.#forget(before);
    this.#prefixes[family] += Number(after !== NONE) - Number(before !== NONE);
    if (this.#prefixes[family] === 0) this.#rowOf[family] = new Int32Array(0);
    return true;
  }

  #set(family: FamilyIndex, prefix: PrefixId, row: number): void {
    const { length } = this.#rowOf[family];
    if (prefix >= length) {
      this.#rowOf[family] = growInt32(this.#rowOf[family], grownCapacity(length, prefix + 1), NONE);
    }
    this.#rowOf[family][prefix] = row;
  }

  /** Fills `#words` with the members in the order of their next hops; how many words that are. */
  #describe(decision: Decision): number {
    const { rows, count } = decision.members;
    const length = count * WORDS;
    while (this.#words.length < length) this.#words = new Int32Array(this.#words.length * 2);
    const words = this.#words;
    for (let i = 0; i < count; i++) this.#bandwidths[i] = this.#bandwidth(decision, rows[i]!);
    linkWeights(this.#bandwidths, count, this.#weights);
    for (let i = 0; i < count; i++) {
      const nextHop = decision.nextHop(rows[i]!);
      const peer = this.#tables.nextHops.isLinkLocal(nextHop) ? decision.paths.peer[rows[i]!]! : NONE;
      let at = i * WORDS;
      for (; at > 0 && isAfter(words, at - WORDS, nextHop, peer); at -= WORDS) {
        words.copyWithin(at, at - WORDS, at);
      }
      words[at] = nextHop;
      words[at + 1] = peer;
      words[at + 2] = this.#weights[i]!;
    }
    return length;
  }

  #bandwidth(decision: Decision, path: number): number {
    if (!decision.options.multipath.linkBandwidth) return -1;
    const { attrSets } = this.#tables;
    const attrs = decision.attrs(path);
    return linkBandwidthOf(attrSets.bytes, attrSets.startOf(attrs), attrSets.endOf(attrs));
  }

  #intern(length: number): number {
    const words = this.#words;
    const hash = hashOf(words, length);
    const same = this.#byHash.get(hash);
    for (const id of same ?? []) if (equal(this.#rows[id]!.words, words, length)) return id;
    const id = this.#free.pop() ?? this.#rows.length;
    this.#rows[id] = this.#row(words.slice(0, length), hash);
    if (same === undefined) this.#byHash.set(hash, [id]);
    else same.push(id);
    return id;
  }

  #row(words: Int32Array, hash: number): SetRow {
    const { nextHops } = this.#tables;
    const members: MultipathMember[] = [];
    for (let at = 0; at < words.length; at += WORDS) {
      const nextHop = words[at]! as NextHopId;
      const address = nextHops.address(nextHop);
      nextHops.hold(nextHop);
      const peer = words[at + 1]!;
      if (address !== null)
        members.push({ address, peer: peer === NONE ? null : (peer as PeerId), weight: words[at + 2]! });
    }
    return { members, words, hash, uses: 0 };
  }

  #forget(id: number): void {
    const { words, hash } = this.#rows[id]!;
    for (let at = 0; at < words.length; at += WORDS) this.#tables.nextHops.release(words[at]! as NextHopId);
    const others = this.#byHash.get(hash)!.filter((other) => other !== id);
    if (others.length === 0) this.#byHash.delete(hash);
    else this.#byHash.set(hash, others);
    this.#rows[id] = null;
    this.#free.push(id);
  }
}

const isAfter = (words: Int32Array, at: number, nextHop: number, peer: number): boolean =>
  words[at]! > nextHop || (words[at] === nextHop && words[at + 1]! > peer);

function hashOf(words: Int32Array, length: number): number {
  let hash = length;
  for (let i = 0; i < length; i++) {
    hash = Math.imul(hash ^ words[i]!, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return mix32(hash);
}

function equal(words: Int32Array, other: Int32Array, length: number): boolean {
  if (words.length !== length) return false;
  for (let i = 0; i < length; i++) if (words[i] !== other[i]) return false;
  return true;
}
