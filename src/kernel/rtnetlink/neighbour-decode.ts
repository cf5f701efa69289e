// RTM_*NEIGH payloads -> KernelNeighbour: who is behind a gateway's address, as far as the kernel knows. Never writes.

import { type IpAddress, ipFromBytes } from '../../base/ip.js';
import type { KernelNeighbour } from '../types.js';
import { AF, NDA, NDMSG_SIZE, NUD } from './numbers.js';
import { eachAttribute, getI32, getU16 } from './octets.js';

/** States in which the kernel sends to the neighbour. */
const VALID = NUD.reachable | NUD.stale | NUD.delay | NUD.probe | NUD.noArp | NUD.permanent;

/** An ARP or neighbour discovery entry that says something: a bridge's forwarding entries and unfinished ones do not. */
export function isTellingNeighbour(view: DataView, body: number, end: number, present: boolean): boolean {
  if (end - body < NDMSG_SIZE) return false;
  const family = view.getUint8(body);
  if (family !== AF.inet && family !== AF.inet6) return false;
  return !present || (getU16(view, body + 8) & (VALID | NUD.failed)) !== 0;
}

/** Null when malformed or of no concern. */
export function decodeNeighbour(
  bytes: Uint8Array,
  view: DataView,
  body: number,
  end: number,
  present: boolean,
): KernelNeighbour | null {
  if (end > bytes.length || !isTellingNeighbour(view, body, end, present)) return null;
  const size = view.getUint8(body) === AF.inet ? 4 : 16;
  const found: { address: IpAddress | null } = { address: null };
  const whole = eachAttribute(view, body + NDMSG_SIZE, end, (type, from, to) => {
    if (type === NDA.dst && to - from === size) found.address = ipFromBytes(bytes, from, size);
  });
  const ifindex = getI32(view, body + 4);
  if (!whole || found.address === null || ifindex <= 0) return null;
  const state = !present ? 'gone' : (getU16(view, body + 8) & VALID) !== 0 ? 'valid' : 'failed';
  return { ifindex, address: found.address, state };
}
