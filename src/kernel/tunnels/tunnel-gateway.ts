// The gateway of routes through a tunnel's device: an address that the other end has there, so that the kernel need not
// look for it anywhere else.

import { type IpAddress, ipv6 } from '../../base/ip.js';
import type { FibNextHop } from '../types.js';

/**
 * IPv4 takes any gateway that is said to be on the link. IPv6 takes none that another route leads to, so it is the
 * link-local address that belongs to the MAC of the other end (RFC 4291 appendix A).
 */
export function tunnelGateway({ address, tunnel }: FibNextHop): IpAddress {
  const end = tunnel?.end ?? null;
  return address.family === 'ipv4' || end === null ? address : linkLocalOf(end.mac);
}

function linkLocalOf(mac: string): IpAddress {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = mac
    .split(':')
    .map((octet) => Number.parseInt(octet, 16));
  const high = (((a ^ 2) << 24) | (b << 16) | (c << 8) | 0xff) >>> 0;
  const low = ((0xfe << 24) | (d << 16) | (e << 8) | f) >>> 0;
  return ipv6([0xfe800000, 0, high, low]);
}
