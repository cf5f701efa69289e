// What follows from the host's own addresses: the default router id, the next hop of the other family for a dual-stack
// session. Reads nothing itself.

import { concatBytes } from '../../base/bytes.js';
import type { AddressFamily } from '../../base/family.js';
import { type IpAddress, ipEquals, ipToBytes, isLinkLocal, isLoopback } from '../../base/ip.js';
import { makePrefix, maxLength, type Prefix, prefixContainsIp } from '../../base/prefix.js';

/** `length` is that of the subnet; absent where it is not known. */
export type HostAddress = IpAddress & { readonly length?: number };

/** Addresses per interface name. */
export type HostAddresses = ReadonlyMap<string, readonly HostAddress[]>;

/** The first IPv4 address that is not loopback or link-local, as a router id; null when there is none. */
export function defaultRouterId(hosts: HostAddresses): number | null {
  for (const addresses of hosts.values()) {
    const usable = addresses.find((address) => address.family === 'ipv4' && isGlobal(address));
    if (usable?.family === 'ipv4') return usable.word;
  }
  return null;
}

/** How a session that is not plain reaches us. */
export interface NextHopContext {
  /** Of a session over link-local addresses. */
  readonly interface: string | null;
  /** RFC 8950: IPv4 routes may have the IPv6 address of the session as next hop. */
  readonly extended: boolean;
}

const PLAIN: NextHopContext = { interface: null, extended: false };

/**
 * Our next hop octets of one family for a session whose local address is `local`: that address when it is of the family
 * and others can reach it, else the first global one of the interface that holds `local`, else the first global one of
 * the host. On a link-local session the link-local address, after the global one of that interface where there is one.
 */
export function nextHopFor(
  family: AddressFamily,
  local: IpAddress,
  hosts: HostAddresses,
  { interface: name, extended }: NextHopContext = PLAIN,
): Uint8Array | null {
  const viaIpv6 = local.family === 'ipv6' && (family === 'ipv6' || extended);
  if (viaIpv6 && name !== null && isLinkLocal(local)) return onLink(local, hosts.get(name) ?? []);
  if (viaIpv6 && isGlobal(local)) return ipToBytes(local);
  if (local.family === family && isGlobal(local)) return ipToBytes(local);
  const owner = [...hosts.values()].find((addresses) =>
    addresses.some((address) => ipEquals(address, local)),
  );
  const candidates = [...(owner ?? []), ...[...hosts.values()].flat()];
  const found = candidates.find((address) => address.family === family && isGlobal(address));
  if (found !== undefined) return ipToBytes(found);
  return local.family === family ? ipToBytes(local) : null;
}

/** RFC 2545 3: 32 octets, or the link-local address alone where the interface has no other. */
function onLink(local: IpAddress, addresses: readonly IpAddress[]): Uint8Array {
  const global = addresses.find((address) => address.family === 'ipv6' && isGlobal(address));
  return global === undefined ? ipToBytes(local) : concatBytes([ipToBytes(global), ipToBytes(local)]);
}

/** The subnets of the interface with our end of a session, where one of them holds the peer, too. */
export function subnetsSharedWith(
  local: IpAddress,
  remote: IpAddress,
  hosts: HostAddresses,
): readonly Prefix[] {
  if (!isGlobal(local)) return [];
  const own = [...hosts.values()].find((addresses) => addresses.some((address) => ipEquals(address, local)));
  const subnets = (own ?? []).filter(isGlobal).flatMap(({ length, ...address }) => {
    const isHost = length === undefined || length === maxLength(address.family);
    return isHost ? [] : [makePrefix(address, length)];
  });
  return subnets.some((subnet) => prefixContainsIp(subnet, remote)) ? subnets : [];
}

export const isGlobal = (address: IpAddress): boolean => !isLoopback(address) && !isLinkLocal(address);
