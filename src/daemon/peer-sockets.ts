// TCP sockets for peers with the TTL that their distance asks for: 1 for a directly connected eBGP peer, so that nobody
// further away can be one, more with `multihop`. Where the distance does not matter the kernel's own TTL stays.

import { Socket } from 'node:net';
import { formatSocketAddress } from '../net/address.js';
import { QUEUE_LIMIT } from '../net/connection.js';
import { descriptorOf, PLAIN_SOCKETS, type SocketOptions } from '../net/socket-options.js';
import type { PeerEndpoint } from '../net/types.js';
import { createTcpSocketFd, setTtl } from '../sys/socket-options.js';

export const peerSockets: SocketOptions = {
  dial: (endpoint) =>
    endpoint.ttl === null ? PLAIN_SOCKETS.dial(endpoint) : dialWithTtl(endpoint, endpoint.ttl),
  accepted: (socket, { ttl, address }) => {
    const fd = ttl === null ? null : descriptorOf(socket);
    // A failure leaves the kernel's TTL: the session works, only further than it should.
    if (fd !== null && ttl !== null) setTtl(fd, address.family, ttl);
  },
};

function dialWithTtl(endpoint: PeerEndpoint, ttl: number): Socket | { readonly code: string } {
  const { address, localAddress, port } = endpoint;
  const bind = localAddress === null ? {} : { bindAddress: localAddress };
  const opened = createTcpSocketFd(address.family, { ttl, ...bind });
  if (!opened.ok) return { code: opened.errno };
  const options = { fd: opened.value, manualStart: true, readableHighWaterMark: QUEUE_LIMIT };
  return new Socket(options).connect({ host: formatSocketAddress(endpoint), port });
}
