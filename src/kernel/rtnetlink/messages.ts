// Whole rtnetlink messages: notifications and listing rows -> KernelChange, answers -> what they say, requests to list.

import type { AddressFamily } from '../../base/family.js';
import type { KernelChange, PortFilter, RouteArrival } from '../port.js';
import { decodeAddress, decodeLink } from './link-address.js';
import { decodeNeighbour, isTellingNeighbour } from './neighbour-decode.js';
import { decodeNexthop } from './nexthop-decode.js';
import {
  AF,
  IFADDRMSG_SIZE,
  IFINFOMSG_SIZE,
  IFLA,
  NDA,
  NDMSG_SIZE,
  NHMSG_SIZE,
  NLM,
  NLM_F,
  NLMSGHDR_SIZE,
  RTA,
  RTM,
  RTMSG_SIZE,
  RTN,
  WITHOUT_STATISTICS,
} from './numbers.js';
import { getI32, getU32, type MessageSpan, messageAt, setU16, setU32 } from './octets.js';
import { decodeRoute, decodeRouteHeader } from './route-decode.js';
import { putU32Attribute } from './route-encode.js';
import type { RouteMemo } from './route-memo.js';

/** Null for a message that is malformed or of no concern. `view` is of `bytes`; `memo`: where many routes come together. */
export function decodeChange(
  bytes: Uint8Array,
  view: DataView,
  span: MessageSpan,
  memo: RouteMemo | null = null,
): KernelChange | null {
  const { type, body, end } = span;
  switch (type) {
    case RTM.newRoute:
    case RTM.delRoute: {
      const route = memo === null ? decodeRoute(bytes, view, body, end) : memo.decode(bytes, view, body, end);
      const present = type === RTM.newRoute;
      if (route === null) return null;
      return { kind: 'route', present, arrival: arrivalOf(span.flags), route, sender: senderOf(view, span) };
    }
    case RTM.newLink:
    case RTM.delLink: {
      const link = decodeLink(bytes, view, body, end);
      return link === null ? null : { kind: 'link', present: type === RTM.newLink, link };
    }
    case RTM.newAddress:
    case RTM.delAddress: {
      const address = decodeAddress(bytes, view, body, end);
      return address === null ? null : { kind: 'address', present: type === RTM.newAddress, address };
    }
    case RTM.newNexthop:
    case RTM.delNexthop: {
      const nexthop = decodeNexthop(bytes, view, body, end);
      return nexthop === null ? null : { kind: 'nexthop', present: type === RTM.newNexthop, nexthop };
    }
    case RTM.newNeighbour:
    case RTM.delNeighbour:
      return decodeNeighbour(bytes, view, body, end, type === RTM.newNeighbour);
    default:
      return null;
  }
}

/** nlmsg_pid: in a notification, who asked for the change. */
const senderOf = (view: DataView, span: MessageSpan): number => getU32(view, span.start + 12);

const arrivalOf = (flags: number): RouteArrival =>
  (flags & NLM_F.replace) !== 0 ? 'replace' : (flags & NLM_F.append) !== 0 ? 'append' : 'new';

/** How one message from the kernel ends or continues an exchange. */
export type Answer =
  | { readonly kind: 'ack'; readonly sequence: number }
  | { readonly kind: 'error'; readonly sequence: number; readonly errno: number }
  | { readonly kind: 'done'; readonly sequence: number; readonly errno: number }
  | { readonly kind: 'row'; readonly sequence: number };

/** NLMSG_ERROR and NLMSG_DONE carry a negative errno; a short one counts as success. */
export function decodeAnswer(view: DataView, span: MessageSpan): Answer {
  const { sequence, body, end } = span;
  const errno = end - body >= 4 ? -getI32(view, body) : 0;
  if (span.type === NLM.done) return { kind: 'done', sequence, errno };
  if (span.type !== NLM.error) return { kind: 'row', sequence };
  return errno === 0 ? { kind: 'ack', sequence } : { kind: 'error', sequence, errno };
}

/** Route types that say something about where a packet goes. */
const FORWARDING: ReadonlySet<number> = new Set([
  RTN.unicast,
  RTN.blackhole,
  RTN.unreachable,
  RTN.prohibit,
  RTN.throw,
]);

/**
 * Whether the main thread wants this message: every link and address, plain forwarding routes of our tables, neighbours
 * where they are asked for.
 */
export function passesFilter(view: DataView, span: MessageSpan, filter: PortFilter): boolean {
  switch (span.type) {
    case RTM.newRoute:
    case RTM.delRoute: {
      const header = decodeRouteHeader(view, span.body, span.end);
      return header?.plain === true && FORWARDING.has(header.type) && filter.tables.includes(header.table);
    }
    case RTM.newLink:
    case RTM.delLink:
    case RTM.newAddress:
    case RTM.delAddress:
    case RTM.newNexthop:
    case RTM.delNexthop:
      return true;
    case RTM.newNeighbour:
    case RTM.delNeighbour:
      return (
        filter.neighbours === true &&
        isTellingNeighbour(view, span.body, span.end, span.type === RTM.newNeighbour)
      );
    default:
      return false;
  }
}

/** rtm_protocol of a route message that passed the filter. */
export const routeProtocol = (view: DataView, span: MessageSpan): number =>
  span.end - span.body >= RTMSG_SIZE ? view.getUint8(span.body + 5) : -1;

/** Every message in the octets, as far as they are whole. */
export function* messagesIn(view: DataView): Generator<MessageSpan> {
  for (let at = 0; ; ) {
    const span = messageAt(view, at);
    if (span === null) return;
    yield span;
    at = span.next;
  }
}

const listRequest = (type: number, size: number, sequence: number): DataView => {
  const view = new DataView(new ArrayBuffer(NLMSGHDR_SIZE + size));
  setU32(view, 0, view.byteLength);
  setU16(view, 4, type);
  setU16(view, 6, NLM_F.request | NLM_F.dump);
  setU32(view, 8, sequence);
  return view;
};

const octets = (view: DataView): Uint8Array => new Uint8Array(view.buffer);

/** Without their counters, which are a quarter of what the kernel would say, and are summed over all processors for it. */
export function listLinks(sequence: number): Uint8Array {
  const view = listRequest(RTM.getLink, IFINFOMSG_SIZE + 8, sequence);
  putU32Attribute(view, NLMSGHDR_SIZE + IFINFOMSG_SIZE, IFLA.extMask, WITHOUT_STATISTICS);
  return octets(view);
}

export const listAddresses = (sequence: number): Uint8Array =>
  octets(listRequest(RTM.getAddress, IFADDRMSG_SIZE, sequence));

export const listNexthops = (sequence: number): Uint8Array =>
  octets(listRequest(RTM.getNexthop, NHMSG_SIZE, sequence));

/** Neighbours of one interface; an old kernel, or one that is not strict, lists those of all. */
export function listNeighbours(sequence: number, family: AddressFamily, ifindex: number): Uint8Array {
  const view = listRequest(RTM.getNeighbour, NDMSG_SIZE + 8, sequence);
  view.setUint8(NLMSGHDR_SIZE, family === 'ipv4' ? AF.inet : AF.inet6);
  putU32Attribute(view, NLMSGHDR_SIZE + NDMSG_SIZE, NDA.ifindex, ifindex);
  return octets(view);
}

/** Forwarding entries of one interface. */
export function listForwards(sequence: number, ifindex: number): Uint8Array {
  const view = listRequest(RTM.getNeighbour, NDMSG_SIZE, sequence);
  view.setUint8(NLMSGHDR_SIZE, AF.bridge);
  setU32(view, NLMSGHDR_SIZE + 4, ifindex);
  return octets(view);
}

/** With NETLINK_GET_STRICT_CHK the kernel itself narrows to `table` and `ifindex`; 0 is any. */
export function listRoutes(
  sequence: number,
  family: AddressFamily,
  table: number,
  ifindex: number,
): Uint8Array {
  const extra = (table === 0 ? 0 : 8) + (ifindex === 0 ? 0 : 8);
  const view = listRequest(RTM.getRoute, RTMSG_SIZE + extra, sequence);
  view.setUint8(NLMSGHDR_SIZE, family === 'ipv4' ? AF.inet : AF.inet6);
  let at = NLMSGHDR_SIZE + RTMSG_SIZE;
  if (table !== 0) at = putU32Attribute(view, at, RTA.table, table);
  if (ifindex !== 0) putU32Attribute(view, at, RTA.oif, ifindex);
  return octets(view);
}

/** True when a listing raced with changes and must be asked for again (NLM_F_DUMP_INTR). */
export const wasInterrupted = (span: MessageSpan): boolean => (span.flags & NLM_F.dumpInterrupted) !== 0;
