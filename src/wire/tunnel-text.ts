// TUNNEL_ENCAP and AIGP in words: API, logs, command line.

import { readU16, readU32, toHex } from '../base/bytes.js';
import { formatIp, ipFromBytes } from '../base/ip.js';
import { aigpMetric } from './attributes/aigp.js';
import { TUNNEL_NAMES, TUNNEL_SUB_TLV, TUNNEL_TYPE } from './iana.js';
import type { Tlv, Tunnel } from './types.js';

/** A sub-TLV whose value has another length than these is shown as octets. */
const NUMBERS: Readonly<Record<number, readonly [name: string, octets: number]>> = {
  [TUNNEL_SUB_TLV.protocol]: ['protocol', 2],
  [TUNNEL_SUB_TLV.dsField]: ['ds', 1],
  [TUNNEL_SUB_TLV.udpDestinationPort]: ['port', 2],
  [TUNNEL_SUB_TLV.embeddedLabelHandling]: ['embedded-label', 1],
};

/** `vxlan vni 4097 mac 02:00:00:00:00:01 endpoint 192.0.2.1`; parts without a customary form as `sub-tlv 12 0x...`. */
export const formatTunnel = ({ type, subTlvs }: Tunnel): string =>
  [TUNNEL_NAMES[type] ?? `tunnel ${type}`, ...subTlvs.map((tlv) => formatSubTlv(type, tlv))].join(' ');

function formatSubTlv(tunnel: number, { type, value }: Tlv): string {
  if (type === TUNNEL_SUB_TLV.encapsulation && tunnel === TUNNEL_TYPE.vxlan && isPlainVxlan(value))
    return formatVxlan(value);
  if (type === TUNNEL_SUB_TLV.egressEndpoint) return `endpoint ${formatEndpoint(value)}`;
  // RFC 9012 3.4.2: the value is a Color extended community.
  if (type === TUNNEL_SUB_TLV.color && value.length === 8) return `color ${readU32(value, 4)}`;
  const known = NUMBERS[type];
  if (known === undefined || known[1] !== value.length) return `sub-tlv ${type}${octetsText(value)}`;
  return `${known[0]} ${value.length === 1 ? value[0] : readU16(value, 0)}`;
}

/** RFC 9012 3.2.1: flags, VNI, MAC address, two octets reserved. */
const VXLAN_OCTETS = 12;
const VNI_VALID = 0x80;
const MAC_VALID = 0x40;

/** Nothing in it that the words would leave out. */
const isPlainVxlan = (value: Uint8Array): boolean =>
  value.length === VXLAN_OCTETS && (value[0]! & ~(VNI_VALID | MAC_VALID)) === 0 && readU16(value, 10) === 0;

function formatVxlan(value: Uint8Array): string {
  const flags = value[0]!;
  const mac = Array.from(value.subarray(4, 10), (octet) => octet.toString(16).padStart(2, '0')).join(':');
  const vni = (flags & VNI_VALID) === 0 ? 'no vni' : `vni ${readU32(value, 0) & 0xffffff}`;
  return `${vni} ${(flags & MAC_VALID) === 0 ? 'no mac' : `mac ${mac}`}`;
}

const octetsText = (value: Uint8Array): string => (value.length === 0 ? '' : ` 0x${toHex(value)}`);

/** RFC 9012 3.1: family 0 stands for the next hop of the route. */
function formatEndpoint(value: Uint8Array): string {
  const family = value.length < 6 ? -1 : readU16(value, 4);
  if (family === 0 && value.length === 6) return 'next-hop';
  if (family === 1 && value.length === 10) return formatIp(ipFromBytes(value, 6, 4));
  if (family === 2 && value.length === 22) return formatIp(ipFromBytes(value, 6, 16));
  return `0x${toHex(value)}`;
}

/** The metric in decimal, then TLVs other than the first metric as `tlv 2 0x...`. Empty when there are none. */
export function formatAigp(aigp: readonly Tlv[]): string {
  const metric = aigpMetric(aigp);
  const counted = aigp.findIndex(({ type }) => type === 1);
  const rest = aigp
    .filter((_tlv, i) => i !== counted)
    .map(({ type, value }) => `tlv ${type}${octetsText(value)}`);
  return [...(metric === null ? [] : [String(metric)]), ...rest].join(' ');
}
