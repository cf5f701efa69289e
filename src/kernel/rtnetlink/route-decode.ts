// RTM_NEWROUTE and RTM_DELROUTE payloads -> KernelRoute. Attributes we do not know are stepped over; never writes.

import { type IpAddress, ipFromBytes } from '../../base/ip.js';
import { makePrefix } from '../../base/prefix.js';
import type { KernelNextHop, KernelRoute, RouteType } from '../types.js';
import { AF, RTA, RTM_F_CLONED, RTMSG_SIZE, RTN, RTNEXTHOP_SIZE, RTNH_F_ONLINK } from './numbers.js';
import { align4, eachAttribute, getI32, getU16, getU32 } from './octets.js';

const TYPES: ReadonlyMap<number, RouteType> = new Map<number, RouteType>([
  [RTN.unicast, 'unicast'],
  [RTN.local, 'local'],
  [RTN.blackhole, 'blackhole'],
  [RTN.unreachable, 'unreachable'],
  [RTN.prohibit, 'prohibit'],
  [RTN.throw, 'throw'],
]);

/** struct rtmsg with RTA_TABLE applied to `table`: what a filter needs to know. */
export interface RouteHeader {
  readonly table: number;
  readonly protocol: number;
  readonly type: number;
  /** A route that a plain look-up can meet: IPv4 or IPv6, no TOS, no source prefix, no cache entry. */
  readonly plain: boolean;
}

/** Null when the payload is shorter than the header. */
export function decodeRouteHeader(view: DataView, body: number, end: number): RouteHeader | null {
  if (end - body < RTMSG_SIZE) return null;
  let table = view.getUint8(body + 4);
  eachAttribute(view, body + RTMSG_SIZE, end, (type, from, to) => {
    if (type === RTA.table && to - from >= 4) table = getU32(view, from);
  });
  const protocol = view.getUint8(body + 5);
  return { table, protocol, type: view.getUint8(body + 7), plain: isPlain(view, body) };
}

function isPlain(view: DataView, body: number): boolean {
  const family = view.getUint8(body);
  if (family !== AF.inet && family !== AF.inet6) return false;
  if (view.getUint8(body + 2) !== 0 || view.getUint8(body + 3) !== 0) return false;
  return (getU32(view, body + 8) & RTM_F_CLONED) === 0;
}

interface RouteParts {
  dst: IpAddress | null;
  gateway: IpAddress | null;
  ifindex: number;
  metric: number;
  table: number;
  multipath: readonly KernelNextHop[] | null;
  object: number;
  source: IpAddress | null;
  /** Packets that take it are wrapped (MPLS, SEG6): no gateway is reached over it as it stands. */
  wrapped: boolean;
  malformed: boolean;
}

/** The payload of one route message; null when it is no plain IPv4 or IPv6 route or is malformed. */
export function decodeRoute(
  bytes: Uint8Array,
  view: DataView,
  body: number,
  end: number,
): KernelRoute | null {
  if (end > bytes.length || end - body < RTMSG_SIZE || !isPlain(view, body)) return null;
  const size = view.getUint8(body) === AF.inet ? 4 : 16;
  const length = view.getUint8(body + 1);
  const parts = readParts(bytes, view, body, end, size);
  if (parts === null || length > size * 8) return null;
  return {
    prefix: makePrefix(parts.dst ?? ipFromBytes(ZEROS, 0, size), length),
    table: parts.table,
    protocol: view.getUint8(body + 5),
    scope: view.getUint8(body + 6),
    type: parts.wrapped ? 'other' : (TYPES.get(view.getUint8(body + 7)) ?? 'other'),
    metric: parts.metric,
    nextHops: nextHopsOf(parts, (getU32(view, body + 8) & RTNH_F_ONLINK) !== 0),
    ...(parts.object === 0 ? {} : { object: parts.object }),
    ...(parts.source === null ? {} : { source: parts.source }),
  };
}

const ZEROS = new Uint8Array(16);

function readParts(
  bytes: Uint8Array,
  view: DataView,
  body: number,
  end: number,
  size: 4 | 16,
): RouteParts | null {
  const parts: RouteParts = {
    dst: null,
    gateway: null,
    ifindex: 0,
    metric: 0,
    table: view.getUint8(body + 4),
    multipath: null,
    object: 0,
    source: null,
    wrapped: false,
    malformed: false,
  };
  const whole = eachAttribute(view, body + RTMSG_SIZE, end, (type, from, to) => {
    readPart(parts, bytes, view, size, type, from, to);
  });
  return whole && !parts.malformed ? parts : null;
}

function readPart(
  parts: RouteParts,
  bytes: Uint8Array,
  view: DataView,
  size: 4 | 16,
  type: number,
  from: number,
  to: number,
): void {
  const length = to - from;
  switch (type) {
    case RTA.dst:
      parts.dst = decodeAddress(bytes, from, to, size);
      parts.malformed ||= parts.dst === null;
      return;
    case RTA.gateway:
      parts.gateway = decodeAddress(bytes, from, to, size);
      parts.malformed ||= parts.gateway === null;
      return;
    case RTA.via:
      parts.gateway = decodeVia(bytes, view, from, to);
      parts.malformed ||= parts.gateway === null;
      return;
    case RTA.oif:
      if (length >= 4) parts.ifindex = getI32(view, from);
      return;
    case RTA.priority:
      if (length >= 4) parts.metric = getU32(view, from);
      return;
    case RTA.table:
      if (length >= 4) parts.table = getU32(view, from);
      return;
    case RTA.multipath:
      parts.multipath = decodeMultipath(bytes, view, from, to, size, () => {
        parts.wrapped = true;
      });
      parts.malformed ||= parts.multipath === null;
      return;
    case RTA.nhId:
      if (length >= 4) parts.object = getU32(view, from);
      return;
    case RTA.prefsrc:
      parts.source = decodeAddress(bytes, from, to, size);
      return;
    case RTA.encapType:
      parts.wrapped ||= length >= 2 && getU16(view, from) !== 0;
      return;
    default:
  }
}

const decodeAddress = (bytes: Uint8Array, from: number, to: number, size: 4 | 16): IpAddress | null =>
  to - from === size ? ipFromBytes(bytes, from, size) : null;

/** struct rtvia: a family and an address of that family, often not of the route's own. */
function decodeVia(bytes: Uint8Array, view: DataView, from: number, to: number): IpAddress | null {
  if (to - from < 2) return null;
  const family = getU16(view, from);
  if (family === AF.inet) return decodeAddress(bytes, from + 2, to, 4);
  return family === AF.inet6 ? decodeAddress(bytes, from + 2, to, 16) : null;
}

function decodeMultipath(
  bytes: Uint8Array,
  view: DataView,
  from: number,
  to: number,
  size: 4 | 16,
  onWrapped: () => void,
): readonly KernelNextHop[] | null {
  const hops: KernelNextHop[] = [];
  let at = from;
  while (to - at >= RTNEXTHOP_SIZE) {
    const length = getU16(view, at);
    if (length < RTNEXTHOP_SIZE || length > to - at) return null;
    const hop = decodeNextHop(bytes, view, at, at + length, size, onWrapped);
    if (hop === null) return null;
    hops.push(hop);
    at += align4(length);
  }
  return hops;
}

/** struct rtnexthop and its attributes. */
function decodeNextHop(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  size: 4 | 16,
  onWrapped: () => void,
): KernelNextHop | null {
  let gateway: IpAddress | null = null;
  let sound = true;
  const whole = eachAttribute(view, at + RTNEXTHOP_SIZE, end, (type, from, to) => {
    if (type === RTA.encapType) onWrapped();
    if (type !== RTA.gateway && type !== RTA.via) return;
    gateway = type === RTA.via ? decodeVia(bytes, view, from, to) : decodeAddress(bytes, from, to, size);
    sound &&= gateway !== null;
  });
  if (!whole || !sound) return null;
  const onlink = (view.getUint8(at + 2) & RTNH_F_ONLINK) !== 0;
  return { gateway, ifindex: getI32(view, at + 4), onlink, weight: view.getUint8(at + 3) + 1 };
}

function nextHopsOf(parts: RouteParts, onlink: boolean): readonly KernelNextHop[] {
  if (parts.multipath !== null) return parts.multipath;
  if (parts.gateway === null && parts.ifindex === 0) return [];
  return [{ gateway: parts.gateway, ifindex: parts.ifindex, onlink, weight: 1 }];
}
