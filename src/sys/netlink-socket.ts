// AF_NETLINK sockets, eventfd and poll. Moves octets; knows nothing of what is in them except the sender's port id that
// its filter compares.

import { closeFd, ERRNO, errnoName, intOption, libc } from './libc.js';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_SNDBUF = 7;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const SOL_NETLINK = 270;
const SOCKADDR_NL_SIZE = 12;
const POLLFD_SIZE = 8;
const POLLIN = 1;
const MSG_DONTWAIT = 0x40;
const EFD_CLOEXEC = 0o2000000;
const EFD_NONBLOCK = 0o4000;

/** Options of SOL_NETLINK (linux/netlink.h). */
export const NETLINK_OPTION = {
  addMembership: 1,
  capAck: 10,
  extAck: 11,
  strictCheck: 12,
} as const;

export interface NetlinkSocketOptions {
  /** NETLINK_ROUTE is 0. */
  readonly protocol: number;
  /** Multicast groups by number (RTNLGRP_*). */
  readonly groups: readonly number[];
  /** Octets; what the privileges allow is set. */
  readonly receiveBuffer: number;
  readonly sendBuffer: number;
  /** SOL_NETLINK switches to turn on; an older kernel may lack one, that is no error. */
  readonly switches: readonly number[];
}

export interface NetlinkSocket {
  readonly fd: number;
  /** nlmsg_pid of what this socket sends. */
  readonly portId: number;
  /** The switches that the kernel took. */
  readonly switches: readonly number[];
}

export type Opened<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly errno: string };

export function openNetlinkSocket(options: NetlinkSocketOptions): Opened<NetlinkSocket> {
  const fd = libc().socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, options.protocol);
  if (fd < 0) return failed();
  setBuffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, options.receiveBuffer);
  setBuffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, options.sendBuffer);
  const switches = options.switches.filter((name) => setNetlinkOption(fd, name, 1) === 0);
  const bound = bindNetlink(fd) && options.groups.every((group) => joinGroup(fd, group));
  const portId = bound ? netlinkPortId(fd) : -1;
  if (portId >= 0) return { ok: true, value: { fd, portId, switches } };
  const failure = failed();
  closeFd(fd);
  return failure;
}

const failed = (): { ok: false; errno: string } => ({ ok: false, errno: errnoName(libc().errno()) });

/** The forcing form passes the system's limit but needs CAP_NET_ADMIN. */
function setBuffer(fd: number, force: number, plain: number, octets: number): void {
  const value = intOption(octets);
  if (libc().setsockopt(fd, SOL_SOCKET, force, value, 4) < 0)
    libc().setsockopt(fd, SOL_SOCKET, plain, value, 4);
}

const setNetlinkOption = (fd: number, name: number, value: number): number =>
  libc().setsockopt(fd, SOL_NETLINK, name, intOption(value), 4);

const joinGroup = (fd: number, group: number): boolean =>
  setNetlinkOption(fd, NETLINK_OPTION.addMembership, group) === 0;

function bindNetlink(fd: number): boolean {
  const address = new Uint8Array(SOCKADDR_NL_SIZE);
  new Uint16Array(address.buffer)[0] = AF_NETLINK;
  return libc().bind(fd, address, SOCKADDR_NL_SIZE) === 0;
}

function netlinkPortId(fd: number): number {
  const address = new Uint32Array(SOCKADDR_NL_SIZE / 4);
  const octets = new Uint8Array(address.buffer);
  if (libc().getsockname(fd, octets, intOption(SOCKADDR_NL_SIZE)) !== 0) return -1;
  return address[1] ?? -1;
}

/** Octets sent, or the negative errno. */
export function sendNetlink(fd: number, bytes: Uint8Array): number {
  const sent = libc().send(fd, bytes, bytes.length, 0);
  return sent < 0 ? -libc().errno() : sent;
}

/** Octets received into `into`, or the negative errno: -EAGAIN when nothing waits, -ENOBUFS after an overrun. */
export function receiveNetlink(fd: number, into: Uint8Array): number {
  const received = libc().recv(fd, into, into.length, MSG_DONTWAIT);
  return received < 0 ? -libc().errno() : received;
}

/** An eventfd that another thread writes with `wakeEventFd`. */
export function openEventFd(): Opened<number> {
  const fd = libc().eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return fd < 0 ? failed() : { ok: true, value: fd };
}

/** What to write to an eventfd to wake its poller: the number 1 in eight native octets. */
export const EVENT_FD_ONE: Uint8Array = new Uint8Array(BigUint64Array.of(1n).buffer);

export interface Poller {
  /** Blocks this thread until a descriptor is readable or the time is over; true per readable descriptor. */
  wait(timeoutMs: number): readonly boolean[];
}

export function createPoller(fds: readonly number[]): Poller {
  const bytes = new Uint8Array(fds.length * POLLFD_SIZE);
  const view = new DataView(bytes.buffer);
  const words = new Int32Array(bytes.buffer);
  const shorts = new Int16Array(bytes.buffer);
  for (const [i, fd] of fds.entries()) {
    words[i * 2] = fd;
    shorts[i * 4 + 2] = POLLIN;
  }
  return {
    wait(timeoutMs) {
      for (let i = 0; i < fds.length; i++) view.setInt16(i * POLLFD_SIZE + 6, 0);
      libc().poll(bytes, fds.length, timeoutMs);
      // An error condition counts as readable too: the read that follows reports it.
      return fds.map((_, i) => shorts[i * 4 + 3] !== 0);
    },
  };
}

/**
 * A classic BPF program for a netlink socket: drops messages whose nlmsg_pid is `portId` and whose type is one of
 * `types`. It keeps the echo of our own route writes from filling the event socket.
 */
export function dropOwnMessages(fd: number, portId: number, types: readonly number[]): boolean {
  const swap = littleEndian();
  const typeKey = (type: number): number => (swap ? ((type & 255) << 8) | (type >>> 8) : type);
  const pidKey = swap ? swap32(portId) : portId;
  const count = types.length;
  const program = [
    filter(0x20, 0, 0, 12), // ld [12]: nlmsg_pid
    filter(0x15, 0, count + 1, pidKey), // jeq pid, else accept
    filter(0x28, 0, 0, 4), // ldh [4]: nlmsg_type
    ...types.map((type, i) => filter(0x15, count - i, 0, typeKey(type))), // jeq type, drop
    filter(0x06, 0, 0, 0xffffffff), // ret accept
    filter(0x06, 0, 0, 0), // ret drop
  ];
  const bytes = new Uint8Array(program.length * 8);
  for (const [i, instruction] of program.entries()) bytes.set(instruction, i * 8);
  return libc().attachFilter(fd, bytes) === 0;
}

/** One struct sock_filter in native order. */
function filter(code: number, jt: number, jf: number, k: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new Uint16Array(bytes.buffer)[0] = code;
  bytes[2] = jt;
  bytes[3] = jf;
  new Uint32Array(bytes.buffer)[1] = k;
  return bytes;
}

const littleEndian = (): boolean => new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

// BPF loads are in network order, netlink headers in the host's.
const swap32 = (value: number): number => {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, value);
  return view.getUint32(0, true);
};

export const isRetryable = (errno: number): boolean => errno === ERRNO.EAGAIN || errno === ERRNO.EINTR;
