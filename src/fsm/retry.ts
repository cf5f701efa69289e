// How long to wait before the next attempt: a back-off for dials, and an idle hold after errors (RFC 4271 8.1.1,
// DampPeerOscillations). Pure: the caller says what time it is. All times are milliseconds unless named otherwise.

import { CEASE, ERROR } from '../wire/iana.js';
import { sendHoldTimerExpired } from './errors.js';
import type { DownReason } from './types.js';

/** The first wait; each further one doubles, up to the configured ConnectRetryTime. */
export const FIRST_RETRY = 250;
/** A session that was up this long has proved the peer: dials start over with the first wait. */
export const STABLE_AFTER = 10_000;
/** The first idle hold after a protocol error; each further one doubles. */
export const FIRST_IDLE_HOLD = 1_000;
export const LONGEST_IDLE_HOLD = 30_000;
/** Errors further apart than this do not add up. */
export const ERRORS_FORGOTTEN_AFTER = 120_000;

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
  Math.min(FIRST_RETRY * 2 ** Math.min(attempts, 20), Math.max(connectRetryTime * 1000, FIRST_RETRY));

/** Wait after `errors` errors in a row, from 1. */
export const idleHoldDelay = (errors: number): number =>
  Math.min(FIRST_IDLE_HOLD * 2 ** Math.min(errors - 1, 20), LONGEST_IDLE_HOLD);

export const afterError = (retry: Retry, now: number): Retry => ({
  attempts: retry.attempts,
  errors: now - retry.lastErrorAt > ERRORS_FORGOTTEN_AFTER ? 1 : retry.errors + 1,
  lastErrorAt: now,
});

export const afterDial = (retry: Retry): Retry => ({ ...retry, attempts: retry.attempts + 1 });

export const afterSession = (retry: Retry, lasted: number): Retry =>
  lasted >= STABLE_AFTER ? { ...retry, attempts: 0 } : retry;

/**
 * True when trying again soon would only repeat an error that one side has named. A lost connection, an expired hold
 * timer or a peer that was stopped or restarted is not that: there the quick retry is what brings traffic back.
 */
export function deservesIdleHold(reason: DownReason): boolean {
  if (reason.kind !== 'notificationSent' && reason.kind !== 'notificationReceived') return false;
  const { code, subcode } = reason.notification;
  if (code === ERROR.cease)
    return subcode === CEASE.maximumPrefixesReached || subcode === CEASE.outOfResources;
  return code !== ERROR.holdTimerExpired && code !== sendHoldTimerExpired.code;
}
