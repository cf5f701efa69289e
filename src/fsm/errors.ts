// The NOTIFICATIONs that the session machine itself raises (RFC 4271 6.4 to 6.8, RFC 4486, RFC 6608, RFC 9687).
// Errors of the octets of a message belong to the wire layer.

import { EMPTY } from '../base/bytes.js';
import type { Notification } from '../wire/types.js';
import type { FsmEventKind } from './events.js';
import type { SessionState } from './types.js';

export const OPEN_ERROR = 2;
export const HOLD_TIMER_EXPIRED = 4;
export const FSM_ERROR = 5;
export const CEASE = 6;
export const SEND_HOLD_TIMER_EXPIRED = 8;

export const OPEN_SUBCODE = {
  unsupportedVersion: 1,
  badPeerAs: 2,
  badBgpIdentifier: 3,
  unacceptableHoldTime: 6,
  unsupportedCapability: 7,
  roleMismatch: 11,
} as const;

export const CEASE_SUBCODE = {
  maximumPrefixes: 1,
  connectionRejected: 5,
  collision: 7,
  outOfResources: 8,
} as const;

const plain = (code: number, subcode: number): Notification => ({ code, subcode, data: EMPTY });

export const holdTimerExpired: Notification = plain(HOLD_TIMER_EXPIRED, 0);
export const sendHoldTimerExpired: Notification = plain(SEND_HOLD_TIMER_EXPIRED, 0);
export const collisionCease: Notification = plain(CEASE, CEASE_SUBCODE.collision);
export const rejectedCease: Notification = plain(CEASE, CEASE_SUBCODE.connectionRejected);

export const openError = (
  subcode: (typeof OPEN_SUBCODE)[keyof typeof OPEN_SUBCODE],
  data: Uint8Array,
): Notification => ({ code: OPEN_ERROR, subcode, data });

/** RFC 6608 3: the subcode tells the state; 0 for a state that has none. */
const FSM_SUBCODE = {
  Idle: 0,
  Connect: 0,
  Active: 0,
  OpenSent: 1,
  OpenConfirm: 2,
  Established: 3,
} as const satisfies Record<SessionState, number>;

/** RFC 4271 4.1 and RFC 2918: the type octet of the message behind an event. */
const MESSAGE_TYPE: Partial<Record<FsmEventKind, number>> = {
  openReceived: 1,
  openError: 1,
  updateReceived: 2,
  updateError: 2,
  notificationReceived: 3,
  keepaliveReceived: 4,
  routeRefreshReceived: 5,
};

/** RFC 6608 4: the data is one octet, the type of the unexpected message; none when a timer was unexpected. */
export function fsmError(state: SessionState, event: FsmEventKind): Notification {
  const type = MESSAGE_TYPE[event];
  const data = type === undefined ? EMPTY : Uint8Array.of(type);
  return { code: FSM_ERROR, subcode: FSM_SUBCODE[state], data };
}
