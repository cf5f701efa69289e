// A client of the rehearsal: a socket that opens a BGP session, says what it is given and drops what it is told. Knows no
// more of BGP than that OPEN and KEEPALIVE come first.

import { connect, type Socket } from 'node:net';
import { KEEPALIVE } from '../../wire/message.js';

export interface ClientAddresses {
  readonly host: string;
  readonly port: number;
  readonly localAddress: string;
}

export class InventedClient {
  readonly #socket: Socket;
  #received = 0;
  #failed = false;

  /** `open`: the octets of its OPEN. */
  constructor(addresses: ClientAddresses, open: Uint8Array) {
    this.#socket = connect(addresses);
    this.#socket.on('error', () => {
      this.#failed = true;
    });
    this.#socket.on('data', (chunk) => {
      this.#received += chunk.length;
    });
    this.#socket.once('connect', () => {
      this.#socket.setNoDelay(true);
      this.#socket.write(open);
      this.#socket.write(KEEPALIVE);
    });
  }

  /** Octets. */
  get received(): number {
    return this.#received;
  }

  get failed(): boolean {
    return this.#failed;
  }

  say(octets: Uint8Array): void {
    if (!this.#socket.destroyed) this.#socket.write(octets);
  }

  /** Without a word. */
  leave(): void {
    this.#socket.destroy();
  }
}
