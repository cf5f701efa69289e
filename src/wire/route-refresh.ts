// ROUTE-REFRESH (RFC 2918) with the subtypes of RFC 7313.

import { copyBytes, readU16 } from '../base/bytes.js';
import { ERROR, MESSAGE, ROUTE_REFRESH, ROUTE_REFRESH_ERROR } from './iana.js';
import { buildFrame } from './message.js';
import type { Notification, RouteRefreshMessage } from './types.js';

/** Octets of the message, header included, without outbound route filters. */
const LENGTH = 23;

export type RouteRefreshResult =
  | { readonly ok: true; readonly message: RouteRefreshMessage }
  | { readonly ok: false; readonly notification: Notification };

/**
 * A message longer than a plain one carries outbound route filters (RFC 5291), which we never announce: they are
 * ignored. Subtypes above 2 are returned as they are: the receiver ignores such a message (RFC 7313 5).
 */
export function decodeRouteRefresh(frame: Uint8Array): RouteRefreshResult {
  const subtype = frame[21] ?? 0;
  const marksRefresh = subtype === ROUTE_REFRESH.beginning || subtype === ROUTE_REFRESH.end;
  if (frame.length < LENGTH || (marksRefresh && frame.length !== LENGTH)) {
    const subcode = ROUTE_REFRESH_ERROR.invalidMessageLength;
    return { ok: false, notification: { code: ERROR.routeRefresh, subcode, data: copyBytes(frame) } };
  }
  return { ok: true, message: { afi: readU16(frame, 19), safi: frame[22]!, subtype } };
}

export function encodeRouteRefresh(message: RouteRefreshMessage): Uint8Array {
  return buildFrame(MESSAGE.routeRefresh, (body) => {
    body.u16(message.afi);
    body.u8(message.subtype);
    body.u8(message.safi);
  });
}
