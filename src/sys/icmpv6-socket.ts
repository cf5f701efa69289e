// A raw ICMPv6 socket for messages between neighbours on a link: what is sent has hop limit 255, what has another is not
// received (RFC 4861 6.1). Moves octets; knows no message.

import { type IpAddress, ipFromBytes, ipToBytes } from '../base/ip.js';
import { closeFd, errnoName, intOption, libc } from './libc.js';
import type { Opened } from './netlink-socket.js';

const AF_INET6 = 10;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const IPPROTO_IPV6 = 41;
const IPPROTO_ICMPV6 = 58;
const ICMP6_FILTER = 1;
const IPV6_UNICAST_HOPS = 16;
const IPV6_MULTICAST_HOPS = 18;
const IPV6_MULTICAST_LOOP = 19;
const IPV6_JOIN_GROUP = 20;
const SOCKADDR_IN6_SIZE = 28;
const MSG_DONTWAIT = 0x40;

/** Classic BPF: `ldb [hop limit of the IPv6 header]; jeq 255, accept, drop`. The header is at SKF_NET_OFF. */
const ONLY_NEIGHBOURS = Uint8Array.from(
  [
    [0x30, 0, 0, 0xfff00007],
    [0x15, 0, 1, 255],
    [0x06, 0, 0, 0xffffffff],
    [0x06, 0, 0, 0],
  ].flatMap(([code = 0, yes = 0, no = 0, k = 0]) => [
    ...new Uint8Array(Uint16Array.of(code).buffer),
    yes,
    no,
    ...new Uint8Array(Uint32Array.of(k).buffer),
  ]),
);

/** Receives only the ICMPv6 types named. Needs CAP_NET_RAW: EPERM without. */
export function openIcmpv6Socket(types: readonly number[]): Opened<number> {
  const fd = libc().socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMPV6);
  if (fd < 0) return { ok: false, errno: errnoName(libc().errno()) };
  const blocked = new Uint32Array(8).fill(0xffffffff);
  for (const type of types) blocked[type >>> 5]! &= ~(1 << (type & 31));
  const results = [
    libc().setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, new Uint8Array(blocked.buffer), 32),
    libc().setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, intOption(255), 4),
    libc().setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, intOption(255), 4),
    libc().setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, intOption(0), 4),
    libc().attachFilter(fd, ONLY_NEIGHBOURS),
  ];
  if (results.every((result) => result === 0)) return { ok: true, value: fd };
  const failure = { ok: false, errno: errnoName(libc().errno()) } as const;
  closeFd(fd);
  return failure;
}

/** 0 where there is no such interface. */
export const interfaceIndex = (name: string): number => libc().ifNameToIndex(name);

/** Once per interface; that we are a member already is no error. */
export function joinGroup(fd: number, group: IpAddress, ifindex: number): void {
  const request = new Uint8Array(20);
  request.set(ipToBytes(group));
  request.set(intOption(ifindex), 16);
  libc().setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, request, request.length);
}

/** The kernel fills in the checksum. Octets sent, or the negative errno. */
export function sendIcmpv6(fd: number, to: IpAddress, ifindex: number, bytes: Uint8Array): number {
  const address = new Uint8Array(SOCKADDR_IN6_SIZE);
  new Uint16Array(address.buffer)[0] = AF_INET6;
  address.set(ipToBytes(to), 8);
  address.set(intOption(ifindex), 24);
  const sent = libc().sendto(fd, bytes, bytes.length, MSG_DONTWAIT, address, SOCKADDR_IN6_SIZE);
  return sent < 0 ? -libc().errno() : sent;
}

export interface ReceivedIcmpv6 {
  readonly length: number;
  readonly from: IpAddress;
  readonly ifindex: number;
}

/** Null when nothing waits. `into` holds the message from octet 0. */
export function receiveIcmpv6(fd: number, into: Uint8Array): ReceivedIcmpv6 | null {
  const address = new Uint8Array(SOCKADDR_IN6_SIZE);
  const length = libc().recvfrom(fd, into, into.length, MSG_DONTWAIT, address, intOption(SOCKADDR_IN6_SIZE));
  if (length < 0) return null;
  const ifindex = new Uint32Array(address.buffer)[6]!;
  return { length, from: ipFromBytes(address, 8, 16), ifindex };
}
