// The AS path towards and from speakers of 2-octet AS numbers (RFC 6793 4.2): AS_TRANS and AS4_PATH. Rare sessions, so
// plain objects.

import { writeU16 } from '../../base/bytes.js';
import { AS_TRANS } from '../iana.js';
import type { AsPathSegment } from '../types.js';
import { segmentsValue } from './as-path.js';

const isConfederation = (segment: AsPathSegment): boolean =>
  segment.kind === 'confedSequence' || segment.kind === 'confedSet';

const weight = (segment: AsPathSegment): number =>
  isConfederation(segment) ? 0 : segment.kind === 'set' ? 1 : segment.asns.length;

const pathLength = (segments: readonly AsPathSegment[]): number =>
  segments.reduce((sum, segment) => sum + weight(segment), 0);

/** RFC 6793 4.2.3: AS4_PATH preceded by as much of AS_PATH as is longer. */
export function mergeAs4Path(
  path: readonly AsPathSegment[],
  as4Path: readonly AsPathSegment[],
): readonly AsPathSegment[] {
  const tail = as4Path.filter((segment) => !isConfederation(segment));
  const surplus = pathLength(path) - pathLength(tail);
  return surplus < 0 ? path : join(leadingPart(path, surplus), tail);
}

/** The first `count` AS numbers, with the confederation segments among and right behind them. */
function leadingPart(path: readonly AsPathSegment[], count: number): AsPathSegment[] {
  const lead: AsPathSegment[] = [];
  let missing = count;
  for (const segment of path) {
    const size = weight(segment);
    if (size > missing) {
      if (missing > 0) lead.push({ kind: segment.kind, asns: segment.asns.slice(0, missing) });
      break;
    }
    lead.push(segment);
    missing -= size;
  }
  return lead;
}

/** Two sequences that meet become one, so that the path equals the one that 4-octet speakers see. */
function join(lead: readonly AsPathSegment[], tail: readonly AsPathSegment[]): AsPathSegment[] {
  const left = lead.at(-1);
  const right = tail[0];
  const meet = left?.kind === 'sequence' && right?.kind === 'sequence';
  if (!meet || left.asns.length + right.asns.length > 255) return [...lead, ...tail];
  return [...lead.slice(0, -1), { kind: 'sequence', asns: [...left.asns, ...right.asns] }, ...tail.slice(1)];
}

/** The 2-octet value of AS_PATH. */
export function narrowSegments(segments: readonly AsPathSegment[]): Uint8Array {
  const wide = segmentsValue(segments.map(({ kind, asns }) => ({ kind, asns: asns.map(fitAsn) })));
  const narrow = new Uint8Array(wide.length);
  let length = 0;
  let at = 0;
  while (at < wide.length) {
    const next = at + 2 + wide[at + 1]! * 4;
    narrow[length++] = wide[at]!;
    narrow[length++] = wide[at + 1]!;
    for (at += 2; at < next; at += 4, length += 2)
      writeU16(narrow, length, (wide[at + 2]! << 8) | wide[at + 3]!);
  }
  return narrow.slice(0, length);
}

const fitAsn = (asn: number): number => (asn > 0xffff ? AS_TRANS : asn);

/** The AS4_PATH that must go with `segments`, or null when every AS number fits into two octets (RFC 6793 4.2.2). */
export function as4PathValue(segments: readonly AsPathSegment[]): Uint8Array | null {
  if (!segments.some(({ asns }) => asns.some((asn) => asn > 0xffff))) return null;
  const value = segmentsValue(segments.filter((segment) => !isConfederation(segment)));
  return value.length === 0 ? null : value;
}
