// The packets of passes that follow each other, gathered into one entry before the members of a group hear of them: to
// write to a thousand sockets takes longer than the pass it comes from, however few octets it carries. Knows no members.

import type { FamilyIndex } from '../../base/family.js';
import type { PeerId } from '../../base/ids.js';
import type { PacketEntry } from './packet-queue.js';

/** Octets that are worth a write to everybody. */
const WORTH_A_WRITE = 128 * 1024;
/** Passes that the first of them may have to wait for, some 5 ms each. */
const MOST_PASSES = 8;

export class Gathering {
  #entries: PacketEntry[] = [];
  #octets = 0;
  #passes = 0;

  /** What a pass made; null: it has news for those alone who are behind. */
  add(entry: PacketEntry | null): void {
    this.#passes++;
    if (entry === null) return;
    this.#entries.push(entry);
    this.#octets += entry.bytes.length;
  }

  /** Time to tell. `more`: another pass follows at once. */
  isDue(more: boolean): boolean {
    if (this.#passes === 0) return false;
    // What is for one member alone is sent after the rest of its entry: nothing may be gathered behind it.
    const closed = this.#entries.at(-1)?.only != null;
    return !more || closed || this.#octets >= WORTH_A_WRITE || this.#passes >= MOST_PASSES;
  }

  /** All of it, and begins anew; null when there is no entry. */
  take(): PacketEntry | null {
    const entries = this.#entries;
    this.#entries = [];
    this.#octets = this.#passes = 0;
    return entries.length <= 1 ? (entries[0] ?? null) : joined(entries);
  }

  get bytes(): number {
    return this.#octets;
  }

  /** Pass number of the oldest entry, or Infinity. */
  get oldestEpoch(): number {
    return this.#entries[0]?.epoch ?? Number.POSITIVE_INFINITY;
  }
}

function joined(entries: readonly PacketEntry[]): PacketEntry {
  const bytes = new Uint8Array(entries.reduce((sum, entry) => sum + entry.bytes.length, 0));
  const skips = new Map<PeerId, number[]>();
  let at = 0;
  for (const entry of entries) {
    bytes.set(entry.bytes, at);
    for (const [peer, ranges] of entry.skips ?? []) {
      const all = skips.get(peer) ?? [];
      for (const edge of ranges) all.push(at + edge);
      skips.set(peer, all);
    }
    at += entry.bytes.length;
  }
  return {
    bytes,
    skips: skips.size === 0 ? null : skips,
    only: entries.at(-1)!.only,
    prefixes: [idsOf(entries, 0), idsOf(entries, 1)],
    epoch: entries[0]!.epoch,
  };
}

function idsOf(entries: readonly PacketEntry[], family: FamilyIndex): Int32Array {
  const ids = new Int32Array(entries.reduce((sum, { prefixes }) => sum + prefixes[family].length, 0));
  let at = 0;
  for (const { prefixes } of entries) {
    ids.set(prefixes[family], at);
    at += prefixes[family].length;
  }
  return ids;
}
