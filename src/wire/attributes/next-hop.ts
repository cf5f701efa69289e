// Next hops: the NEXT_HOP attribute (RFC 4271 5.1.3) and the next hop field of MP_REACH_NLRI (RFC 4760, 2545, 8950) in
// the forms that are found in the wild.

import { type FamilyIndex, IPV4_UNICAST } from '../../base/family.js';
import { ATTRIBUTE } from '../iana.js';
import { type AttributeRow, exactly, WELL_KNOWN } from './row.js';

export const NEXT_HOP_ROW = {
  code: ATTRIBUTE.nextHop,
  flags: WELL_KNOWN,
  onMalformed: 'withdraw',
  fromEbgp: 'accept',
  check: exactly(4),
  value: null,
} as const satisfies AttributeRow;

/** RFC 4271 6.3: a host address can be a next hop; 0/8, 127/8, multicast and broadcast cannot. */
export function isUsableIpv4(bytes: Uint8Array, at: number): boolean {
  const first = bytes[at]!;
  if (first === 0 || first === 127 || first >>> 4 === 0xe) return false;
  return !(first === 255 && bytes[at + 1] === 255 && bytes[at + 2] === 255 && bytes[at + 3] === 255);
}

/** Lengths that a next hop can have: IPv4 routes may have an IPv6 one (RFC 8950). */
export const isNextHopLength = (family: FamilyIndex, length: number): boolean =>
  length === 16 || length === 32 || (length === 4 && family === IPV4_UNICAST);

const isLinkLocal = (bytes: Uint8Array, at: number): boolean =>
  bytes[at] === 0xfe && (bytes[at + 1]! & 0xc0) === 0x80;

function isUsableIpv6(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] === 0xff) return false;
  for (let i = at; i < at + 15; i++) if (bytes[i] !== 0) return true;
  return bytes[at + 15]! > 1;
}

/** Which octets of a received next hop field are the next hop. */
export interface NextHopChoice {
  start: number;
  /** 4, 16, 32, or 0 when the field holds no usable address. */
  length: number;
}

/**
 * Of 32 octets, both count when the first address is global and the second link-local (RFC 2545 3). Some speakers fill
 * the first half with the link-local address or zeros, or the second half with zeros: the usable half stays.
 */
export function chooseNextHop(bytes: Uint8Array, start: number, length: number, out: NextHopChoice): void {
  out.start = start;
  out.length = length;
  if (length === 4) {
    if (!isUsableIpv4(bytes, start)) out.length = 0;
    return;
  }
  const first = isUsableIpv6(bytes, start);
  if (length === 16) {
    if (!first) out.length = 0;
    return;
  }
  const second = isLinkLocal(bytes, start + 16);
  if (first && second && !isLinkLocal(bytes, start)) return;
  out.length = first || second ? 16 : 0;
  if (second) out.start = start + 16;
}
