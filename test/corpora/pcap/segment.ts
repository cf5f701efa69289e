// From a captured packet to the TCP segment of BGP in it. Tunnels and fragments are not looked into.

import { readU16, readU32, toHex } from '../../../src/base/bytes.js';
import type { Packet } from './capture-file.js';

export interface Segment {
  /** Address and port of each end, as hex: from whom, to whom. */
  readonly from: string;
  readonly to: string;
  readonly sequence: number;
  readonly syn: boolean;
  /** FIN or RST: nothing follows. */
  readonly last: boolean;
  /** Shares memory with the packet. */
  readonly payload: Uint8Array;
}

/** Why there is no segment to be had; null when the packet is no business of BGP. */
export type NoSegment = 'link type' | 'fragment' | 'cut short' | null;

export const isSegment = (found: Segment | NoSegment): found is Segment =>
  typeof found === 'object' && found !== null;

const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const VLAN_TAGS: readonly number[] = [0x8100, 0x88a8, 0x9100];
const TCP = 6;
const BGP_PORT = 179;

/** By link type: where the EtherType stands, and how many octets come before what it names. */
const LINKS: Readonly<Record<number, { readonly typeAt: number; readonly head: number }>> = {
  1: { typeAt: 12, head: 14 },
  104: { typeAt: 2, head: 4 },
  113: { typeAt: 14, head: 16 },
  276: { typeAt: 0, head: 20 },
};

/** Link types in which the packet begins with an IP header, and how many octets are before it. */
const BARE: Readonly<Record<number, number>> = { 0: 4, 12: 0, 14: 0, 101: 0, 108: 4, 228: 0, 229: 0 };
const PPP = 9;

export function segmentOf({ link, bytes }: Packet): Segment | NoSegment {
  const bare = BARE[link];
  if (bare !== undefined) return ip(bytes, bare);
  // 0x21 and 0x57 in a field of two octets, before which FF 03 may stand.
  if (link === PPP) return ip(bytes, bytes[0] === 0xff ? 4 : 2);
  const form = LINKS[link];
  return form === undefined ? 'link type' : tagged(bytes, form.typeAt, form.head);
}

function tagged(bytes: Uint8Array, typeAt: number, head: number): Segment | NoSegment {
  if (bytes.length < head) return 'cut short';
  let type = readU16(bytes, typeAt);
  let at = head;
  while (VLAN_TAGS.includes(type) && at + 4 <= bytes.length) {
    type = readU16(bytes, at + 2);
    at += 4;
  }
  return type === IPV4 || type === IPV6 ? ip(bytes, at) : null;
}

function ip(bytes: Uint8Array, at: number): Segment | NoSegment {
  if (at >= bytes.length) return null;
  switch (bytes[at]! >>> 4) {
    case 4:
      return ipv4(bytes, at);
    case 6:
      return ipv6(bytes, at);
    default:
      return null;
  }
}

function ipv4(bytes: Uint8Array, at: number): Segment | NoSegment {
  if (at + 20 > bytes.length) return 'cut short';
  if (bytes[at + 9] !== TCP) return null;
  if ((readU16(bytes, at + 6) & 0x3fff) !== 0) return 'fragment';
  // A length of 0 is that of a packet which the network card was to cut up.
  const length = readU16(bytes, at + 2);
  const end = length === 0 ? bytes.length : at + length;
  return tcp(bytes, at + (bytes[at]! & 15) * 4, end, [at + 12, at + 16, 4]);
}

const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const DESTINATION = 60;

function ipv6(bytes: Uint8Array, at: number): Segment | NoSegment {
  if (at + 40 > bytes.length) return 'cut short';
  const length = readU16(bytes, at + 4);
  const end = length === 0 ? bytes.length : at + 40 + length;
  let next = bytes[at + 6]!;
  let header = at + 40;
  while (next === HOP_BY_HOP || next === ROUTING || next === DESTINATION) {
    if (header + 2 > bytes.length) return 'cut short';
    next = bytes[header]!;
    header += 8 + bytes[header + 1]! * 8;
  }
  if (next === FRAGMENT) return 'fragment';
  return next === TCP ? tcp(bytes, header, end, [at + 8, at + 24, 16]) : null;
}

type Addresses = readonly [source: number, destination: number, octets: number];

function tcp(
  bytes: Uint8Array,
  at: number,
  end: number,
  [source, destination, octets]: Addresses,
): Segment | NoSegment {
  if (at + 20 > bytes.length) return 'cut short';
  const ports = [readU16(bytes, at), readU16(bytes, at + 2)] as const;
  if (!ports.includes(BGP_PORT)) return null;
  const start = at + (bytes[at + 12]! >>> 4) * 4;
  if (start > end) return null;
  if (end > bytes.length) return 'cut short';
  const flags = bytes[at + 13]!;
  const name = (address: number, port: number): string =>
    `${toHex(bytes.subarray(address, address + octets))}:${port}`;
  return {
    from: name(source, ports[0]),
    to: name(destination, ports[1]),
    sequence: readU32(bytes, at + 4),
    syn: (flags & 2) !== 0,
    last: (flags & 5) !== 0,
    payload: bytes.subarray(start, end),
  };
}
