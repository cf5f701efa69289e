// Prefix sets: one hash probe for each mask length in the set that is no longer than the route's, however long the list.
// Holds no policy and decides nothing but membership.

import { hashPrefix } from '../base/hash.js';
import { comparePrefix, formatPrefix, maskWord, maxLength, prefixWords } from '../base/prefix.js';
import type { PrefixMatch } from './types.js';

/** The part of a route that a prefix set reads; `family` is 0 for IPv4 and 1 for IPv6. */
export interface PrefixView {
  readonly family: number;
  readonly w0: number;
  readonly w1: number;
  readonly w2: number;
  readonly w3: number;
  readonly length: number;
}

export interface PrefixSet {
  /** Equal for sets that hold the same prefixes and bounds, in whatever order they were written. */
  readonly key: string;
  readonly size: number;
  readonly tables: readonly [PrefixTable, PrefixTable];
}

/** One family. Entries are distinct prefixes in columns; `ranges` holds the merged length bounds of each entry. */
interface PrefixTable {
  /** A bit for each value of a route's leading 16 bits: entries may cover such routes. Null: not worth its room. */
  readonly heads: Uint32Array | null;
  /** The distinct mask lengths of the entries, ascending. */
  readonly maskLengths: Uint8Array;
  /** Open addressing: entry index + 1, 0 for free. The size is a power of two. */
  readonly slots: Int32Array;
  /** Four words an entry. */
  readonly words: Uint32Array;
  readonly lengths: Uint8Array;
  /** Entry `i` owns the pairs `rangeStart[i]` to `rangeStart[i + 1]` of `ranges`. */
  readonly rangeStart: Uint32Array;
  readonly ranges: Uint8Array;
}

interface Entry {
  readonly text: string;
  readonly words: readonly [number, number, number, number];
  readonly length: number;
  readonly ranges: readonly Range[];
}

interface Range {
  readonly ge: number;
  readonly le: number;
}

export function buildPrefixSet(matches: readonly PrefixMatch[]): PrefixSet {
  const entries = [entriesOf(matches, 'ipv4'), entriesOf(matches, 'ipv6')] as const;
  return {
    key: entries.flat().map(entryKey).join(' '),
    size: entries[0].length + entries[1].length,
    tables: [buildTable(entries[0]), buildTable(entries[1])],
  };
}

/** True when some prefix of the set is the route's or holds it, and its length bounds admit the route's length. */
export function prefixSetHas(set: PrefixSet, route: PrefixView): boolean {
  const table = set.tables[route.family === 0 ? 0 : 1];
  const { heads, maskLengths } = table;
  if (heads !== null && ((heads[route.w0 >>> 21]! >>> ((route.w0 >>> 16) & 31)) & 1) === 0) return false;
  for (let i = 0; i < maskLengths.length; i++) {
    const length = maskLengths[i]!;
    if (length > route.length) return false;
    const entry = findEntry(table, route, length);
    if (entry >= 0 && admits(table, entry, route.length)) return true;
  }
  return false;
}

function entriesOf(matches: readonly PrefixMatch[], family: 'ipv4' | 'ipv6'): Entry[] {
  const sorted = matches
    .filter((match) => match.prefix.address.family === family)
    .sort((a, b) => comparePrefix(a.prefix, b.prefix));
  const grouped = new Map<string, PrefixMatch[]>();
  for (const match of sorted) {
    const text = formatPrefix(match.prefix);
    const group = grouped.get(text);
    if (group === undefined) grouped.set(text, [match]);
    else group.push(match);
  }
  return [...grouped]
    .map(([text, group]) => makeEntry(text, group))
    .filter(({ ranges }) => ranges.length > 0);
}

function makeEntry(text: string, group: readonly PrefixMatch[]): Entry {
  const { prefix } = group[0]!;
  const longest = maxLength(prefix.address.family);
  const bounds = group
    .map(({ ge, le }) => ({ ge: Math.max(ge, prefix.length), le: Math.min(le, longest) }))
    .filter(({ ge, le }) => ge <= le)
    .sort((a, b) => a.ge - b.ge);
  return { text, words: [...prefixWords(prefix)], length: prefix.length, ranges: mergeRanges(bounds) };
}

function mergeRanges(sorted: readonly Range[]): Range[] {
  const merged: Range[] = [];
  for (const range of sorted) {
    const last = merged.at(-1);
    if (last === undefined || range.ge > last.le + 1) merged.push(range);
    else merged[merged.length - 1] = { ge: last.ge, le: Math.max(last.le, range.le) };
  }
  return merged;
}

const entryKey = (entry: Entry): string =>
  `${entry.text}{${entry.ranges.map(({ ge, le }) => `${ge}-${le}`).join(',')}}`;

function buildTable(entries: readonly Entry[]): PrefixTable {
  const table: PrefixTable = {
    heads: headsOf(entries),
    maskLengths: Uint8Array.from(new Set(entries.map(({ length }) => length))).sort(),
    slots: new Int32Array(tableSize(entries.length)),
    words: Uint32Array.from(entries.flatMap(({ words }) => words)),
    lengths: Uint8Array.from(entries, ({ length }) => length),
    rangeStart: rangeStarts(entries),
    ranges: Uint8Array.from(entries.flatMap(({ ranges }) => ranges.flatMap(({ ge, le }) => [ge, le]))),
  };
  for (const [index, { words, length }] of entries.entries()) {
    let slot = hashPrefix(...words, length, 0) & (table.slots.length - 1);
    while (table.slots[slot] !== 0) slot = (slot + 1) & (table.slots.length - 1);
    table.slots[slot] = index + 1;
  }
  return table;
}

/** Long lists rarely hold much of the address space, so that most routes end here. */
const WORTH_HEADS = 64;
const HEAD_BITS = 16;

function headsOf(entries: readonly Entry[]): Uint32Array | null {
  if (entries.length < WORTH_HEADS) return null;
  const heads = new Uint32Array(2 ** HEAD_BITS / 32);
  for (const { words, length } of entries) {
    const first = words[0] >>> HEAD_BITS;
    // A route that is no longer than these bits has zeros behind them, as the entry that covers it.
    const count = 2 ** Math.max(0, HEAD_BITS - length);
    for (let head = first; head < first + count; head++) heads[head >>> 5]! |= 1 << (head & 31);
  }
  return heads;
}

/** A power of two that leaves at least half of the slots free. */
function tableSize(entries: number): number {
  let size = 2;
  while (size < entries * 2) size *= 2;
  return size;
}

function rangeStarts(entries: readonly Entry[]): Uint32Array {
  const starts = new Uint32Array(entries.length + 1);
  for (const [i, { ranges }] of entries.entries()) starts[i + 1] = starts[i]! + ranges.length;
  return starts;
}

/** The entry that is the route's address cut to `length` bits, or -1. */
function findEntry(table: PrefixTable, route: PrefixView, length: number): number {
  const w0 = (route.w0 & maskWord(length)) >>> 0;
  const w1 = (route.w1 & maskWord(length - 32)) >>> 0;
  const w2 = (route.w2 & maskWord(length - 64)) >>> 0;
  const w3 = (route.w3 & maskWord(length - 96)) >>> 0;
  const { slots, words, lengths } = table;
  const last = slots.length - 1;
  for (let slot = hashPrefix(w0, w1, w2, w3, length, 0) & last; ; slot = (slot + 1) & last) {
    const entry = slots[slot]! - 1;
    if (entry < 0) return -1;
    const at = entry * 4;
    const same = words[at] === w0 && words[at + 1] === w1 && words[at + 2] === w2 && words[at + 3] === w3;
    if (same && lengths[entry] === length) return entry;
  }
}

function admits(table: PrefixTable, entry: number, length: number): boolean {
  for (let i = table.rangeStart[entry]!; i < table.rangeStart[entry + 1]!; i++) {
    if (length >= table.ranges[i * 2]! && length <= table.ranges[i * 2 + 1]!) return true;
  }
  return false;
}
