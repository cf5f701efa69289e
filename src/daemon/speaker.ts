// Wires the layers together: kernel -> RIB -> kernel, peers -> RIB -> peers, and the pass that moves it all.
// Holds no routes and no session state of its own.

import type { PeerId } from '../base/ids.js';
import type { IpAddress } from '../base/ip.js';
import { kernelSettings } from '../config/kernel-settings.js';
import type { Config } from '../config/types.js';
import type {
  Kernel,
  KernelEvent,
  KernelObserver,
  KernelSettings,
  NextHopState,
  TunnelDevice,
  WorkloadChange,
} from '../kernel/types.js';
import type { Clock } from '../net/clock.js';
import { sendBatch } from '../net/send-batch.js';
import { readsInterfaces, readsRpki } from '../policy/compile.js';
import { installPolicyOf } from '../policy/defaults.js';
import { Rib } from '../rib/core.js';
import type { ExportRules } from '../rib/export/exporter.js';
import type { InterfaceOf } from '../rib/import/importer.js';
import { VrpTable } from '../rpki/vrp-table.js';
import { readTcpExt } from '../sys/netstat.js';
import { CEASE } from '../wire/iana.js';
import type { DaemonEvents } from './events.js';
import { PassScheduler } from './pass-scheduler.js';
import type { BgpPeer, DriverFactory, PeerContext } from './peers/bgp-peer.js';
import { DropWatch } from './peers/drop-watch.js';
import { JoinGate } from './peers/join-gate.js';
import { type FinderFactory, PeerSet } from './peers/peer-set.js';
import { COLD, RUNNING, restartEvidence, restartOf } from './peers/restart-state.js';
import type { RestartState } from './peers/session-setup.js';
import { Suspects } from './peers/suspects.js';
import { type AddressSource, AddressWatch, onceATurn } from './routes/address-source.js';
import { FibFeed } from './routes/fib-feed.js';
import { ForeignOrigins } from './routes/foreign-origins.js';
import type { HostAddresses } from './routes/host-addresses.js';
import type { LocalSettings } from './routes/local-attributes.js';
import { LocalRoutes } from './routes/local-routes.js';
import { ownTunnel, tunnelDevices } from './routes/overlay.js';
import { PeerGateways } from './routes/peer-gateways.js';
import { RpkiFeed } from './routes/rpki-feed.js';
import {
  clusterIds,
  decisionOf,
  exportRules,
  nextHopInterest,
  type SpeakerOutlook,
} from './speaker-outlook.js';
import { LimitAlarms } from './status/limit-alarms.js';

export interface SpeakerOptions {
  readonly config: Config;
  readonly routerId: number;
  /** Null: routes are only passed on. */
  readonly kernel: Kernel | null;
  /** False: every next hop counts as usable, because this kernel can't tell. */
  readonly resolveNextHops: boolean;
  readonly clock: Clock & { wallClock(): number };
  readonly events: DaemonEvents;
  readonly makeDriver: DriverFactory;
  readonly makeFinder: FinderFactory;
  readonly addresses: AddressSource;
  readonly seed: number;
}

export class Speaker {
  readonly rib: Rib;
  readonly peers: PeerSet;
  readonly kernel: Kernel | null;
  readonly fib: FibFeed | null;
  readonly alarms: LimitAlarms;
  readonly rpki: RpkiFeed;
  readonly #vrps = new VrpTable();
  readonly foreignOrigins: ForeignOrigins;
  readonly drops = new DropWatch(readTcpExt);
  readonly #options: SpeakerOptions;
  readonly #local: LocalRoutes;
  readonly #gateways: PeerGateways | null;
  readonly #pass: PassScheduler;
  readonly #suspects: Suspects | null;
  readonly #joinGate: JoinGate;
  /** By the id of their session: every wake-up looks here. */
  readonly #byRibId: (BgpPeer | null)[] = [];
  readonly #hostAddresses: () => HostAddresses;
  readonly #addressWatch: AddressWatch;
  #config: Config;
  #restart: RestartState = COLD;
  /** What the kernel was last told to make. */
  #madeTunnels: readonly TunnelDevice[] = [];
  /** Told of a new configuration before its peers connect and are connected to. */
  beforePeers: (config: Config) => void = () => undefined;

  constructor(options: SpeakerOptions) {
    const { config, kernel, clock } = options;
    this.#options = options;
    this.#config = config;
    this.kernel = kernel;
    this.#hostAddresses = onceATurn(
      () => options.addresses.read(),
      (task) => clock.defer(task),
    );
    this.#addressWatch = new AddressWatch(options.addresses, clock, () => this.#addressesChanged());
    this.#suspects = kernel === null ? null : new Suspects(kernel);
    this.#pass = new PassScheduler(clock, {
      run: (budget) => {
        const more = this.#run(budget);
        if (!more) this.#decided();
        return more;
      },
      arrivals: () => this.rib.updates,
      announceNext: () => this.rib.work.rearm(),
      flush: () => sendBatch.submit(),
    });
    this.#joinGate = new JoinGate(clock, (peer) => this.#byRibId[peer]?.wake());
    this.rib = this.#makeRib();
    this.rib.setInterfaces(this.#interfacesUnder(options.config));
    this.#local = new LocalRoutes(this.rib, this.#localSettings());
    this.alarms = new LimitAlarms({ rib: this.rib, rss: () => process.memoryUsage.rss() }, options.events);
    this.foreignOrigins = new ForeignOrigins({
      rib: this.rib,
      events: options.events,
      peerName: (peer) => this.#byRibId[peer]?.name ?? 'a peer that just left',
      now: () => clock.now(),
    });
    const install = installPolicyOf(config.kernel.install, config.policies);
    this.#gateways = kernel === null ? null : new PeerGateways(kernel);
    this.fib =
      kernel === null
        ? null
        : new FibFeed(this.rib, this.#gateways ?? kernel, {
            policy: install,
            config,
            interfaceOf: (peer) => this.interfaceOf(peer),
            isBlackhole: (prefix) => this.#local.isBlackhole(prefix),
          });
    this.rpki = new RpkiFeed({
      table: this.#vrps,
      rib: this.rib,
      clock,
      events: options.events,
      isAsked: () => readsRpki(this.#config.policies),
    });
    this.#madeTunnels = this.#tunnels();
    this.peers = new PeerSet(this.#peerContext(), options.makeDriver, options.makeFinder);
  }

  get config(): Config {
    return this.#config;
  }

  /** Reads the kernel and the configured routes. Peers exist then and do not run: their first UPDATEs will be complete. */
  async start(): Promise<{ readonly ok: true } | { readonly ok: false; readonly reason: string }> {
    if (this.kernel !== null) {
      const started = await this.kernel.start(this.#kernelObserver());
      if (!started.ok) return started;
    }
    this.#gateways?.apply(this.#config.peers);
    this.#local.configure(this.#localSettings(), this.kernel?.workloads() ?? []);
    this.rpki.configure(this.#config.rpki);
    this.#beginRestart();
    await this.peers.apply(this.#config, this.#peerContext());
    return { ok: true };
  }

  /** Where peers may have kept our routes they are not to drop them, nor we to choose, before all have been heard. */
  #beginRestart(): void {
    const { peers, dynamicPeers } = this.#config;
    const asked = [...peers, ...dynamicPeers.map(({ template }) => template)];
    this.#restart = restartOf(this.kernel);
    if (!this.#restart.restarting || !asked.some((peer) => peer.gracefulRestart.mode === 'full')) return;
    this.rib.restarts.defer();
    this.rib.restarts.holdEndOfRib();
    this.#options.events.emit('restart', 'begun', restartEvidence(this.kernel));
  }

  /** Everybody has been heard, or had the time: peers hear what that makes of their routes, and the next OPENs say so. */
  endRestart(): void {
    this.#restart = RUNNING;
    this.rib.restarts.select();
    this.rib.restarts.releaseEndOfRib();
    // Thousands of peers are more than one turn has time for.
    this.peers.renew(this.#peerContext(), (task) => this.#options.clock.defer(task));
  }

  /** Makes a new configuration the running one; sessions are kept wherever they can be. */
  async reconfigure(config: Config): Promise<readonly string[]> {
    this.#config = config;
    this.kernel?.reconfigure(this.#kernelSettings(this.#tunnels()));
    const originated = this.#local.configure(this.#localSettings(), this.kernel?.workloads() ?? []);
    const install = installPolicyOf(config.kernel.install, config.policies);
    this.#gateways?.apply(config.peers);
    if (this.fib?.configure(config, install, originated) === true) this.#pass.request();
    this.rpki.configure(config.rpki);
    this.rib.setDecision(decisionOf(config));
    this.rib.setClusterIds(clusterIds(config));
    this.rib.setInterfaces(this.#interfacesUnder(config));
    this.beforePeers(config);
    return this.peers.apply(config, this.#peerContext());
  }

  /** What the parts would be made with under `config`. Changes nothing. */
  outlook(config: Config): SpeakerOutlook {
    const { routerId, seed } = this.#options;
    return {
      routerId,
      seed,
      rules: this.#rules,
      decision: decisionOf(config),
      clusterIds: clusterIds(config),
      interfaceOf: this.#interfacesUnder(config),
      context: this.#peerContext(config),
      local: this.#localSettings(config),
      install: installPolicyOf(config.kernel.install, config.policies),
      kernel: kernelSettings(config, this.#tunnels(config)),
    };
  }

  /** Routes wait to be decided. */
  get busy(): boolean {
    return this.#pass.busy;
  }

  #interfacesUnder({ kernel }: Config): InterfaceOf | null {
    return kernel.learnedInterfaces && this.#options.resolveNextHops ? this.#interfaceTo : null;
  }

  readonly #interfaceTo: InterfaceOf = (nextHop) => this.kernel?.resolve(nextHop)?.interface ?? null;

  /** True where nothing can tell. */
  reaches(address: IpAddress): boolean {
    const { kernel, resolveNextHops } = this.#options;
    return kernel === null || !resolveNextHops || kernel.resolve(address) !== null;
  }

  interfaceOf(peer: PeerId): string | null {
    return this.#byRibId[peer]?.config.interface ?? null;
  }

  /** No pass after this: it would take the routes of the ended sessions out of the kernel. */
  async stop(options: { readonly removeRoutes: boolean; readonly text: string }): Promise<void> {
    this.#pass.stop();
    this.#suspects?.stop();
    this.#joinGate.close();
    this.#addressWatch.stop();
    this.rpki.stop();
    const { graceful } = this.#config.shutdown;
    await this.peers.stop(CEASE.administrativeShutdown, options.text, graceful && !options.removeRoutes);
    await this.kernel?.close({ removeRoutes: options.removeRoutes });
  }

  /** A session of `peer` took `ribId`: wake-ups of the RIB go to it. */
  attached(ribId: PeerId, peer: BgpPeer): void {
    for (let id = this.#byRibId.length; id <= ribId; id++) this.#byRibId.push(null);
    this.#byRibId[ribId] = peer;
    this.#joinGate.enter(ribId);
  }

  /** Its routes stay as they are, and so does what names it. */
  away(ribId: PeerId): void {
    this.#joinGate.leave(ribId);
  }

  detached(ribId: PeerId): void {
    this.#byRibId[ribId] = null;
    this.#suspects?.add(this.rib, ribId);
    this.#joinGate.leave(ribId);
  }

  mayPull(ribId: PeerId): boolean {
    return !this.#joinGate.holds(ribId);
  }

  /** Peers that wait in silence learn what the kernel has dropped meanwhile. */
  watchDrops(): void {
    if (this.peers.countDown() === 0 || !this.drops.look(this.#options.clock.now())) return;
    for (const peer of this.peers.all()) peer.judge();
  }

  peerOf(ribId: PeerId): BgpPeer | null {
    return this.#byRibId[ribId] ?? null;
  }

  #decided(): void {
    this.#suspects?.clear();
    this.kernel?.decided();
  }

  /** One slice; true when there is more. */
  #run(budget: number): boolean {
    const more = this.rib.run(budget);
    this.#local.settle();
    return (this.fib?.review(budget) ?? false) || more;
  }

  get #rules(): ExportRules {
    return exportRules(this.#options.config.routeReflector !== null);
  }

  #makeRib(): Rib {
    const { config, routerId, kernel, resolveNextHops, seed } = this.#options;
    return new Rib({
      routerId,
      seed,
      decision: decisionOf(config),
      clusterIds: clusterIds(config),
      validation: this.#vrps,
      rules: this.#rules,
      nextHopInterest: kernel !== null && resolveNextHops ? nextHopInterest(kernel) : null,
      listener: {
        bestChanged: (family, prefix) => {
          this.fib?.update(family, prefix);
          this.#local.bestChanged(family, prefix);
        },
        localChosen: (family, prefix) => this.foreignOrigins.localChosen(family, prefix),
        wake: (peer) => {
          if (!this.#joinGate.holds(peer)) this.#byRibId[peer]?.wake();
        },
        workPending: () => this.#pass.request(),
      },
    });
  }

  #peerContext(config = this.#config): PeerContext {
    const { events, routerId, clock } = this.#options;
    return {
      local: {
        asn: config.asn,
        confederation: config.confederation,
        routerId,
        routeReflector: config.routeReflector,
        restart: this.#restart,
        vantages: config.optimalRouteReflection,
      },
      policies: config.policies,
      rib: this.rib,
      attachments: this,
      events,
      hostAddresses: this.#hostAddresses,
      wallClock: () => clock.wallClock(),
      timer: (onExpire) => clock.timer(onExpire),
      blame: {
        drops: this.drops,
        now: () => clock.now(),
        wallClock: () => clock.wallClock(),
        suspects: (hasPassword) => this.peers.countDown(hasPassword),
      },
    };
  }

  /** The host's addresses may have changed: looks, and acts when they did. */
  checkAddresses(): void {
    this.#addressWatch.notice();
  }

  /** Next hops and tunnels that are made of our addresses follow them; no session is reset. */
  #addressesChanged(): void {
    for (const peer of this.peers.all()) peer.addressesChanged();
    const tunnels = this.#tunnels();
    if (JSON.stringify(tunnels) === JSON.stringify(this.#madeTunnels)) return;
    this.kernel?.reconfigure(this.#kernelSettings(tunnels));
    this.#local.configure(this.#localSettings(), this.kernel?.workloads() ?? []);
  }

  #kernelSettings(tunnels: readonly TunnelDevice[]): KernelSettings {
    this.#madeTunnels = tunnels;
    return kernelSettings(this.#config, tunnels);
  }

  #tunnels(config = this.#config): readonly TunnelDevice[] {
    return this.kernel === null ? [] : tunnelDevices(config, this.#hostAddresses());
  }

  #localSettings(config = this.#config): LocalSettings {
    const { originate, pools, kernel } = config;
    const { localPrefFromMetric, metric, ipv6Metric } = kernel;
    const interfaces = readsInterfaces(config.policies);
    const tunnel = ownTunnel(this.#tunnels(config));
    return { originate, pools, localPrefFromMetric, metric, ipv6Metric, tunnel, interfaces };
  }

  #kernelObserver(): KernelObserver {
    return {
      workloads: (changes: readonly WorkloadChange[]) => this.#local.workloads(changes),
      nextHops: (changes: readonly NextHopState[]) => {
        for (const { nextHop, reachable, cost } of changes) this.rib.setNextHop(nextHop, reachable, cost);
      },
      deciding: () => this.#pass.busy,
      addresses: () => this.checkAddresses(),
      event: (event: KernelEvent) => this.#options.events.emit('kernel', event),
    };
  }
}
