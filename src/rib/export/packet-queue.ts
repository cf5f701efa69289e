// The shared packets of a set of peers: entries of ready octets, a cursor per member, freed when all have passed.
// It knows nothing of routes but the prefix ids of an entry, which a member that leaves early takes along.

import type { PeerId } from '../../base/ids.js';

/** What one pass produced for the members. Whole messages; never changed once queued. */
export interface PacketEntry {
  readonly bytes: Uint8Array;
  /** Pairs of octets, start and end, that a member must not be sent: routes it told us itself. Ascending. */
  readonly skips: ReadonlyMap<PeerId, readonly number[]> | null;
  /** Messages for one member only, sent after `bytes`. */
  readonly only: ReadonlyMap<PeerId, Uint8Array> | null;
  /** Prefix ids the entry speaks of, by family index. */
  readonly prefixes: readonly [Int32Array, Int32Array];
  /** The RIB's pass that made it. */
  readonly epoch: number;
}

/** Where a member stands: the sequence number of the entry that it takes next. */
export interface Reader {
  cursor: number;
}

interface Slot {
  readonly entry: PacketEntry;
  /** Members that have not passed it. */
  waiting: number;
  /** Sum of the costs of all entries before it. */
  readonly position: number;
}

/** Octets that an entry costs besides its contents: passes that change one prefix must count, too. */
const ENTRY_OVERHEAD = 512;

const costOf = ({ bytes, prefixes }: PacketEntry): number =>
  bytes.length + prefixes[0].byteLength + prefixes[1].byteLength + ENTRY_OVERHEAD;

export class PacketQueue {
  #slots: Slot[] = [];
  /** Sequence number of the first slot. */
  #first = 0;
  #position = 0;
  readonly #readers = new Map<PeerId, Reader>();

  get members(): ReadonlyMap<PeerId, unknown> {
    return this.#readers;
  }

  /** Octets of memory, about, held for members that have not taken them. */
  get bytes(): number {
    const head = this.#slots[0];
    return head === undefined ? 0 : this.#position - head.position;
  }

  /** Pass number of the oldest entry still held, or Infinity. */
  get oldestEpoch(): number {
    return this.#slots[0]?.entry.epoch ?? Number.POSITIVE_INFINITY;
  }

  /** Joins at the tail: only entries appended from now on. */
  join(peer: PeerId): Reader {
    const reader = { cursor: this.#first + this.#slots.length };
    this.#readers.set(peer, reader);
    return reader;
  }

  /** The entries that the member had not taken. */
  leave(peer: PeerId): readonly PacketEntry[] {
    const reader = this.#readers.get(peer);
    if (reader === undefined) return [];
    this.#readers.delete(peer);
    const missed = this.#slots.slice(reader.cursor - this.#first);
    for (const slot of missed) slot.waiting--;
    this.#release();
    return missed.map((slot) => slot.entry);
  }

  append(entry: PacketEntry): void {
    if (this.#readers.size === 0) return;
    this.#slots.push({ entry, waiting: this.#readers.size, position: this.#position });
    this.#position += costOf(entry);
  }

  /** The next entry of a member, passed; null at the tail. */
  next(reader: Reader): PacketEntry | null {
    const at = reader.cursor - this.#first;
    if (at >= this.#slots.length) return null;
    const slot = this.#slots[at]!;
    reader.cursor++;
    slot.waiting--;
    if (at === 0 && slot.waiting === 0) this.#release();
    return slot.entry;
  }

  /** Whether a member has an entry to take. */
  owes(reader: Reader): boolean {
    return reader.cursor - this.#first < this.#slots.length;
  }

  /** The members furthest behind: those that have taken nothing of what is held. None when nothing is. */
  slowest(): readonly PeerId[] {
    if (this.#slots.length === 0) return [];
    return [...this.#readers].filter(([, { cursor }]) => cursor === this.#first).map(([peer]) => peer);
  }

  #release(): void {
    let passed = 0;
    while (passed < this.#slots.length && this.#slots[passed]!.waiting === 0) passed++;
    if (passed === 0) return;
    this.#slots.splice(0, passed);
    this.#first += passed;
  }
}

const NOTHING: readonly number[] = [];

/** The parts of an entry that a member is to be sent, in order. */
export function partsFor(entry: PacketEntry, peer: PeerId): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  const { bytes } = entry;
  let from = 0;
  const skips = entry.skips?.get(peer) ?? NOTHING;
  for (let i = 0; i < skips.length; i += 2) {
    if (skips[i]! > from) parts.push(bytes.subarray(from, skips[i]));
    from = skips[i + 1]!;
  }
  if (from === 0 && bytes.length > 0) parts.push(bytes);
  else if (from < bytes.length) parts.push(bytes.subarray(from));
  const only = entry.only?.get(peer);
  if (only !== undefined) parts.push(only);
  return parts;
}
