// Runs a kernel: reports come in from a port, writes and listings go out, observers hear the news. Owns the timers and
// the time budget; the logic is in the view and the FIB. Both backends are this loop over their own port.

import type { IpAddress } from '../../base/ip.js';
import type { Prefix } from '../../base/prefix.js';
import type { KernelPort, PortFilter, PortReport } from '../port.js';
import { RT_TABLE } from '../rtnetlink/numbers.js';
import type {
  FibIntent,
  Kernel,
  KernelEvent,
  KernelObserver,
  KernelRoute,
  KernelSettings,
  KernelStatus,
  WorkloadChange,
} from '../types.js';
import { LoopCounters } from './counters.js';
import { KernelView, type ViewNews } from './kernel-view.js';
import { Listings } from './listings.js';
import { Timers } from './timers.js';

export interface LoopOptions {
  /** Milliseconds of work before the event loop gets its turn. */
  readonly budget?: number;
  /** Seconds between listings that check what notifications told; 0 for none. */
  readonly resyncInterval?: number;
}

const BUDGET = 4;
const BATCH = 256;
/** Batches that the port may have at a time: enough to keep it busy while this thread does something else. */
const WINDOW = 16;
const RESYNC_INTERVAL = 300;
/** Milliseconds in which link and address changes are gathered before a listing. */
const LISTING_DELAY = 5;
const FIRST_REOPEN = 1000;
const LONGEST_REOPEN = 30_000;
/** Milliseconds that `close` waits for routes to be removed. */
const CLOSE_TIMEOUT = 10_000;

type StartResult = { readonly ok: true } | { readonly ok: false; readonly reason: string };

export class KernelLoop implements Kernel {
  readonly #port: KernelPort;
  readonly #view: KernelView;
  readonly #listings = new Listings();
  readonly #counters = new LoopCounters();
  readonly #budget: number;
  readonly #resyncInterval: number;
  #settings: KernelSettings;
  #observer: KernelObserver | null = null;
  #state: KernelStatus['state'] = 'starting';
  #started: ((result: StartResult) => void) | null = null;
  #batches = 0;
  #pumpScheduled = false;
  #settleScheduled = false;
  #closed = false;
  #reopenDelay = FIRST_REOPEN;
  readonly #timers = new Timers<'retry' | 'listing' | 'resync' | 'reopen'>();
  #retryAt = Number.POSITIVE_INFINITY;
  #whenIdle: (() => void) | null = null;

  constructor(port: KernelPort, settings: KernelSettings, options: LoopOptions = {}) {
    this.#port = port;
    this.#settings = settings;
    this.#budget = options.budget ?? BUDGET;
    this.#resyncInterval = options.resyncInterval ?? RESYNC_INTERVAL;
    this.#view = new KernelView(settings, hashSeed());
  }

  async start(observer: KernelObserver): Promise<StartResult> {
    this.#observer = observer;
    const synced = new Promise<StartResult>((resolve) => {
      this.#started = resolve;
    });
    const opened = await this.#port.open(filterOf(this.#settings), (report) => this.#receive(report));
    if (!opened.ok) {
      this.#state = 'failed';
      return opened;
    }
    this.#listEverything();
    return synced;
  }

  install(prefix: Prefix, intent: FibIntent): void {
    this.#view.fib.install(prefix, intent);
    this.#schedulePump();
  }

  uninstall(prefix: Prefix): void {
    this.#view.fib.uninstall(prefix);
    this.#schedulePump();
  }

  sweep(): void {
    if (!this.#settings.install) return;
    const routes = this.#view.fib.sweep();
    this.#emit({ kind: 'swept', routes });
    this.#schedulePump();
  }

  trackNextHop(nextHop: IpAddress): void {
    this.#view.nextHops.watch(nextHop);
    this.#scheduleSettle();
  }

  untrackNextHop(nextHop: IpAddress): void {
    this.#view.nextHops.unwatch(nextHop);
  }

  reconfigure(settings: KernelSettings): void {
    this.#settings = settings;
    this.#port.filter(filterOf(settings));
    this.#view.configure(settings);
    this.#listings.outdate();
    this.#wantListing();
    this.#scheduleSettle();
  }

  isInstalled(prefix: Prefix): boolean {
    return this.#view.fib.isInstalled(prefix);
  }

  installed(): Iterable<KernelRoute> {
    return this.#view.fib.installed();
  }

  workloads(): Iterable<WorkloadChange> {
    return this.#view.importer.workloads();
  }

  resolve(address: IpAddress): ReturnType<Kernel['resolve']> {
    return this.#view.resolve(address);
  }

  status(): KernelStatus {
    const { fib, links, importer } = this.#view;
    return {
      backend: this.#port.backend,
      state: this.#state,
      table: this.#settings.table,
      protocol: this.#settings.protocol,
      links: links.links,
      addresses: links.addresses,
      workloads: importer.size,
      fib: fib.status(),
      counters: this.#counters.snapshot(fib.counters),
    };
  }

  async close(options: { readonly removeRoutes: boolean }): Promise<void> {
    if (this.#closed) return;
    if (options.removeRoutes && this.#settings.install && this.#state === 'synced') {
      this.#view.fib.removeAll();
      await this.#untilIdle();
    }
    this.#closed = true;
    this.#timers.stop();
    this.#started?.({ ok: false, reason: 'closed' });
    await this.#port.close();
  }

  #receive(report: PortReport): void {
    if (this.#closed) return;
    switch (report.kind) {
      case 'changes':
        for (const change of report.changes) this.#view.apply(change);
        this.#settle();
        return;
      case 'listed':
        this.#listed(report);
        return;
      case 'written':
        this.#written(report);
        return;
      case 'overrun':
        this.#counters.overruns++;
        this.#emit({ kind: 'overrun' });
        this.#wantListing();
        return;
      case 'failed':
        this.#failed(report.message);
        return;
      default:
        report satisfies never;
    }
  }

  #listed({ id, changes, done, errno, first }: Extract<PortReport, { kind: 'listed' }>): void {
    const scope = this.#listings.scopeOf(id);
    if (scope === null) {
      if (done && this.#listings.isRunning(id)) this.#finishListing();
      return;
    }
    if (first) this.#view.beginListing(scope);
    for (const change of changes) this.#view.list(change, performance.now());
    if (!done) return;
    if (errno === null) this.#view.endListing(scope);
    if (errno !== null || this.#view.fib.takeDoubt()) this.#wantListing();
    if (errno === null && scope.kind === 'everything') this.#synced();
    this.#settle();
    this.#finishListing();
  }

  #finishListing(): void {
    this.#listings.finish();
    this.#list();
  }

  #synced(): void {
    if (this.#state === 'synced') {
      this.#counters.resyncs++;
    } else {
      this.#state = 'synced';
      this.#reopenDelay = FIRST_REOPEN;
      this.#settle();
      const { links, store, fib } = this.#view;
      const { adoptedStale } = fib.status();
      this.#emit({ kind: 'synced', routes: store.size, links: links.links.length, adopted: adoptedStale });
      this.#started?.({ ok: true });
      this.#started = null;
    }
    if (this.#resyncInterval > 0)
      this.#timers.set('resync', this.#resyncInterval * 1000, () => this.#wantListing());
  }

  #written({ id, failures, latency }: Extract<PortReport, { kind: 'written' }>): void {
    this.#batches--;
    this.#counters.latency.observe(latency);
    const now = performance.now();
    for (const failure of this.#view.fib.written(id, failures, now))
      if (this.#counters.mayReport(failure.errno, now)) this.#emit({ kind: 'fibError', ...failure });
    if (this.#view.fib.takeDoubt()) this.#wantListing();
    this.#pump();
  }

  #failed(message: string): void {
    this.#state = 'failed';
    this.#batches = 0;
    this.#listings.abandon();
    this.#view.fib.abandon();
    this.#emit({ kind: 'workerFailed', message });
    this.#timers.set('reopen', this.#reopenDelay, () => void this.#reopen());
    this.#reopenDelay = Math.min(this.#reopenDelay * 2, LONGEST_REOPEN);
  }

  async #reopen(): Promise<void> {
    const opened = await this.#port.open(filterOf(this.#settings), (report) => this.#receive(report));
    if (this.#closed) return;
    if (!opened.ok) {
      this.#failed(opened.reason);
      return;
    }
    this.#listEverything();
  }

  #listEverything(): void {
    this.#listings.want({ kind: 'everything' });
    this.#list();
  }

  /** Tells the observer what the changes so far mean, then writes what follows from them. */
  #settle(): void {
    if (this.#state === 'starting') return;
    this.#tell(this.#view.settle(performance.now()));
    for (const event of this.#view.takeEvents()) this.#emit(event);
    for (const scope of this.#view.takeRelist()) this.#listings.want(scope);
    if (!this.#listings.empty) this.#scheduleListing();
    this.#pump();
  }

  #tell({ workloads, nextHops }: ViewNews): void {
    this.#counters.workloadEvents += workloads.length;
    if (workloads.length > 0) this.#observer?.workloads(workloads);
    if (nextHops.length > 0) this.#observer?.nextHops(nextHops);
  }

  #emit(event: KernelEvent): void {
    this.#observer?.event(event);
  }

  /** Writes until nothing is left, the window is full or the budget is spent. */
  #pump(): void {
    if (this.#state !== 'synced' || this.#closed || !this.#settings.install) return;
    const { fib } = this.#view;
    const start = performance.now();
    fib.releaseDue(start);
    while (this.#batches < WINDOW) {
      const batch = fib.take(BATCH);
      if (batch === null) break;
      this.#batches++;
      this.#port.write(batch.id, batch.writes);
      if (performance.now() - start > this.#budget) {
        this.#schedulePump();
        break;
      }
    }
    this.#armRetry();
    if (fib.pending === 0) this.#whenIdle?.();
  }

  #schedulePump(): void {
    if (this.#pumpScheduled) return;
    this.#pumpScheduled = true;
    setImmediate(() => {
      this.#pumpScheduled = false;
      this.#pump();
    });
  }

  #scheduleSettle(): void {
    if (this.#settleScheduled) return;
    this.#settleScheduled = true;
    setImmediate(() => {
      this.#settleScheduled = false;
      if (!this.#closed) this.#settle();
    });
  }

  #armRetry(): void {
    const due = this.#view.fib.nextDue() ?? Number.POSITIVE_INFINITY;
    if (due === this.#retryAt) return;
    this.#retryAt = due;
    if (due === Number.POSITIVE_INFINITY) return;
    this.#timers.set('retry', Math.max(1, due - performance.now()), () => {
      this.#retryAt = Number.POSITIVE_INFINITY;
      this.#pump();
    });
  }

  #wantListing(): void {
    this.#listings.want({ kind: 'everything' });
    this.#scheduleListing();
  }

  #scheduleListing(): void {
    if (this.#timers.has('listing')) return;
    this.#timers.set('listing', LISTING_DELAY, () => this.#list());
  }

  #list(): void {
    if (this.#closed) return;
    const next = this.#listings.next();
    if (next !== null) this.#port.list(next.id, next.scope);
  }

  #untilIdle(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, CLOSE_TIMEOUT);
      this.#whenIdle = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#schedulePump();
    });
  }
}

/** Our table, the tables of the import rules, and main: gateways are looked up there. */
function filterOf(settings: KernelSettings): PortFilter {
  const tables = new Set([settings.table, RT_TABLE.main, ...settings.import.map((rule) => rule.table)]);
  return { tables: [...tables], protocol: settings.protocol };
}

/** Prefixes come from peers: they must not be able to choose where they land in the table. */
const hashSeed = (): number => crypto.getRandomValues(new Uint32Array(1))[0]!;
