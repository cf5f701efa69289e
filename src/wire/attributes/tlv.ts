// Path attributes as TLVs in memory: where values lie, and writing them in the shortest form. Never judges a value.

import { readU16, writeU16 } from '../../base/bytes.js';
import { EXTENDED_LENGTH } from './row.js';

/** Offset of the value of the TLV at `at`. */
export const valueStart = (bytes: Uint8Array, at: number): number =>
  at + ((bytes[at]! & EXTENDED_LENGTH) === 0 ? 3 : 4);

/** Offset behind the TLV at `at`. */
export const valueEnd = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! & EXTENDED_LENGTH) === 0 ? at + 3 + bytes[at + 2]! : at + 4 + readU16(bytes, at + 2);

/** Offset of the first TLV of a block (see types.ts) that begins at `start`. */
export const firstAttribute = (bytes: Uint8Array, start: number): number => start + 1 + bytes[start]!;

/** Offset of the TLV with `code` in the block, or -1. The block is sorted, so the search ends early. */
export function findAttribute(bytes: Uint8Array, start: number, end: number, code: number): number {
  let at = firstAttribute(bytes, start);
  while (at < end) {
    const found = bytes[at + 1]!;
    if (found >= code) return found === code ? at : -1;
    at = valueEnd(bytes, at);
  }
  return -1;
}

/** Writes flags, code and the shortest length form; returns the offset of the value. */
export function writeTlvHead(
  bytes: Uint8Array,
  at: number,
  flags: number,
  code: number,
  length: number,
): number {
  bytes[at + 1] = code;
  if (length <= 255) {
    bytes[at] = flags & ~EXTENDED_LENGTH;
    bytes[at + 2] = length;
    return at + 3;
  }
  bytes[at] = flags | EXTENDED_LENGTH;
  writeU16(bytes, at + 2, length);
  return at + 4;
}

/** Writes a whole TLV; returns the offset behind it. */
export function writeTlv(
  bytes: Uint8Array,
  at: number,
  flags: number,
  code: number,
  value: Uint8Array,
): number {
  const valueAt = writeTlvHead(bytes, at, flags, code, value.length);
  bytes.set(value, valueAt);
  return valueAt + value.length;
}

/** Octets of a TLV around a value of `length` octets. */
export const tlvLength = (length: number): number => length + (length <= 255 ? 3 : 4);

/** Up to this a loop is about as fast as a block copy, and makes no view for the collector. */
const LOOP_LIMIT = 128;

/** Copies `start` to `end` of `source` to `at` of `target`; returns the offset behind the copy. */
export function copyOctets(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
): number {
  const length = end - start;
  if (length > LOOP_LIMIT) target.set(source.subarray(start, end), at);
  else copyShort(source, start, length, target, at);
  return at + length;
}

/** Four octets at a step: it takes a sixth off the time of packing a full table. */
function copyShort(source: Uint8Array, start: number, length: number, target: Uint8Array, at: number): void {
  let i = 0;
  for (; i + 3 < length; i += 4) {
    target[at + i] = source[start + i]!;
    target[at + i + 1] = source[start + i + 1]!;
    target[at + i + 2] = source[start + i + 2]!;
    target[at + i + 3] = source[start + i + 3]!;
  }
  for (; i < length; i++) target[at + i] = source[start + i]!;
}
