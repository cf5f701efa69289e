// What this process may do, read from /proc. In a user namespace the capability counts for its network namespaces.

import { readFileSync } from 'node:fs';

const CAP_NET_ADMIN = 12n;

/** True when the effective set holds CAP_NET_ADMIN; false as well where there is no /proc. */
export function hasNetAdmin(): boolean {
  try {
    return parseNetAdmin(readFileSync('/proc/self/status', 'utf8'));
  } catch {
    return false;
  }
}

/** The text of /proc/self/status in, whether CapEff has CAP_NET_ADMIN out. */
export function parseNetAdmin(status: string): boolean {
  const digits = /^CapEff:\s*([0-9a-fA-F]+)$/m.exec(status)?.[1];
  return digits !== undefined && ((BigInt(`0x${digits}`) >> CAP_NET_ADMIN) & 1n) === 1n;
}
