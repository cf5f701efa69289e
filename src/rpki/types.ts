// What the parts of RPKI say to each other. No behaviour.

import type { FamilyIndex } from '../base/family.js';

/** A validated ROA payload (RFC 6811 2): `asn` may originate the prefix and what is inside, to `maxLength`. */
export interface Vrp {
  readonly family: FamilyIndex;
  readonly w0: number;
  readonly w1: number;
  readonly w2: number;
  readonly w3: number;
  readonly length: number;
  readonly maxLength: number;
  readonly asn: number;
}

/** Seconds (RFC 8210 6). */
export interface RtrIntervals {
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
}

export type RtrVersion = 0 | 1 | 2;

/** RFC 8210 5, as data. What routers have no use for keeps its type alone. */
export type RtrPdu =
  | { readonly kind: 'serialNotify'; readonly session: number; readonly serial: number }
  | { readonly kind: 'serialQuery'; readonly session: number; readonly serial: number }
  | { readonly kind: 'resetQuery' }
  | { readonly kind: 'cacheResponse'; readonly session: number }
  | { readonly kind: 'prefix'; readonly announce: boolean; readonly vrp: Vrp }
  | {
      readonly kind: 'endOfData';
      readonly session: number;
      readonly serial: number;
      /** Null in version 0. */
      readonly intervals: RtrIntervals | null;
    }
  | { readonly kind: 'cacheReset' }
  /** Router keys and provider lists. */
  | { readonly kind: 'ignored'; readonly type: number }
  | { readonly kind: 'error'; readonly code: number; readonly text: string };

/** RFC 8210 12. */
export const RTR_ERROR = {
  corruptData: 0,
  internalError: 1,
  noDataAvailable: 2,
  invalidRequest: 3,
  unsupportedVersion: 4,
  unsupportedType: 5,
  unknownWithdrawal: 6,
  duplicateAnnouncement: 7,
  unexpectedVersion: 8,
} as const;

export const RTR_ERROR_NAMES: Readonly<Record<number, string>> = {
  0: 'corrupt data',
  1: 'internal error',
  2: 'no data available',
  3: 'invalid request',
  4: 'unsupported protocol version',
  5: 'unsupported PDU type',
  6: 'withdrawal of unknown record',
  7: 'duplicate announcement received',
  8: 'unexpected protocol version',
  9: 'provider list error',
};
