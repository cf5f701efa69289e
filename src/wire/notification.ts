// NOTIFICATION (RFC 4271 4.5): octets <-> data, and a constructor for each error that the daemon itself raises.

import { copyBytes, EMPTY } from '../base/bytes.js';
import { encodeCapabilities } from './capability.js';
import { CEASE, ERROR, FSM_ERROR, MESSAGE, OPEN_ERROR } from './iana.js';
import { buildFrame, MAX_MESSAGE } from './message.js';
import { encodeText } from './text.js';
import type { Capability, Notification } from './types.js';

export { describeNotification } from './notification-text.js';

/** Octets of data that fit into a message of 4096. */
export const MAX_NOTIFICATION_DATA = MAX_MESSAGE - 21;

/** Data beyond what fits into a message of 4096 octets is cut off. */
export function encodeNotification(notification: Notification): Uint8Array {
  return buildFrame(MESSAGE.notification, (body) => {
    body.u8(notification.code);
    body.u8(notification.subcode);
    body.raw(notification.data.subarray(0, MAX_NOTIFICATION_DATA));
  });
}

/** Takes a whole message, header included; the data is a copy. */
export const decodeNotification = (frame: Uint8Array): Notification => ({
  code: frame[19] ?? 0,
  subcode: frame[20] ?? 0,
  data: copyBytes(frame, 21),
});

const notify = (code: number, subcode: number, data: Uint8Array = EMPTY): Notification => ({
  code,
  subcode,
  data,
});

/** `text` is for people at the other end; only administrative shutdown and reset carry one (RFC 9003). */
export function cease(subcode: number, text = ''): Notification {
  const carriesText = subcode === CEASE.administrativeShutdown || subcode === CEASE.administrativeReset;
  if (!carriesText || text === '') return notify(ERROR.cease, subcode);
  const octets = encodeText(text, 255);
  return notify(ERROR.cease, subcode, Uint8Array.of(octets.length, ...octets));
}

/** RFC 8538 3: the session ends without graceful restart; the real reason travels inside. */
export const hardReset = (reason: Notification): Notification =>
  notify(ERROR.cease, CEASE.hardReset, Uint8Array.of(reason.code, reason.subcode, ...reason.data));

export const isHardReset = ({ code, subcode }: Notification): boolean =>
  code === ERROR.cease && subcode === CEASE.hardReset;

/** The real reason: what a Hard Reset carries, else the NOTIFICATION itself. */
export function realReason(notification: Notification): Notification {
  const { data } = notification;
  if (!isHardReset(notification) || data.length < 2) return notification;
  return { code: data[0]!, subcode: data[1]!, data: data.subarray(2) };
}

/** RFC 4486 4: with the family and the limit. */
export function maximumPrefixesReached(afi: number, safi: number, limit: number): Notification {
  const data = Uint8Array.of(afi >>> 8, afi, safi, limit >>> 24, limit >>> 16, limit >>> 8, limit);
  return notify(ERROR.cease, CEASE.maximumPrefixesReached, data);
}

export const holdTimerExpired = (): Notification => notify(ERROR.holdTimerExpired, 0);

const FSM_SUBCODES: Readonly<Record<string, number>> = {
  OpenSent: FSM_ERROR.openSent,
  OpenConfirm: FSM_ERROR.openConfirm,
  Established: FSM_ERROR.established,
};

/** RFC 6608: an unexpected message, with the state that did not expect it and the message type as data. */
export const fsmError = (state: string, messageType?: number): Notification =>
  notify(
    ERROR.fsm,
    FSM_SUBCODES[state] ?? FSM_ERROR.unspecific,
    messageType === undefined ? EMPTY : Uint8Array.of(messageType),
  );

export const openError = (subcode: number): Notification => notify(ERROR.open, subcode);

/** The data is the version we speak. */
export const unsupportedVersion = (): Notification =>
  notify(ERROR.open, OPEN_ERROR.unsupportedVersion, Uint8Array.of(0, 4));

export const badPeerAs = (): Notification => openError(OPEN_ERROR.badPeerAs);
export const badBgpIdentifier = (): Notification => openError(OPEN_ERROR.badBgpIdentifier);
export const unacceptableHoldTime = (): Notification => openError(OPEN_ERROR.unacceptableHoldTime);
export const roleMismatch = (): Notification => openError(OPEN_ERROR.roleMismatch);

/** RFC 5492 5: the data lists the capabilities we miss. */
export const unsupportedCapability = (missing: readonly Capability[]): Notification =>
  notify(ERROR.open, OPEN_ERROR.unsupportedCapability, encodeCapabilities(missing));

/** `data` is the attribute as received, where RFC 4271 6.3 asks for it. */
export const updateError = (subcode: number, data: Uint8Array = EMPTY): Notification =>
  notify(ERROR.update, subcode, data);
