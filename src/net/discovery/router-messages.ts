// Router solicitations and advertisements (RFC 4861 4.1, 4.2): the octets, without the checksum, which the kernel fills in.

import { ipv6 } from '../../base/ip.js';

export const SOLICITATION = 133;
export const ADVERTISEMENT = 134;

/** ff02::1 and ff02::2: all nodes and all routers of the link. */
export const ALL_NODES = ipv6([0xff020000, 0, 0, 1]);
export const ALL_ROUTERS = ipv6([0xff020000, 0, 0, 2]);

export const ROUTER_SOLICITATION: Uint8Array = Uint8Array.of(SOLICITATION, 0, 0, 0, 0, 0, 0, 0);

/** Router lifetime 0: we are there, and nobody's default router. It names no prefix and sets nothing. */
export const ROUTER_ADVERTISEMENT: Uint8Array = Uint8Array.of(
  ADVERTISEMENT,
  ...new Array<number>(15).fill(0),
);

/** RFC 4861 6.1: null for anything else, and for what is too short. */
export function kindOfMessage(bytes: Uint8Array, length: number): 'solicitation' | 'advertisement' | null {
  if (length >= 8 && bytes[0] === SOLICITATION && bytes[1] === 0) return 'solicitation';
  return length >= 16 && bytes[0] === ADVERTISEMENT && bytes[1] === 0 ? 'advertisement' : null;
}
