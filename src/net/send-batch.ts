// Octets for many sockets, gathered while the peers of one turn are asked, and written one right after the other: the
// receiving side of the kernel is still at work then, and need not be woken for each. Knows sockets by their descriptors;
// what the kernel does not take goes back to whoever brought it.

import { sendNow } from '../sys/socket-send.js';

/** Writes that are worth waiting for; with more, the first would wait for long. */
const MOST_WRITES = 64;
/** Octets, likewise. */
const MOST_OCTETS = 1024 * 1024;

interface Write {
  readonly fd: number;
  readonly chunks: readonly Uint8Array[];
  readonly settled: (sent: number) => void;
}

export class SendBatch {
  readonly #send: (fd: number, chunks: readonly Uint8Array[]) => number;
  #writes: Write[] = [];
  #octets = 0;
  readonly #atEnd = (): void => this.submit();

  /** `send` returns how many octets the kernel took. */
  constructor(send: (fd: number, chunks: readonly Uint8Array[]) => number) {
    this.#send = send;
  }

  /**
   * `settled` is called once with the number of octets that the kernel took: at the end of what runs now, or before. Until
   * then the descriptor must stay open and `chunks` as they are.
   */
  add(fd: number, chunks: readonly Uint8Array[], settled: (sent: number) => void): void {
    if (this.#writes.push({ fd, chunks, settled }) === 1) queueMicrotask(this.#atEnd);
    for (const { length } of chunks) this.#octets += length;
    if (this.#writes.length >= MOST_WRITES || this.#octets >= MOST_OCTETS) this.submit();
  }

  /** Writes what has been gathered. All is written before anybody is told. */
  submit(): void {
    const writes = this.#writes;
    this.#writes = [];
    this.#octets = 0;
    const sent = writes.map(({ fd, chunks }) => this.#send(fd, chunks));
    for (let i = 0; i < writes.length; i++) writes[i]!.settled(sent[i]!);
  }
}

/** Of all connections of this process. */
export const sendBatch = new SendBatch(sendNow);
