// What a peer has said and heard, in messages and octets. Survives session flaps.

import { readU16 } from '../base/bytes.js';
import { HEADER_LENGTH } from '../wire/message.js';
import type { MessageKind, PeerCounters } from './types.js';

/** By message type octet, from 1 (RFC 4271 4.1, RFC 2918). */
const KIND_OF_TYPE: readonly (MessageKind | undefined)[] = [
  undefined,
  'open',
  'update',
  'notification',
  'keepalive',
  'routeRefresh',
];

type Counts = Record<MessageKind, number>;
const zero = (): Counts => ({ open: 0, update: 0, notification: 0, keepalive: 0, routeRefresh: 0 });

export class SessionCounters {
  readonly #received = zero();
  readonly #sent = zero();
  #bytesReceived = 0;
  #bytesSent = 0;
  established = 0;
  flaps = 0;
  keepaliveLateSeconds = 0;

  received(type: number, length: number): void {
    const kind = KIND_OF_TYPE[type];
    if (kind !== undefined) this.#received[kind]++;
    this.#bytesReceived += length;
  }

  /** `octets`: one or more whole messages. */
  sent(octets: Uint8Array): void {
    this.#bytesSent += octets.length;
    for (
      let at = 0;
      at + HEADER_LENGTH <= octets.length;
      at += Math.max(readU16(octets, at + 16), HEADER_LENGTH)
    ) {
      const kind = KIND_OF_TYPE[octets[at + 18]!];
      if (kind !== undefined) this.#sent[kind]++;
    }
  }

  snapshot(): PeerCounters {
    return {
      received: { ...this.#received },
      sent: { ...this.#sent },
      bytesReceived: this.#bytesReceived,
      bytesSent: this.#bytesSent,
      established: this.established,
      flaps: this.flaps,
      keepaliveLateSeconds: this.keepaliveLateSeconds,
    };
  }
}
