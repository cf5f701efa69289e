// An UPDATE that brings one route of a dumped table: what the peer must have sent, as far as the dump tells. What dumps
// leave out is put in and counted.

import { concatBytes, readU16, writeU16 } from '../../../src/base/bytes.js';
import { EXTENDED_LENGTH, OPTIONAL_TRANSITIVE, WELL_KNOWN } from '../../../src/wire/attributes/row.js';
import { rowOf } from '../../../src/wire/attributes/table.js';
import { valueEnd, valueStart, writeTlv } from '../../../src/wire/attributes/tlv.js';
import { AFI, ATTRIBUTE, MESSAGE, SAFI } from '../../../src/wire/iana.js';
import { frameOf } from '../../../src/wire/message.js';
import type { TableEntry } from './table-dump.js';

const OPTIONAL = 0x80;
const NO_OCTETS = new Uint8Array(0);
/** Next hops for routes that have none: 192.0.2.254 and 2001:db8::fe. */
const STAND_IN = [
  Uint8Array.of(192, 0, 2, 254),
  Uint8Array.of(0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfe),
] as const;

export interface EntryUpdate {
  /** A whole message. */
  readonly frame: Uint8Array;
  /** The route had no next hop: routers dump their own routes like that, and FRR those of IPv4 over IPv6. */
  readonly withoutNextHop: boolean;
  /** Attributes with neither flag set, as BIRD dumps those that it has set itself. */
  readonly withoutFlags: number;
}

/** Null when the attributes run past their end. */
export function entryUpdate(entry: TableEntry): EntryUpdate | null {
  const tlvs = splitAttributes(entry.attributes);
  if (tlvs === null) return null;
  const nlri = nlriOf(entry);
  const parts: Uint8Array[] = [];
  let nextHop: 'none' | 'classic' | 'multiprotocol' = 'none';
  let withoutFlags = 0;
  for (const tlv of tlvs) {
    const [flags = 0, code = 0] = tlv;
    const value = tlv.subarray(valueStart(tlv, 0));
    if (code === ATTRIBUTE.nextHop && isZero(value)) continue;
    if (code === ATTRIBUTE.mpReach) {
      const field = nextHopField(value);
      if (isZero(field.subarray(1))) continue;
      parts.push(mpReach(entry, field, nlri));
      nextHop = 'multiprotocol';
    }
    if (code !== ATTRIBUTE.mpReach && (flags & OPTIONAL_TRANSITIVE) === 0) {
      parts.push(withFlags(tlv));
      withoutFlags++;
    } else if (code !== ATTRIBUTE.mpReach) parts.push(tlv);
    if (code === ATTRIBUTE.nextHop && nextHop === 'none') nextHop = 'classic';
  }
  const withoutNextHop = nextHop === 'none' || (nextHop === 'classic' && entry.family === 1);
  if (withoutNextHop) parts.push(standIn(entry, nlri));
  const classic = nextHop !== 'multiprotocol' && entry.family === 0;
  return { frame: updateOf(concatBytes(parts), classic ? nlri : NO_OCTETS), withoutNextHop, withoutFlags };
}

function splitAttributes(attributes: Uint8Array): readonly Uint8Array[] | null {
  const tlvs: Uint8Array[] = [];
  for (let at = 0; at < attributes.length; ) {
    const head = (attributes[at]! & EXTENDED_LENGTH) === 0 ? 3 : 4;
    const end = at + head > attributes.length ? attributes.length + 1 : valueEnd(attributes, at);
    if (end > attributes.length) return null;
    tlvs.push(attributes.subarray(at, end));
    at = end;
  }
  return tlvs;
}

/** A copy with the flags that its row asks for. */
function withFlags(tlv: Uint8Array): Uint8Array {
  const copy = tlv.slice();
  copy[0] = tlv[0]! | (rowOf(tlv[1]!)?.flags ?? OPTIONAL_TRANSITIVE);
  return copy;
}

function nlriOf({ nlri, pathId }: TableEntry): Uint8Array {
  if (pathId === null) return nlri;
  return Uint8Array.of(pathId >>> 24, pathId >>> 16, pathId >>> 8, pathId, ...nlri);
}

/**
 * RFC 6396 4.3.4: a table holds only the length of the next hop and the next hop. Some programs leave the attribute
 * whole; then it begins with the AFI, of which the first octet is 0.
 */
const nextHopField = (value: Uint8Array): Uint8Array =>
  value[0] === 0 ? value.subarray(3, 4 + (value[3] ?? 0)) : value;

const isZero = (octets: Uint8Array): boolean => octets.every((octet) => octet === 0);

/** `nextHop`: with its length octet. */
function mpReach({ family }: TableEntry, nextHop: Uint8Array, nlri: Uint8Array): Uint8Array {
  const afi = family === 0 ? AFI.ipv4 : AFI.ipv6;
  const value = concatBytes([Uint8Array.of(0, afi, SAFI.unicast), nextHop, new Uint8Array(1), nlri]);
  return attribute(OPTIONAL, ATTRIBUTE.mpReach, value);
}

function standIn(entry: TableEntry, nlri: Uint8Array): Uint8Array {
  const address = STAND_IN[entry.family];
  if (entry.family === 0) return attribute(WELL_KNOWN, ATTRIBUTE.nextHop, address);
  return mpReach(entry, Uint8Array.of(address.length, ...address), nlri);
}

function attribute(flags: number, code: number, value: Uint8Array): Uint8Array {
  const tlv = new Uint8Array(4 + value.length);
  return tlv.subarray(0, writeTlv(tlv, 0, flags, code, value));
}

function updateOf(attributes: Uint8Array, nlri: Uint8Array): Uint8Array {
  const lengths = new Uint8Array(4);
  writeU16(lengths, 2, attributes.length);
  return frameOf(MESSAGE.update, concatBytes([lengths, attributes, nlri]));
}

/** The attribute with this code is there. */
export function hasAttribute(attributes: Uint8Array, code: number): boolean {
  let at = 0;
  while (at + 3 <= attributes.length) {
    if (attributes[at + 1] === code) return true;
    const extended = (attributes[at]! & EXTENDED_LENGTH) !== 0;
    at += extended ? 4 + readU16(attributes, at + 2) : 3 + attributes[at + 2]!;
  }
  return false;
}
