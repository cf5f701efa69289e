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

/** From so many octets on a memo must not keep them. */
const MANY_OCTETS = 4096;
const counted = new WeakMap<Uint8Array, Counts>();
/** What was counted last, if it is small: what sessions share goes to one after the other. */
let latest: Uint8Array = new Uint8Array(0);
let latestCounts = zero();

/** How many messages of each kind; `octets` never changes. */
function countsOf(octets: Uint8Array): Counts {
  if (octets === latest) return latestCounts;
  const known = octets.length < MANY_OCTETS ? undefined : counted.get(octets);
  if (known !== undefined) return known;
  const counts = counting(octets);
  if (octets.length >= MANY_OCTETS) counted.set(octets, counts);
  else {
    latest = octets;
    latestCounts = counts;
  }
  return counts;
}

/** `octets`: whole messages. */
function counting(octets: Uint8Array): Counts {
  const counts = zero();
  for (
    let at = 0;
    at + HEADER_LENGTH <= octets.length;
    at += Math.max(readU16(octets, at + 16), HEADER_LENGTH)
  ) {
    const kind = KIND_OF_TYPE[octets[at + 18]!];
    if (kind !== undefined) counts[kind]++;
  }
  return counts;
}

function addTo(total: Counts, counts: Counts): void {
  total.open += counts.open;
  total.update += counts.update;
  total.notification += counts.notification;
  total.keepalive += counts.keepalive;
  total.routeRefresh += counts.routeRefresh;
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
    addTo(this.#sent, countsOf(octets));
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
