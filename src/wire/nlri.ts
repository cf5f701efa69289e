// NLRI in and out (RFC 4271 4.3, RFC 7911): a cursor over a checked run of prefixes, and the octets of one prefix.
// No allocation per prefix.

import { readU32 } from '../base/bytes.js';
import type { FamilyIndex } from '../base/family.js';
import { maskWord } from '../base/prefix.js';
import { WIDE_ZERO } from '../base/wide.js';
import type { NlriRun } from './types.js';

/** Walks a run: `while (cursor.next())` with the current prefix in the fields. Reusable through `open`. */
export class NlriCursor {
  /** Address words, host bits cleared; IPv4 uses `w0` and leaves the rest 0. Unsigned. */
  w0 = WIDE_ZERO;
  w1 = WIDE_ZERO;
  w2 = WIDE_ZERO;
  w3 = WIDE_ZERO;
  length = 0;
  /** 0 without ADD-PATH. */
  pathId = WIDE_ZERO;
  #bytes: Uint8Array = new Uint8Array(0);
  #offset = 0;
  #end = 0;
  #addPath = false;
  #ipv6 = false;

  open(frame: Uint8Array, run: NlriRun): void {
    this.#bytes = frame;
    this.#offset = run.start;
    this.#end = run.end;
    this.#addPath = run.addPath;
    this.#ipv6 = run.family === 1;
    this.pathId = 0;
    this.w1 = this.w2 = this.w3 = 0;
  }

  next(): boolean {
    let at = this.#offset;
    if (at >= this.#end) return false;
    const bytes = this.#bytes;
    if (this.#addPath) {
      this.pathId = readU32(bytes, at);
      at += 4;
    }
    const length = bytes[at++]!;
    this.length = length;
    this.w0 = readWord(bytes, at, length);
    if (this.#ipv6) {
      this.w1 = readWord(bytes, at + 4, length - 32);
      this.w2 = readWord(bytes, at + 8, length - 64);
      this.w3 = readWord(bytes, at + 12, length - 96);
    }
    this.#offset = at + ((length + 7) >>> 3);
    return true;
  }
}

/** The word at `at` of a prefix of which `bits` bits fall into it or later. */
function readWord(bytes: Uint8Array, at: number, bits: number): number {
  if (bits >= 32) return readU32(bytes, at);
  if (bits <= 0) return 0;
  let word = bytes[at]! << 24;
  if (bits > 8) word |= bytes[at + 1]! << 16;
  if (bits > 16) word |= bytes[at + 2]! << 8;
  if (bits > 24) word |= bytes[at + 3]!;
  return (word & maskWord(bits)) >>> 0;
}

/** Why a run of NLRI octets is unusable, or null. Linear time, no allocation. */
export function checkNlri(
  bytes: Uint8Array,
  start: number,
  end: number,
  family: FamilyIndex,
  addPath: boolean,
): 'prefixTooLong' | 'truncated' | null {
  const limit = family === 0 ? 32 : 128;
  let at = start;
  while (at < end) {
    if (addPath) at += 4;
    if (at >= end) return 'truncated';
    const length = bytes[at]!;
    if (length > limit) return 'prefixTooLong';
    at += 1 + ((length + 7) >>> 3);
  }
  return at === end ? null : 'truncated';
}

/** Writes one prefix at `at` and returns the offset behind it; the caller has made room for 21 octets. */
export function writeNlri(
  bytes: Uint8Array,
  at: number,
  w0: number,
  w1: number,
  w2: number,
  w3: number,
  length: number,
): number {
  bytes[at++] = length;
  const end = at + ((length + 7) >>> 3);
  at = writeWord(bytes, at, w0, length);
  if (length > 32) at = writeWord(bytes, at, w1, length - 32);
  if (length > 64) at = writeWord(bytes, at, w2, length - 64);
  if (length > 96) writeWord(bytes, at, w3, length - 96);
  return end;
}

function writeWord(bytes: Uint8Array, at: number, word: number, bits: number): number {
  if (bits <= 0) return at;
  bytes[at++] = word >>> 24;
  if (bits > 8) bytes[at++] = word >>> 16;
  if (bits > 16) bytes[at++] = word >>> 8;
  if (bits > 24) bytes[at++] = word;
  return at;
}
