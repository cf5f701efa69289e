// The octets around the NLRI of an UPDATE to be sent: what goes before them and after them. Computed once per attribute
// set; the packer repeats it for every message.

import { readU32, writeU16 } from '../base/bytes.js';
import type { FamilyIndex } from '../base/family.js';
import { narrowAggregator } from './attributes/aggregator.js';
import { readSegments } from './attributes/as-path.js';
import { as4PathValue, narrowSegments } from './attributes/as4-path.js';
import { OPTIONAL_TRANSITIVE, PARTIAL, WELL_KNOWN } from './attributes/row.js';
import {
  copyOctets,
  firstAttribute,
  valueEnd,
  valueStart,
  writeTlv,
  writeTlvHead,
} from './attributes/tlv.js';
import { ATTRIBUTE, afiSafiOf, MESSAGE } from './iana.js';
import { writeHeader } from './message.js';

/**
 * `head` begins with the message header. The packer fills in, besides the message length: for `classicUnreach` the
 * length of the withdrawn routes at 19; for `multiprotocol` the length of the attributes at 21 and of the first one, the
 * MP attribute, at 25.
 */
export interface MessageShape {
  readonly kind: 'classicReach' | 'classicUnreach' | 'multiprotocol';
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
}

/** Optional, extended length: the length field has two octets before the NLRI are known. */
const MP_FLAGS = 0x90;
/** Header, withdrawn routes length, attributes length. */
const FIXED_LENGTH = 23;

const EMPTY_TAIL = new Uint8Array(0);
/** No path attributes. */
const CLASSIC_UNREACH_TAIL = new Uint8Array(2);

/**
 * Null when the block's next hop cannot carry routes of the family. IPv4 routes with an IPv4 next hop take the classic
 * form, everything else MP_REACH_NLRI (with RFC 8950 for IPv4 routes over IPv6).
 */
export function reachShape(family: FamilyIndex, block: Uint8Array, asn4: boolean): MessageShape | null {
  const nextHopLength = block[0]!;
  if (nextHopLength === 4 && family === 0) {
    const attributes = wireAttributes(block, asn4, true);
    const head = startMessage(FIXED_LENGTH + attributes.length);
    writeU16(head, 21, attributes.length);
    head.set(attributes, FIXED_LENGTH);
    return { kind: 'classicReach', head, tail: EMPTY_TAIL };
  }
  if (nextHopLength < 16) return null;
  const head = startMultiprotocol(family, ATTRIBUTE.mpReach, nextHopLength + 2);
  head.set(block.subarray(0, 1 + nextHopLength), 30);
  return { kind: 'multiprotocol', head, tail: wireAttributes(block, asn4, false) };
}

export function unreachShape(family: FamilyIndex): MessageShape {
  if (family === 0) return { kind: 'classicUnreach', head: startMessage(21), tail: CLASSIC_UNREACH_TAIL };
  return {
    kind: 'multiprotocol',
    head: startMultiprotocol(family, ATTRIBUTE.mpUnreach, 0),
    tail: EMPTY_TAIL,
  };
}

function startMessage(length: number): Uint8Array {
  const head = new Uint8Array(length);
  writeHeader(head, 0, length, MESSAGE.update);
  return head;
}

/** RFC 7606 5.1: the MP attribute comes first. `more` octets follow the family. */
function startMultiprotocol(family: FamilyIndex, code: number, more: number): Uint8Array {
  const { afi, safi } = afiSafiOf(family);
  const head = startMessage(30 + more);
  head[23] = MP_FLAGS;
  head[24] = code;
  writeU16(head, 27, afi);
  head[29] = safi;
  return head;
}

/** The block's attributes as sent, ascending: with NEXT_HOP if asked for, and in the 2-octet AS form if not `asn4`. */
function wireAttributes(block: Uint8Array, asn4: boolean, withNextHop: boolean): Uint8Array {
  // NEXT_HOP takes 7 octets; the AS4 attributes repeat at most what the block holds.
  const target = new Uint8Array(block.length * 2 + 32);
  let out = 0;
  let nextHopDue = withNextHop;
  const late: LateTlv[] = asn4 ? [] : as4Attributes(block);
  for (let at = firstAttribute(block, 0); at < block.length; ) {
    const code = block[at + 1]!;
    if (nextHopDue && code > ATTRIBUTE.nextHop) {
      out = writeNextHop(block, target, out);
      nextHopDue = false;
    }
    while (late.length > 0 && late[0]!.code < code) out = writeLate(late.shift()!, target, out);
    const next = valueEnd(block, at);
    out = asn4 ? copyOctets(block, at, next, target, out) : writeNarrow(block, at, next, target, out);
    at = next;
  }
  if (nextHopDue) out = writeNextHop(block, target, out);
  for (const tlv of late) out = writeLate(tlv, target, out);
  return target.slice(0, out);
}

const writeNextHop = (block: Uint8Array, target: Uint8Array, at: number): number =>
  copyOctets(block, 1, 5, target, writeTlvHead(target, at, WELL_KNOWN, ATTRIBUTE.nextHop, 4));

interface LateTlv {
  readonly code: number;
  readonly flags: number;
  readonly value: Uint8Array;
}

const writeLate = ({ code, flags, value }: LateTlv, target: Uint8Array, at: number): number =>
  writeTlv(target, at, flags, code, value);

/** AS4_PATH and AS4_AGGREGATOR, where AS numbers do not fit into two octets (RFC 6793 4.2.2). */
function as4Attributes(block: Uint8Array): LateTlv[] {
  const found: LateTlv[] = [];
  for (let at = firstAttribute(block, 0); at < block.length; at = valueEnd(block, at)) {
    const code = block[at + 1]!;
    const start = valueStart(block, at);
    const end = valueEnd(block, at);
    if (code === ATTRIBUTE.asPath) {
      const value = as4PathValue(readSegments(block, start, end, 4));
      if (value !== null) found.push({ code: ATTRIBUTE.as4Path, flags: OPTIONAL_TRANSITIVE, value });
    }
    if (code === ATTRIBUTE.aggregator && readU32(block, start) > 0xffff) {
      const flags = OPTIONAL_TRANSITIVE | (block[at]! & PARTIAL);
      found.push({ code: ATTRIBUTE.as4Aggregator, flags, value: block.slice(start, end) });
    }
  }
  return found;
}

function writeNarrow(block: Uint8Array, at: number, next: number, target: Uint8Array, out: number): number {
  const code = block[at + 1]!;
  const start = valueStart(block, at);
  if (code === ATTRIBUTE.asPath) {
    return writeTlv(target, out, block[at]!, code, narrowSegments(readSegments(block, start, next, 4)));
  }
  if (code === ATTRIBUTE.aggregator) {
    return writeTlv(target, out, block[at]!, code, narrowAggregator(block.subarray(start, next)));
  }
  return copyOctets(block, at, next, target, out);
}
