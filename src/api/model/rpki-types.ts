// RPKI caches, as the status model tells of them.

import type { FamilyName } from '../../base/family.js';

export interface RpkiStatus {
  readonly caches: readonly CacheStatus[];
  /** In force. */
  readonly records: Readonly<Record<FamilyName, number>>;
}

/** An RPKI cache (RFC 8210). */
export interface CacheStatus {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly preference: number;
  readonly state: 'down' | 'connecting' | 'querying' | 'receiving' | 'synced';
  /** Of the protocol; null until the cache has answered. */
  readonly version: number | null;
  readonly session: number | null;
  readonly serial: number | null;
  readonly records: number;
  /** It has the lowest preference of those that have data. */
  readonly counts: boolean;
  readonly updatedSecondsAgo: number | null;
  /** Seconds. */
  readonly intervals: { readonly refresh: number; readonly retry: number; readonly expire: number };
  readonly lastError: string | null;
}
