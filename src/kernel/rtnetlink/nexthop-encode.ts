// Writes of nexthop objects -> RTM_NEWNEXTHOP and RTM_DELNEXTHOP octets. Never reads.

import { ipToBytes } from '../../base/ip.js';
import type { ObjectWrite } from '../port.js';
import type { KernelNextHop, NexthopMember } from '../types.js';
import {
  AF,
  NEXTHOP_GRP_SIZE,
  NEXTHOP_GRP_TYPE_RES,
  NHA,
  NHA_RES,
  NHMSG_SIZE,
  NLA_F_NESTED,
  NLM_F,
  NLMSGHDR_SIZE,
  RTATTR_SIZE,
  RTM,
  RTNH_F_ONLINK,
} from './numbers.js';
import { setU16, setU32 } from './octets.js';
import { putU32Attribute } from './route-encode.js';

/** RTM_NEWNEXTHOP with these flags makes an object or changes it in place. */
const SET = NLM_F.request | NLM_F.create | NLM_F.replace;
/** The kernel takes weights from 1 to 255 here. */
const LARGEST_WEIGHT = 255;

/** Four for each of the most members that a set may have; the kernel refuses another number later. */
const BUCKETS = 256;
/** Hundredths of a second: a bucket without packets for so long may go to a member that has too few. */
const IDLE_TIMER = 1000;
/** The same: after that long with too few it gets busy ones as well. */
const UNBALANCED_TIMER = 12_000;
/** NHA_RES_GROUP with three attributes of 8 octets. */
const RES_GROUP_SIZE = RTATTR_SIZE + 3 * 8;

/** Octets that `encodeObject` needs. */
export function objectSize(write: ObjectWrite): number {
  const base = NLMSGHDR_SIZE + NHMSG_SIZE + 8;
  switch (write.kind) {
    case 'setHop':
      return base + 8 + (RTATTR_SIZE + 16);
    case 'setGroup':
      return (
        base +
        RTATTR_SIZE +
        write.members.length * NEXTHOP_GRP_SIZE +
        (write.resilient ? 8 + RES_GROUP_SIZE : 0)
      );
    case 'dropObject':
      return base;
    default:
      return write satisfies never;
  }
}

/** Writes one message at `start`; returns where it ends. `flags` are added to those of the request. */
export function encodeObject(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  write: ObjectWrite,
  sequence: number,
  flags: number,
): number {
  const drops = write.kind === 'dropObject';
  let at = start + NLMSGHDR_SIZE + NHMSG_SIZE;
  if (write.kind !== 'dropObject') view.setUint8(start + NLMSGHDR_SIZE + 2, write.protocol);
  at = putU32Attribute(view, at, NHA.id, write.id);
  if (write.kind === 'setHop') at = putHop(bytes, view, start + NLMSGHDR_SIZE, at, write);
  if (write.kind === 'setGroup') at = putMembers(view, at, write.members);
  if (write.kind === 'setGroup' && write.resilient) at = putResilient(view, at);
  setU32(view, start, at - start);
  setU16(view, start + 4, drops ? RTM.delNexthop : RTM.newNexthop);
  setU16(view, start + 6, (drops ? NLM_F.request : SET) | flags);
  setU32(view, start + 8, sequence);
  return at;
}

/** The family of the object is that of its gateway; without one it is the route's. */
function putHop(
  bytes: Uint8Array,
  view: DataView,
  header: number,
  at: number,
  { hop, family }: Extract<ObjectWrite, { kind: 'setHop' }>,
): number {
  const own = hop.gateway?.family ?? family;
  view.setUint8(header, own === 'ipv4' ? AF.inet : AF.inet6);
  setU32(view, header + 4, hop.onlink ? RTNH_F_ONLINK : 0);
  const next = putU32Attribute(view, at, NHA.oif, hop.ifindex);
  return hop.gateway === null ? next : putGateway(bytes, view, next, hop.gateway);
}

function putGateway(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  gateway: NonNullable<KernelNextHop['gateway']>,
): number {
  const octets = ipToBytes(gateway);
  setU16(view, at, RTATTR_SIZE + octets.length);
  setU16(view, at + 2, NHA.gateway);
  bytes.set(octets, at + RTATTR_SIZE);
  return at + RTATTR_SIZE + octets.length;
}

function putResilient(view: DataView, start: number): number {
  setU16(view, start, RTATTR_SIZE + 2);
  setU16(view, start + 2, NHA.groupType);
  setU16(view, start + 4, NEXTHOP_GRP_TYPE_RES);
  const group = start + 8;
  setU16(view, group, RES_GROUP_SIZE);
  setU16(view, group + 2, NHA.resilient | NLA_F_NESTED);
  const buckets = group + RTATTR_SIZE;
  setU16(view, buckets, RTATTR_SIZE + 2);
  setU16(view, buckets + 2, NHA_RES.buckets);
  setU16(view, buckets + 4, BUCKETS);
  const timers = putU32Attribute(view, buckets + 8, NHA_RES.idleTimer, IDLE_TIMER);
  return putU32Attribute(view, timers, NHA_RES.unbalancedTimer, UNBALANCED_TIMER);
}

function putMembers(view: DataView, start: number, members: readonly NexthopMember[]): number {
  const size = RTATTR_SIZE + members.length * NEXTHOP_GRP_SIZE;
  setU16(view, start, size);
  setU16(view, start + 2, NHA.group);
  let at = start + RTATTR_SIZE;
  for (const { id, weight } of members) {
    setU32(view, at, id);
    view.setUint8(at + 4, Math.min(weight, LARGEST_WEIGHT) - 1);
    at += NEXTHOP_GRP_SIZE;
  }
  return at;
}
