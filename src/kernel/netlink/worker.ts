// The netlink thread: blocks on its sockets so that the main thread never does. Filters what the kernel says, posts it in
// chunks, performs writes and listings in the order asked. Keeps no routes.

import { readSync } from 'node:fs';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { closeFd, ERRNO, errnoName } from '../../sys/libc.js';
import {
  createPoller,
  dropOwnMessages,
  isRetryable,
  NETLINK_OPTION,
  type NetlinkSocket,
  type NetlinkSocketOptions,
  type Opened,
  openEventFd,
  openNetlinkSocket,
  receiveNetlink,
} from '../../sys/netlink-socket.js';
import type { PortFilter } from '../port.js';
import { createDump, createExchange, type Dump, type Exchange } from '../rtnetlink/exchange.js';
import { listNexthops, messagesIn, passesFilter } from '../rtnetlink/messages.js';
import { RTM, RTNLGRP, RTNLGRP_NEXTHOP } from '../rtnetlink/numbers.js';
import { viewOf } from '../rtnetlink/octets.js';
import { RunningListing } from './listing.js';
import { Outbox } from './outbox.js';
import type { WorkerReport, WorkerRequest, WorkerSettings } from './worker-messages.js';

const NETLINK_ROUTE = 0;
const CHUNK = 64 * 1024;
const RECEIVE_SIZE = 128 * 1024;
const REQUEST_BUFFER = 4 * 1024 * 1024;
/** Octets the main thread may be behind before this thread stops reading; the kernel then drops and we list again. */
const BACKLOG_LIMIT = 32 * 1024 * 1024;
/**
 * Milliseconds. The main thread's eventfd ends a wait; but a thread that is terminated without a word must come back from the
 * kernel now and then to notice, and every time costs a millisecond of cold code.
 */
const POLL_TIMEOUT = 30_000;
/** Milliseconds. */
const BACKLOG_WAIT = 1000;
const EVENT_FLOOD = 4 * 1024 * 1024;
/** Milliseconds between two steps of a listing that is not urgent: it must not be felt. */
const AUDIT_PAUSE = 2;

const settings = workerData as WorkerSettings;
const main = parentPort!;
let filter: PortFilter = settings.filter;
let overrun = false;
let closing = false;
let open: readonly number[] = [];
let listing: RunningListing | null = null;

const post = (report: WorkerReport, transfer: readonly ArrayBuffer[] = []): void =>
  main.postMessage(report, transfer);

/** Posts octets and waits while the main thread is too far behind. */
function postOctets(octets: Uint8Array<ArrayBuffer>, report: (octets: Uint8Array) => WorkerReport): void {
  const { backlog } = settings;
  Atomics.add(backlog, 0, octets.length);
  post(report(octets), [octets.buffer]);
  for (let behind = Atomics.load(backlog, 0); behind > BACKLOG_LIMIT; behind = Atomics.load(backlog, 0))
    Atomics.wait(backlog, 0, behind, BACKLOG_WAIT);
}

/** What was read for a listing before an event happened is told before the event. */
const events = new Outbox((chunk) => {
  listing?.flush();
  postOctets(chunk, (octets) => ({ kind: 'changes', octets }));
});
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

interface Sockets {
  readonly events: NetlinkSocket;
  readonly requests: NetlinkSocket;
  readonly listings: NetlinkSocket;
  readonly eventFd: number;
  /** The kernel knows nexthop objects. */
  readonly objects: boolean;
}

function openSockets(): Sockets {
  const requests = mustOpen(openNetlinkSocket(REQUESTS));
  const listings = mustOpen(openNetlinkSocket(REQUESTS));
  const objects = knowsObjects(listings.fd);
  const listener = mustOpen(
    openNetlinkSocket({
      protocol: NETLINK_ROUTE,
      groups: [...Object.values(RTNLGRP), ...(objects ? [RTNLGRP_NEXTHOP] : [])],
      receiveBuffer: settings.receiveBuffer,
      sendBuffer: CHUNK,
      switches: [],
    }),
  );
  const eventFd = openEventFd();
  if (!eventFd.ok) throw new Error(`eventfd: ${eventFd.errno}`);
  // Without the filter our own writes come back as notifications: more work, and the loop would take them for others'.
  const own = [
    RTM.newRoute,
    RTM.delRoute,
    RTM.newNexthop,
    RTM.delNexthop,
    RTM.newNeighbour,
    RTM.delNeighbour,
  ];
  if (!dropOwnMessages(listener.fd, requests.portId, own))
    throw new Error('netlink socket: the filter was refused');
  return { events: listener, requests, listings, eventFd: eventFd.value, objects };
}

const REQUESTS: NetlinkSocketOptions = {
  protocol: NETLINK_ROUTE,
  groups: [],
  receiveBuffer: REQUEST_BUFFER,
  sendBuffer: REQUEST_BUFFER,
  switches: [NETLINK_OPTION.capAck, NETLINK_OPTION.strictCheck],
};

function mustOpen(opened: Opened<NetlinkSocket>): NetlinkSocket {
  if (!opened.ok) throw new Error(`netlink socket: ${opened.errno}`);
  return opened.value;
}

/** Before Linux 5.3 nobody answers for nexthop objects. */
function knowsObjects(fd: number): boolean {
  const dump = createDump(fd, new Uint8Array(RECEIVE_SIZE));
  if (dump.begin(listNexthops) !== 0) return false;
  for (;;) {
    const step = dump.step(() => undefined);
    if (step.kind !== 'more') return step.kind === 'end' && step.errno === 0;
  }
}

function serve(request: WorkerRequest, exchange: Exchange, dump: Dump, sockets: Sockets): void {
  switch (request.kind) {
    case 'filter':
      filter = request.filter;
      return;
    case 'list':
      listing = new RunningListing(dump, {
        id: request.id,
        scope: request.scope,
        strict: sockets.listings.switches.includes(NETLINK_OPTION.strictCheck),
        objects: sockets.objects,
        filter: () => filter,
        post: postOctets,
      });
      return;
    case 'hurry':
      listing?.hurry();
      return;
    case 'write': {
      listing?.flush();
      const result = exchange.write(request.octets, request.followers);
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

function stepListing(): void {
  const outcome = listing?.step() ?? false;
  if (typeof outcome === 'string') throw new Error(outcome);
  if (!outcome) listing = null;
}

function run(): void {
  const sockets = openSockets();
  open = [sockets.events.fd, sockets.requests.fd, sockets.listings.fd];
  const exchange = createExchange(sockets.requests.fd, new Uint8Array(RECEIVE_SIZE));
  const dump = createDump(sockets.listings.fd, new Uint8Array(RECEIVE_SIZE));
  const poller = createPoller([sockets.events.fd, sockets.eventFd]);
  const wake = new Uint8Array(8);
  post({ kind: 'ready', eventFd: sockets.eventFd, objects: sockets.objects });
  while (!closing) {
    const [, woken] = poller.wait(listing === null ? POLL_TIMEOUT : listing.unhurried ? AUDIT_PAUSE : 0);
    if (woken) readSync(sockets.eventFd, wake);
    drainEvents(sockets.events.fd);
    for (let next = receiveMessageOnPort(main); next !== undefined && !closing; ) {
      // What happened before the request is told before its answer.
      drainEvents(sockets.events.fd);
      serve(next.message as WorkerRequest, exchange, dump, sockets);
      next = receiveMessageOnPort(main);
    }
    if (listing !== null) stepListing();
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
