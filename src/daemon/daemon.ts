// The daemon as a value: started from a configuration, reloaded, stopped. Used by the command line, the lab and tests;
// installs no signal handlers and never ends the process.

import { randomBytes } from 'node:crypto';
import { createMetrics } from '../api/metrics.js';
import { startApi } from '../api/server.js';
import type { StatusSource } from '../api/types.js';
import { formatIp } from '../base/ip.js';
import { kernelSettings } from '../config/kernel-settings.js';
import { formatProblem } from '../config/problem.js';
import type { Config, ConfigResult } from '../config/types.js';
import { chooseKernel } from '../kernel/choose-backend.js';
import type { Kernel } from '../kernel/types.js';
import { systemClock } from '../net/clock.js';
import { startListener } from '../net/listener.js';
import { createPeerDriver } from '../net/peer-driver.js';
import { createEvents } from './events.js';
import { defaultRouterId, type HostAddresses, readHostAddresses } from './host-addresses.js';
import type { Logger } from './logger.js';
import { LineLimiter } from './rate-limit.js';
import { Reloader } from './reload.js';
import { Speaker } from './speaker.js';
import { sweepWhenConverged } from './startup-sweep.js';
import { createStatus } from './status.js';
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
const DYNAMIC_SWEEP = 10_000;

export async function startDaemon(options: DaemonOptions): Promise<DaemonStart> {
  const { config, logger } = options;
  const hostAddresses = options.hostAddresses ?? readHostAddresses;
  const routerId = config.routerId ?? defaultRouterId(hostAddresses());
  if (routerId === null) return { ok: false, reason: 'this host has no IPv4 address: set routerId' };
  const clock = { ...systemClock(), wallClock };
  const events = createEvents();
  logEvents(events, logger, new LineLimiter(LOG_LINES), () => clock.now());
  const kernel = selectKernel(options);
  const speaker = new Speaker({
    config,
    routerId,
    ...kernel,
    clock,
    events,
    hostAddresses,
    seed: randomBytes(4).readUInt32LE(),
    makeDriver: (peer, context, handlers) =>
      createPeerDriver({
        config: sessionConfig(context.local, peer),
        endpoint: endpoint(context.local, peer),
        handlers,
        clock,
        random: Math.random,
      }),
  });
  return new Assembly(options, { speaker, routerId, clock, events }).start();
}
