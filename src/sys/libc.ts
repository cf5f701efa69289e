// The one door to libc: the handful of calls that Node has no API for. Knows no protocol. Loads koffi on first use, so
// that importing this file costs nothing and needs nothing.

import { createRequire } from 'node:module';
import { constants } from 'node:os';

/** Every call returns what libc returns; after -1 ask `errno()` at once. */
export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  getsockname(fd: number, address: Uint8Array, length: Uint8Array): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, length: number): number;
  getsockopt(fd: number, level: number, name: number, value: Uint8Array, length: Uint8Array): number;
  /** `setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER)`: `program` is an array of struct sock_filter. */
  attachFilter(fd: number, program: Uint8Array): number;
  /** `address` and `length` may be null. */
  accept4(fd: number, address: null, length: null, flags: number): number;
  send(fd: number, bytes: Uint8Array, length: number, flags: number): number;
  /** `message` is a struct msghdr. */
  sendmsg(fd: number, message: BigUint64Array, flags: number): number;
  recv(fd: number, bytes: Uint8Array, length: number, flags: number): number;
  /** `address` is a struct sockaddr. */
  sendto(
    fd: number,
    bytes: Uint8Array,
    length: number,
    flags: number,
    address: Uint8Array,
    addressLength: number,
  ): number;
  recvfrom(
    fd: number,
    bytes: Uint8Array,
    length: number,
    flags: number,
    address: Uint8Array,
    addressLength: Uint8Array,
  ): number;
  /** `fds` is an array of struct pollfd. */
  poll(fds: Uint8Array, count: number, timeoutMs: number): number;
  eventfd(value: number, flags: number): number;
  /** `params` is a struct io_uring_params, which is filled in. */
  ioUringSetup(entries: number, params: Uint32Array): number;
  /** Returns how many entries were accepted. */
  ioUringEnter(fd: number, submit: number, complete: number, flags: number): number;
  /** `length` octets at `offset` of a descriptor, readable and writable, mapped for as long as the process lives. */
  mapShared(fd: number, offset: number, length: number): ArrayBuffer | null;
  /** 0 when there is no interface of the name. */
  ifNameToIndex(name: string): number;
  /** Writes the name with a NUL into `name`, IFNAMSIZ (16) octets; null when there is no interface of the index. */
  ifIndexToName(index: number, name: Uint8Array): unknown;
  close(fd: number): number;
  /** Null where the C library has none: it is glibc's. */
  readonly mallocTrim: ((pad: number) => number) | null;
  /** Octets of a pointer. */
  readonly pointerSize: number;
  /** Where the octets of a typed array lie; they stay there as long as it is in use. */
  address(array: Uint8Array | BigUint64Array): bigint;
  errno(): number;
}

const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
const SOCK_FPROG_SIZE = 16;
const SOCK_FILTER_SIZE = 8;
/** The same on every architecture that Node runs on. */
const SYS_IO_URING_SETUP = 425;
const SYS_IO_URING_ENTER = 426;
const PROT_READ_WRITE = 3;
const MAP_SHARED_POPULATE = 0x8001;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;

let loaded: Libc | null = null;

/** Throws when koffi has no build for this platform. */
export function libc(): Libc {
  loaded ??= load();
  return loaded;
}

/** Linux, and koffi has a build for this platform. */
export function hasLibc(): boolean {
  if (process.platform !== 'linux') return false;
  try {
    return libc() !== null;
  } catch {
    return false;
  }
}

function load(): Libc {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const library = koffi.load(null);
  const program = koffi.pointer(koffi.struct({ len: 'uint16_t', filter: 'uint8_t *' }));
  const attach = library.func('setsockopt', 'int', ['int', 'int', 'int', program, 'uint32_t']);
  const setup = library.func('long syscall(long, uint32_t, void *)');
  const enter = library.func('long syscall(long, uint32_t, uint32_t, uint32_t, uint32_t, void *, size_t)');
  const mmap = library.func('void *mmap(void *, size_t, int, int, int, long)');
  return {
    socket: library.func('int socket(int, int, int)'),
    bind: library.func('int bind(int, void *, uint32_t)'),
    getsockname: library.func('int getsockname(int, void *, void *)'),
    setsockopt: library.func('int setsockopt(int, int, int, void *, uint32_t)'),
    getsockopt: library.func('int getsockopt(int, int, int, void *, void *)'),
    attachFilter: (fd, filter) => {
      const fprog = { len: filter.length / SOCK_FILTER_SIZE, filter };
      return attach(fd, SOL_SOCKET, SO_ATTACH_FILTER, fprog, SOCK_FPROG_SIZE) as number;
    },
    accept4: library.func('int accept4(int, void *, void *, int)'),
    send: library.func('long send(int, void *, size_t, int)'),
    sendmsg: library.func('long sendmsg(int, void *, int)'),
    recv: library.func('long recv(int, void *, size_t, int)'),
    sendto: library.func('long sendto(int, void *, size_t, int, void *, uint32_t)'),
    recvfrom: library.func('long recvfrom(int, void *, size_t, int, void *, void *)'),
    poll: library.func('int poll(void *, unsigned long, int)'),
    eventfd: library.func('int eventfd(unsigned int, int)'),
    ioUringSetup: (entries, params) => setup(SYS_IO_URING_SETUP, entries, params) as number,
    ioUringEnter: (fd, submit, complete, flags) =>
      enter(SYS_IO_URING_ENTER, fd, submit, complete, flags, null, 0) as number,
    mapShared: (fd, offset, length) => {
      const at = mmap(null, length, PROT_READ_WRITE, MAP_SHARED_POPULATE, fd, offset) as bigint;
      return at === MAP_FAILED ? null : koffi.view(at, length);
    },
    ifNameToIndex: library.func('unsigned int if_nametoindex(const char *)'),
    ifIndexToName: library.func('void *if_indextoname(unsigned int, void *)'),
    close: library.func('int close(int)'),
    mallocTrim: optional(() => library.func('int malloc_trim(size_t)')),
    pointerSize: koffi.sizeof('void *'),
    address: (array) => koffi.address(array),
    errno: () => koffi.errno(),
  };
}

function optional<T>(find: () => T): T | null {
  try {
    return find();
  } catch {
    return null;
  }
}

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno).map(([name, code]) => [code, name]),
);

/** `EEXIST` for 17; `errno 4242` for a number without a name. */
export const errnoName = (code: number): string => NAMES.get(code) ?? `errno ${code}`;

/** Numbers that callers compare with. */
export const ERRNO = {
  ENOENT: constants.errno.ENOENT,
  ESRCH: 3,
  EINTR: constants.errno.EINTR,
  EAGAIN: constants.errno.EAGAIN,
  EEXIST: constants.errno.EEXIST,
  ENODEV: constants.errno.ENODEV,
  ENOBUFS: constants.errno.ENOBUFS,
  ECANCELED: constants.errno.ECANCELED,
} as const;

/** Node warns when a thread closes a descriptor that its own `fs` did not open, so this goes to libc. */
export function closeFd(fd: number): void {
  libc().close(fd);
}

/** Native-order octets of one int, as most socket options take them. */
export const intOption = (value: number): Uint8Array => new Uint8Array(Int32Array.of(value).buffer);
