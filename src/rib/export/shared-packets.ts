// The packets that the members of an update group share: a queue, and before it what passes that follow each other have
// made and nobody has heard of. Whoever comes or goes does so between the two, so what is gathered is for those there.

import type { PeerId } from '../../base/ids.js';
import { Gathering } from './gathering.js';
import { type PacketEntry, PacketQueue, type Reader } from './packet-queue.js';

export class SharedPackets {
  readonly #queue = new PacketQueue();
  readonly #gathering = new Gathering();
  /** Something came to the queue that its members have not heard of. */
  #untold = false;

  get members(): ReadonlyMap<PeerId, unknown> {
    return this.#queue.members;
  }

  /** Octets of memory, about, held for members that have not taken them. */
  get bytes(): number {
    return this.#queue.bytes + this.#gathering.bytes;
  }

  /** Pass number of the oldest entry still held, or Infinity. */
  get oldestEpoch(): number {
    return Math.min(this.#queue.oldestEpoch, this.#gathering.oldestEpoch);
  }

  /** What a pass made; null: it has news for those alone who are behind. */
  add(entry: PacketEntry | null): void {
    this.#gathering.add(entry);
  }

  /** True when members are to hear of what they can take now. `more`: another pass follows at once. */
  flush(more: boolean): boolean {
    if (!this.#untold && !this.#gathering.isDue(more)) return false;
    this.#release();
    this.#untold = false;
    return true;
  }

  /** Joins at the tail: only what is added from now on. */
  join(peer: PeerId): Reader {
    this.#release();
    return this.#queue.join(peer);
  }

  /** The entries that the member had not taken. */
  leave(peer: PeerId): readonly PacketEntry[] {
    this.#release();
    return this.#queue.leave(peer);
  }

  /** The next entry of a member, passed; null where nothing has been flushed that it has not taken. */
  next(reader: Reader): PacketEntry | null {
    return this.#queue.next(reader);
  }

  /** Whether `next` would have an entry. */
  owes(reader: Reader): boolean {
    return this.#queue.owes(reader);
  }

  /** The members furthest behind in the queue; none when nobody is. */
  slowest(): readonly PeerId[] {
    return this.#queue.slowest();
  }

  #release(): void {
    const entry = this.#gathering.take();
    if (entry === null) return;
    this.#queue.append(entry);
    this.#untold = true;
  }
}
