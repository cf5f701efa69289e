// The daemon as a value: started from a configuration, reloaded, stopped. Used by the command line, the lab and tests;
// installs no signal handlers and never ends the process.

import { randomBytes } from 'node:crypto';
import type { StatusSource } from '../api/types.js';
import { formatIp } from '../base/ip.js';
import { kernelSettings } from '../config/kernel-settings.js';
import type { Config, ConfigResult } from '../config/types.js';
import { chooseKernel } from '../kernel/choose-backend.js';
import type { Kernel } from '../kernel/types.js';
import { formatSocketAddress } from '../net/address.js';
import { type Clock, systemClock } from '../net/clock.js';
import { createListener } from '../net/listener.js';
import { createPeerDriver } from '../net/peer-driver.js';
import type { DriverFactory } from './bgp-peer.js';
import { createEvents, type DaemonEvents } from './events.js';
import { defaultRouterId, type HostAddresses, readHostAddresses } from './host-addresses.js';
import type { Logger } from './logger.js';
import { LineLimiter } from './rate-limit.js';
import { endpoint, sessionConfig } from './session-setup.js';
import { Speaker } from './speaker.js';
import { sweepWhenConverged } from './startup-sweep.js';
import { logEvents } from './telemetry.js';

export interface DaemonOptions {
  readonly config: Config;
  /** For reload, the API and messages. */
  readonly configFile: string;
  readonly logger: Logger;
  /** Reads the configuration again; absent: reload is refused. */
  readonly readConfig?: () => ConfigResult;
  /** Instead of the backend that the configuration chooses. */
  readonly kernel?: Kernel;
  /** Instead of the host's own addresses (several daemons in one process). */
  readonly hostAddresses?: () => HostAddresses;
}

export interface Daemon {
  readonly status: StatusSource;
  /** Where the API listens on TCP, with the port in force; null without. */
  readonly apiAddress: { readonly host: string; readonly port: number } | null;
  reload(): ReturnType<StatusSource['reload']>;
  /** Cease to every peer; the kernel's routes stay unless the configuration or the caller says otherwise. */
  stop(text?: string): Promise<void>;
}

export type DaemonStart =
  | { readonly ok: true; readonly daemon: Daemon }
  | { readonly ok: false; readonly reason: string };

/** Lines of one kind in the log, a minute. */
const LOG_LINES = 10;
/** Milliseconds. */
const DYNAMIC_SWEEP = 10_000;
const ADDRESS_WAIT = 10_000;
const ADDRESS_POLL = 50;
/** Loading the API stops the event loop for about 0.1 s: sessions with peers that are there come first. */
const API_DELAY = 50;

export async function startDaemon(options: DaemonOptions): Promise<DaemonStart> {
  const hostAddresses = options.hostAddresses ?? readHostAddresses;
  const clock = { ...systemClock(), wallClock: () => Date.now() };
  const routerId = options.config.routerId ?? (await awaitRouterId(hostAddresses, clock));
  if (routerId === null)
    return { ok: false, reason: 'no interface of this host has an IPv4 address: set routerId' };
  const events = createEvents();
  logEvents(events, options.logger, new LineLimiter(LOG_LINES), () => clock.now());
  const speaker = new Speaker({
    ...selectKernel(options, events),
    config: options.config,
    routerId,
    clock,
    events,
    hostAddresses,
    seed: randomBytes(4).readUInt32LE(),
    makeDriver: driverFactory(clock),
  });
  const parts: Parts = { options, speaker, clock, events, stops: [] };
  const reason = (await startSpeaker(parts)) ?? (await listen(parts));
  if (reason !== null) return await abandon(parts, reason);
  return serve(parts, routerId);
}

/** At boot the address may be a moment away, and an interface without carrier does not count. */
async function awaitRouterId(hostAddresses: () => HostAddresses, clock: Clock): Promise<number | null> {
  const giveUp = clock.now() + ADDRESS_WAIT;
  let routerId = defaultRouterId(hostAddresses());
  while (routerId === null && clock.now() < giveUp) {
    await pause(clock, ADDRESS_POLL);
    routerId = defaultRouterId(hostAddresses());
  }
  return routerId;
}

const pause = (clock: Clock, milliseconds: number): Promise<void> =>
  new Promise((resolve) => clock.timer(resolve).start(milliseconds));

type DaemonClock = Clock & { wallClock(): number };

/** What a daemon is made of, as far as it is started. */
export interface Parts {
  readonly options: DaemonOptions;
  readonly speaker: Speaker;
  readonly clock: DaemonClock;
  readonly events: DaemonEvents;
  /** What has to end, the latest first. */
  readonly stops: ((text: string) => Promise<void> | void)[];
}

async function listen({ options, speaker, clock, events, stops }: Parts): Promise<string | null> {
  const listener = createListener({
    addresses: options.config.listen,
    clock,
    match: (remote) => {
      const peer = speaker.peers.match(remote.address, remote.interface);
      if (typeof peer !== 'string') return peer.driver;
      events.emit('connectionRefused', formatSocketAddress(remote), peer);
      return null;
    },
  });
  stops.unshift(() => listener.stop());
  const [problem] = await listener.start();
  if (problem === undefined) {
    speaker.peers.start();
    return null;
  }
  const { address, port } = problem.address;
  return `can't listen on ${formatIp(address)} port ${port}: ${LISTEN_ERRORS[problem.code] ?? problem.code}`;
}

const LISTEN_ERRORS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process does (EADDRINUSE)',
  EACCES: 'not permitted: ports below 1024 need CAP_NET_BIND_SERVICE (EACCES)',
  EADDRNOTAVAIL: 'this host does not have the address (EADDRNOTAVAIL)',
};

async function startSpeaker({ speaker, clock, events, stops }: Parts): Promise<string | null> {
  stops.unshift((text) => speaker.stop({ removeRoutes: speaker.config.kernel.removeOnStop, text }));
  const started = await speaker.start();
  if (!started.ok) return started.reason;
  stops.unshift(sweepWhenConverged(speaker, events, clock));
  const sweeper = clock.timer(() => {
    speaker.peers.sweepDynamic(clock.now());
    sweeper.start(DYNAMIC_SWEEP);
  });
  sweeper.start(DYNAMIC_SWEEP);
  stops.unshift(() => sweeper.close());
  return null;
}

async function serve(parts: Parts, routerId: number): Promise<DaemonStart> {
  const { clock, stops } = parts;
  await pause(clock, API_DELAY);
  const { serveStatus } = await import('./serve-status.js');
  const served = await serveStatus(parts, routerId);
  if (!served.ok) return await abandon(parts, served.reason);
  const { status, apiAddress, reload } = served;
  return { ok: true, daemon: { status, apiAddress, reload, stop: (text = '') => stopAll(stops, text) } };
}

async function abandon({ stops }: Parts, reason: string): Promise<DaemonStart> {
  await stopAll(stops, 'could not start');
  return { ok: false, reason };
}

async function stopAll(stops: Parts['stops'], text: string): Promise<void> {
  for (const stop of stops.splice(0)) await stop(text);
}

function selectKernel(
  { config, kernel }: DaemonOptions,
  events: DaemonEvents,
): { readonly kernel: Kernel | null; readonly resolveNextHops: boolean } {
  if (kernel !== undefined) return { kernel, resolveNextHops: true };
  if (config.kernel.backend === 'none') return { kernel: null, resolveNextHops: false };
  const chosen = chooseKernel(config.kernel.backend, kernelSettings(config));
  if (chosen.warning !== null) events.emit('warning', chosen.warning, {});
  // A memory kernel knows no interfaces of this host, so it can't say which next hops are reachable.
  return { kernel: chosen.kernel, resolveNextHops: chosen.kernel.status().backend === 'netlink' };
}

const driverFactory =
  (clock: Clock): DriverFactory =>
  (local, peer, handlers) =>
    createPeerDriver({
      config: sessionConfig(local, peer),
      endpoint: endpoint(local, peer),
      handlers,
      clock,
      random: Math.random,
    });
