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

const KINDS = [
  'open',
  'update',
  'notification',
  'keepalive',
  'routeRefresh',
] as const satisfies readonly MessageKind[];

type Counts = Record<MessageKind, number>;
const zero = (): Counts => ({ open: 0, update: 0, notification: 0, keepalive: 0, routeRefresh: 0 });

/** Octets that are worth a memo: what so many sessions share is counted once. */
const MANY_OCTETS = 4096;
const counted = new WeakMap<Uint8Array, Counts>();

/** How many messages of each kind; `octets` never changes. */
function countsOf(octets: Uint8Array): Counts {
  const known = counted.get(octets);
  if (known !== undefined) return known;
  const counts = zero();
  addTo(counts, octets);
  counted.set(octets, counts);
  return counts;
}

/** `octets`: whole messages. */
function addTo(counts: Counts, octets: Uint8Array): void {
  for (
    let at = 0;
    at + HEADER_LENGTH <= octets.length;
    at += Math.max(readU16(octets, at + 16), HEADER_LENGTH)
  ) {
    const kind = KIND_OF_TYPE[octets[at + 18]!];
    if (kind !== undefined) counts[kind]++;
  }
}

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
    if (octets.length < MANY_OCTETS) addTo(this.#sent, octets);
    else {
      const counts = countsOf(octets);
      for (const kind of KINDS) this.#sent[kind] += counts[kind];
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
