// MP_REACH_NLRI and MP_UNREACH_NLRI (RFC 4760): where the family, the next hop and the NLRI of a received attribute lie.

import { readU16 } from '../../base/bytes.js';
import type { FamilyIndex } from '../../base/family.js';
import { ATTRIBUTE, familyOf } from '../iana.js';
import { checkNlri } from '../nlri.js';
import type { DecodeContext } from '../types.js';
import { isNextHopLength } from './next-hop.js';
import { type AttributeRow, OPTIONAL_NON_TRANSITIVE } from './row.js';

const tooShort =
  (least: number): AttributeRow['check'] =>
  (_bytes, start, end) =>
    end - start < least ? 'bad length' : null;

export const MP_ROWS = [
  {
    code: ATTRIBUTE.mpReach,
    flags: OPTIONAL_NON_TRANSITIVE,
    onMalformed: 'reset',
    fromEbgp: 'accept',
    check: tooShort(5),
    value: null,
  },
  {
    code: ATTRIBUTE.mpUnreach,
    flags: OPTIONAL_NON_TRANSITIVE,
    onMalformed: 'reset',
    fromEbgp: 'accept',
    check: tooShort(3),
    value: null,
  },
] as const satisfies readonly AttributeRow[];

/** A received MP attribute, filled in place. */
export interface MpSection {
  /** False when the family was not negotiated: nothing else is set then. */
  negotiated: boolean;
  family: FamilyIndex;
  nextHopStart: number;
  nextHopLength: number;
  nlriStart: number;
  nlriEnd: number;
}

export const emptyMpSection = (): MpSection => ({
  negotiated: false,
  family: 0,
  nextHopStart: 0,
  nextHopLength: 0,
  nlriStart: 0,
  nlriEnd: 0,
});

function openFamily(bytes: Uint8Array, start: number, context: DecodeContext, out: MpSection): boolean {
  const family = familyOf(readU16(bytes, start), bytes[start + 2]!);
  out.negotiated = family !== null && context.families[family];
  if (family !== null) out.family = family;
  return out.negotiated;
}

/** Null or why the value, at least 5 octets, cannot be used (RFC 7606 7.11). */
export function parseMpReach(
  bytes: Uint8Array,
  start: number,
  end: number,
  context: DecodeContext,
  out: MpSection,
): string | null {
  if (!openFamily(bytes, start, context, out)) return null;
  const length = bytes[start + 3]!;
  if (!isNextHopLength(out.family, length)) return 'bad next hop length';
  out.nextHopStart = start + 4;
  out.nextHopLength = length;
  // One reserved octet follows the next hop.
  out.nlriStart = start + 5 + length;
  out.nlriEnd = end;
  if (out.nlriStart > end) return 'bad next hop length';
  return checkNlri(bytes, out.nlriStart, end, out.family, context.addPath[out.family]);
}

/** Null or why the value, at least 3 octets, cannot be used (RFC 7606 7.12). */
export function parseMpUnreach(
  bytes: Uint8Array,
  start: number,
  end: number,
  context: DecodeContext,
  out: MpSection,
): string | null {
  if (!openFamily(bytes, start, context, out)) return null;
  out.nlriStart = start + 3;
  out.nlriEnd = end;
  return checkNlri(bytes, out.nlriStart, end, out.family, context.addPath[out.family]);
}
