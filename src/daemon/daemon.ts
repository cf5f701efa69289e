// The daemon as a value: started from a configuration, reloaded, stopped. Used by the command line, the lab and tests;
// installs no signal handlers and never ends the process.

import { randomBytes } from 'node:crypto';
import { apiObstacle } from '../api/availability.js';
import { formatIp } from '../base/ip.js';
import { kernelSettings } from '../config/kernel-settings.js';
import type { Config } from '../config/types.js';
import { chooseKernel } from '../kernel/choose-backend.js';
import type { Kernel } from '../kernel/types.js';
import { formatSocketAddress } from '../net/address.js';
import { type Clock, pause, systemClock } from '../net/clock.js';
import { descriptorOf } from '../net/descriptor.js';
import { openLinkSocket } from '../net/discovery/link-socket.js';
import { createRouterFinder } from '../net/discovery/router-finder.js';
import { createListener, type Listener, type ListenProblem } from '../net/listener.js';
import { createPeerDriver } from '../net/peer-driver.js';
import { createEvents, type DaemonEvents } from './events.js';
import { LineLimiter } from './log/rate-limit.js';
import { logEvents } from './log/telemetry.js';
import type { DaemonOptions, DaemonStart, Ending, Parts } from './parts.js';
import type { DriverFactory } from './peers/bgp-peer.js';
import { ListenerKeys, type ListeningSocket } from './peers/listener-keys.js';
import { peerSockets } from './peers/peer-sockets.js';
import { endRestartWhenHeard } from './peers/restart-phase.js';
import { endpoint, sessionConfig } from './peers/session-setup.js';
import { type AddressSource, hostAddressSource } from './routes/address-source.js';
import { defaultRouterId, type HostAddresses } from './routes/host-addresses.js';
import { tunnelDevices } from './routes/overlay.js';
import { sweepWhenConverged } from './routes/startup-sweep.js';
import { Speaker } from './speaker.js';
import { apiAddresses } from './status/api-addresses.js';
import { startWatches } from './watches.js';

/** Lines of one kind in the log, a minute. */
const LOG_LINES = 10;
/** Milliseconds. */
const ADDRESS_WAIT = 10_000;
const ADDRESS_POLL = 50;
/** Loading the API stops the event loop for about 0.1 s: sessions with peers that are there come first. */
const API_DELAY = 50;

export async function startDaemon(options: DaemonOptions): Promise<DaemonStart> {
  const clock = { ...(options.clock ?? systemClock()), wallClock: () => Date.now() };
  const addresses = addressSource(options, clock);
  const hostAddresses = () => addresses.read();
  const events = createEvents();
  logEvents(events, options.logger, new LineLimiter(LOG_LINES), () => clock.now());
  const routerId = options.config.routerId ?? (await awaitRouterId(hostAddresses, clock, events));
  if (routerId === null) return { ok: false, reason: `${NO_ADDRESS}: set routerId` };
  const speaker = new Speaker({
    ...(await selectKernel(options, events, hostAddresses)),
    config: options.config,
    routerId,
    clock,
    events,
    addresses,
    seed: randomBytes(4).readUInt32LE(),
    makeDriver: driverFactory(clock),
    makeFinder: (found) =>
      createRouterFinder({ clock, open: options.openLinkSocket ?? openLinkSocket, found }),
  });
  const parts: Parts = {
    options,
    speaker,
    clock,
    events,
    stops: [],
    listening: [],
    connections: () => NO_CONNECTIONS,
  };
  const reason =
    (await apiObstacle(apiAddresses(options.config))) ??
    (await startSpeaker(parts, addresses)) ??
    (await listen(parts));
  if (reason !== null) return await abandon(parts, reason);
  speaker.peers.start();
  return serve(parts, routerId);
}

const addressSource = ({ hostAddresses }: DaemonOptions, clock: Clock): AddressSource =>
  hostAddresses === undefined
    ? hostAddressSource(() => clock.now())
    : { read: hostAddresses, outdate: nothing, mayHaveChanged: () => true, close: nothing };

const nothing = (): void => undefined;

const NO_CONNECTIONS = { accepted: 0, unknown: 0, limited: 0, subnetLimited: 0, errors: 0 } as const;

const NO_ADDRESS = 'no interface of this host has an IPv4 address';

/** At boot the address may be a moment away, and an interface without carrier does not count. */
async function awaitRouterId(
  hostAddresses: () => HostAddresses,
  clock: Clock,
  events: DaemonEvents,
): Promise<number | null> {
  const giveUp = clock.now() + ADDRESS_WAIT;
  let routerId = defaultRouterId(hostAddresses());
  if (routerId === null) events.emit('warning', `${NO_ADDRESS}: waiting for one, as routerId is not set`, {});
  while (routerId === null && clock.now() < giveUp) {
    await pause(clock, ADDRESS_POLL);
    routerId = defaultRouterId(hostAddresses());
  }
  return routerId;
}

async function listen(parts: Parts): Promise<string | null> {
  const { options, speaker, clock, events, stops } = parts;
  const listener = createListener({
    addresses: options.config.listen,
    clock,
    isListed: (remote) => speaker.peers.isListed(remote.address, remote.interface),
    match: (remote, local) => {
      const peer = speaker.peers.match(remote.address, remote.interface, local);
      if (typeof peer !== 'string') return peer.driver;
      events.emit('connectionRefused', formatSocketAddress(remote), peer);
      return null;
    },
  });
  stops.unshift(() => listener.stop());
  const problems = await listener.start();
  parts.listening = listener.bound();
  parts.connections = () => listener.counters();
  const keys = new ListenerKeys(() => listeningSockets(listener));
  const applyKeys = (config: Config): void => {
    for (const problem of keys.apply(config)) events.emit('warning', problem, {});
  };
  applyKeys(speaker.config);
  speaker.beforePeers = applyKeys;
  const lacksFamily = ({ code }: ListenProblem): boolean =>
    code === 'EAFNOSUPPORT' && parts.listening.length > 0;
  const fatal = problems.find((problem) => !lacksFamily(problem));
  if (fatal !== undefined) return listenProblem(fatal);
  for (const problem of problems) events.emit('warning', listenProblem(problem), {});
  return null;
}

const listeningSockets = (listener: Listener): readonly ListeningSocket[] =>
  listener.servers().flatMap((server) => {
    const fd = descriptorOf(server);
    const bound = server.address();
    if (fd === null || bound === null || typeof bound === 'string') return [];
    return [{ fd, family: bound.family === 'IPv6' ? 'ipv6' : 'ipv4' }];
  });

function listenProblem({ address: { address, port }, code }: ListenProblem): string {
  return `can't listen on ${formatIp(address)} port ${port}: ${LISTEN_ERRORS[code] ?? code}`;
}

const LISTEN_ERRORS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process does (EADDRINUSE)',
  EACCES: 'not permitted: ports below 1024 need CAP_NET_BIND_SERVICE (EACCES)',
  EADDRNOTAVAIL: 'this host does not have the address (EADDRNOTAVAIL)',
  EAFNOSUPPORT: 'this host does without the address family (EAFNOSUPPORT)',
};

async function startSpeaker(
  { speaker, clock, events, stops }: Parts,
  addresses: AddressSource,
): Promise<string | null> {
  stops.unshift((ending) => speaker.stop(ending));
  const started = await speaker.start();
  if (!started.ok) return started.reason;
  stops.unshift(endRestartWhenHeard(speaker, events, clock));
  stops.unshift(sweepWhenConverged(speaker, events, clock));
  stops.unshift(startWatches({ speaker, clock, events, addresses }));
  return null;
}

/** The API's libraries and the warm-up are loaded while the sessions come up: these do not wait for them. */
async function serve(parts: Parts, routerId: number): Promise<DaemonStart> {
  const { options, clock, speaker, stops, listening } = parts;
  await pause(clock, API_DELAY);
  const { serveStatus } = await import('./status/serve-status.js');
  const served = await serveStatus(parts, routerId);
  if (!served.ok) return await abandon(parts, served.reason);
  const { status, apiAddress, administration, changes, reload } = served;
  if (options.warmUp === true) {
    const { warmAll } = await import('./warm-up/warm-all.js');
    warmAll(parts, status, driverFactory(clock));
  }
  const stop = (text = ''): Promise<void> =>
    stopAll(stops, { text, removeRoutes: speaker.config.kernel.removeOnStop });
  return { ok: true, daemon: { status, listening, apiAddress, administration, changes, reload, stop } };
}

/** The kernel keeps its routes: they may be those of another daemon, the one that holds what we could not get. */
async function abandon({ stops }: Parts, reason: string): Promise<DaemonStart> {
  await stopAll(stops, { text: 'could not start', removeRoutes: false });
  return { ok: false, reason };
}

async function stopAll(stops: Parts['stops'], ending: Ending): Promise<void> {
  for (const stop of stops.splice(0)) await stop(ending);
}

async function selectKernel(
  { config, kernel }: DaemonOptions,
  events: DaemonEvents,
  hostAddresses: () => HostAddresses,
): Promise<{ readonly kernel: Kernel | null; readonly resolveNextHops: boolean }> {
  if (kernel !== undefined) return { kernel, resolveNextHops: true };
  if (config.kernel.backend === 'none') return { kernel: null, resolveNextHops: false };
  const chosen = await chooseKernel(
    config.kernel.backend,
    kernelSettings(config, tunnelDevices(config, hostAddresses())),
  );
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
      sockets: peerSockets,
    });
