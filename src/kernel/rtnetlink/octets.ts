// Netlink octets: headers in the host's byte order, everything padded to four. Bounds are checked here and nowhere else;
// a length that lies ends the walk, it never throws.

import { NLMSGHDR_SIZE, RTATTR_SIZE } from './numbers.js';

/** Netlink headers are in host order. */
export const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export const align4 = (length: number): number => (length + 3) & ~3;

export const getU16 = (view: DataView, at: number): number => view.getUint16(at, LITTLE_ENDIAN);
export const getU32 = (view: DataView, at: number): number => view.getUint32(at, LITTLE_ENDIAN);
export const getI32 = (view: DataView, at: number): number => view.getInt32(at, LITTLE_ENDIAN);
export const setU16 = (view: DataView, at: number, value: number): void =>
  view.setUint16(at, value, LITTLE_ENDIAN);
export const setU32 = (view: DataView, at: number, value: number): void =>
  view.setUint32(at, value, LITTLE_ENDIAN);

/** Where one message lies: header at `start`, payload from `body` to `end`, the next one at `next`. */
export interface MessageSpan {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly start: number;
  readonly body: number;
  readonly end: number;
  readonly next: number;
}

/** The message at `start`, or null when no whole one is left before `limit`. */
export function messageAt(view: DataView, start: number, limit = view.byteLength): MessageSpan | null {
  if (start + NLMSGHDR_SIZE > limit) return null;
  const length = getU32(view, start);
  if (length < NLMSGHDR_SIZE || length > limit - start) return null;
  return {
    type: getU16(view, start + 4),
    flags: getU16(view, start + 6),
    sequence: getU32(view, start + 8),
    start,
    body: start + NLMSGHDR_SIZE,
    end: start + length,
    next: start + align4(length),
  };
}

/** Called per attribute with its type (nesting and byte-order bits removed) and where its value lies. */
export type AttributeVisit = (type: number, from: number, to: number) => void;

/** Walks the attributes between `from` and `to`; false when one had a length that cannot be. */
export function eachAttribute(view: DataView, from: number, to: number, visit: AttributeVisit): boolean {
  let at = from;
  while (to - at >= RTATTR_SIZE) {
    const length = getU16(view, at);
    if (length < RTATTR_SIZE || length > to - at) return false;
    visit(getU16(view, at + 2) & 0x3fff, at + RTATTR_SIZE, at + length);
    at += align4(length);
  }
  return true;
}
