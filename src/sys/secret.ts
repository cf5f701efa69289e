// A key that must not get into a log, an answer or an error: it shows where it comes from and whether it is another one
// than before, never what it is.

import { createHmac, randomBytes } from 'node:crypto';

export interface Secret {
  /** For people: `file /etc/bgpd/tor-a.key`, `environment TOR_A_KEY`. */
  readonly origin: string;
  /** Equal for equal keys within this process; says nothing about the key elsewhere. */
  readonly fingerprint: string;
  /** A function, so that no serializer ever writes it out. */
  readonly reveal: () => Uint8Array;
}

const PROCESS_KEY = randomBytes(32);

export const makeSecret = (origin: string, octets: Uint8Array): Secret => ({
  origin,
  fingerprint: createHmac('sha256', PROCESS_KEY).update(octets).digest('hex').slice(0, 16),
  reveal: () => octets,
});

export const sameSecret = (a: Secret | null, b: Secret | null): boolean =>
  a === null || b === null ? a === b : a.fingerprint === b.fingerprint;
