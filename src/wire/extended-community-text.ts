// Extended communities in words (RFC 4360, 5701, 8955, 9012, 7432): `name:administrator:value`. What has no customary
// form reads as its octets.

import { readU16, readU32, toHex } from '../base/bytes.js';
import { formatIp, formatIpv4, ipFromBytes } from '../base/ip.js';
import { TUNNEL_NAMES } from './iana.js';

/** The octets of one community to words; null when its form has none after all. */
type Phrase = (octets: Uint8Array) => string | null;

/** The bit that says "not across ASes" is not part of the kind. */
const KIND_MASK = 0xbf;

const asn2 = (octets: Uint8Array): string => `${readU16(octets, 2)}:${readU32(octets, 4)}`;
const ipv4 = (octets: Uint8Array): string => `${formatIpv4(readU32(octets, 2))}:${readU16(octets, 6)}`;
const asn4 = (octets: Uint8Array): string => `${readU32(octets, 2)}:${readU16(octets, 6)}`;
const mac = (octets: Uint8Array, at: number): string =>
  [...octets.subarray(at, at + 6)].map((octet) => octet.toString(16).padStart(2, '0')).join(':');
const float = (octets: Uint8Array, at: number): number =>
  new DataView(octets.buffer, octets.byteOffset, octets.length).getFloat32(at);

/** Octets a second, as RFC 8955 7.1 and draft-ietf-idr-link-bandwidth have them. */
const rate = (octets: Uint8Array): string => `${readU16(octets, 2)}:${float(octets, 4)}`;

const named =
  (name: string, rest: Phrase): Phrase =>
  (octets) => {
    const text = rest(octets);
    return text === null ? null : text === '' ? name : `${name}:${text}`;
  };

/** The kinds that exist with each of the three forms of administrator. */
const administered = (subtype: number, name: string): readonly (readonly [number, Phrase])[] => [
  [subtype, named(name, asn2)],
  [0x0100 | subtype, named(name, ipv4)],
  [0x0200 | subtype, named(name, asn4)],
];

const VALIDATION: Readonly<Record<number, string>> = { 0: 'valid', 1: 'not-found', 2: 'invalid' };
const TRAFFIC_ACTION: Readonly<Record<number, string>> = {
  0: '',
  1: 'terminal',
  2: 'sample',
  3: 'terminal,sample',
};

/** By type without the transitive bit, and sub-type. */
const PHRASES: ReadonlyMap<number, Phrase> = new Map<number, Phrase>([
  ...administered(0x02, 'rt'),
  ...administered(0x03, 'soo'),
  ...administered(0x05, 'ospf-domain'),
  [0x0004, named('bandwidth', rate)],
  [0x0107, named('ospf-router', (o) => formatIpv4(readU32(o, 2)))],
  [0x0300, named('validation', (o) => VALIDATION[o[7]!] ?? null)],
  [0x0306, named('ospf-route', (o) => `${formatIpv4(readU32(o, 2))}:${o[6]}:${o[7]}`)],
  [0x030b, named('color', (o) => String(readU32(o, 4)))],
  [0x030c, named('encapsulation', (o) => TUNNEL_NAMES[readU16(o, 6)] ?? String(readU16(o, 6)))],
  [0x030d, named('default-gateway', () => '')],
  [0x0600, named('mac-mobility', (o) => `${readU32(o, 4)}${(o[2]! & 1) === 0 ? '' : ':sticky'}`)],
  [
    0x0601,
    named('esi-label', (o) => `${(readU32(o, 4) & 0xffffff) >>> 4}${(o[2]! & 1) === 0 ? '' : ':single'}`),
  ],
  [0x0602, named('es-import', (o) => mac(o, 2))],
  [0x0603, named('router-mac', (o) => mac(o, 2))],
  [0x8006, named('traffic-rate', rate)],
  [0x8007, named('traffic-action', (o) => TRAFFIC_ACTION[o[7]! & 3] ?? null)],
  [0x8008, named('redirect', asn2)],
  [0x8108, named('redirect', ipv4)],
  [0x8208, named('redirect', asn4)],
  [0x8009, named('traffic-marking', (o) => String(o[7]! & 0x3f))],
]);

/** 8 octets: `rt:65001:100`, `soo:192.0.2.1:7`, `bandwidth:65001:125000000` (octets a second), else `0x...`. */
export function formatExtendedCommunity(octets: Uint8Array): string {
  const phrase = PHRASES.get(((octets[0]! & KIND_MASK) << 8) | octets[1]!);
  return phrase?.(octets) ?? `0x${toHex(octets)}`;
}

const IPV6_NAMES: Readonly<Record<number, string>> = { 2: 'rt', 3: 'soo', 12: 'redirect', 13: 'redirect' };

/** 20 octets (RFC 5701): `rt:[2001:db8::1]:100`, else `0x...`. */
export function formatIpv6ExtendedCommunity(octets: Uint8Array): string {
  const name = (octets[0]! & KIND_MASK) === 0 ? IPV6_NAMES[octets[1]!] : undefined;
  if (name === undefined) return `0x${toHex(octets)}`;
  return `${name}:[${formatIp(ipFromBytes(octets, 2, 16))}]:${readU16(octets, 18)}`;
}
