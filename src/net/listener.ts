// The listening sockets: takes connections, asks who the remote address is, hands the connection to that peer. Strangers
// and floods are turned away here and counted, before any octet of theirs is read.

import { createServer, type Server, Socket } from 'node:net';
import { formatIp, type IpAddress } from '../base/ip.js';
import { rejectedCease } from '../fsm/errors.js';
import { acceptNext } from '../sys/socket-accept.js';
import { createTcpSocketFd } from '../sys/socket-options.js';
import { encodeNotification } from '../wire/notification.js';
import { parseSocketAddress, type SocketAddress } from './address.js';
import type { Clock } from './clock.js';
import { QUEUE_LIMIT, refuseConnection } from './connection.js';
import { descriptorOf } from './descriptor.js';
import { TokenBucket, TokenBuckets } from './token-bucket.js';

export interface ListenAddress {
  readonly address: IpAddress;
  /** 0: the system chooses. */
  readonly port: number;
  /** The host may get the address later. */
  readonly freeBind?: boolean;
}

/** Who takes the connections of one peer. */
export interface PeerAcceptor {
  accept(socket: Socket): void;
}

export interface ListenProblem {
  readonly address: ListenAddress;
  /** The system's error name, such as EADDRINUSE or EACCES. */
  readonly code: string;
}

/** Since the listener was made. */
export interface ListenerCounters {
  readonly accepted: number;
  /** From addresses that no peer has. */
  readonly unknown: number;
  /** From peers that connect too often. */
  readonly limited: number;
  /** From subnets out of which too many connect. */
  readonly subnetLimited: number;
  /** Accepting itself failed, such as for want of file descriptors. */
  readonly errors: number;
}

export interface ListenerOptions {
  readonly addresses: readonly ListenAddress[];
  /** The peer at `remote`, or null for a stranger. */
  readonly match: (remote: SocketAddress, local: IpAddress) => PeerAcceptor | null;
  /** A peer that is known by its address: what its subnet does is not held against it. Default: none is. */
  readonly isListed?: (remote: SocketAddress) => boolean;
  readonly clock: Clock;
  /** A socket listens: the place to set its socket options (see `descriptorOf`). */
  readonly listening?: (server: Server, address: ListenAddress) => void;
}

export interface Listener {
  /** Listens wherever it can; what failed comes back. */
  start(): Promise<readonly ListenProblem[]>;
  /** Stops listening; connections that were handed over stay. */
  stop(): Promise<void>;
  /** Where it listens, with the ports that the system chose. */
  bound(): readonly ListenAddress[];
  servers(): readonly Server[];
  counters(): ListenerCounters;
}

export const createListener = (options: ListenerOptions): Listener => new TcpListener(options);

const BACKLOG = 4096;
/** Connections of one peer: a restart loop is fine, a flood is not. */
const PEER_BURST = 20;
const PEER_PER_SECOND = 5;
/** Connections out of one subnet (/24, /64): a rack that restarts is fine, and takes nothing from other subnets. */
const SUBNET_BURST = 1024;
const SUBNET_PER_SECOND = 256;
/** Strangers of one subnet that are told why; more are reset without a word. And of all subnets. */
const ANSWER_BURST = 32;
const ANSWERS_PER_SECOND = 10;
const ALL_ANSWERS_BURST = 256;
const ALL_ANSWERS_PER_SECOND = 100;
const MOST_BUCKETS = 4096;

class TcpListener implements Listener {
  readonly #options: ListenerOptions;
  readonly #servers: Server[] = [];
  readonly #addresses = new TokenBuckets(PEER_BURST, PEER_PER_SECOND, MOST_BUCKETS);
  readonly #subnets = new TokenBuckets(SUBNET_BURST, SUBNET_PER_SECOND, MOST_BUCKETS);
  readonly #subnetAnswers = new TokenBuckets(ANSWER_BURST, ANSWERS_PER_SECOND, MOST_BUCKETS);
  readonly #answers: TokenBucket;
  readonly #counters = { accepted: 0, unknown: 0, limited: 0, subnetLimited: 0, errors: 0 };

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#answers = new TokenBucket(ALL_ANSWERS_BURST, ALL_ANSWERS_PER_SECOND, options.clock.now());
  }

  async start(): Promise<readonly ListenProblem[]> {
    const problems = await Promise.all(this.#options.addresses.map((address) => this.#listen(address)));
    return problems.filter((problem) => problem !== null);
  }

  async stop(): Promise<void> {
    for (const server of this.#servers.splice(0)) server.close();
    await new Promise<void>((resolve) => this.#options.clock.defer(resolve));
  }

  bound(): readonly ListenAddress[] {
    return this.#servers.flatMap((server) => {
      const bound = server.address();
      const parsed = bound === null || typeof bound === 'string' ? null : parseSocketAddress(bound.address);
      return parsed === null || bound === null || typeof bound === 'string'
        ? []
        : [{ address: parsed.address, port: bound.port }];
    });
  }

  servers(): readonly Server[] {
    return this.#servers;
  }

  counters(): ListenerCounters {
    return { ...this.#counters };
  }

  #listen(address: ListenAddress): Promise<ListenProblem | null> {
    const server = createServer({ pauseOnConnect: true, highWaterMark: QUEUE_LIMIT }, (socket) => {
      this.#accept(socket);
      this.#acceptMore(server);
    });
    return new Promise((resolve) => {
      server.on('error', (error: NodeJS.ErrnoException) => {
        if (server.listening) this.#counters.errors++;
        else resolve({ address, code: error.code ?? error.name });
      });
      server.once('listening', () => {
        this.#servers.push(server);
        this.#options.listening?.(server, address);
        resolve(null);
      });
      if (address.freeBind === true) listenFree(server, address, resolve);
      else {
        server.listen({
          host: formatIp(address.address),
          port: address.port,
          backlog: BACKLOG,
          ipv6Only: address.address.family === 'ipv6',
          exclusive: true,
        });
      }
    });
  }

  /** The event loop takes one connection a turn, and a rack that comes back has hundreds waiting. */
  #acceptMore(server: Server): void {
    const listening = descriptorOf(server);
    if (listening === null) return;
    while (!this.#options.clock.turnSpent()) {
      const fd = acceptNext(listening);
      if (fd === null) return;
      // `manualStart` is documented for `net.connect` only.
      const options = { fd, manualStart: true, highWaterMark: QUEUE_LIMIT };
      this.#accept(new Socket(options).pause());
    }
  }

  #accept(socket: Socket): void {
    socket.on('error', ignored);
    const remote = parseSocketAddress(socket.remoteAddress ?? '');
    const local = parseSocketAddress(socket.localAddress ?? '');
    if (remote === null || local === null) {
      socket.destroy();
      return;
    }
    const subnet = subnetOf(remote.address);
    // Before `match`, which makes room for a peer of a range: whoever floods is not to fill the range.
    if (!this.#options.isListed?.(remote) && !this.#subnets.take(subnet, this.#options.clock.now())) {
      this.#counters.subnetLimited++;
      socket.resetAndDestroy();
      return;
    }
    const peer = this.#options.match(remote, local.address);
    if (peer === null) this.#turnAway(socket, subnet);
    else if (this.#mayConnect(socket.remoteAddress!)) {
      this.#counters.accepted++;
      peer.accept(socket);
    } else {
      this.#counters.limited++;
      socket.resetAndDestroy();
    }
  }

  #turnAway(socket: Socket, subnet: string): void {
    this.#counters.unknown++;
    const now = this.#options.clock.now();
    if (this.#subnetAnswers.take(subnet, now) && this.#answers.take(now)) {
      refuseConnection(socket, this.#options.clock, REJECTED);
    } else socket.resetAndDestroy();
  }

  #mayConnect(remote: string): boolean {
    return this.#addresses.take(remote, this.#options.clock.now());
  }
}

function listenFree(server: Server, listen: ListenAddress, failed: (problem: ListenProblem) => void): void {
  const { address, port } = listen;
  const opened = createTcpSocketFd(address.family, { bindAddress: address, bindPort: port, freeBind: true });
  if (opened.ok) server.listen({ fd: opened.value, backlog: BACKLOG });
  else failed({ address: listen, code: opened.errno });
}

/** The /24 or the /64: what one switch port, or one tenant, can have at will. */
const subnetOf = (address: IpAddress): string =>
  address.family === 'ipv4' ? `4 ${address.word >>> 8}` : `6 ${address.words[0]} ${address.words[1]}`;

const ignored = (): void => undefined;
const REJECTED = encodeNotification(rejectedCease);
