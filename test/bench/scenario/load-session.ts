// One BGP session of the load generator: connects, opens, reads. Owns its socket; leaves UPDATEs to whoever made it.
// Never retries by itself.

import { connect, type Socket } from 'node:net';
import { Framer } from '../../../src/wire/framer.js';
import { AS_TRANS, MESSAGE } from '../../../src/wire/iana.js';
import { KEEPALIVE } from '../../../src/wire/message.js';
import { encodeOpen } from '../../../src/wire/open.js';
import type { Capability } from '../../../src/wire/types.js';
import type { Speaker } from './plan.js';

const BGP_PORT = 179;
const HANDSHAKE_MS = 10_000;

/** Read by all sessions in turn: what is in it is used up before the next read. */
const readBuffer = new Uint8Array(256 * 1024);

export interface SessionEvents {
  /** A whole UPDATE, valid until it returns. */
  readonly update: (frame: Uint8Array, at: number) => void;
  readonly established: () => void;
  /** Once, however it ended; `reason` is null when we closed it. */
  readonly closed: (reason: string | null) => void;
}

const openOf = ({ asn, holdTime, routerId }: Speaker, family: number): Uint8Array => {
  const capabilities: readonly Capability[] = [
    { kind: 'multiprotocol', afi: family === 0 ? 1 : 2, safi: 1 },
    { kind: 'routeRefresh' },
    { kind: 'fourOctetAs', asn },
  ];
  return encodeOpen({
    version: 4,
    asn: asn > 0xffff ? AS_TRANS : asn,
    holdTime,
    routerId,
    capabilities,
  });
};

export class LoadSession {
  readonly speaker: Speaker;
  /** When keepalives came, `performance.now`. */
  readonly keepalives: number[] = [];
  established = false;
  /** The longest time without an octet while Established, milliseconds. */
  longestSilence = 0;
  readonly #events: SessionEvents;
  readonly #socket: Socket;
  readonly #framer = new Framer();
  readonly #handshake: NodeJS.Timeout;
  #reason: string | null = null;
  #at = 0;

  constructor(speaker: Speaker, daemon: string, family: number, events: SessionEvents) {
    this.speaker = speaker;
    this.#events = events;
    this.#socket = connect({
      host: daemon,
      port: BGP_PORT,
      localAddress: speaker.text,
      noDelay: true,
      onread: { buffer: readBuffer, callback: (octets) => this.#read(octets) },
    });
    this.#handshake = setTimeout(() => this.#fail('no handshake'), HANDSHAKE_MS);
    this.#socket.once('connect', () => this.send(openOf(speaker, family)));
    this.#socket.once('error', (error) => this.#fail(error.message));
    this.#socket.once('close', () => this.#closed());
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** As a process that dies: no NOTIFICATION. */
  close(): void {
    this.#socket.destroy();
  }

  #read(octets: number): boolean {
    const before = this.#at;
    this.#at = performance.now();
    if (this.established) this.longestSilence = Math.max(this.longestSilence, this.#at - before);
    const problem = this.#framer.push(readBuffer.subarray(0, octets), this.#take);
    if (problem !== null) this.#fail(`not BGP: ${problem.code}/${problem.subcode}`);
    return true;
  }

  readonly #take = (type: number, frame: Uint8Array): boolean => {
    if (type === MESSAGE.update) this.#events.update(frame, this.#at);
    else if (type === MESSAGE.open) this.send(KEEPALIVE);
    else if (type === MESSAGE.keepalive) this.#takeKeepalive();
    else if (type === MESSAGE.notification) this.#fail(`NOTIFICATION ${frame[19]}/${frame[20]}`);
    return type !== MESSAGE.notification;
  };

  #takeKeepalive(): void {
    this.keepalives.push(this.#at);
    if (this.established) return;
    this.established = true;
    clearTimeout(this.#handshake);
    this.#events.established();
  }

  #fail(reason: string): void {
    this.#reason ??= reason;
    this.#socket.destroy();
  }

  #closed(): void {
    clearTimeout(this.#handshake);
    this.established = false;
    this.#events.closed(this.#reason ?? (this.#socket.readableEnded ? 'closed by the daemon' : null));
  }
}
