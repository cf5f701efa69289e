// The path attributes of an UPDATE as one number, whatever their order, and where its multiprotocol NLRI lie. Any
// attribute too many, too few or with other octets gives another number; only a MULTI_EXIT_DISC of 0 counts as none, as in
// the decision (RFC 4271 9.1.2.2 c). Pure, no allocation.

import { ATTRIBUTE } from '../../../src/wire/iana.js';

const EXTENDED_LENGTH = 0x10;

export class AttributeDigest {
  /** NLRI of MP_REACH_NLRI and MP_UNREACH_NLRI; start equals end when there are none. */
  reachStart = 0;
  reachEnd = 0;
  unreachStart = 0;
  unreachEnd = 0;
  /** The lengths add up. */
  sound = true;

  /** Of the attributes from `start` to `end`. */
  read(bytes: Uint8Array, start: number, end: number): number {
    this.reachStart = this.reachEnd = this.unreachStart = this.unreachEnd = 0;
    let sum = 0;
    let at = start;
    while (at + 3 <= end) {
      const code = bytes[at + 1]!;
      const long = (bytes[at]! & EXTENDED_LENGTH) !== 0;
      const length = long ? bytes[at + 2]! * 256 + bytes[at + 3]! : bytes[at + 2]!;
      const value = at + (long ? 4 : 3);
      at = value + length;
      if (at > end) break;
      if (code === ATTRIBUTE.mpReach) sum = (sum + this.#multiprotocol(bytes, value, at)) | 0;
      else if (code === ATTRIBUTE.mpUnreach) {
        this.unreachStart = value + 3;
        this.unreachEnd = at;
      } else if (code !== ATTRIBUTE.med || !isZero(bytes, value, at)) {
        sum = (sum + hash(code, bytes, value, at)) | 0;
      }
    }
    this.sound = at === end;
    return sum;
  }

  /** A next hop of two addresses counts as its first, the global one (RFC 2545 3). */
  #multiprotocol(bytes: Uint8Array, value: number, end: number): number {
    const nextHop = value + 4;
    const length = bytes[value + 3]!;
    this.reachStart = nextHop + length + 1;
    this.reachEnd = end;
    return hash(ATTRIBUTE.nextHop, bytes, nextHop, nextHop + Math.min(length, 16));
  }
}

/** FNV-1a over the code and the octets. */
const hash = (code: number, bytes: Uint8Array, start: number, end: number): number => {
  let state = Math.imul(0x811c9dc5 ^ code, 0x01000193);
  for (let at = start; at < end; at += 1) state = Math.imul(state ^ bytes[at]!, 0x01000193);
  return state ^ (state >>> 15);
};

const isZero = (bytes: Uint8Array, start: number, end: number): boolean => {
  for (let at = start; at < end; at += 1) if (bytes[at] !== 0) return false;
  return true;
};
