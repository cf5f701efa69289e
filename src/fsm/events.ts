// The inputs and outputs of one connection's machine (RFC 4271 8.1 and 8.2.2) as data. No behaviour.

import type { Notification, OpenMessage } from '../wire/types.js';
import type { DownReason, NegotiatedSession, SessionConfig, SessionState } from './types.js';

/** Which side opened the connection that a machine runs: `active` dials, `passive` takes what the listener accepts. */
export type Role = 'active' | 'passive';
export const ROLES = ['active', 'passive'] as const satisfies readonly Role[];

export const SESSION_STATES = [
  'Idle',
  'Connect',
  'Active',
  'OpenSent',
  'OpenConfirm',
  'Established',
] as const satisfies readonly SessionState[];

/** `sendHold` is RFC 9687, `idleHold` RFC 4271 8.1.1. */
export const TIMERS = ['connectRetry', 'hold', 'keepalive', 'delayOpen', 'idleHold', 'sendHold'] as const;
export type TimerName = (typeof TIMERS)[number];

/** RFC 4271 8.1; what an event carries is its evidence. */
export type FsmEvent =
  /** `delay`: milliseconds before the first dial, 0 when absent; the passive side listens at once. */
  | { readonly kind: 'manualStart'; readonly delay?: number }
  | { readonly kind: 'manualStop'; readonly notification: Notification; readonly reason: DownReason }
  /** `delay`: milliseconds before the first dial, in Active. */
  | { readonly kind: 'automaticStart'; readonly delay: number }
  | { readonly kind: 'automaticStop'; readonly notification: Notification; readonly reason: DownReason }
  | { readonly kind: 'connectRetryTimerExpires' }
  | { readonly kind: 'holdTimerExpires' }
  | { readonly kind: 'keepaliveTimerExpires' }
  | { readonly kind: 'delayOpenTimerExpires' }
  | { readonly kind: 'idleHoldTimerExpires' }
  | { readonly kind: 'sendHoldTimerExpires' }
  | { readonly kind: 'tcpConnectionConfirmed' }
  /** `code`: the system's error name, null for a plain close by the peer. */
  | { readonly kind: 'tcpConnectionFails'; readonly code: string | null }
  | { readonly kind: 'openReceived'; readonly open: OpenMessage }
  | { readonly kind: 'headerError'; readonly notification: Notification }
  | { readonly kind: 'openError'; readonly notification: Notification }
  | { readonly kind: 'openCollisionDump' }
  | { readonly kind: 'notificationReceived'; readonly notification: Notification }
  | { readonly kind: 'keepaliveReceived' }
  | { readonly kind: 'updateReceived' }
  | { readonly kind: 'updateError'; readonly notification: Notification }
  | { readonly kind: 'routeRefreshReceived' };

export type FsmEventKind = FsmEvent['kind'];
export type FsmEventOf<K extends FsmEventKind> = Extract<FsmEvent, { readonly kind: K }>;

export type FsmAction =
  | { readonly kind: 'connect' }
  | { readonly kind: 'sendOpen'; readonly open: OpenMessage }
  | { readonly kind: 'sendKeepalive' }
  /** One action, so that no driver can say it and stay, or leave without a word. */
  | { readonly kind: 'notifyAndClose'; readonly notification: Notification }
  | { readonly kind: 'closeConnection' }
  /** Starts or restarts. With `jitter` the driver takes 0.75 to 1.0 of it (RFC 4271 10). */
  | {
      readonly kind: 'startTimer';
      readonly timer: TimerName;
      readonly milliseconds: number;
      readonly jitter: boolean;
    }
  | { readonly kind: 'stopTimer'; readonly timer: TimerName }
  | { readonly kind: 'sessionUp'; readonly session: NegotiatedSession }
  /** Left Established. */
  | { readonly kind: 'sessionDown'; readonly reason: DownReason }
  /** Back in Idle without having been Established; `state` is what the attempt had reached. */
  | { readonly kind: 'attemptFailed'; readonly state: SessionState; readonly reason: DownReason };

/** The machine of one connection. Immutable: `step` returns the next one. */
export interface Machine {
  readonly role: Role;
  readonly state: SessionState;
  readonly config: SessionConfig;
  /** In Connect and Active: TCP is up and the DelayOpenTimer runs. */
  readonly delayingOpen: boolean;
  /** From OpenConfirm on. */
  readonly session: NegotiatedSession | null;
}

export interface Step {
  readonly machine: Machine;
  readonly actions: readonly FsmAction[];
}
