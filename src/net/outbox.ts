// Moves an Established session's octets from its packet source into its connection: while the socket takes them, a
// bounded amount a turn, never twice in one turn. Owns no octets.

import type { Clock } from './clock.js';
import { type Connection, QUEUE_LIMIT } from './connection.js';
import type { SessionCounters } from './counters.js';
import type { PacketSource } from './types.js';

export class Outbox {
  readonly #connection: Connection;
  readonly #source: PacketSource;
  readonly #clock: Clock;
  readonly #counters: SessionCounters;
  readonly #queuedSome: () => void;
  #scheduled = false;
  #closed = false;
  readonly #pumpNow = (): void => this.#pump();
  readonly #settled = (): void => this.#written();

  /** `queuedSome` is called when octets stay queued because the kernel does not take them. */
  constructor(
    connection: Connection,
    source: PacketSource,
    clock: Clock,
    counters: SessionCounters,
    queuedSome: () => void,
  ) {
    this.#connection = connection;
    this.#source = source;
    this.#clock = clock;
    this.#counters = counters;
    this.#queuedSome = queuedSome;
  }

  /** Cheap, and safe at any time: many peers are woken in one pass. */
  wake(): void {
    if (this.#scheduled || this.#closed || this.#connection.blocked) return;
    this.#scheduled = true;
    this.#clock.defer(this.#pumpNow);
  }

  close(): void {
    this.#closed = true;
  }

  /** One turn. A source that has more is asked again in a later turn, after the other peers. */
  #pump(): void {
    this.#scheduled = false;
    if (this.#closed || this.#connection.blocked) return;
    const chunks = this.#source.pull(QUEUE_LIMIT - this.#connection.queued);
    if (chunks === null || chunks.length === 0) return;
    for (const chunk of chunks) this.#counters.sent(chunk);
    this.#connection.sendTogether(chunks, this.#settled);
  }

  #written(): void {
    if (this.#closed) return;
    if (this.#connection.queued > 0) this.#queuedSome();
    if (this.#source.owes?.() !== false) this.wake();
  }
}
