// TCP-AO (RFC 5925) as Linux has it since 6.7: the octets of its socket options and whether this kernel takes them.
// Knows no peer; the caller owns the descriptor.

import type { IpAddress } from '../base/ip.js';
import { closeFd, errnoName, libc } from './libc.js';
import { createTcpSocketFd, type OptionResult, socketAddress } from './socket-options.js';

const IPPROTO_TCP = 6;
const TCP_AO_ADD_KEY = 38;
const TCP_AO_DEL_KEY = 39;
export const TCP_AO_MAXKEYLEN = 80;

/** RFC 5926, and SHA-256 that Linux and most routers have besides. */
export const AO_ALGORITHMS = ['hmac-sha-1-96', 'aes-128-cmac-96', 'hmac-sha-256-128'] as const;
export type AoAlgorithm = (typeof AO_ALGORITHMS)[number];

/** The kernel's name of each and the octets of its MAC in a segment. */
const KERNEL_ALGORITHMS: Readonly<Record<AoAlgorithm, readonly [name: string, octets: number]>> = {
  'hmac-sha-1-96': ['hmac(sha1)', 12],
  'aes-128-cmac-96': ['cmac(aes128)', 12],
  'hmac-sha-256-128': ['hmac(sha256)', 16],
};

export interface AoKey {
  readonly sendId: number;
  readonly receiveId: number;
  readonly algorithm: AoAlgorithm;
  readonly key: Uint8Array;
}

/** `length` below the full one: for every peer of the range. */
export interface AoPeer {
  readonly address: IpAddress;
  readonly length: number;
}

/** Offsets in struct tcp_ao_add; struct tcp_ao_del has no algorithm, so that all behind the address is 64 octets less. */
const ADDRESS_SIZE = 128;
const ALGORITHM_SIZE = 64;
const ADD_SIZE = 288;
const DEL_SIZE = 144;
const FLAG_SET_CURRENT = 1;
const FLAG_SET_RNEXT = 2;

/** struct tcp_ao_add. `current`: the key signs from now on, and the peer is asked to use it. */
export function encodeAoAdd({ address, length }: AoPeer, key: AoKey, current: boolean): Uint8Array {
  const octets = new Uint8Array(ADD_SIZE);
  const [name, macOctets] = KERNEL_ALGORITHMS[key.algorithm];
  octets.set(socketAddress(address, 0));
  octets.set(new TextEncoder().encode(name), ADDRESS_SIZE);
  const flags = ADDRESS_SIZE + ALGORITHM_SIZE + 4;
  new Uint32Array(octets.buffer)[flags / 4] = current ? FLAG_SET_CURRENT | FLAG_SET_RNEXT : 0;
  octets.set([length, key.sendId, key.receiveId, macOctets, 0, key.key.length], flags + 6);
  octets.set(key.key, flags + 12);
  return octets;
}

/** struct tcp_ao_del. */
export function encodeAoDel(
  { address, length }: AoPeer,
  key: Pick<AoKey, 'sendId' | 'receiveId'>,
): Uint8Array {
  const octets = new Uint8Array(DEL_SIZE);
  octets.set(socketAddress(address, 0));
  octets.set([length, key.sendId, key.receiveId], ADDRESS_SIZE + 10);
  return octets;
}

/** On a listener as on a socket that will connect; a listener has no current key. */
export const addTcpAoKey = (fd: number, peer: AoPeer, key: AoKey, current: boolean): OptionResult =>
  key.key.length > TCP_AO_MAXKEYLEN
    ? { ok: false, errno: 'EINVAL' }
    : set(fd, TCP_AO_ADD_KEY, encodeAoAdd(peer, key, current));

export const deleteTcpAoKey = (
  fd: number,
  peer: AoPeer,
  key: Pick<AoKey, 'sendId' | 'receiveId'>,
): OptionResult => set(fd, TCP_AO_DEL_KEY, encodeAoDel(peer, key));

function set(fd: number, name: number, octets: Uint8Array): OptionResult {
  if (libc().setsockopt(fd, IPPROTO_TCP, name, octets, octets.length) >= 0) return { ok: true };
  return { ok: false, errno: errnoName(libc().errno()) };
}

let supported: boolean | null = null;

/** Whether this kernel has TCP-AO: it does not know the option of one that has not. Asked once a process. */
export function hasTcpAo(): boolean {
  supported ??= probe();
  return supported;
}

function probe(): boolean {
  const opened = createTcpSocketFd('ipv4', {});
  if (!opened.ok) return false;
  // Too short to be a key: where the option exists, the answer is EINVAL.
  const outcome = set(opened.value, TCP_AO_ADD_KEY, new Uint8Array(8));
  closeFd(opened.value);
  return outcome.ok || outcome.errno !== 'ENOPROTOOPT';
}
