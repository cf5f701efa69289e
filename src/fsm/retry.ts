// How long to wait before the next attempt: a back-off for dials, and an idle hold after errors (RFC 4271 8.1.1,
// DampPeerOscillations). Pure: the caller says what time it is. All times are milliseconds unless named otherwise.

import { CEASE, ERROR } from '../wire/iana.js';
import { realReason } from '../wire/notification.js';
import { sendHoldTimerExpired } from './errors.js';
import type { DownReason, IdleHold } from './types.js';

/** The first wait; each further one doubles, up to the configured ConnectRetryTime, which may be shorter. */
export const FIRST_RETRY = 250;
/** A session that was up this long has proved the peer: dials start over with the first wait. */
export const STABLE_AFTER = 10_000;

export interface Retry {
  /** Dials that were scheduled since the last stable session. */
  readonly attempts: number;
  /** Protocol errors in a row. */
  readonly errors: number;
  readonly lastErrorAt: number;
}

export const FRESH_RETRY: Retry = { attempts: 0, errors: 0, lastErrorAt: Number.NEGATIVE_INFINITY };

/** Wait before dial number `attempts`, from 0. `connectRetryTime` is seconds. */
export const retryDelay = (attempts: number, connectRetryTime: number): number =>
  Math.min(
    FIRST_RETRY * 2 ** Math.min(attempts, 20),
    connectRetryTime > 0 ? connectRetryTime * 1000 : FIRST_RETRY,
  );

/** Wait after `errors` errors in a row, from 1. */
export const idleHoldDelay = (errors: number, { first, longest }: IdleHold): number =>
  Math.min(first * 2 ** Math.min(errors - 1, 20), Math.max(longest, first)) * 1000;

export const afterError = (retry: Retry, now: number, { forget }: IdleHold): Retry => ({
  attempts: retry.attempts,
  errors: now - retry.lastErrorAt > forget * 1000 ? 1 : retry.errors + 1,
  lastErrorAt: now,
});

/** Milliseconds; null: only somebody who clears the peer ends it. */
export function holdAfter(reason: DownReason, errors: number, idleHold: IdleHold): number | null {
  if (reason.kind !== 'maxPrefix') return idleHoldDelay(errors, idleHold);
  return reason.restart === null ? null : reason.restart * 1000;
}

export const afterDial = (retry: Retry): Retry => ({ ...retry, attempts: retry.attempts + 1 });

export const afterSession = (retry: Retry, lasted: number): Retry =>
  lasted >= STABLE_AFTER ? { ...retry, attempts: 0 } : retry;

/**
 * True when trying again soon would only repeat an error that one side has named. A lost connection, an expired hold
 * timer or a peer that was stopped or restarted is not that: there the quick retry is what brings traffic back.
 */
export function deservesIdleHold(reason: DownReason): boolean {
  if (reason.kind === 'maxPrefix') return true;
  if (reason.kind !== 'notificationSent' && reason.kind !== 'notificationReceived') return false;
  const { code, subcode } = realReason(reason.notification);
  if (code === ERROR.cease)
    return subcode === CEASE.maximumPrefixesReached || subcode === CEASE.outOfResources;
  return code !== ERROR.holdTimerExpired && code !== sendHoldTimerExpired.code;
}
