// How attribute values read for people: API, logs, command line. Never parsed back by the daemon's hot paths.

import { readU16, readU32, toHex } from '../base/bytes.js';
import { formatIpv4 } from '../base/ip.js';
import { familyOf, WELL_KNOWN_COMMUNITIES } from './iana.js';
import type { AsPathSegment } from './types.js';

/** `65001 65002 {65003,65004}`; confederation sequences in `( )`, confederation sets in `[ ]`. */
export const formatAsPath = (segments: readonly AsPathSegment[]): string =>
  segments.map(formatSegment).join(' ');

function formatSegment(segment: AsPathSegment): string {
  switch (segment.kind) {
    case 'sequence':
      return segment.asns.join(' ');
    case 'set':
      return `{${segment.asns.join(',')}}`;
    case 'confedSequence':
      return `(${segment.asns.join(' ')})`;
    case 'confedSet':
      return `[${segment.asns.join(',')}]`;
  }
}

/** The registered name, or `high:low` in decimal. */
export const formatCommunity = (community: number): string =>
  WELL_KNOWN_COMMUNITIES[community] ?? `${community >>> 16}:${community & 0xffff}`;

export const formatLargeCommunity = (community: readonly [number, number, number]): string =>
  community.join(':');

/** RFC 4360 types with an administrator field: the sub-types that have a customary short name. */
const EXTENDED_NAMES: Readonly<Record<number, string>> = { 2: 'rt', 3: 'soo' };

/** `rt:65001:100`, `soo:192.0.2.1:7`, `bandwidth:65001:125000000` (octets a second), else the octets as `0x...`. */
export function formatExtendedCommunity(octets: Uint8Array): string {
  const type = octets[0]! & 0xbf;
  const subtype = octets[1]!;
  if (type === 0 && subtype === 4) return `bandwidth:${readU16(octets, 2)}:${readFloat(octets, 4)}`;
  const name = EXTENDED_NAMES[subtype];
  if (name !== undefined && type === 0) return `${name}:${readU16(octets, 2)}:${readU32(octets, 4)}`;
  if (name !== undefined && type === 1)
    return `${name}:${formatIpv4(readU32(octets, 2))}:${readU16(octets, 6)}`;
  if (name !== undefined && type === 2) return `${name}:${readU32(octets, 2)}:${readU16(octets, 6)}`;
  return `0x${toHex(octets)}`;
}

const readFloat = (octets: Uint8Array, offset: number): number =>
  new DataView(octets.buffer, octets.byteOffset, octets.length).getFloat32(offset);

export const formatRouterId = (routerId: number): string => formatIpv4(routerId);

/** `ipv4-unicast`, `ipv6-unicast`, or `afi 25 safi 70` for what we do not route. */
export function formatAfiSafi(afi: number, safi: number): string {
  const family = familyOf(afi, safi);
  if (family === null) return `afi ${afi} safi ${safi}`;
  return family === 0 ? 'ipv4-unicast' : 'ipv6-unicast';
}

/** Peers choose this text: what could steer a terminal or reorder a log line is replaced. */
export function sanitizeText(octets: Uint8Array): string {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(octets);
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu, '\ufffd');
}

/** UTF-8 octets of a text, cut between characters to at most `limit` octets. */
export function encodeText(text: string, limit: number): Uint8Array {
  const octets = new TextEncoder().encode(text);
  if (octets.length <= limit) return octets;
  let end = limit;
  while (end > 0 && (octets[end]! & 0xc0) === 0x80) end--;
  return octets.slice(0, end);
}
