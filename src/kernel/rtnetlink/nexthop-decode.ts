// RTM_NEWNEXTHOP and RTM_DELNEXTHOP payloads -> KernelNexthop. Forms that we cannot use keep their id and have no hop;
// never writes.

import { type IpAddress, ipFromBytes } from '../../base/ip.js';
import type { KernelNexthop, NexthopMember } from '../types.js';
import { AF, NEXTHOP_GRP_SIZE, NEXTHOP_GRP_TYPE_RES, NHA, NHMSG_SIZE, RTNH_F_ONLINK } from './numbers.js';
import { eachAttribute, getU16, getU32 } from './octets.js';

interface NexthopParts {
  id: number;
  ifindex: number;
  gateway: IpAddress | null;
  members: readonly NexthopMember[] | null;
  resilient: boolean;
  /** Blackhole, fdb, encapsulated: nothing that a route of ours refers to. */
  special: boolean;
  malformed: boolean;
}

/** Null when malformed. `view` is of `bytes`. */
export function decodeNexthop(
  bytes: Uint8Array,
  view: DataView,
  body: number,
  end: number,
): KernelNexthop | null {
  if (end > bytes.length || end - body < NHMSG_SIZE) return null;
  const parts: NexthopParts = {
    id: 0,
    ifindex: 0,
    gateway: null,
    members: null,
    resilient: false,
    special: false,
    malformed: false,
  };
  const family = view.getUint8(body);
  const whole = eachAttribute(view, body + NHMSG_SIZE, end, (type, from, to) =>
    readPart(parts, bytes, view, family, type, from, to),
  );
  if (!whole || parts.malformed || parts.id === 0) return null;
  const { id, members, gateway, ifindex } = parts;
  const usable = !parts.special && members === null && ifindex > 0;
  const onlink = (getU32(view, body + 4) & RTNH_F_ONLINK) !== 0;
  return {
    id,
    protocol: view.getUint8(body + 2),
    hop: usable ? { gateway, ifindex, onlink, weight: 1 } : null,
    members: parts.special ? null : members,
    ...(parts.resilient ? { resilient: true } : {}),
  };
}

function readPart(
  parts: NexthopParts,
  bytes: Uint8Array,
  view: DataView,
  family: number,
  type: number,
  from: number,
  to: number,
): void {
  switch (type) {
    case NHA.id:
      if (to - from >= 4) parts.id = getU32(view, from);
      return;
    case NHA.oif:
      if (to - from >= 4) parts.ifindex = getU32(view, from);
      return;
    case NHA.gateway:
      parts.gateway = gatewayOf(bytes, family, from, to);
      parts.malformed ||= parts.gateway === null;
      return;
    case NHA.group:
      parts.members = membersOf(view, from, to);
      parts.malformed ||= parts.members === null;
      return;
    case NHA.groupType:
      if (to - from < 2) return;
      parts.resilient = getU16(view, from) === NEXTHOP_GRP_TYPE_RES;
      parts.special ||= getU16(view, from) > NEXTHOP_GRP_TYPE_RES;
      return;
    case NHA.blackhole:
    case NHA.encapType:
    case NHA.fdb:
      parts.special = true;
      return;
    default:
  }
}

function gatewayOf(bytes: Uint8Array, family: number, from: number, to: number): IpAddress | null {
  const size = family === AF.inet ? 4 : 16;
  return to - from === size ? ipFromBytes(bytes, from, size) : null;
}

/** struct nexthop_grp: an id and the weight less one. */
function membersOf(view: DataView, from: number, to: number): readonly NexthopMember[] | null {
  if ((to - from) % NEXTHOP_GRP_SIZE !== 0) return null;
  const members: NexthopMember[] = [];
  for (let at = from; at < to; at += NEXTHOP_GRP_SIZE)
    members.push({ id: getU32(view, at), weight: view.getUint8(at + 4) + 1 });
  return members;
}
