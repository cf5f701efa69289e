// The main thread's end of the netlink worker: encodes writes, decodes what the worker posts in slices that leave the
// event loop its turn, keeps everything in order.

import { writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { closeFd, errnoName } from '../../sys/libc.js';
import { EVENT_FD_ONE } from '../../sys/netlink-socket.js';
import type {
  KernelChange,
  KernelPort,
  KernelWrite,
  ListScope,
  PortFilter,
  PortOpened,
  PortReport,
  TunnelWrite,
} from '../port.js';
import { decodeChange } from '../rtnetlink/messages.js';
import { messageAt, viewOf } from '../rtnetlink/octets.js';
import { encodeWrites, followersIn, type NextHopCache } from '../rtnetlink/route-encode.js';
import { RouteMemo } from '../rtnetlink/route-memo.js';
import { encodeTunnelWrites } from '../rtnetlink/tunnel-encode.js';

import type { WorkerReport, WorkerRequest, WorkerSettings } from './worker-messages.js';
import { WRITES_PER_SEND } from './worker-messages.js';

export interface NetlinkPortOptions {
  /** Octets that the kernel may queue for us (default 8 MiB). */
  readonly receiveBuffer?: number;
  /** Milliseconds of decoding before the event loop gets its turn. */
  readonly budget?: number;
}

const RECEIVE_BUFFER = 8 * 1024 * 1024;
const BUDGET = 4;
/** Changes handed over at a time. */
const CHANGES = 256;
/** Sequence numbers of writes stay below those of listings. */
const SEQUENCE_LIMIT = 0x7ff00000;

/** Octets with the place where decoding goes on. */
interface Inbound {
  readonly report: Extract<WorkerReport, { octets: Uint8Array }>;
  offset: number;
}

class NetlinkPort implements KernelPort {
  readonly backend = 'netlink';
  readonly #receiveBuffer: number;
  readonly #budget: number;
  readonly #nextHops: NextHopCache = new WeakMap();
  readonly #routes = new RouteMemo();
  /** When each unanswered write was asked for. */
  readonly #asked = new Map<number, number>();
  #worker: Worker | null = null;
  #eventFd = -1;
  #backlog = new Int32Array(new SharedArrayBuffer(4));
  #deliver: (report: PortReport) => void = () => undefined;
  #inbox: WorkerReport[] = [];
  #current: Inbound | null = null;
  #scheduled = false;
  #sequence = 1;
  /** Node waits for its threads: one that sleeps in the kernel has to be told that it is over. */
  readonly #closeAtExit = (): void => this.#ask({ kind: 'close' });

  constructor(options: NetlinkPortOptions) {
    this.#receiveBuffer = options.receiveBuffer ?? RECEIVE_BUFFER;
    this.#budget = options.budget ?? BUDGET;
  }

  open(filter: PortFilter, deliver: (report: PortReport) => void): Promise<PortOpened> {
    this.#deliver = deliver;
    this.#inbox = [];
    this.#current = null;
    this.#asked.clear();
    this.#backlog = new Int32Array(new SharedArrayBuffer(4));
    const workerData: WorkerSettings = {
      filter,
      receiveBuffer: this.#receiveBuffer,
      backlog: this.#backlog,
    };
    const worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData,
      // Its sockets come from libc: Node would warn of descriptors closed that it never opened.
      trackUnmanagedFds: false,
    });
    this.#worker = worker;
    return new Promise((resolve) => this.#attach(worker, resolve));
  }

  filter(filter: PortFilter): void {
    this.#ask({ kind: 'filter', filter });
  }

  list(id: number, scope: ListScope): void {
    this.#ask({ kind: 'list', id, scope });
  }

  hurry(): void {
    this.#ask({ kind: 'hurry' });
  }

  write(id: number, writes: readonly KernelWrite[]): void {
    const octets = encodeWrites(writes, this.#sequence, WRITES_PER_SEND, this.#nextHops);
    this.#sequence += writes.length;
    if (this.#sequence > SEQUENCE_LIMIT) this.#sequence = 1;
    this.#asked.set(id, performance.now());
    this.#ask({ kind: 'write', id, octets, followers: followersIn(writes) }, [octets.buffer]);
  }

  /** To the worker all writes are octets: those of tunnels have negative ids. */
  program(id: number, writes: readonly TunnelWrite[]): void {
    const octets = encodeTunnelWrites(writes, this.#sequence);
    this.#sequence += writes.length;
    this.#ask({ kind: 'write', id: -id, octets, followers: [] }, [octets.buffer]);
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    if (worker === null) return;
    this.#deliver = () => undefined;
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    this.#ask({ kind: 'close' });
    this.#worker = null;
    // A worker that waits for us to catch up must not wait for ever.
    Atomics.store(this.#backlog, 0, 0);
    Atomics.notify(this.#backlog, 0);
    await exited;
  }

  #attach(worker: Worker, opened: (result: PortOpened) => void): void {
    let ready = false;
    let reason = 'the worker ended';
    worker.on('message', (report: WorkerReport) => {
      if (report.kind === 'ready') {
        ready = true;
        this.#eventFd = report.eventFd;
        // What was asked for until now came without a wake-up.
        this.#wake();
        process.once('exit', this.#closeAtExit);
        opened({ ok: true, objects: report.objects });
      } else if (report.kind === 'failed') reason = report.message;
      else this.#enqueue(report);
    });
    worker.on('error', (error: Error) => {
      reason = error.message;
    });
    worker.once('exit', () => {
      process.removeListener('exit', this.#closeAtExit);
      if (this.#eventFd >= 0) closeFd(this.#eventFd);
      this.#eventFd = -1;
      if (!ready) opened({ ok: false, reason });
      else if (this.#worker === worker) this.#enqueue({ kind: 'failed', message: reason });
      if (this.#worker === worker) this.#worker = null;
    });
  }

  #ask(request: WorkerRequest, transfer: readonly ArrayBuffer[] = []): void {
    if (this.#worker === null) return;
    this.#worker.postMessage(request, transfer);
    this.#wake();
  }

  #wake(): void {
    if (this.#eventFd >= 0) writeSync(this.#eventFd, EVENT_FD_ONE);
  }

  #enqueue(report: WorkerReport): void {
    this.#inbox.push(report);
    if (!this.#scheduled) this.#work();
  }

  #work(): void {
    this.#scheduled = false;
    const start = performance.now();
    while (this.#step()) {
      if (performance.now() - start < this.#budget) continue;
      this.#scheduled = true;
      setImmediate(() => this.#work());
      return;
    }
  }

  /** One unit of work; false when there is none left. */
  #step(): boolean {
    if (this.#current !== null) {
      this.#decode(this.#current);
      return true;
    }
    const report = this.#inbox.shift();
    if (report === undefined) return false;
    switch (report.kind) {
      case 'changes':
      case 'listed':
        this.#current = { report, offset: 0 };
        return true;
      case 'written':
        this.#written(report);
        return true;
      case 'overrun':
      case 'failed':
        this.#deliver(report);
        return true;
      case 'ready':
        return true;
      default:
        return report satisfies never;
    }
  }

  #written({ id, failures }: Extract<WorkerReport, { kind: 'written' }>): void {
    const named = failures.map(([index, errno]) => ({ index, errno: errnoName(errno) }));
    if (id < 0) {
      this.#deliver({ kind: 'programmed', id: -id, failures: named });
      return;
    }
    const latency = performance.now() - (this.#asked.get(id) ?? performance.now());
    this.#asked.delete(id);
    this.#deliver({ kind: 'written', id, failures: named, latency });
  }

  #decode(inbound: Inbound): void {
    const { report } = inbound;
    const first = inbound.offset === 0;
    const changes = takeChanges(inbound, this.#routes);
    const finished = inbound.offset >= report.octets.length;
    if (finished) this.#finish(report.octets.length);
    if (report.kind === 'changes') {
      if (changes.length > 0) this.#deliver({ kind: 'changes', changes });
      return;
    }
    const { id, errno } = report;
    this.#deliver({
      kind: 'listed',
      id,
      changes,
      first: first && report.first,
      done: finished && report.done,
      errno,
    });
  }

  #finish(octets: number): void {
    this.#current = null;
    Atomics.sub(this.#backlog, 0, octets);
    Atomics.notify(this.#backlog, 0);
  }
}

function takeChanges(inbound: Inbound, routes: RouteMemo): KernelChange[] {
  const { octets } = inbound.report;
  const view = viewOf(octets);
  const changes: KernelChange[] = [];
  while (changes.length < CHANGES) {
    const span = messageAt(view, inbound.offset);
    if (span === null) {
      inbound.offset = octets.length;
      break;
    }
    inbound.offset = span.next;
    const change = decodeChange(octets, view, span, routes);
    if (change !== null) changes.push(change);
  }
  return changes;
}

export const createNetlinkPort = (options: NetlinkPortOptions = {}): KernelPort => new NetlinkPort(options);
