// How attribute values read for people: API, logs, command line. Never parsed back by the daemon's hot paths.

import { formatIpv4 } from '../base/ip.js';
import { familyLabel, WELL_KNOWN_COMMUNITIES } from './iana.js';
import type { AsPathSegment } from './types.js';

export { formatExtendedCommunity, formatIpv6ExtendedCommunity } from './extended-community-text.js';
export { formatAigp, formatTunnel } from './tunnel-text.js';

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

export const formatRouterId = (routerId: number): string => formatIpv4(routerId);

/** `ipv4-unicast`, `evpn`, or `afi 25 safi 3` for what has no name. */
export const formatAfiSafi = (afi: number, safi: number): string =>
  familyLabel(afi, safi) ?? `afi ${afi} safi ${safi}`;

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
