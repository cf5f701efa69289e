// Writes the attributes of a received UPDATE in the form of an attribute block (see types.ts), without the next hop.
// The usual message, sorted and clean, is a few copies.

import { readU16 } from '../../base/bytes.js';
import { AS_TRANS, ATTRIBUTE } from '../iana.js';
import { widenAggregator } from './aggregator.js';
import { readSegments, segmentsValue } from './as-path.js';
import { mergeAs4Path } from './as4-path.js';
import { EXTENDED_WIDTH, hasEncapsulation, isEncapsulation } from './lists.js';
import type { AttributeSection } from './section.js';
import { canonicalFlags, rowOf } from './table.js';
import { copyOctets, writeTlv, writeTlvHead } from './tlv.js';
import { copyUsableTunnels } from './tunnels.js';

/** Room that `writeCanonical` may need for attributes of `length` octets: 2-octet AS numbers double. */
export const canonicalRoom = (length: number, asn4: boolean): number => (asn4 ? length : length * 2) + 8;

/** Writes at `at` of `target`; returns the offset behind. */
export function writeCanonical(
  section: AttributeSection,
  frame: Uint8Array,
  asn4: boolean,
  target: Uint8Array,
  at: number,
): number {
  if (!section.sorted) section.sort();
  let out = at;
  // Octets of the frame that are clean and not copied yet.
  let pending = 0;
  let pendingEnd = 0;
  for (let i = 0; i < section.count; i++) {
    const code = section.codes[i]!;
    const start = section.tlvAt[code]!;
    const narrow = !asn4 && (code === ATTRIBUTE.asPath || code === ATTRIBUTE.aggregator);
    const filtered = code === ATTRIBUTE.tunnelEncapsulation || saysEncapsulation(section, frame, code);
    if (!narrow && !filtered && section.isClean(frame, code)) {
      if (start !== pendingEnd) {
        out = copyOctets(frame, pending, pendingEnd, target, out);
        pending = start;
      }
      pendingEnd = section.endAt[code]!;
      continue;
    }
    out = copyOctets(frame, pending, pendingEnd, target, out);
    pending = pendingEnd = 0;
    if (narrow) out = writeWidened(section, frame, code, target, out);
    else if (code === ATTRIBUTE.extendedCommunities) out = writeCommunities(section, frame, target, out);
    else if (filtered) out = writeTunnels(section, frame, target, out);
    else out = rewriteHead(section, frame, code, target, out);
  }
  return copyOctets(frame, pending, pendingEnd, target, out);
}

function rewriteHead(
  section: AttributeSection,
  frame: Uint8Array,
  code: number,
  target: Uint8Array,
  at: number,
): number {
  const valueAt = section.valueAt[code]!;
  const end = section.endAt[code]!;
  const flags = canonicalFlags(rowOf(code), frame[section.tlvAt[code]!]!, end - valueAt);
  return copyOctets(frame, valueAt, end, target, writeTlvHead(target, at, flags, code, end - valueAt));
}

/** RFC 9012 11: not from an external peer. */
const saysEncapsulation = (section: AttributeSection, frame: Uint8Array, code: number): boolean =>
  code === ATTRIBUTE.extendedCommunities &&
  section.filtersTunnels &&
  hasEncapsulation(frame, section.valueAt[code]!, section.endAt[code]!);

/** Extended communities without those of encapsulation; nothing when no other is left. */
function writeCommunities(
  section: AttributeSection,
  frame: Uint8Array,
  target: Uint8Array,
  at: number,
): number {
  const code = ATTRIBUTE.extendedCommunities;
  if (!saysEncapsulation(section, frame, code)) return rewriteHead(section, frame, code, target, at);
  let kept = 0;
  const end = section.endAt[code]!;
  for (let from = section.valueAt[code]!; from < end; from += EXTENDED_WIDTH) {
    if (!isEncapsulation(frame, from)) kept += EXTENDED_WIDTH;
  }
  if (kept === 0) return at;
  const flags = canonicalFlags(rowOf(code), frame[section.tlvAt[code]!]!, kept);
  let out = writeTlvHead(target, at, flags, code, kept);
  for (let from = section.valueAt[code]!; from < end; from += EXTENDED_WIDTH) {
    if (!isEncapsulation(frame, from)) out = copyOctets(frame, from, from + EXTENDED_WIDTH, target, out);
  }
  return out;
}

/** RFC 9012 13: without the tunnels that nobody can use. */
function writeTunnels(section: AttributeSection, frame: Uint8Array, target: Uint8Array, at: number): number {
  const code = ATTRIBUTE.tunnelEncapsulation;
  const valueAt = section.valueAt[code]!;
  const end = section.endAt[code]!;
  // The head is written once the length is known; in its longest form it has four octets.
  const length = copyUsableTunnels(frame, valueAt, end, target, at + 4) - at - 4;
  const flags = canonicalFlags(rowOf(code), frame[section.tlvAt[code]!]!, length);
  const start = writeTlvHead(target, at, flags, code, length);
  target.copyWithin(start, at + 4, at + 4 + length);
  return start + length;
}

/** RFC 6793 4.2.3. */
function writeWidened(
  section: AttributeSection,
  frame: Uint8Array,
  code: number,
  target: Uint8Array,
  at: number,
): number {
  const flags = canonicalFlags(rowOf(code), frame[section.tlvAt[code]!]!, 0);
  if (code === ATTRIBUTE.asPath) return writeTlv(target, at, flags, code, widenAsPath(section, frame));
  const as4At = section.has(ATTRIBUTE.as4Aggregator) ? section.valueAt[ATTRIBUTE.as4Aggregator]! : -1;
  const valueAt = writeTlvHead(target, at, flags, code, 8);
  widenAggregator(frame, section.valueAt[code]!, as4At, target, valueAt);
  return valueAt + 8;
}

function widenAsPath(section: AttributeSection, frame: Uint8Array): Uint8Array {
  const path = segments(section, frame, ATTRIBUTE.asPath, 2);
  if (!section.has(ATTRIBUTE.as4Path) || as4PathIsStale(section, frame)) return segmentsValue(path);
  return segmentsValue(mergeAs4Path(path, segments(section, frame, ATTRIBUTE.as4Path, 4)));
}

const segments = (section: AttributeSection, frame: Uint8Array, code: number, width: 2 | 4) =>
  readSegments(frame, section.valueAt[code]!, section.endAt[code]!, width);

/** An AGGREGATOR with a real AS number was set by a speaker that did not know AS4_PATH: the latter is out of date. */
function as4PathIsStale(section: AttributeSection, frame: Uint8Array): boolean {
  if (!section.has(ATTRIBUTE.aggregator) || !section.has(ATTRIBUTE.as4Aggregator)) return false;
  const at = section.valueAt[ATTRIBUTE.aggregator]!;
  return readU16(frame, at) !== AS_TRANS;
}
