// The 19-octet message header (RFC 4271 4.1) and the one message that is nothing else.

import { ByteWriter, writeU16 } from '../base/bytes.js';
import { MESSAGE } from './iana.js';

export const HEADER_LENGTH = 19;
/** Largest message without the extended message capability; OPEN and KEEPALIVE never exceed it (RFC 8654 4). */
export const MAX_MESSAGE = 4096;
/** Largest message with the extended message capability (RFC 8654). */
export const MAX_EXTENDED_MESSAGE = 65535;

/** Writes a header at `at`; the length field counts from there to `end`. */
export function writeHeader(bytes: Uint8Array, at: number, end: number, type: number): void {
  bytes.fill(0xff, at, at + 16);
  writeU16(bytes, at + 16, end - at);
  bytes[at + 18] = type;
}

/** A whole message around a body. */
export function frameOf(type: number, body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(HEADER_LENGTH + body.length);
  writeHeader(frame, 0, frame.length, type);
  frame.set(body, HEADER_LENGTH);
  return frame;
}

/** A whole message whose body `write` produces. */
export function buildFrame(type: number, write: (body: ByteWriter) => void): Uint8Array {
  const body = new ByteWriter(64);
  write(body);
  return frameOf(type, body.bytes.subarray(0, body.length));
}

/** Shared: send it, never change it. */
export const KEEPALIVE: Uint8Array = frameOf(MESSAGE.keepalive, new Uint8Array(0));
