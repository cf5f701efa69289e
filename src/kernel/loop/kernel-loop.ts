// Runs a kernel: reports come in from a port, writes and listings go out, observers hear the news. Owns the timers and
// the time budget; the logic is in the view and the FIB. Both backends are this loop over their own port.

import type { IpAddress } from '../../base/ip.js';
import type { Prefix } from '../../base/prefix.js';
import type { KernelPort, ListScope, PortReport } from '../port.js';
import type {
  FibIntent,
  Kernel,
  KernelEvent,
  KernelObserver,
  KernelRoute,
  KernelSettings,
  KernelStatus,
  NextHopState,
  WorkloadChange,
} from '../types.js';
import { Audits } from './audits.js';
import { LoopCounters } from './counters.js';
import { KernelView, type ViewNews } from './kernel-view.js';
import { Listings } from './listings.js';
import { filterOf } from './port-filter.js';
import { Reopening } from './reopening.js';
import { Senders } from './senders.js';
import { Timers } from './timers.js';
import { viewStatus } from './view-status.js';
import { Waits } from './waits.js';
import { WritePump } from './write-pump.js';

export interface LoopOptions {
  /** Milliseconds of work before the event loop gets its turn. */
  readonly budget?: number;
  /** Seconds between listings that check what notifications told, 0 for none; instead of the settings'. */
  readonly auditInterval?: number;
}

const BUDGET = 4;
/** Milliseconds in which link and address changes are gathered before a listing. */
const LISTING_DELAY = 5;
/** Milliseconds that `close` waits for routes to be removed. */
const CLOSE_TIMEOUT = 10_000;

type StartResult = { readonly ok: true } | { readonly ok: false; readonly reason: string };

export class KernelLoop implements Kernel {
  readonly #port: KernelPort;
  readonly #view: KernelView;
  readonly #listings = new Listings();
  readonly #counters = new LoopCounters();
  readonly #pump: WritePump;
  readonly #audits: Audits;
  readonly #waits: Waits;
  #settings: KernelSettings;
  #observer: KernelObserver | null = null;
  #state: KernelStatus['state'] = 'starting';
  #started: ((result: StartResult) => void) | null = null;
  #settleScheduled = false;
  #closing = false;
  #closed = false;
  /** The kernel knows nexthop objects. */
  #objects = false;
  /** Notifications were lost since the last listing of everything began. */
  #overrun = false;
  readonly #reopening = new Reopening(() => void this.#reopen());
  readonly #timers = new Timers<'listing' | 'gateways'>();

  constructor(port: KernelPort, settings: KernelSettings, options: LoopOptions = {}) {
    this.#port = port;
    this.#settings = settings;
    this.#audits = new Audits(() => this.#audit(), options.auditInterval ?? null);
    const senders = new Senders();
    this.#view = new KernelView(settings, hashSeed(), (port, protocol) => senders.culprit(port, protocol));
    const deciding = (): boolean => this.#observer?.deciding() === true;
    this.#pump = new WritePump({
      port,
      fib: this.#view.fib,
      tunnels: this.#view.tunnels,
      budget: options.budget ?? BUDGET,
      mayChange: () => !this.#closing && deciding(),
      mayWrite: () => this.#state === 'synced' && !this.#closed && this.#settings.install,
    });
    this.#waits = new Waits({
      fib: this.#view.fib,
      tunnels: this.#view.tunnels,
      deciding,
      expired: () => this.#pump.run(),
    });
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
    this.#opened(opened.objects);
    return synced;
  }

  install(prefix: Prefix, intent: FibIntent): void {
    const { guard, fib } = this.#view;
    if (guard.install(prefix, intent) || guard.hasNews || fib.someWait) this.#scheduleSettle();
    this.#pump.soon();
  }

  uninstall(prefix: Prefix): void {
    if (this.#view.guard.uninstall(prefix)) this.#scheduleSettle();
    this.#pump.soon();
  }

  sweep(): void {
    if (!this.#settings.install) return;
    const routes = this.#view.fib.sweep();
    this.#emit({ kind: 'swept', routes });
    for (const ifindex of this.#view.tunnels.sweep()) this.#listings.want({ kind: 'ends', ifindex });
    if (!this.#listings.empty) this.#scheduleListing();
    this.#pump.schedule();
  }

  trackNextHop(nextHop: IpAddress): NextHopState {
    const state = this.#view.nextHops.watch(nextHop);
    this.#scheduleSettle();
    return state;
  }

  untrackNextHop(nextHop: IpAddress): void {
    this.#view.nextHops.unwatch(nextHop);
  }

  suspectNextHop(nextHop: IpAddress, suspect: boolean): void {
    this.#view.nextHops.suspect(nextHop, suspect);
    this.#settle();
  }

  decided(): void {
    if (this.#waits.end() || this.#view.tunnels.active) this.#pump.soon();
  }

  reconfigure(settings: KernelSettings): void {
    this.#settings = settings;
    this.#port.filter(filterOf(settings));
    this.#view.configure(settings);
    this.#chooseObjects();
    this.#audits.schedule(settings.auditInterval);
    this.#listings.outdate();
    this.#wantListing();
    this.#scheduleSettle();
  }

  isInstalled(prefix: Prefix): boolean {
    return this.#view.fib.isInstalled(prefix);
  }

  refusal(prefix: Prefix): string | null {
    return this.#view.guard.refusal(prefix);
  }

  installed(): Iterable<KernelRoute> {
    return this.#view.fib.installed();
  }

  workloads(): Iterable<WorkloadChange> {
    return this.#view.importer.workloads();
  }

  workloadsUnder(settings: KernelSettings): Iterable<WorkloadChange | null> {
    return this.#view.workloadsUnder(settings);
  }

  resolve(address: IpAddress): ReturnType<Kernel['resolve']> {
    return this.#view.resolve(address);
  }

  status(): KernelStatus {
    const { table, protocol } = this.#settings;
    const counters = this.#counters.snapshot(this.#view.fib.counters, this.#view.guard.counts);
    const audits = this.#audits.status();
    const own = { backend: this.#port.backend, state: this.#state, table, protocol, counters, audits };
    return { ...own, ...viewStatus(this.#view, performance.now()) };
  }

  async close(options: { readonly removeRoutes: boolean }): Promise<void> {
    if (this.#closed) return;
    this.#closing = true;
    if (options.removeRoutes && this.#settings.install && this.#state === 'synced') {
      this.#view.fib.removeAll();
      this.#view.tunnels.removeAll();
      await this.#pump.untilIdle(CLOSE_TIMEOUT);
    }
    this.#closed = true;
    this.#timers.stop();
    this.#reopening.stop();
    this.#waits.stop();
    this.#pump.stop();
    this.#audits.stop();
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
      case 'programmed':
        this.#view.tunnels.written(report.id, report.failures, performance.now());
        this.#settle();
        return;
      case 'overrun':
        this.#counters.overruns++;
        this.#overrun = true;
        this.#view.neighbours.forgetAll();
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
    this.#view.fib.tick(performance.now());
    if (first) this.#beginListing(scope);
    for (const change of changes) this.#view.list(change);
    if (!done) return;
    if (errno === null) this.#view.endListing(scope);
    if (errno !== null || this.#view.fib.takeDoubt()) this.#wantListing();
    if (errno === null && scope.kind === 'everything') this.#synced();
    if (scope.kind === 'audit') {
      this.#audits.done(performance.now());
      // Nobody tells of neighbours and forwarding entries that go: they are written again.
      this.#view.tunnels.forget();
    }
    this.#settle();
    this.#finishListing();
  }

  #beginListing(scope: ListScope): void {
    this.#audits.began(performance.now());
    const cause = scope.kind === 'interface' ? 'linkLost' : this.#overrun ? 'overrun' : 'missing';
    if (scope.kind === 'everything') this.#overrun = false;
    this.#view.beginListing(scope, cause);
  }

  #audit(): void {
    this.#listings.want({ kind: 'audit' });
    this.#list();
  }

  #chooseObjects(): void {
    const choice = this.#settings.nextHopGroups ?? 'off';
    this.#view.fib.useObjects(this.#objects && choice !== 'off');
    if (choice === 'on' && !this.#objects) this.#emit({ kind: 'noNextHopGroups' });
  }

  #finishListing(): void {
    this.#listings.finish();
    this.#list();
  }

  #synced(): void {
    if (this.#state === 'synced') {
      this.#counters.resyncs++;
      this.#view.tunnels.forget();
    } else {
      this.#state = 'synced';
      this.#reopening.inStep();
      this.#settle();
      const { links, store, fib } = this.#view;
      const { adoptedStale } = fib.status();
      this.#emit({ kind: 'synced', routes: store.size, links: links.links.length, adopted: adoptedStale });
      this.#started?.({ ok: true });
      this.#started = null;
    }
    this.#audits.schedule(this.#settings.auditInterval);
  }

  #written({ id, failures, latency }: Extract<PortReport, { kind: 'written' }>): void {
    this.#pump.answered();
    this.#counters.latency.observe(latency);
    const now = performance.now();
    this.#view.fib.tick(now);
    for (const failure of this.#view.fib.written(id, failures, now))
      if (this.#counters.mayReport(failure.errno, now)) this.#emit({ kind: 'fibError', ...failure });
    if (this.#view.fib.takeDoubt()) this.#wantListing();
    if (this.#view.fib.drift.hasNews) this.#scheduleSettle();
    this.#pump.run();
  }

  #failed(message: string): void {
    this.#state = 'failed';
    this.#pump.abandon();
    this.#listings.abandon();
    this.#view.fib.abandon();
    this.#view.tunnels.abandon();
    this.#emit({ kind: 'workerFailed', message });
    this.#reopening.schedule();
  }

  async #reopen(): Promise<void> {
    const opened = await this.#port.open(filterOf(this.#settings), (report) => this.#receive(report));
    if (this.#closed) return;
    if (!opened.ok) {
      this.#failed(opened.reason);
      return;
    }
    this.#opened(opened.objects);
  }

  #opened(objects: boolean): void {
    this.#objects = objects;
    this.#chooseObjects();
    // What was asked for while the port was dead will not be answered.
    this.#listings.abandon();
    this.#listings.want({ kind: 'everything' });
    this.#list();
  }

  /** Tells the observer what the changes so far mean, then writes what follows from them. */
  #settle(): void {
    if (this.#state === 'starting') return;
    this.#tell(this.#view.settle(performance.now()));
    for (const event of this.#view.takeEvents()) this.#emit(event);
    for (const event of this.#view.fib.drift.takeEvents()) this.#emit(event);
    for (const scope of this.#view.takeRelist()) this.#listings.want(scope);
    if (!this.#listings.empty) this.#scheduleListing();
    this.#waits.look();
    this.#pump.run();
    for (const event of this.#view.takeEvents()) this.#emit(event);
    this.#awaitGateways();
  }

  /** Whether a gateway answers is judged by time, too. */
  #awaitGateways(): void {
    const due = this.#view.neighbours.nextDue();
    if (due === null) this.#timers.clear('gateways');
    else this.#timers.set('gateways', Math.max(1, due - performance.now()), () => this.#settle());
  }

  #tell({ workloads, nextHops, addresses }: ViewNews): void {
    this.#counters.workloadEvents += workloads.length;
    if (workloads.length > 0) this.#observer?.workloads(workloads);
    if (nextHops.length > 0) this.#observer?.nextHops(nextHops);
    if (addresses) this.#observer?.addresses();
  }

  #emit(event: KernelEvent): void {
    this.#observer?.event(event);
  }

  #scheduleSettle(): void {
    if (this.#settleScheduled) return;
    this.#settleScheduled = true;
    setImmediate(() => {
      this.#settleScheduled = false;
      if (!this.#closed) this.#settle();
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
    if (next === null && this.#listings.unhurried && !this.#listings.empty) this.#port.hurry();
    if (next !== null) this.#port.list(next.id, next.scope);
  }
}

/** Prefixes come from peers: they must not be able to choose where they land in the table. */
const hashSeed = (): number => crypto.getRandomValues(new Uint32Array(1))[0]!;
