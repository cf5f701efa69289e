// AS_PATH (RFC 4271 4.3 b, RFC 5065) with 4-octet AS numbers: check, segments in and out, prepend, loop count.

import { readU16, readU32, writeU32 } from '../../base/bytes.js';
import { ATTRIBUTE } from '../iana.js';
import type { AsPathSegment, DecodeContext } from '../types.js';
import { type AttributeRow, OPTIONAL_TRANSITIVE, WELL_KNOWN } from './row.js';
import { copyOctets, writeTlvHead } from './tlv.js';

/** By segment type (RFC 4271, RFC 5065 3). */
const KINDS = [null, 'set', 'sequence', 'confedSequence', 'confedSet'] as const;
const TYPES = { set: 1, sequence: 2, confedSequence: 3, confedSet: 4 } as const;
const SEQUENCE = TYPES.sequence;
const MAX_SEGMENT = 255;

/** An AS number of 2 or 4 octets. */
const readAsn = (bytes: Uint8Array, at: number, width: number): number =>
  width === 4 ? readU32(bytes, at) : readU16(bytes, at);

const isSet = (type: number): boolean => type === TYPES.set || type === TYPES.confedSet;
const SET_REASON = 'AS_SET or AS_CONFED_SET';

/** Null or why the segments are malformed: RFC 7606 7.2, AS 0 by RFC 7607 2. */
function checkSegments(
  bytes: Uint8Array,
  start: number,
  end: number,
  width: number,
  lastType: number,
  refuseSets: boolean,
): string | null {
  let at = start;
  while (at < end) {
    if (end - at < 2) return 'truncated segment';
    const type = bytes[at]!;
    if (type === 0 || type > lastType)
      return type === 3 || type === 4 ? 'confederation segment' : 'bad segment';
    if (refuseSets && isSet(type)) return SET_REASON;
    const count = bytes[at + 1]!;
    if (count === 0) return 'empty segment';
    const next = at + 2 + count * width;
    if (next > end) return 'truncated segment';
    for (let asn = at + 2; asn < next; asn += width) if (readAsn(bytes, asn, width) === 0) return 'AS 0';
    at = next;
  }
  return null;
}

const checkAsPath = (
  bytes: Uint8Array,
  start: number,
  end: number,
  { asn4, sessionType, refuseAsSets }: DecodeContext,
): string | null => {
  // RFC 5065 5.2: whoever is in another member AS has put that in front.
  if (sessionType === 'confed' && (start === end || bytes[start] !== TYPES.confedSequence)) {
    return 'no confederation segment in front';
  }
  const lastType = sessionType === 'ebgp' ? TYPES.sequence : TYPES.confedSet;
  return checkSegments(bytes, start, end, asn4 ? 4 : 2, lastType, refuseAsSets === true);
};

/** RFC 6793 6: malformed means ignored; a 4-octet AS speaker must not have sent it. */
function checkAs4Path(bytes: Uint8Array, start: number, end: number, { asn4 }: DecodeContext): string | null {
  if (asn4) return 'sent by a 4-octet AS speaker';
  return end === start ? 'bad length' : checkSegments(bytes, start, end, 4, TYPES.confedSet, false);
}

/** Why the routes of a well-formed AS4_PATH are withdrawn all the same (RFC 9774 3), or null. */
export function refusedAs4Path(bytes: Uint8Array, start: number, end: number): string | null {
  for (let at = start; at < end; at += 2 + bytes[at + 1]! * 4) if (isSet(bytes[at]!)) return SET_REASON;
  return null;
}

export const AS_PATH_ROWS = [
  {
    code: ATTRIBUTE.asPath,
    flags: WELL_KNOWN,
    onMalformed: 'withdraw',
    fromEbgp: 'accept',
    check: checkAsPath,
    value: {
      read: (draft, bytes, start, end) => {
        draft.asPath = readSegments(bytes, start, end, 4);
      },
      write: ({ asPath }) => segmentsValue(asPath),
    },
  },
  {
    code: ATTRIBUTE.as4Path,
    flags: OPTIONAL_TRANSITIVE,
    onMalformed: 'discard',
    fromEbgp: 'accept',
    check: checkAs4Path,
    value: null,
  },
] as const satisfies readonly AttributeRow[];

/** Segments of a checked value with AS numbers of `width` octets. */
export function readSegments(bytes: Uint8Array, start: number, end: number, width: 2 | 4): AsPathSegment[] {
  const segments: AsPathSegment[] = [];
  let at = start;
  while (at < end) {
    const kind = KINDS[bytes[at]!]!;
    const next = at + 2 + bytes[at + 1]! * width;
    const asns: number[] = [];
    for (at += 2; at < next; at += width) asns.push(readAsn(bytes, at, width));
    segments.push({ kind, asns });
  }
  return segments;
}

/** The 4-octet value. A segment of more than 255 AS numbers becomes several; an empty one is left out. */
export function segmentsValue(segments: readonly AsPathSegment[]): Uint8Array {
  let length = 0;
  for (const { asns } of segments) length += Math.ceil(asns.length / MAX_SEGMENT) * 2 + asns.length * 4;
  const value = new Uint8Array(length);
  let at = 0;
  for (const { kind, asns } of segments) {
    for (let i = 0; i < asns.length; i++) {
      if (i % MAX_SEGMENT === 0) {
        value[at++] = TYPES[kind];
        value[at++] = Math.min(MAX_SEGMENT, asns.length - i);
      }
      writeU32(value, at, asns[i]!);
      at += 4;
    }
  }
  return value;
}

/** Puts AS numbers in front, leftmost first, one at a time as RFC 4271 5.1.2 b says. */
export function prependAsns(segments: readonly AsPathSegment[], asns: readonly number[]): AsPathSegment[] {
  const first = segments[0];
  const rest = first?.kind === 'sequence' ? segments.slice(1) : segments;
  const lead = first?.kind === 'sequence' ? first.asns : [];
  const room = Math.min(MAX_SEGMENT - lead.length, asns.length);
  const whole: AsPathSegment[] = [];
  let end = asns.length - room;
  const merged = [...asns.slice(end), ...lead];
  if (merged.length > 0) whole.push({ kind: 'sequence', asns: merged });
  while (end > 0) {
    const start = Math.max(0, end - MAX_SEGMENT);
    whole.unshift({ kind: 'sequence', asns: asns.slice(start, end) });
    end = start;
  }
  return [...whole, ...rest];
}

/**
 * The usual case of `prependAsns` without making segments: writes the whole AS_PATH, with the AS numbers in front, at `at`
 * of `target` and returns the offset behind it. -1 where the first segment has no room for them; nothing is written then.
 */
export function prependInPlace(
  asns: readonly number[],
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
): number {
  const joins = end > start && source[start] === SEQUENCE;
  const count = (joins ? source[start + 1]! : 0) + asns.length;
  if (count > MAX_SEGMENT) return -1;
  const rest = joins ? start + 2 : start;
  const length = 2 + asns.length * 4 + end - rest;
  let out = writeTlvHead(target, at, WELL_KNOWN, ATTRIBUTE.asPath, length);
  target[out++] = SEQUENCE;
  target[out++] = count;
  for (let i = 0; i < asns.length; i++, out += 4) writeU32(target, out, asns[i]!);
  return copyOctets(source, rest, end, target, out);
}

/** How often an AS number stands in a value with 4-octet AS numbers, segments of every kind. */
export function countAsn(bytes: Uint8Array, start: number, end: number, asn: number): number {
  let count = 0;
  let at = start;
  while (at < end) {
    const next = at + 2 + bytes[at + 1]! * 4;
    for (at += 2; at < next; at += 4) if (readU32(bytes, at) === asn) count++;
  }
  return count;
}

/** RFC 4271 9.1.2.2 a with RFC 5065 5.3: a set counts 1, confederation segments 0. */
export function asPathLength(bytes: Uint8Array, start: number, end: number): number {
  let length = 0;
  let at = start;
  while (at < end) {
    const type = bytes[at]!;
    const count = bytes[at + 1]!;
    if (type === SEQUENCE) length += count;
    else if (type === TYPES.set) length += 1;
    at += 2 + count * 4;
  }
  return length;
}

/** Leftmost AS when the path, confederation segments skipped, starts with a sequence; else 0. */
export function neighbourAs(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at]! > SEQUENCE) at += 2 + bytes[at + 1]! * 4;
  return at < end && bytes[at] === SEQUENCE ? readU32(bytes, at + 2) : 0;
}

/** Rightmost AS when the path, confederation segments skipped, ends in a sequence; else 0. */
export function originAs(bytes: Uint8Array, start: number, end: number): number {
  let last = 0;
  for (let at = start; at < end; ) {
    const next = at + 2 + bytes[at + 1]! * 4;
    if (bytes[at]! <= SEQUENCE) last = bytes[at] === SEQUENCE ? readU32(bytes, next - 4) : 0;
    at = next;
  }
  return last;
}
