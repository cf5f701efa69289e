// RTM_*LINK and RTM_*ADDR payloads -> KernelLink and KernelAddress. Never writes.

import { type IpAddress, ipFromBytes } from '../../base/ip.js';
import type { KernelAddress, KernelLink, VxlanParameters } from '../types.js';
import { AF, IFA, IFADDRMSG_SIZE, IFF, IFINFOMSG_SIZE, IFLA, IFLA_INFO, IFLA_VXLAN } from './numbers.js';
import { eachAttribute, getI32, getU32 } from './octets.js';

const DECODER = new TextDecoder();

/**
 * Null when malformed, and for messages of another family than AF_UNSPEC: a bridge announces its ports with the same
 * types, and RTM_DELLINK then means "left the bridge".
 */
export function decodeLink(bytes: Uint8Array, view: DataView, body: number, end: number): KernelLink | null {
  if (end > bytes.length || end - body < IFINFOMSG_SIZE) return null;
  if (view.getUint8(body) !== AF.unspec) return null;
  const ifindex = getI32(view, body + 4);
  const flags = getU32(view, body + 8);
  let name = '';
  const more: LinkParts = {};
  const whole = eachAttribute(view, body + IFINFOMSG_SIZE, end, (type, from, to) => {
    if (type === IFLA.ifname) name = textAt(bytes, from, to);
    if (type === IFLA.mtu && to - from === 4) more.mtu = getU32(view, from);
    if (type === IFLA.address && to - from === MAC_OCTETS) more.mac = macText(bytes, from);
    if (type === IFLA.linkInfo) readLinkInfo(more, bytes, view, from, to);
  });
  if (!whole || ifindex <= 0) return null;
  return {
    ...more,
    ifindex,
    name,
    up: (flags & IFF.up) !== 0,
    running: (flags & IFF.lowerUp) !== 0,
    loopback: (flags & IFF.loopback) !== 0,
  };
}

export const MAC_OCTETS = 6;

type LinkParts = { -readonly [K in 'mtu' | 'mac' | 'linkKind' | 'vxlan']?: NonNullable<KernelLink[K]> };

/** `02:00:00:00:00:01`. */
export const macText = (bytes: Uint8Array, at: number): string =>
  Array.from(bytes.subarray(at, at + MAC_OCTETS), (octet) => octet.toString(16).padStart(2, '0')).join(':');

const textAt = (bytes: Uint8Array, from: number, to: number): string =>
  DECODER.decode(untilNul(bytes.subarray(from, to)));

/** What a walk meets behind an attribute whose length lies is left out. */
function readLinkInfo(link: LinkParts, bytes: Uint8Array, view: DataView, from: number, to: number): void {
  eachAttribute(view, from, to, (type, start, end) => {
    if (type === IFLA_INFO.kind) link.linkKind = textAt(bytes, start, end);
    if (type === IFLA_INFO.data && link.linkKind === 'vxlan') link.vxlan = readVxlan(bytes, view, start, end);
  });
}

function readVxlan(bytes: Uint8Array, view: DataView, from: number, to: number): VxlanParameters {
  const found: { -readonly [K in keyof VxlanParameters]: VxlanParameters[K] } = {
    vni: 0,
    port: 0,
    address: null,
  };
  eachAttribute(view, from, to, (type, start, end) => {
    const size = end - start;
    if (type === IFLA_VXLAN.id && size === 4) found.vni = getU32(view, start);
    if (type === IFLA_VXLAN.port && size === 2) found.port = view.getUint16(start);
    if (type === IFLA_VXLAN.local && size === 4) found.address = ipFromBytes(bytes, start, 4);
    if (type === IFLA_VXLAN.local6 && size === 16) found.address = ipFromBytes(bytes, start, 16);
  });
  return found;
}

function untilNul(bytes: Uint8Array): Uint8Array {
  const nul = bytes.indexOf(0);
  return nul < 0 ? bytes : bytes.subarray(0, nul);
}

/** IFA_LOCAL is our own address where the link has a peer's; IPv6 sends IFA_ADDRESS alone. Null when malformed. */
export function decodeAddress(
  bytes: Uint8Array,
  view: DataView,
  body: number,
  end: number,
): KernelAddress | null {
  if (end > bytes.length || end - body < IFADDRMSG_SIZE) return null;
  const family = view.getUint8(body);
  if (family !== AF.inet && family !== AF.inet6) return null;
  const size = family === AF.inet ? 4 : 16;
  const length = view.getUint8(body + 1);
  const found: { local: IpAddress | null; address: IpAddress | null } = { local: null, address: null };
  const whole = eachAttribute(view, body + IFADDRMSG_SIZE, end, (type, from, to) => {
    if (to - from !== size) return;
    if (type === IFA.local) found.local = ipFromBytes(bytes, from, size);
    if (type === IFA.address) found.address = ipFromBytes(bytes, from, size);
  });
  const address = found.local ?? found.address;
  if (!whole || address === null || length > size * 8) return null;
  return { ifindex: getU32(view, body + 4), address, length };
}
