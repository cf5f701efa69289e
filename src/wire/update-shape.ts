// The octets around the NLRI of an UPDATE to be sent: what goes before them and after them. Filled in once per attribute
// set; the packer repeats it for every message.

import { copyBytes, readU32, writeU16 } from '../base/bytes.js';
import type { FamilyIndex } from '../base/family.js';
import { narrowAggregator } from './attributes/aggregator.js';
import { readSegments } from './attributes/as-path.js';
import { as4PathValue, narrowSegments } from './attributes/as4-path.js';
import { LOCAL_FACTS } from './attributes/local-facts.js';
import { OPTIONAL_TRANSITIVE, PARTIAL, WELL_KNOWN } from './attributes/row.js';
import {
  copyOctets,
  firstAttribute,
  valueEnd,
  valueStart,
  writeTlv,
  writeTlvHead,
} from './attributes/tlv.js';
import { AFI, ATTRIBUTE, MESSAGE, SAFI } from './iana.js';
import { writeHeader } from './message.js';

/**
 * Filled in place, so that a new attribute set costs no allocation. `head` begins with the message header. The packer
 * fills in, besides the message length: for `classicUnreach` the length of the withdrawn routes at 19; for
 * `multiprotocol` the length of the attributes at 21 and of the first one, the MP attribute, at 25.
 */
export interface MessageShape {
  /** `unusable`: the next hop cannot carry routes of the family, nothing can be sent. */
  kind: 'classicReach' | 'classicUnreach' | 'multiprotocol' | 'unusable';
  head: Uint8Array;
  headLength: number;
  tail: Uint8Array;
  tailLength: number;
}

export const emptyShape = (): MessageShape => ({
  kind: 'unusable',
  head: new Uint8Array(256),
  headLength: 0,
  tail: new Uint8Array(256),
  tailLength: 0,
});

/** Optional, extended length: the length field has two octets before the NLRI are known. */
const MP_FLAGS = 0x90;
/** Header, withdrawn routes length, attributes length. */
const FIXED_LENGTH = 23;
/** NEXT_HOP as a TLV. */
const NEXT_HOP_LENGTH = 7;

/**
 * IPv4 routes with an IPv4 next hop take the classic form, everything else MP_REACH_NLRI (with RFC 8950 for IPv4 routes
 * over IPv6).
 */
export function shapeReach(shape: MessageShape, family: FamilyIndex, block: Uint8Array, asn4: boolean): void {
  const nextHopLength = block[0]!;
  if (nextHopLength === 4 && family === 0) shapeClassicReach(shape, block, asn4);
  else if (nextHopLength >= 16) {
    startMultiprotocol(shape, family, ATTRIBUTE.mpReach, nextHopLength + 2);
    copyOctets(block, 0, 1 + nextHopLength, shape.head, 30);
    shape.head[31 + nextHopLength] = 0;
    shape.tail = withRoom(shape.tail, roomOnWire(block, asn4));
    shape.tailLength = writeAttributes(block, asn4, false, shape.tail, 0);
  } else shape.kind = 'unusable';
}

function shapeClassicReach(shape: MessageShape, block: Uint8Array, asn4: boolean): void {
  startMessage(shape, 'classicReach', FIXED_LENGTH + roomOnWire(block, asn4));
  shape.headLength = writeAttributes(block, asn4, true, shape.head, FIXED_LENGTH);
  writeU16(shape.head, 21, shape.headLength - FIXED_LENGTH);
}

export function shapeUnreach(shape: MessageShape, family: FamilyIndex): void {
  if (family === 1) {
    startMultiprotocol(shape, family, ATTRIBUTE.mpUnreach, 0);
    return;
  }
  startMessage(shape, 'classicUnreach', FIXED_LENGTH);
  shape.headLength = 21;
  // No path attributes.
  shape.tail.fill(0, 0, 2);
  shape.tailLength = 2;
}

/** An empty UPDATE without tail, with room for `room` octets in its head. */
function startMessage(shape: MessageShape, kind: MessageShape['kind'], room: number): void {
  shape.kind = kind;
  shape.head = withRoom(shape.head, room);
  shape.tailLength = 0;
  writeHeader(shape.head, 0, FIXED_LENGTH, MESSAGE.update);
  shape.head.fill(0, 19, FIXED_LENGTH);
}

/** RFC 7606 5.1: the MP attribute comes first. `more` octets follow the family. */
function startMultiprotocol(shape: MessageShape, family: FamilyIndex, code: number, more: number): void {
  startMessage(shape, 'multiprotocol', 30 + more);
  const { head } = shape;
  head[23] = MP_FLAGS;
  head[24] = code;
  writeU16(head, 27, family === 0 ? AFI.ipv4 : AFI.ipv6);
  head[29] = SAFI.unicast;
  shape.headLength = 30 + more;
}

const withRoom = (bytes: Uint8Array, room: number): Uint8Array =>
  bytes.length >= room ? bytes : new Uint8Array(room * 2);

/** The AS4 attributes repeat at most what the block holds, with two heads. */
const roomOnWire = (block: Uint8Array, asn4: boolean): number =>
  asn4 ? block.length + NEXT_HOP_LENGTH : block.length * 2 + NEXT_HOP_LENGTH + 8;

/**
 * The block's attributes as sent, ascending: with NEXT_HOP if asked for, and in the 2-octet AS form if not `asn4`.
 * Returns the offset behind them.
 */
function writeAttributes(
  block: Uint8Array,
  asn4: boolean,
  withNextHop: boolean,
  target: Uint8Array,
  at: number,
): number {
  const start = firstShared(block);
  let split = start;
  while (split < block.length && block[split + 1]! < ATTRIBUTE.nextHop) split = valueEnd(block, split);
  const late = asn4 ? NO_TLVS : as4Attributes(block);
  let out = writeRange(block, start, split, asn4, NO_TLVS, target, at);
  if (withNextHop) {
    const valueAt = writeTlvHead(target, out, WELL_KNOWN, ATTRIBUTE.nextHop, 4);
    out = copyOctets(block, 1, 5, target, valueAt);
  }
  out = writeRange(block, split, block.length, asn4, late, target, out);
  return out;
}

/** The TLVs from `start` to `end`, with `late` merged in by code. */
function writeRange(
  block: Uint8Array,
  start: number,
  end: number,
  asn4: boolean,
  late: readonly LateTlv[],
  target: Uint8Array,
  out: number,
): number {
  if (asn4) return copyOctets(block, start, end, target, out);
  let to = out;
  let due = 0;
  for (let at = start; at < end; ) {
    const code = block[at + 1]!;
    while (due < late.length && late[due]!.code < code) to = writeLate(late[due++]!, target, to);
    const next = valueEnd(block, at);
    to = writeNarrow(block, at, next, target, to);
    at = next;
  }
  while (due < late.length) to = writeLate(late[due++]!, target, to);
  return to;
}

/** Behind what stays in this house. */
function firstShared(block: Uint8Array): number {
  const first = firstAttribute(block, 0);
  return first < block.length && block[first + 1] === LOCAL_FACTS ? valueEnd(block, first) : first;
}

interface LateTlv {
  readonly code: number;
  readonly flags: number;
  readonly value: Uint8Array;
}

const writeLate = ({ code, flags, value }: LateTlv, target: Uint8Array, at: number): number =>
  writeTlv(target, at, flags, code, value);

const NO_TLVS: readonly LateTlv[] = [];

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
      found.push({ code: ATTRIBUTE.as4Aggregator, flags, value: copyBytes(block, start, end) });
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
