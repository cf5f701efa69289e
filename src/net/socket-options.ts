// Where the host's socket options (TTL, GTSM, TCP-MD5) come in: hooks that whoever owns the system calls fills. Knows
// no option itself.

import { connect, type Socket, type TcpNetConnectOpts } from 'node:net';
import type { DownReason } from '../fsm/types.js';
import { formatSocketAddress } from './address.js';
import { QUEUE_LIMIT } from './connection.js';
import type { PeerEndpoint } from './types.js';

export interface SocketOptions {
  /** A socket that has begun to connect, with the options of this peer already set; or the error's name. */
  readonly dial: (endpoint: PeerEndpoint) => Socket | { readonly code: string };
  /**
   * Called for a connection that the listener got from this peer, before any octet is read or written. Says why it is
   * not to be had; null takes it.
   */
  readonly accepted: (socket: Socket, endpoint: PeerEndpoint) => DownReason | null;
  /** The session of this connection is Established: routes follow. */
  readonly established: (socket: Socket) => void;
  /** Keys or TTLs of a connection that is up have changed: false when only a new connection can have them. */
  readonly changed: (socket: Socket, from: PeerEndpoint, to: PeerEndpoint) => boolean;
}

/** Plain TCP with the kernel's TTL. */
export const PLAIN_SOCKETS: SocketOptions = {
  dial: (endpoint) => connect(connectOptions(endpoint)),
  accepted: () => null,
  established: () => undefined,
  changed: () => false,
};

function connectOptions(endpoint: PeerEndpoint): TcpNetConnectOpts {
  const options = { host: formatSocketAddress(endpoint), port: endpoint.port, highWaterMark: QUEUE_LIMIT };
  if (endpoint.localAddress === null) return options;
  const local = { address: endpoint.localAddress, interface: endpoint.interface };
  return { ...options, localAddress: formatSocketAddress(local) };
}
