// The host's own addresses: the default router id, and the next hop of the other family for a dual-stack session.

import { networkInterfaces } from 'node:os';
import type { AddressFamily } from '../base/family.js';
import { type IpAddress, ipEquals, ipToBytes, isLinkLocal, isLoopback, parseIp } from '../base/ip.js';

/** Addresses per interface name. */
export type HostAddresses = ReadonlyMap<string, readonly IpAddress[]>;

/** Milliseconds for which an answer holds: a thousand sessions that come up together ask the system once. */
const FRESH = 1000;

export function cachedHostAddresses(now: () => number): () => HostAddresses {
  let known: HostAddresses | null = null;
  let readAt = 0;
  return () => {
    if (known === null || now() - readAt >= FRESH) {
      known = readHostAddresses();
      readAt = now();
    }
    return known;
  };
}

function readHostAddresses(): HostAddresses {
  const found = new Map<string, readonly IpAddress[]>();
  for (const [name, entries] of Object.entries(networkInterfaces())) {
    const addresses = (entries ?? []).map(({ address }) => parseIp(address));
    found.set(
      name,
      addresses.filter((address) => address !== null),
    );
  }
  return found;
}

/** The first IPv4 address that is not loopback or link-local, as a router id; null when there is none. */
export function defaultRouterId(hosts: HostAddresses): number | null {
  for (const addresses of hosts.values()) {
    const usable = addresses.find((address) => address.family === 'ipv4' && isGlobal(address));
    if (usable?.family === 'ipv4') return usable.word;
  }
  return null;
}

/**
 * Our next hop octets of one family for a session whose local address is `local`: that address when it is of the family
 * and others can reach it, else the first global one of the interface that holds `local`, else the first global one of
 * the host.
 */
export function nextHopFor(family: AddressFamily, local: IpAddress, hosts: HostAddresses): Uint8Array | null {
  if (local.family === family && isGlobal(local)) return ipToBytes(local);
  const owner = [...hosts.values()].find((addresses) =>
    addresses.some((address) => ipEquals(address, local)),
  );
  const candidates = [...(owner ?? []), ...[...hosts.values()].flat()];
  const found = candidates.find((address) => address.family === family && isGlobal(address));
  if (found !== undefined) return ipToBytes(found);
  return local.family === family ? ipToBytes(local) : null;
}

const isGlobal = (address: IpAddress): boolean => !isLoopback(address) && !isLinkLocal(address);

/** The same answer for all who ask in one turn of the event loop: a host may have thousands of interfaces. */
export function onceATurn(read: () => HostAddresses, defer: (task: () => void) => void): () => HostAddresses {
  let known: HostAddresses | null = null;
  return () => {
    if (known === null) {
      known = read();
      defer(() => {
        known = null;
      });
    }
    return known;
  };
}
