// The NOTIFICATIONs that the session machine itself raises (RFC 4271 6.5 to 6.8, RFC 4486, RFC 6608, RFC 9687).

import { EMPTY } from '../base/bytes.js';
import { CEASE, ERROR, MESSAGE } from '../wire/iana.js';
import * as notification from '../wire/notification.js';
import type { Notification } from '../wire/types.js';
import type { FsmEventKind } from './events.js';
import type { SessionState } from './types.js';

export const holdTimerExpired: Notification = notification.holdTimerExpired();
/** RFC 9687 3. */
export const sendHoldTimerExpired: Notification = {
  code: ERROR.sendHoldTimerExpired,
  subcode: 0,
  data: EMPTY,
};
export const collisionCease: Notification = notification.cease(CEASE.connectionCollisionResolution);
export const rejectedCease: Notification = notification.cease(CEASE.connectionRejected);

/** The message behind an event; a timer has none. */
const MESSAGE_TYPE: Partial<Record<FsmEventKind, number>> = {
  openReceived: MESSAGE.open,
  openError: MESSAGE.open,
  updateReceived: MESSAGE.update,
  updateError: MESSAGE.update,
  notificationReceived: MESSAGE.notification,
  keepaliveReceived: MESSAGE.keepalive,
  routeRefreshReceived: MESSAGE.routeRefresh,
};

export const fsmError = (state: SessionState, event: FsmEventKind): Notification =>
  notification.fsmError(state, MESSAGE_TYPE[event]);
