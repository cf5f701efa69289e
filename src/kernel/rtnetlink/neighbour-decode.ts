// RTM_*NEIGH payloads -> who is behind an address, as far as the kernel knows, and where a tunnel sends frames. Never
// writes.

import { type IpAddress, ipFromBytes } from '../../base/ip.js';
import type { KernelChange } from '../port.js';
import { MAC_OCTETS, macText } from './link-address.js';
import { AF, NDA, NDMSG_SIZE, NUD } from './numbers.js';
import { eachAttribute, getI32, getU16, getU32 } from './octets.js';

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
): KernelChange | null {
  if (end > bytes.length || end - body < NDMSG_SIZE) return null;
  const forward = view.getUint8(body) === AF.bridge;
  if (!forward && !isTellingNeighbour(view, body, end, present)) return null;
  const { address, mac, vni } = readParts(bytes, view, body, end);
  const ifindex = getI32(view, body + 4);
  if (address === null || ifindex <= 0) return null;
  // A device's forwarding entries are listed to be compared; nobody follows them.
  if (forward)
    return mac === null || !present ? null : { kind: 'forward', forward: { ifindex, address, mac, vni } };
  const nud = getU16(view, body + 8);
  const state = !present ? 'gone' : (nud & VALID) !== 0 ? 'valid' : 'failed';
  const permanent = mac !== null && (nud & NUD.permanent) !== 0 ? { permanentMac: mac } : {};
  return { kind: 'neighbour', neighbour: { ifindex, address, state, ...permanent } };
}

interface Parts {
  address: IpAddress | null;
  mac: string | null;
  /** Told where it is not that of the device. */
  vni: number | null;
}

/** No address when malformed. The other end of a forwarding entry is of any family. */
function readParts(bytes: Uint8Array, view: DataView, body: number, end: number): Parts {
  const family = view.getUint8(body);
  const parts: Parts = { address: null, mac: null, vni: null };
  const whole = eachAttribute(view, body + NDMSG_SIZE, end, (type, from, to) => {
    const size = to - from;
    const fits =
      family === AF.inet ? size === 4 : family === AF.inet6 ? size === 16 : size === 4 || size === 16;
    if (type === NDA.dst && fits) parts.address = ipFromBytes(bytes, from, size === 4 ? 4 : 16);
    if (type === NDA.linkLayerAddress && size === MAC_OCTETS) parts.mac = macText(bytes, from);
    if (type === NDA.vni && size === 4) parts.vni = getU32(view, from);
  });
  return whole ? parts : { address: null, mac: null, vni: null };
}
