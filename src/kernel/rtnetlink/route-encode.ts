// Route writes -> RTM_NEWROUTE and RTM_DELROUTE octets, many in one buffer. Sequence numbers count the messages, so an
// error names its write. Never reads.

import type { AddressFamily } from '../../base/family.js';
import { type IpAddress, ipToBytes } from '../../base/ip.js';
import type { KernelWrite, RouteWrite } from '../port.js';
import type { KernelNextHop } from '../types.js';
import { encodeObject, objectSize } from './nexthop-encode.js';
import {
  AF,
  NLM_F,
  NLMSGHDR_SIZE,
  RT_SCOPE,
  RTA,
  RTATTR_SIZE,
  RTM,
  RTMSG_SIZE,
  RTN,
  RTNEXTHOP_SIZE,
  RTNH_F_ONLINK,
} from './numbers.js';
import { align4, setU16, setU32 } from './octets.js';

/** Next hops as attributes; `flags` are the rtm_flags that belong to them. */
interface EncodedNextHops {
  readonly attributes: Uint8Array;
  readonly flags: number;
}

const KINDS = {
  add: { type: RTM.newRoute, flags: NLM_F.request | NLM_F.create | NLM_F.excl },
  replace: { type: RTM.newRoute, flags: NLM_F.request | NLM_F.replace },
  remove: { type: RTM.delRoute, flags: NLM_F.request },
} as const satisfies Record<RouteWrite['kind'], { type: number; flags: number }>;

const NO_HOPS: EncodedNextHops = { attributes: new Uint8Array(0), flags: 0 };

/** Everything of a message but its next hops, for an IPv6 prefix. */
const FIXED_SIZE =
  NLMSGHDR_SIZE + RTMSG_SIZE + (RTATTR_SIZE + 16) + 3 * (RTATTR_SIZE + 4) + (RTATTR_SIZE + 16);

/** Remembers octets per array of next hops, for one table of routes. */
export type NextHopCache = WeakMap<readonly KernelNextHop[], readonly [EncodedNextHops, EncodedNextHops]>;

/**
 * All writes in one buffer of whole messages, numbered from `sequence` on. Every `ackEvery`th and the last ask for an
 * acknowledgement, as do one that follows another and that other; errors are reported without asking.
 */
export function encodeWrites(
  writes: readonly KernelWrite[],
  sequence: number,
  ackEvery: number,
  cache: NextHopCache,
): Uint8Array<ArrayBuffer> {
  let size = 0;
  for (const write of writes) size += sizeOf(write, cache);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [i, write] of writes.entries()) {
    const next = writes[i + 1];
    const ack = (i + 1) % ackEvery === 0 || next === undefined || follows(write) || follows(next);
    const flags = ack ? NLM_F.ack : 0;
    at = isRoute(write)
      ? encodeRoute(bytes, view, at, write, sequence + i, flags, encoded(write, cache))
      : encodeObject(bytes, view, at, write, sequence + i, flags);
  }
  return bytes.subarray(0, at);
}

export const isRoute = (write: KernelWrite): write is RouteWrite =>
  write.kind === 'add' || write.kind === 'replace' || write.kind === 'remove';

const follows = (write: KernelWrite): boolean => isRoute(write) && write.follows === true;

/** Places in the batch of the writes that depend on the one before. */
export function followersIn(writes: readonly KernelWrite[]): readonly number[] {
  const found: number[] = [];
  for (let i = 1; i < writes.length; i++) if (follows(writes[i]!)) found.push(i);
  return found;
}

const sizeOf = (write: KernelWrite, cache: NextHopCache): number =>
  isRoute(write) ? FIXED_SIZE + encoded(write, cache).attributes.length : objectSize(write);

function encoded(write: RouteWrite, cache: NextHopCache): EncodedNextHops {
  if (write.object !== 0) return NO_HOPS;
  let pair = cache.get(write.nextHops);
  if (pair === undefined) {
    pair = [encodeNextHops(write.nextHops, 'ipv4'), encodeNextHops(write.nextHops, 'ipv6')];
    cache.set(write.nextHops, pair);
  }
  return pair[write.family === 'ipv4' ? 0 : 1];
}

function encodeRoute(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  write: RouteWrite,
  sequence: number,
  ack: number,
  hops: EncodedNextHops,
): number {
  const { type, flags } = KINDS[write.kind];
  let at = putRouteHeader(view, start + NLMSGHDR_SIZE, write, hops.flags);
  at = putDestination(view, at, write);
  at = putU32Attribute(view, at, RTA.table, write.identity.table);
  if (write.identity.metric !== 0) at = putU32Attribute(view, at, RTA.priority, write.identity.metric);
  if (write.source !== null) at = putSource(bytes, view, at, write.source);
  if (write.object !== 0) at = putU32Attribute(view, at, RTA.nhId, write.object);
  bytes.set(hops.attributes, at);
  at += hops.attributes.length;
  setU32(view, start, at - start);
  setU16(view, start + 4, type);
  setU16(view, start + 6, flags | ack);
  setU32(view, start + 8, sequence);
  return at;
}

function typeOf({ form, nextHops, object }: RouteWrite): number {
  if (form !== undefined && form.type !== 'other') return RTN[form.type];
  return nextHops.length === 0 && object === 0 ? RTN.blackhole : RTN.unicast;
}

/** struct rtmsg. A delete with scope "nowhere" matches any scope. */
function putRouteHeader(view: DataView, at: number, write: RouteWrite, flags: number): number {
  const { table, protocol } = write.identity;
  const removes = write.kind === 'remove';
  view.setUint8(at, write.family === 'ipv4' ? AF.inet : AF.inet6);
  view.setUint8(at + 1, write.length);
  view.setUint8(at + 4, table < 256 ? table : 0);
  view.setUint8(at + 5, protocol);
  view.setUint8(at + 6, removes ? RT_SCOPE.nowhere : (write.form?.scope ?? RT_SCOPE.universe));
  view.setUint8(at + 7, removes ? 0 : typeOf(write));
  setU32(view, at + 8, flags);
  return at + RTMSG_SIZE;
}

function putDestination(view: DataView, at: number, write: RouteWrite): number {
  const size = write.family === 'ipv4' ? 4 : 16;
  putAttributeHeader(view, at, RTA.dst, size);
  view.setUint32(at + 4, write.w0);
  if (size === 16) {
    view.setUint32(at + 8, write.w1);
    view.setUint32(at + 12, write.w2);
    view.setUint32(at + 16, write.w3);
  }
  return at + RTATTR_SIZE + size;
}

function putSource(bytes: Uint8Array, view: DataView, at: number, source: IpAddress): number {
  const octets = ipToBytes(source);
  putAttributeHeader(view, at, RTA.prefsrc, octets.length);
  bytes.set(octets, at + RTATTR_SIZE);
  return at + RTATTR_SIZE + octets.length;
}

function putAttributeHeader(view: DataView, at: number, type: number, size: number): void {
  setU16(view, at, RTATTR_SIZE + size);
  setU16(view, at + 2, type);
}

export function putU32Attribute(view: DataView, at: number, type: number, value: number): number {
  putAttributeHeader(view, at, type, 4);
  setU32(view, at + RTATTR_SIZE, value);
  return at + RTATTR_SIZE + 4;
}

function encodeNextHops(hops: readonly KernelNextHop[], family: AddressFamily): EncodedNextHops {
  if (hops.length === 0) return NO_HOPS;
  if (hops.length > 1) return { attributes: encodeMultipath(hops, family), flags: 0 };
  const hop = hops[0]!;
  const gateway = hop.gateway === null ? new Uint8Array(0) : encodeGateway(hop.gateway, family);
  const attributes = new Uint8Array(gateway.length + RTATTR_SIZE + 4);
  attributes.set(gateway);
  putU32Attribute(new DataView(attributes.buffer), gateway.length, RTA.oif, hop.ifindex);
  return { attributes, flags: hop.onlink ? RTNH_F_ONLINK : 0 };
}

/** RTA_GATEWAY, or RTA_VIA where the gateway is of the other family (RFC 8950). */
function encodeGateway(gateway: IpAddress, family: AddressFamily): Uint8Array {
  const address = ipToBytes(gateway);
  const via = gateway.family !== family;
  const size = address.length + (via ? 2 : 0);
  const bytes = new Uint8Array(align4(RTATTR_SIZE + size));
  const view = new DataView(bytes.buffer);
  putAttributeHeader(view, 0, via ? RTA.via : RTA.gateway, size);
  if (via) setU16(view, RTATTR_SIZE, gateway.family === 'ipv4' ? AF.inet : AF.inet6);
  bytes.set(address, RTATTR_SIZE + (via ? 2 : 0));
  return bytes;
}

function encodeMultipath(hops: readonly KernelNextHop[], family: AddressFamily): Uint8Array {
  const parts = hops.map((hop) => encodeMultipathHop(hop, family));
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(RTATTR_SIZE + size);
  putAttributeHeader(new DataView(bytes.buffer), 0, RTA.multipath, size);
  let at = RTATTR_SIZE;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** struct rtnexthop with its gateway; `rtnh_hops` is the weight less one. */
function encodeMultipathHop(hop: KernelNextHop, family: AddressFamily): Uint8Array {
  const gateway = hop.gateway === null ? new Uint8Array(0) : encodeGateway(hop.gateway, family);
  const bytes = new Uint8Array(RTNEXTHOP_SIZE + gateway.length);
  const view = new DataView(bytes.buffer);
  setU16(view, 0, bytes.length);
  view.setUint8(2, hop.onlink ? RTNH_F_ONLINK : 0);
  view.setUint8(3, Math.min(Math.max(hop.weight, 1), 256) - 1);
  setU32(view, 4, hop.ifindex);
  bytes.set(gateway, RTNEXTHOP_SIZE);
  return bytes;
}
