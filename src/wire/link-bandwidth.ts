// The link bandwidth extended community (draft-ietf-idr-link-bandwidth): what a next hop can carry. Reads it from a block;
// what it is good for is not known here.

import { readU32 } from '../base/bytes.js';
import { findAttribute, valueEnd, valueStart } from './attributes/tlv.js';
import { ATTRIBUTE } from './iana.js';

const SUBTYPE = 4;
const CONVERSION = new DataView(new ArrayBuffer(4));

/** Octets a second of the first one in the block at `start`, transitive or not; -1 without one that is a number above 0. */
export function linkBandwidthOf(bytes: Uint8Array, start: number, end: number): number {
  const at = findAttribute(bytes, start, end, ATTRIBUTE.extendedCommunities);
  if (at < 0) return -1;
  const last = valueEnd(bytes, at);
  for (let community = valueStart(bytes, at); community < last; community += 8) {
    if ((bytes[community]! & 0xbf) !== 0 || bytes[community + 1] !== SUBTYPE) continue;
    CONVERSION.setUint32(0, readU32(bytes, community + 4));
    const rate = CONVERSION.getFloat32(0);
    return Number.isFinite(rate) && rate > 0 ? rate : -1;
  }
  return -1;
}
