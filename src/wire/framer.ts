// Cuts the octets of a TCP stream into messages and checks their headers (RFC 4271 6.1). Owns only the partial tail
// between two reads; each octet is copied at most once. Never looks into a body.

import { copyBytes, EMPTY, readU16 } from '../base/bytes.js';
import { ERROR, HEADER_ERROR, MESSAGE } from './iana.js';
import { HEADER_LENGTH, MAX_MESSAGE } from './message.js';
import type { Notification } from './types.js';

/** Octets of the shortest valid message by type; a type without a row is unknown. */
const SHORTEST: Readonly<Record<number, number>> = {
  [MESSAGE.open]: 29,
  [MESSAGE.update]: 23,
  [MESSAGE.notification]: 21,
  [MESSAGE.keepalive]: 19,
  [MESSAGE.routeRefresh]: 23,
};

/**
 * Gets one whole message, header included. The octets are valid until it returns. False ends the framing: the rest of
 * the stream is dropped.
 */
export type FrameHandler = (type: number, frame: Uint8Array) => boolean;

export class Framer {
  /** Octets; raised to 65535 once both sides have announced extended messages (RFC 8654). */
  maxMessage: number;
  #partial: Uint8Array = EMPTY;
  #held = 0;
  #ended = false;

  constructor(maxMessage: number = MAX_MESSAGE) {
    this.maxMessage = maxMessage;
  }

  /** Takes the next octets of the stream. A header error is returned once and ends the framing. */
  push(chunk: Uint8Array, onFrame: FrameHandler): Notification | null {
    if (this.#ended) return null;
    let at = 0;
    if (this.#held > 0) {
      at = this.#hold(chunk, 0, HEADER_LENGTH);
      if (this.#held < HEADER_LENGTH) return null;
      const error = headerError(this.#partial, 0, this.maxMessage);
      if (error !== null) return this.#end(error);
      const length = readU16(this.#partial, 16);
      at = this.#hold(chunk, at, length);
      if (this.#held < length) return null;
      this.#held = 0;
      if (!onFrame(this.#partial[18]!, this.#partial.subarray(0, length))) return this.#end(null);
    }
    return this.#cut(chunk, at, onFrame);
  }

  /** Hands out the whole messages of `chunk` as views and keeps the tail. */
  #cut(chunk: Uint8Array, start: number, onFrame: FrameHandler): Notification | null {
    let at = start;
    let needed = HEADER_LENGTH;
    while (chunk.length - at >= HEADER_LENGTH) {
      const error = headerError(chunk, at, this.maxMessage);
      if (error !== null) return this.#end(error);
      const length = readU16(chunk, at + 16);
      if (chunk.length - at < length) {
        needed = length;
        break;
      }
      if (!onFrame(chunk[at + 18]!, chunk.subarray(at, at + length))) return this.#end(null);
      at += length;
      needed = HEADER_LENGTH;
    }
    if (at < chunk.length) this.#hold(chunk, at, needed);
    return null;
  }

  /** Moves octets into the partial message until it has `needed`; returns the offset behind what was taken. */
  #hold(chunk: Uint8Array, at: number, needed: number): number {
    const taken = Math.min(chunk.length - at, needed - this.#held);
    if (taken <= 0) return at;
    if (this.#partial.length < needed) {
      const grown = new Uint8Array(needed);
      grown.set(this.#partial.subarray(0, this.#held));
      this.#partial = grown;
    }
    this.#partial.set(chunk.subarray(at, at + taken), this.#held);
    this.#held += taken;
    return at + taken;
  }

  #end(error: Notification | null): Notification | null {
    this.#ended = true;
    this.#partial = EMPTY;
    this.#held = 0;
    return error;
  }
}

function headerError(bytes: Uint8Array, at: number, maxMessage: number): Notification | null {
  for (let i = at; i < at + 16; i++) {
    if (bytes[i] !== 0xff) return header(HEADER_ERROR.connectionNotSynchronized, EMPTY);
  }
  const length = readU16(bytes, at + 16);
  const type = bytes[at + 18]!;
  if (length < HEADER_LENGTH || length > maxMessage) return badLength(bytes, at);
  const shortest = SHORTEST[type];
  if (shortest === undefined) return header(HEADER_ERROR.badMessageType, copyBytes(bytes, at + 18, at + 19));
  if (length < shortest || length > longest(type, maxMessage)) return badLength(bytes, at);
  return null;
}

function longest(type: number, maxMessage: number): number {
  if (type === MESSAGE.keepalive) return HEADER_LENGTH;
  return type === MESSAGE.open ? Math.min(maxMessage, MAX_MESSAGE) : maxMessage;
}

/** RFC 4271 6.1: the data is the length field as received. */
const badLength = (bytes: Uint8Array, at: number): Notification =>
  header(HEADER_ERROR.badMessageLength, copyBytes(bytes, at + 16, at + 18));

const header = (subcode: number, data: Uint8Array): Notification => ({ code: ERROR.header, subcode, data });
