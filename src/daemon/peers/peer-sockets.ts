// TCP sockets for peers with what their distance and their keys ask for: TTL 1 for a directly connected eBGP peer, so that
// nobody further away can be one, more with `multihop`; 255 and a smallest TTL with GTSM; TCP-MD5 and TCP-AO keys.

import { Socket } from 'node:net';
import { maxLength } from '../../base/prefix.js';
import type { DownReason } from '../../fsm/types.js';
import { formatSocketAddress } from '../../net/address.js';
import { QUEUE_LIMIT } from '../../net/connection.js';
import { descriptorOf } from '../../net/descriptor.js';
import { sameOptions } from '../../net/session-change.js';
import { PLAIN_SOCKETS, type SocketOptions } from '../../net/socket-options.js';
import type { PeerEndpoint } from '../../net/types.js';
import { interfaceIndex } from '../../sys/icmpv6-socket.js';
import { closeFd } from '../../sys/libc.js';
import { sameSecret } from '../../sys/secret.js';
import {
  createTcpSocketFd,
  type OptionResult,
  savedSynTtl,
  setMinTtl,
  setTcpMd5Key,
  setTtl,
  setUnsentLimit,
} from '../../sys/socket-options.js';
import { addTcpAoKey } from '../../sys/tcp-ao.js';

/**
 * Octets that the kernel may hold for a peer that does not take them. Its own bound is the send buffer, which grows to
 * 4 MiB: some hundred peers that stopped reading would use up the memory of all TCP (`tcp_mem`). What is on its way does
 * not count, so that long or fast paths are not slowed down. docs/performance.md has what was measured.
 */
const MOST_UNSENT = 128 * 1024;

export const peerSockets: SocketOptions = {
  dial: (endpoint) => {
    // The kernel's own answer, EINVAL, would not say what is wrong.
    if (endpoint.interface !== null && interfaceIndex(endpoint.interface) === 0) return { code: 'ENODEV' };
    return isPlain(endpoint) ? PLAIN_SOCKETS.dial(endpoint) : dialWithOptions(endpoint);
  },
  accepted: (socket, endpoint) => {
    const fd = isPlain(endpoint) ? null : descriptorOf(socket);
    if (fd === null) return null;
    const tooFar = tooFarAway(fd, endpoint);
    // A failure leaves the kernel's TTL: the session works, only further than it should.
    if (tooFar === null) setHops(fd, endpoint);
    return tooFar;
  },
  established: (socket) => {
    const fd = descriptorOf(socket);
    // A kernel that refuses spends more memory on peers that stop reading; nothing else is different.
    if (fd !== null) setUnsentLimit(fd, MOST_UNSENT);
  },
  changed: (socket, from, to) => {
    const fd = descriptorOf(socket);
    if (fd === null) return false;
    if (sameOptions(from, to)) return true;
    // The kernel's own TTL can't be asked for, so a distance that no longer matters needs a new socket.
    if (to.ttl === null && from.ttl !== null) return false;
    const rekeyed = sameSecret(from.password, to.password) || setPassword(fd, to).ok;
    return rekeyed && setHops(fd, to).ok;
  },
};

const isPlain = ({ ttl, minTtl, password, tcpAo }: PeerEndpoint): boolean =>
  ttl === null && minTtl === null && password === null && tcpAo.length === 0;

/** The TTL of the SYN tells what the kernel could not yet judge: the listener serves peers of all distances. */
function tooFarAway(fd: number, { address, minTtl }: PeerEndpoint): DownReason | null {
  const ttl = minTtl === null ? null : savedSynTtl(fd, address.family);
  if (ttl === null || minTtl === null || ttl >= minTtl) return null;
  return { kind: 'ttlTooLow', ttl, minimum: minTtl };
}

function setHops(fd: number, { address, ttl, minTtl }: PeerEndpoint): OptionResult {
  const sending = ttl === null ? OK : setTtl(fd, address.family, ttl);
  return sending.ok ? setMinTtl(fd, address.family, minTtl ?? 0) : sending;
}

const OK: OptionResult = { ok: true };
const NO_KEY = new Uint8Array(0);

/** No password removes what there was. */
function setPassword(fd: number, { address, password }: PeerEndpoint): OptionResult {
  return setTcpMd5Key(fd, { address, length: maxLength(address.family) }, password?.reveal() ?? NO_KEY);
}

function setKeys(fd: number, endpoint: PeerEndpoint): OptionResult {
  const { address, password, tcpAo } = endpoint;
  const peer = { address, length: maxLength(address.family) };
  if (password !== null) return setPassword(fd, endpoint);
  for (const [index, { key, ...ids }] of tcpAo.entries()) {
    const added = addTcpAoKey(fd, peer, { ...ids, key: key.reveal() }, index === 0);
    if (!added.ok) return added;
  }
  return OK;
}

function dialWithOptions(endpoint: PeerEndpoint): Socket | { readonly code: string } {
  const { address, localAddress, port, ttl, minTtl } = endpoint;
  const opened = createTcpSocketFd(address.family, {
    ...(ttl === null ? {} : { ttl }),
    ...(minTtl === null ? {} : { minTtl }),
    ...(localAddress === null ? {} : { bindAddress: localAddress, bindInterface: endpoint.interface }),
  });
  if (!opened.ok) return { code: opened.errno };
  const keyed = setKeys(opened.value, endpoint);
  if (!keyed.ok) {
    closeFd(opened.value);
    return { code: keyed.errno };
  }
  const options = { fd: opened.value, manualStart: true, readableHighWaterMark: QUEUE_LIMIT };
  return new Socket(options).connect({ host: formatSocketAddress(endpoint), port });
}
