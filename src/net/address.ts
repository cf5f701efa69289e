// Addresses as node:net writes them: the zone of a link-local address travels in the text.

import { formatIp, type IpAddress, ipv4, isLinkLocal, parseIp } from '../base/ip.js';

export interface SocketAddress {
  readonly address: IpAddress;
  /** Interface of a link-local address, else null. */
  readonly interface: string | null;
}

/** `192.0.2.1`, `fe80::1%eth1`; an IPv4-mapped address comes back as IPv4. Null when it is none of these. */
export function parseSocketAddress(text: string): SocketAddress | null {
  const percent = text.indexOf('%');
  const parsed = parseIp(percent < 0 ? text : text.slice(0, percent));
  if (parsed === null) return null;
  return { address: unmapped(parsed), interface: percent < 0 ? null : text.slice(percent + 1) };
}

const unmapped = (address: IpAddress): IpAddress => {
  if (address.family === 'ipv4') return address;
  const [w0, w1, w2, w3] = address.words;
  return w0 === 0 && w1 === 0 && w2 === 0xffff ? ipv4(w3) : address;
};

export const formatSocketAddress = ({ address, interface: zone }: SocketAddress): string =>
  zone !== null && address.family === 'ipv6' && isLinkLocal(address)
    ? `${formatIp(address)}%${zone}`
    : formatIp(address);
