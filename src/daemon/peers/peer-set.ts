// Which peers exist: those of the configuration and those that dynamic ranges let in. Finds the peer an incoming connection
// belongs to. Knows nothing of routes.

import { formatIp, type IpAddress, ipEquals, isLinkLocal } from '../../base/ip.js';
import { prefixContainsIp } from '../../base/prefix.js';
import type { Config, DynamicPeerConfig } from '../../config/types.js';
import { parseSocketAddress } from '../../net/address.js';
import type { RouterFinder } from '../../net/discovery/router-finder.js';
import { CEASE } from '../../wire/iana.js';
import { BgpPeer, type DriverFactory, type PeerContext } from './bgp-peer.js';
import { configuredPeer, dynamicPeer, isUnfound, type RunningPeerConfig } from './session-setup.js';

export type FinderFactory = (found: (name: string, address: IpAddress) => void) => RouterFinder;

export class PeerSet {
  readonly #byKey = new Map<string, BgpPeer>();
  readonly #makeDriver: DriverFactory;
  #context: PeerContext;
  #ranges: readonly DynamicPeerConfig[] = [];
  #running = false;
  readonly #finder: RouterFinder;

  constructor(context: PeerContext, makeDriver: DriverFactory, makeFinder: FinderFactory) {
    this.#context = context;
    this.#makeDriver = makeDriver;
    this.#finder = makeFinder((name, address) => this.#routerFound(name, address));
  }

  all(): Iterable<BgpPeer> {
    return this.#byKey.values();
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** Enabled peers without a session; those with a password or without one, when that is asked. */
  countDown(hasPassword?: boolean): number {
    let count = 0;
    for (const { config, session } of this.all()) {
      const fits = hasPassword === undefined || hasPassword === (config.password !== null);
      if (config.enabled && session === null && fits) count++;
    }
    return count;
  }

  /** By name or by address. */
  find(nameOrAddress: string): BgpPeer | null {
    const address = parseSocketAddress(nameOrAddress);
    const key = address && peerKey(address);
    const byAddress = key && this.#byKey.get(key);
    if (byAddress) return byAddress;
    for (const peer of this.all()) {
      if (peer.name === nameOrAddress || (key !== null && peerKey(peer.config) === key)) return peer;
    }
    return null;
  }

  /** Makes the configured peers of `config` the ones that exist. Returns what changed, for the log. */
  async apply(config: Config, context: PeerContext): Promise<readonly string[]> {
    const { known, added } = this.plan(config);
    this.#context = context;
    this.#ranges = config.dynamicPeers;
    const changes: string[] = [];
    const restarts = known.map(({ key, peer, next }) =>
      next === null ? this.#remove(key, peer, changes) : this.#reconfigure(peer, next, changes),
    );
    await Promise.all(restarts);
    for (const peer of added) {
      changes.push(`peer ${peer.name} added`);
      this.#add(peer);
    }
    this.#lookForRouters();
    return changes;
  }

  /** What `apply` would make of the peers. Changes nothing. */
  plan(config: Config): PeerPlan {
    const wanted = new Map(config.peers.map((peer) => [peerKey(peer), configuredPeer(peer)]));
    const known = [...this.#byKey].map(([key, peer]) => {
      const next = asFound(wanted.get(key), peer) ?? stillDynamic(peer, config.dynamicPeers);
      wanted.delete(key);
      return { key, peer, next };
    });
    return { known, added: [...wanted.values()] };
  }

  /** From now on peers run: those that exist, and those to come. */
  start(): void {
    this.#running = true;
    // Many hosts that start at once would all dial at once.
    for (const peer of this.all()) peer.start(peer.config.timers.startJitter);
    this.#lookForRouters();
  }

  /** Something that all share changed, and no session has to end for it: each hears of it when `later` runs its task. */
  renew(context: PeerContext, later: (task: () => void) => void): void {
    this.#context = context;
    for (const peer of this.all()) {
      later(() => {
        if (this.#context === context) peer.reconfigure(peer.config, context);
      });
    }
  }

  /** For good, whatever a reload that is under way still adds. `graceful`: peers are to keep our routes. */
  async stop(subcode: number, text: string, graceful = false): Promise<void> {
    this.#running = false;
    this.#finder.stop();
    const ends = [...this.all()].map((peer) => {
      const word = text || peer.config.shutdownText;
      return peer.stop(subcode, word, graceful);
    });
    await Promise.all(ends);
  }

  /** The peer that may connect from `remote`; text says why nobody may. */
  match(remote: IpAddress, zone: string | null, local: IpAddress): BgpPeer | string {
    const known = this.#known(remote, zone);
    if (known !== null) return refusalOf(known, local) ?? known;
    const onLink = this.#onLink(remote, zone);
    if (onLink !== null) return refusalOf(onLink, local) ?? this.#admitOnLink(onLink, remote);
    const range = this.#ranges.find(({ range: prefix }) => prefixContainsIp(prefix, remote));
    return range === undefined ? 'no such peer' : this.#admit(range, remote, zone);
  }

  /** A peer of the configuration is at this address. */
  isListed(remote: IpAddress, zone: string | null): boolean {
    return (this.#known(remote, zone) ?? this.#onLink(remote, zone))?.config.dynamic === false;
  }

  #known(remote: IpAddress, zone: string | null): BgpPeer | null {
    return this.#byKey.get(addressKey(remote, zone)) ?? this.#byKey.get(formatIp(remote)) ?? null;
  }

  #onLink(remote: IpAddress, zone: string | null): BgpPeer | null {
    return zone !== null && isLinkLocal(remote) ? (this.#byKey.get(interfaceKey(zone)) ?? null) : null;
  }

  /** Forgets dynamic peers that have been down for a while; called now and then. */
  sweepDynamic(now: number): void {
    for (const [key, peer] of this.#byKey) {
      const { state, since } = peer.driver.status();
      const idleTime = this.#rangeOf(peer.config.address)?.idleTime ?? 0;
      const isExpected = state === 'Established' || peer.restart.away !== null;
      if (!peer.config.dynamic || isExpected || now - since < idleTime * 1000) continue;
      this.#byKey.delete(key);
      void peer.stop(CEASE.peerDeconfigured, 'idle dynamic peer');
      this.#context.events.emit('dynamicPeer', peer.name, 'removed', 'idle');
    }
  }

  #admit(range: DynamicPeerConfig, remote: IpAddress, zone: string | null): BgpPeer | string {
    const inRange = [...this.all()].filter(
      ({ config }) => config.dynamic && prefixContainsIp(range.range, config.address),
    );
    if (inRange.length >= range.limit) return `the limit of ${range.limit} dynamic peers is reached`;
    const name = addressKey(remote, zone);
    const peer = this.#add(dynamicPeer(range, name, remote, zone));
    this.#context.events.emit('dynamicPeer', name, 'added', `group ${range.group}`);
    return peer;
  }

  /** Interface peers are found while peers run: advertisements invite the other side. */
  #lookForRouters(): void {
    if (!this.#running) return;
    const onLink = [...this.#byKey].filter(([key, { config }]) => config.enabled && isInterfaceKey(key));
    this.#finder.watch(onLink.flatMap(([, { config }]) => config.interface ?? []));
    for (const [, peer] of onLink) peer.blame.obstacle = this.#finder.obstacle;
    const { obstacle } = this.#finder;
    if (obstacle !== null) {
      this.#context.events.emit('warning', 'interface peers cannot be found, only wait for them to connect', {
        obstacle,
        remedy: 'router advertisements need CAP_NET_RAW',
      });
    }
  }

  #routerFound(name: string, address: IpAddress): void {
    const peer = this.#byKey.get(interfaceKey(name));
    if (peer !== undefined && !ipEquals(peer.config.address, address)) void this.#meet(peer, address);
  }

  /** Who connects on the interface is its router, unless another one has the session. */
  #admitOnLink(peer: BgpPeer, remote: IpAddress): BgpPeer | string {
    if (ipEquals(peer.config.address, remote)) return peer;
    if (peer.driver.status().state === 'Established') {
      return `${formatIp(peer.config.address)} has the session of peer ${peer.name}`;
    }
    void this.#meet(peer, remote);
    return peer;
  }

  /** The session in force, if there is one, is left alone: a router may advertise from several addresses. */
  async #meet(peer: BgpPeer, address: IpAddress): Promise<void> {
    if (peer.driver.status().state === 'Established') return;
    this.#context.events.emit('routerFound', peer.name, peer.config.interface ?? '', formatIp(address));
    await this.#reconfigure(peer, { ...peer.config, address }, []);
  }

  #add(config: RunningPeerConfig): BgpPeer {
    const peer = new BgpPeer(config, this.#context, this.#makeDriver);
    this.#byKey.set(peerKey(config), peer);
    if (this.#running) peer.start();
    return peer;
  }

  async #remove(key: string, peer: BgpPeer, changes: string[]): Promise<void> {
    changes.push(`peer ${peer.name} removed`);
    await peer.stop(CEASE.peerDeconfigured, 'the peer was removed');
    this.#byKey.delete(key);
  }

  async #reconfigure(peer: BgpPeer, config: RunningPeerConfig, changes: string[]): Promise<void> {
    const wasEnabled = peer.config.enabled;
    if (!peer.reconfigure(config, this.#context)) return;
    const { verb, subcode, text } = restartOf(wasEnabled, config.enabled);
    changes.push(`peer ${config.name} ${verb}`);
    await peer.stop(subcode, (!config.enabled && config.shutdownText) || text);
    if (this.#running) peer.start();
  }

  #rangeOf(address: IpAddress): DynamicPeerConfig | null {
    return rangeOf(this.#ranges, address);
  }
}

export interface PeerPlan {
  /** The peers that are there; `next` null: they go. */
  readonly known: readonly {
    readonly key: string;
    readonly peer: BgpPeer;
    readonly next: RunningPeerConfig | null;
  }[];
  readonly added: readonly RunningPeerConfig[];
}

const rangeOf = (ranges: readonly DynamicPeerConfig[], address: IpAddress): DynamicPeerConfig | null =>
  ranges.find(({ range }) => prefixContainsIp(range, address)) ?? null;

function stillDynamic({ config }: BgpPeer, ranges: readonly DynamicPeerConfig[]): RunningPeerConfig | null {
  const range = config.dynamic ? rangeOf(ranges, config.address) : null;
  return range === null ? null : dynamicPeer(range, config.name, config.address, config.interface);
}

/** A peer with a local address of its own is served on that address only. */
function refusalOf({ name, config }: BgpPeer, local: IpAddress): string | null {
  if (!config.enabled) return `peer ${name} is disabled`;
  if (config.localAddress === null || ipEquals(config.localAddress, local)) return null;
  return `peer ${name} has to connect to ${formatIp(config.localAddress)}, not to ${formatIp(local)}`;
}

const DISABLED = { verb: 'disabled', subcode: CEASE.administrativeShutdown, text: 'disabled' } as const;
const ENABLED = { verb: 'enabled', subcode: CEASE.administrativeReset, text: 'enabled' } as const;
const RESTARTED = {
  verb: 'restarted',
  subcode: CEASE.otherConfigurationChange,
  text: 'configuration changed',
} as const;

function restartOf(before: boolean, after: boolean): typeof DISABLED | typeof ENABLED | typeof RESTARTED {
  if (before === after) return RESTARTED;
  return after ? ENABLED : DISABLED;
}

/** The key of an interface peer stays when its address is found. */
const interfaceKey = (name: string): string => `::%${name}`;
const isInterfaceKey = (key: string): boolean => key.startsWith('::%');

/** What the configuration wants of a peer that is there, with the address that it was found at. */
function asFound(next: RunningPeerConfig | undefined, { config }: BgpPeer): RunningPeerConfig | null {
  if (next === undefined) return null;
  return isUnfound(next) ? { ...next, address: config.address } : next;
}

const peerKey = ({ address, interface: zone }: { address: IpAddress; interface: string | null }): string =>
  addressKey(address, zone);

const addressKey = (address: IpAddress, zone: string | null): string =>
  zone === null ? formatIp(address) : `${formatIp(address)}%${zone}`;
