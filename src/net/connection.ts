// One TCP connection of a session: octets in as whole messages, octets out with bounded queueing, and an end that lets
// the last NOTIFICATION through without waiting for ever. Knows messages by type only; never decides about sessions.

import type { Socket } from 'node:net';
import type { IpAddress } from '../base/ip.js';
import type { Role } from '../fsm/events.js';
import { sendNow } from '../sys/socket-send.js';
import { Framer } from '../wire/framer.js';
import type { Notification } from '../wire/types.js';
import { parseSocketAddress } from './address.js';
import type { Clock, Timer } from './clock.js';
import { descriptorOf } from './descriptor.js';
import { type BatchedWrite, sendBatch } from './send-batch.js';
import type { Transport } from './types.js';

/** Octets queued in a socket (its high-water mark) beyond which nothing more is pulled for it. */
export const QUEUE_LIMIT = 256 * 1024;
/** Milliseconds that a closing connection may take to hand over what it still has to say. */
export const LINGER = 1_000;
/** A read as large as this fills the buffer of one read: more is waiting, and others must get their turn first. */
const FULL_READ = 60_000;

/** Called synchronously; nothing is called after `Connection.close`. */
export interface ConnectionHandlers {
  connected(): void;
  message(type: number, frame: Uint8Array): void;
  /** The messages of one read have been handed out. */
  readDone(): void;
  /** A header error; nothing is read any more. */
  malformed(notification: Notification): void;
  /** The peer closed (null) or the network failed. */
  lost(code: string | null): void;
  /** Everything queued has been taken by the kernel. */
  drained(): void;
}

/** Of a connection, filled anew for each turn in which it sends. */
interface Gathered extends BatchedWrite {
  fd: number;
  chunks: readonly Uint8Array[];
  told: () => void;
}

const NOTHING: readonly Uint8Array[] = [];

export class Connection {
  readonly role: Role;
  readonly framer = new Framer();
  /** Resolves when the socket is gone. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #handlers: ConnectionHandlers;
  #transport: Transport | null;
  #ended = false;
  /** Reads that wait for their turn. */
  #postponed: Uint8Array[] = [];
  #lingering: Timer | null = null;
  /** Known once it is connected; good as long as the socket is writable. */
  #fd: number | null = null;
  /** Octets that went to the kernel past the stream. */
  #sentNow = 0;
  /** Something of it is in the batch of this turn. */
  #gathered = false;
  /** What is in the batch, and who is to know when it is settled. */
  readonly #write: Gathered = {
    fd: 0,
    chunks: [],
    told: () => undefined,
    settled: (taken) => this.#settled(taken),
  };
  /** Writes of the stream that it has not finished; without any it holds nothing. */
  #streamed = 0;
  readonly #flushed = (): void => {
    this.#streamed--;
  };

  constructor(socket: Socket, role: Role, clock: Clock, handlers: ConnectionHandlers) {
    this.role = role;
    this.#socket = socket;
    this.#clock = clock;
    this.#handlers = handlers;
    this.#transport = transportOf(socket, role);
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#gone();
        resolve();
      });
    });
    this.#listen();
  }

  #listen(): void {
    const socket = this.#socket;
    socket.setNoDelay(true);
    socket.on('connect', () => this.#connected());
    socket.on('data', (chunk: Uint8Array) => this.#read(chunk));
    socket.on('drain', () => this.#unlessEnded(() => this.#handlers.drained()));
    socket.on('end', () => this.#lost(null));
    socket.on('error', (error: NodeJS.ErrnoException) => this.#lost(error.code ?? error.name));
    // An accepted socket comes paused, so that a stranger's octets are never read.
    socket.resume();
  }

  /** For socket options. */
  withSocket(act: (socket: Socket) => void): void {
    if (!this.#ended) act(this.#socket);
  }

  /** For socket options; false once the connection has ended. */
  changeOptions(change: (socket: Socket) => boolean): boolean {
    return !this.#ended && change(this.#socket);
  }

  /** Octets accepted here that the kernel has not taken. */
  get queued(): number {
    return this.#streamed === 0 ? 0 : this.#socket.writableLength;
  }

  /** True when nothing more should be written before `drained`. */
  get blocked(): boolean {
    return this.#streamed > 0 && this.#socket.writableNeedDrain;
  }

  /** Octets that the kernel has taken so far. */
  get delivered(): number {
    return this.#sentNow + (this.#socket.bytesWritten ?? 0) - this.#socket.writableLength;
  }

  /** Null while not connected. */
  get transport(): Transport | null {
    return this.#transport;
  }

  send(octets: Uint8Array): void {
    this.sendAll([octets]);
  }

  /** What the kernel does not take at once waits in the stream, which also finds out what is wrong. */
  sendAll(chunks: readonly Uint8Array[]): void {
    if (this.#ended || !this.#socket.writable) return;
    const fd = this.#directFd();
    this.#sent(chunks, fd === null ? 0 : sendNow(fd, chunks));
  }

  /** As `sendAll`, together with what others send in this turn; `settled` is called when that is done. */
  sendTogether(chunks: readonly Uint8Array[], settled: () => void): void {
    const fd = this.#ended ? null : this.#directFd();
    if (fd === null) {
      this.sendAll(chunks);
      settled();
      return;
    }
    this.#gathered = true;
    const write = this.#write;
    write.fd = fd;
    write.chunks = chunks;
    write.told = settled;
    sendBatch.add(write);
  }

  #settled(taken: number): void {
    const { chunks, told } = this.#write;
    this.#gathered = false;
    this.#write.chunks = NOTHING;
    this.#sent(chunks, taken);
    told();
  }

  /** Null where the stream has to take it. What was to be sent before has been. */
  #directFd(): number | null {
    if (this.#gathered) sendBatch.submit();
    if (this.queued > 0 || !this.#socket.writable || this.#socket.connecting) return null;
    this.#fd ??= descriptorOf(this.#socket);
    return this.#fd;
  }

  #sent(chunks: readonly Uint8Array[], taken: number): void {
    this.#sentNow += taken;
    let sent = taken;
    for (let i = 0; i < chunks.length; i++) {
      const chunk = chunks[i]!;
      if (sent < chunk.length) this.#stream(sent === 0 ? chunk : chunk.subarray(sent));
      sent = Math.max(0, sent - chunk.length);
    }
  }

  #stream(octets: Uint8Array): void {
    this.#streamed++;
    this.#socket.write(octets, this.#flushed);
  }

  /** Ends it: at once, or after `last` (a NOTIFICATION) has gone out or the linger time has passed. */
  close(last: Uint8Array | null): void {
    if (this.#ended) return;
    if (this.#gathered) sendBatch.submit();
    if (last === null || this.#socket.connecting || !this.#socket.writable) {
      this.#ended = true;
      this.#socket.destroy();
      return;
    }
    this.send(last);
    this.#ended = true;
    // What still comes in is read and dropped: unread octets would turn the close into a reset, and a reset would
    // take the NOTIFICATION with it.
    this.#socket.end();
    this.#socket.resume();
    this.#lingering = this.#clock.timer(() => this.#socket.destroy());
    this.#lingering.start(LINGER);
  }

  #connected(): void {
    this.#transport = transportOf(this.#socket, this.role);
    // Reset by the peer between the handshake and now.
    if (this.#transport === null) this.#lost('ENOTCONN');
    else this.#unlessEnded(() => this.#handlers.connected());
  }

  #read(chunk: Uint8Array): void {
    if (this.#ended) return;
    if (this.#postponed.length > 0 || this.#clock.turnSpent()) this.#postpone(chunk);
    else {
      if (chunk.length >= FULL_READ) this.#yieldTurn();
      this.#take(chunk);
    }
  }

  #take(chunk: Uint8Array): void {
    // A plain Uint8Array: the `slice` of a Buffer would be a view where the layers below mean a copy.
    const octets = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
    const error = this.framer.push(octets, (type, frame) => {
      this.#handlers.message(type, frame);
      return !this.#ended;
    });
    if (this.#ended) return;
    if (error !== null) this.#handlers.malformed(error);
    this.#unlessEnded(() => this.#handlers.readDone());
  }

  #postpone(chunk: Uint8Array): void {
    if (this.#postponed.push(chunk) === 1) this.#clock.defer(() => this.#catchUp());
    // One small read is no reason to stop reading: that costs as much as the read.
    if (this.#postponed.length > 1 || chunk.length >= FULL_READ) this.#socket.pause();
  }

  #catchUp(): void {
    for (const chunk of this.#postponed.splice(0)) if (!this.#ended) this.#take(chunk);
    if (this.#socket.isPaused()) this.#socket.resume();
  }

  #yieldTurn(): void {
    this.#socket.pause();
    this.#clock.defer(() => this.#socket.resume());
  }

  #lost(code: string | null): void {
    if (this.#ended) return;
    // The end must not overtake what was read before it.
    if (this.#postponed.length > 0 || this.#clock.turnSpent()) this.#clock.defer(() => this.#lose(code));
    else this.#lose(code);
  }

  #lose(code: string | null): void {
    this.#unlessEnded(() => {
      this.#handlers.lost(code);
      this.close(null);
    });
  }

  #gone(): void {
    this.#lingering?.close();
    this.#lingering = null;
    this.#lost(null);
  }

  #unlessEnded(then: () => void): void {
    if (!this.#ended) then();
  }
}

function transportOf(socket: Socket, role: Role): Transport | null {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  const local = addressOf(localAddress);
  const remote = addressOf(remoteAddress);
  if (local === null || remote === null || localPort === undefined || remotePort === undefined) return null;
  return { localAddress: local, localPort, remoteAddress: remote, remotePort, role };
}

const addressOf = (text: string | undefined): IpAddress | null =>
  text === undefined ? null : (parseSocketAddress(text)?.address ?? null);

/** Says `last` to a connection that nobody takes, and closes it. Nothing of it is looked at. */
export function refuseConnection(socket: Socket, clock: Clock, last: Uint8Array): Connection {
  const connection = new Connection(socket, 'passive', clock, DEAF);
  connection.close(last);
  return connection;
}

const ignored = (): void => undefined;
const DEAF: ConnectionHandlers = {
  connected: ignored,
  message: ignored,
  readDone: ignored,
  malformed: ignored,
  lost: ignored,
  drained: ignored,
};
