// Octets for many sockets, gathered while the peers of one turn are asked, and written one right after the other: the
// receiving side of the kernel is still at work then, and need not be woken for each. Knows sockets by their descriptors;
// what the kernel does not take goes back to whoever brought it.

import { sendNow } from '../sys/socket-send.js';

/** Writes that are worth waiting for; with more, the first would wait for long. */
const MOST_WRITES = 64;
/** Octets, likewise. */
const MOST_OCTETS = 1024 * 1024;

/** Where it goes, and who is told how much the kernel took. One a socket will do: nothing of it is kept once it is settled. */
export interface BatchedWrite {
  readonly fd: number;
  readonly chunks: readonly Uint8Array[];
  settled(sent: number): void;
}

export class SendBatch {
  readonly #send: (fd: number, chunks: readonly Uint8Array[]) => number;
  #writes: BatchedWrite[] = [];
  #octets = 0;
  readonly #atEnd = (): void => this.submit();

  /** `send` returns how many octets the kernel took. */
  constructor(send: (fd: number, chunks: readonly Uint8Array[]) => number) {
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
    const writes = this.#writes;
    this.#writes = [];
    this.#octets = 0;
    const sent: number[] = [];
    for (let i = 0; i < writes.length; i++) sent.push(this.#send(writes[i]!.fd, writes[i]!.chunks));
    for (let i = 0; i < writes.length; i++) writes[i]!.settled(sent[i]!);
  }
}

/** Of all connections of this process. */
export const sendBatch = new SendBatch(sendNow);
