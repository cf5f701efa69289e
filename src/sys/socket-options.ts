// TCP sockets with the options that node:net has no API for, set before the first SYN. The caller wraps the descriptor
// in `new net.Socket({ fd, manualStart: true })` and owns it from then on.

import type { AddressFamily } from '../base/family.js';
import { type IpAddress, ipToBytes, isLinkLocal } from '../base/ip.js';
import { closeFd, errnoName, hasLibc, intOption, libc } from './libc.js';
import type { Opened } from './netlink-socket.js';

const AF = { ipv4: 2, ipv6: 10 } as const;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_SNDBUF = 7;
const SO_SNDBUFFORCE = 32;
const IPPROTO_TCP = 6;
const TCP_MD5SIG = 14;
const TCP_SAVE_SYN = 27;
const TCP_SAVED_SYN = 28;
const TCP_NOTSENT_LOWAT = 25;
const TCP_MD5SIG_EXT = 32;
const TCP_MD5SIG_FLAG_PREFIX = 1;
const SOCKADDR_STORAGE_SIZE = 128;
const TCP_MD5SIG_SIZE = 216;

/** [level, send option, minimum option]: IP_TTL and IP_MINTTL, IPV6_UNICAST_HOPS and IPV6_MINHOPCOUNT. */
const TTL_OPTIONS = { ipv4: [0, 2, 21], ipv6: [41, 16, 73] } as const;

/** [level, option]: IP_FREEBIND, IPV6_FREEBIND. */
const FREEBIND = { ipv4: [0, 15], ipv6: [41, 78] } as const;

export const TCP_MD5SIG_MAXKEYLEN = 80;

export interface TcpSocketOptions {
  /** IP_TTL of what is sent (RFC 5082 wants 255), 1 to 255. */
  readonly ttl?: number;
  /** The smallest TTL accepted; the kernel drops the rest. */
  readonly minTtl?: number;
  readonly bindAddress?: IpAddress;
  /** Of a link-local bind address. */
  readonly bindInterface?: string | null;
  readonly bindPort?: number;
  /** The host need not have the address yet. */
  readonly freeBind?: boolean;
}

export type OptionResult = { readonly ok: true } | { readonly ok: false; readonly errno: string };

export function createTcpSocketFd(family: AddressFamily, options: TcpSocketOptions): Opened<number> {
  const fd = libc().socket(AF[family], SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return { ok: false, errno: errnoName(libc().errno()) };
  const outcome = prepare(fd, family, options);
  if (outcome.ok) return { ok: true, value: fd };
  closeFd(fd);
  return outcome;
}

function prepare(fd: number, family: AddressFamily, options: TcpSocketOptions): OptionResult {
  const steps = [
    () => (options.ttl === undefined ? OK : setTtl(fd, family, options.ttl)),
    () => (options.minTtl === undefined ? OK : setMinTtl(fd, family, options.minTtl)),
    () => (options.bindAddress === undefined ? OK : bindTcp(fd, options.bindAddress, options)),
  ];
  for (const step of steps) {
    const outcome = step();
    if (!outcome.ok) return outcome;
  }
  return OK;
}

const OK: OptionResult = { ok: true };

export const setTtl = (fd: number, family: AddressFamily, ttl: number): OptionResult =>
  setInt(fd, TTL_OPTIONS[family][0], TTL_OPTIONS[family][1], ttl);

export const setMinTtl = (fd: number, family: AddressFamily, ttl: number): OptionResult =>
  setInt(fd, TTL_OPTIONS[family][0], TTL_OPTIONS[family][2], ttl);

/** The two values as the kernel holds them. */
export function readTtl(
  fd: number,
  family: AddressFamily,
): { readonly ttl: number; readonly minTtl: number } {
  const [level, send, minimum] = TTL_OPTIONS[family];
  return { ttl: getInt(fd, level, send), minTtl: getInt(fd, level, minimum) };
}

/** Octets that the kernel holds and has not sent once before it takes no more; what is on its way is not counted. */
export const setUnsentLimit = (fd: number, octets: number): OptionResult =>
  setInt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, octets);

/** As the kernel has it. */
export const readUnsentLimit = (fd: number): number => getInt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT);

/**
 * Octets that the kernel holds for the other side: beyond what everybody may ask for where the process may do that. ENOSYS
 * where there is no such call.
 */
export function setSendBuffer(fd: number, octets: number): OptionResult {
  if (!hasLibc()) return { ok: false, errno: 'ENOSYS' };
  const forced = setInt(fd, SOL_SOCKET, SO_SNDBUFFORCE, octets);
  return forced.ok ? forced : setInt(fd, SOL_SOCKET, SO_SNDBUF, octets);
}

/** As the kernel has it: twice what was asked for. */
export const readSendBuffer = (fd: number): number => getInt(fd, SOL_SOCKET, SO_SNDBUF);

/** On a listener: connections remember the SYN they began with, until somebody asks for it. */
export const setSaveSyn = (fd: number, on: boolean): OptionResult =>
  setInt(fd, IPPROTO_TCP, TCP_SAVE_SYN, on ? 1 : 0);

/** The octet of the TTL in an IPv4 header, of the hop limit in an IPv6 header. */
const TTL_AT = { ipv4: 8, ipv6: 7 } as const;

/** The TTL of the SYN of an accepted connection; null when the listener did not keep it. */
export function savedSynTtl(fd: number, family: AddressFamily): number | null {
  const headers = new Uint8Array(256);
  const length = intOption(headers.length);
  if (libc().getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, headers, length) < 0) return null;
  const octets = new Int32Array(length.buffer)[0] ?? 0;
  return octets > TTL_AT[family] ? (headers[TTL_AT[family]] ?? null) : null;
}

/**
 * RFC 2385 key for one peer or, with a length below the full one, for every peer of a range. An empty key removes it.
 * On a listener as on a connecting socket.
 */
export function setTcpMd5Key(
  fd: number,
  peer: { readonly address: IpAddress; readonly length: number },
  key: Uint8Array,
): OptionResult {
  if (key.length > TCP_MD5SIG_MAXKEYLEN) return { ok: false, errno: 'EINVAL' };
  const full = peer.address.family === 'ipv4' ? 32 : 128;
  const bytes = new Uint8Array(TCP_MD5SIG_SIZE);
  bytes.set(socketAddress(peer.address, 0));
  if (peer.length < full) {
    bytes[SOCKADDR_STORAGE_SIZE] = TCP_MD5SIG_FLAG_PREFIX;
    bytes[SOCKADDR_STORAGE_SIZE + 1] = peer.length;
  }
  new Uint16Array(bytes.buffer)[SOCKADDR_STORAGE_SIZE / 2 + 1] = key.length;
  bytes.set(key, SOCKADDR_STORAGE_SIZE + 8);
  return set(fd, IPPROTO_TCP, peer.length < full ? TCP_MD5SIG_EXT : TCP_MD5SIG, bytes);
}

function bindTcp(
  fd: number,
  address: IpAddress,
  { bindPort = 0, bindInterface, freeBind = false }: TcpSocketOptions,
): OptionResult {
  const reuse = setInt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (!reuse.ok) return reuse;
  const [level, option] = FREEBIND[address.family];
  const free = freeBind ? setInt(fd, level, option, 1) : OK;
  if (!free.ok) return free;
  const bytes = socketAddress(address, bindPort);
  if (bindInterface != null && address.family === 'ipv6' && isLinkLocal(address)) {
    const index = libc().ifNameToIndex(bindInterface);
    if (index === 0) return { ok: false, errno: 'ENODEV' };
    new Uint32Array(bytes.buffer)[SCOPE_AT / 4] = index;
  }
  return outcome(libc().bind(fd, bytes, bytes.length));
}

/** Of sin6_scope_id. */
const SCOPE_AT = 24;

/** struct sockaddr_in or sockaddr_in6: the family in host order, port and address in network order. */
export function socketAddress(address: IpAddress, port: number): Uint8Array {
  const bytes = new Uint8Array(address.family === 'ipv4' ? 16 : 28);
  new Uint16Array(bytes.buffer)[0] = AF[address.family];
  new DataView(bytes.buffer).setUint16(2, port);
  bytes.set(ipToBytes(address), address.family === 'ipv4' ? 4 : 8);
  return bytes;
}

const setInt = (fd: number, level: number, name: number, value: number): OptionResult =>
  set(fd, level, name, intOption(value));

const set = (fd: number, level: number, name: number, value: Uint8Array): OptionResult =>
  outcome(libc().setsockopt(fd, level, name, value, value.length));

const outcome = (result: number): OptionResult =>
  result < 0 ? { ok: false, errno: errnoName(libc().errno()) } : OK;

function getInt(fd: number, level: number, name: number): number {
  const value = new Int32Array(1);
  libc().getsockopt(fd, level, name, new Uint8Array(value.buffer), intOption(4));
  return value[0] ?? 0;
}
