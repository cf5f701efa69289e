// Octets for many sockets, gathered while the peers of one turn are asked, and written together: the receiving side of the
// kernel is still at work then, and need not be woken for each. Knows sockets by their descriptors; what the kernel does
// not take goes back to whoever brought it.

import type { SocketWrite } from '../sys/send-ring.js';
import { sendEach } from '../sys/socket-send.js';

/** Writes that are worth waiting for; with more, the first would wait for long. */
const MOST_WRITES = 256;
/** Octets, likewise. */
const MOST_OCTETS = 1024 * 1024;

/** Where it goes, and who is told how much the kernel took. One a socket will do: nothing of it is kept once it is settled. */
export interface BatchedWrite extends SocketWrite {
  settled(sent: number): void;
}

export class SendBatch {
  readonly #send: (writes: readonly SocketWrite[]) => readonly number[];
  #writes: BatchedWrite[] = [];
  #octets = 0;
  readonly #atEnd = (): void => this.submit();

  /** `send` returns how many octets the kernel took of each. */
  constructor(send: (writes: readonly SocketWrite[]) => readonly number[]) {
    this.#send = send;
  }

  /**
   * `settled` is called once with the number of octets that the kernel took: at the end of what runs now, or before. Until
   * then the descriptor must stay open and `write` as it is.
   */
  add(write: BatchedWrite): void {
    if (this.#writes.push(write) === 1) queueMicrotask(this.#atEnd);
    const { chunks } = write;
    for (let i = 0; i < chunks.length; i++) this.#octets += chunks[i]!.length;
    if (this.#writes.length >= MOST_WRITES || this.#octets >= MOST_OCTETS) this.submit();
  }

  /** Writes what has been gathered. All is written before anybody is told. */
  submit(): void {
    if (this.#writes.length === 0) return;
    const writes = this.#writes;
    this.#writes = [];
    this.#octets = 0;
    const sent = this.#send(writes);
    for (let i = 0; i < writes.length; i++) writes[i]!.settled(sent[i]!);
  }
}

/** Of all connections of this process. */
export const sendBatch = new SendBatch(sendEach);
