// The netlink thread: blocks on its sockets so that the main thread never does. Filters what the kernel says, posts it in
// chunks, performs writes and listings in the order asked. Keeps no routes.

import { readSync } from 'node:fs';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { AddressFamily } from '../../base/family.js';
import { closeFd, ERRNO, errnoName } from '../../sys/libc.js';
import {
  createPoller,
  dropOwnMessages,
  isRetryable,
  NETLINK_OPTION,
  type NetlinkSocket,
  openEventFd,
  openNetlinkSocket,
  receiveNetlink,
} from '../../sys/netlink-socket.js';
import type { ListScope, PortFilter } from '../port.js';
import { createExchange, type Exchange, type ListResult, type VisitRow } from '../rtnetlink/exchange.js';
import {
  listAddresses,
  listLinks,
  listRoutes,
  messagesIn,
  passesFilter,
  routeProtocol,
} from '../rtnetlink/messages.js';
import { RTM, RTNLGRP } from '../rtnetlink/numbers.js';
import { type MessageSpan, viewOf } from '../rtnetlink/octets.js';
import type { WorkerReport, WorkerRequest, WorkerSettings } from './worker-messages.js';

const NETLINK_ROUTE = 0;
const CHUNK = 64 * 1024;
const RECEIVE_SIZE = 128 * 1024;
const REQUEST_BUFFER = 4 * 1024 * 1024;
/** Octets the main thread may be behind before this thread stops reading; the kernel then drops and we list again. */
const BACKLOG_LIMIT = 32 * 1024 * 1024;
/** Milliseconds; a terminated thread must come back from the kernel now and then to notice. */
const POLL_TIMEOUT = 1000;
const EVENT_FLOOD = 4 * 1024 * 1024;

const settings = workerData as WorkerSettings;
const main = parentPort!;
let filter: PortFilter = settings.filter;
let overrun = false;
let closing = false;
let open: readonly number[] = [];

const post = (report: WorkerReport, transfer: readonly ArrayBuffer[] = []): void =>
  main.postMessage(report, transfer);

/** Posts octets and waits while the main thread is too far behind. */
function postOctets(octets: Uint8Array<ArrayBuffer>, report: (octets: Uint8Array) => WorkerReport): void {
  const { backlog } = settings;
  Atomics.add(backlog, 0, octets.length);
  post(report(octets), [octets.buffer]);
  for (let behind = Atomics.load(backlog, 0); behind > BACKLOG_LIMIT; behind = Atomics.load(backlog, 0))
    Atomics.wait(backlog, 0, behind, POLL_TIMEOUT);
}

/** Gathers messages until there are enough for a post. */
class Outbox {
  readonly #report: (octets: Uint8Array) => WorkerReport;
  #bytes = new Uint8Array(CHUNK);
  #length = 0;

  constructor(report: (octets: Uint8Array) => WorkerReport) {
    this.#report = report;
  }

  add(bytes: Uint8Array, span: MessageSpan): void {
    const size = span.next - span.start;
    if (this.#length + size > this.#bytes.length) this.flush();
    if (size > this.#bytes.length) this.#bytes = new Uint8Array(size);
    this.#bytes.set(bytes.subarray(span.start, span.end), this.#length);
    this.#length += size;
  }

  flush(): void {
    if (this.#length === 0) return;
    const octets = this.take();
    postOctets(octets, this.#report);
  }

  take(): Uint8Array<ArrayBuffer> {
    // A small batch is copied out, so that the rest of the chunk can serve again.
    const small = this.#length < CHUNK / 4;
    const octets = small ? this.#bytes.slice(0, this.#length) : this.#bytes.subarray(0, this.#length);
    if (!small) this.#bytes = new Uint8Array(CHUNK);
    this.#length = 0;
    return octets;
  }
}

const events = new Outbox((octets) => ({ kind: 'changes', octets }));
const buffer = new Uint8Array(RECEIVE_SIZE);

/** Reads the event socket until it is empty, or until requests have waited long enough. */
function drainEvents(fd: number): void {
  for (let read = 0; read < EVENT_FLOOD; ) {
    const length = receiveNetlink(fd, buffer);
    if (length >= 0) {
      read += length;
      keepEvents(buffer.subarray(0, length));
    } else if (-length === ERRNO.ENOBUFS) overrun = true;
    else if (-length === ERRNO.EAGAIN) {
      reportOverrun();
      return;
    } else if (!isRetryable(-length)) throw new Error(`event socket: ${errnoName(-length)}`);
  }
  events.flush();
}

function keepEvents(bytes: Uint8Array): void {
  const view = viewOf(bytes);
  for (const span of messagesIn(view)) if (passesFilter(view, span, filter)) events.add(bytes, span);
}

/** Only once the socket is empty: until then the kernel goes on dropping, and a listing would come too early. */
function reportOverrun(): void {
  events.flush();
  if (!overrun) return;
  overrun = false;
  post({ kind: 'overrun' });
}

/** Rows of tables and interfaces that do not exist are simply none. */
const ABSENT: readonly number[] = [ERRNO.ENODEV, ERRNO.ENOENT];

function list(exchange: Exchange, strict: boolean, id: number, scope: ListScope): void {
  let first = true;
  const rows = new Outbox((octets) => {
    const report: WorkerReport = { kind: 'listed', id, octets, first, done: false, errno: null };
    first = false;
    return report;
  });
  const visit: VisitRow = (bytes, view, span) => {
    if (!passesFilter(view, span, filter)) return;
    if (scope.kind === 'foreign' && routeProtocol(view, span) === filter.protocol) return;
    rows.add(bytes, span);
  };
  let errno: string | null = null;
  for (const request of listingRequests(scope, strict)) {
    const result: ListResult = exchange.list(request, visit);
    if (result.kind === 'broken') throw new Error(result.message);
    if (result.errno !== 0 && !ABSENT.includes(result.errno)) errno ??= errnoName(result.errno);
  }
  const octets = rows.take();
  postOctets(octets, () => ({ kind: 'listed', id, octets, first, done: true, errno }));
}

function listingRequests(scope: ListScope, strict: boolean): ((sequence: number) => Uint8Array)[] {
  const routes = (family: AddressFamily, ifindex: number) => (sequence: number) =>
    listRoutes(sequence, family, 0, strict ? ifindex : 0);
  switch (scope.kind) {
    case 'everything':
      return [listLinks, listAddresses, routes('ipv4', 0), routes('ipv6', 0)];
    case 'interface':
      return [routes(scope.family, scope.ifindex)];
    case 'foreign':
      return [routes(scope.family, 0)];
    default:
      return scope satisfies never;
  }
}

interface Sockets {
  readonly events: NetlinkSocket;
  readonly requests: NetlinkSocket;
  readonly eventFd: number;
}

function openSockets(): Sockets {
  const requests = openNetlinkSocket({
    protocol: NETLINK_ROUTE,
    groups: [],
    receiveBuffer: REQUEST_BUFFER,
    sendBuffer: REQUEST_BUFFER,
    switches: [NETLINK_OPTION.capAck, NETLINK_OPTION.strictCheck],
  });
  const listener = openNetlinkSocket({
    protocol: NETLINK_ROUTE,
    groups: Object.values(RTNLGRP),
    receiveBuffer: settings.receiveBuffer,
    sendBuffer: CHUNK,
    switches: [],
  });
  const eventFd = openEventFd();
  if (!requests.ok) throw new Error(`netlink socket: ${requests.errno}`);
  if (!listener.ok) throw new Error(`netlink socket: ${listener.errno}`);
  if (!eventFd.ok) throw new Error(`eventfd: ${eventFd.errno}`);
  // Without the filter our own writes come back as notifications: more work, and the loop would take them for others'.
  if (!dropOwnMessages(listener.value.fd, requests.value.portId, [RTM.newRoute, RTM.delRoute]))
    throw new Error('netlink socket: the filter was refused');
  return { events: listener.value, requests: requests.value, eventFd: eventFd.value };
}

function serve(request: WorkerRequest, exchange: Exchange, sockets: Sockets): void {
  switch (request.kind) {
    case 'filter':
      filter = request.filter;
      return;
    case 'list':
      list(
        exchange,
        sockets.requests.switches.includes(NETLINK_OPTION.strictCheck),
        request.id,
        request.scope,
      );
      return;
    case 'write': {
      const result = exchange.write(request.octets);
      if (result.kind === 'broken') throw new Error(result.message);
      post({ kind: 'written', id: request.id, failures: result.failures });
      return;
    }
    case 'close':
      closing = true;
      return;
    default:
      request satisfies never;
  }
}

function run(): void {
  const sockets = openSockets();
  open = [sockets.events.fd, sockets.requests.fd];
  const exchange = createExchange(sockets.requests.fd, new Uint8Array(RECEIVE_SIZE));
  const poller = createPoller([sockets.events.fd, sockets.eventFd]);
  const wake = new Uint8Array(8);
  post({ kind: 'ready', eventFd: sockets.eventFd });
  while (!closing) {
    const [, woken] = poller.wait(POLL_TIMEOUT);
    if (woken) readSync(sockets.eventFd, wake);
    drainEvents(sockets.events.fd);
    for (let next = receiveMessageOnPort(main); next !== undefined && !closing; ) {
      // What happened before the request is told before its answer.
      drainEvents(sockets.events.fd);
      serve(next.message as WorkerRequest, exchange, sockets);
      next = receiveMessageOnPort(main);
    }
  }
}

try {
  run();
} catch (error) {
  post({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
}
// The eventfd is closed by the main thread, which may be about to write it.
for (const fd of open) closeFd(fd);
main.close();
