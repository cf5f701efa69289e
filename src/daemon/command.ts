// The `bgpd` command: arguments, signals, exit codes. 0 after SIGTERM or a good --check, 1 when it can't run, 2 when the
// configuration is wrong.

import { Command } from 'commander';
import { formatIp } from '../base/ip.js';
import { hasRefusals } from '../config/calico/calico-report.js';
import { formatProblem } from '../config/problem.js';
import { ConfigFile } from '../config/sources/config-file.js';
import type { PlainConfig } from '../config/sources/last-good.js';
import type { Config } from '../config/types.js';
import { startDaemon } from './daemon.js';
import { createLogger, type Logger } from './log/logger.js';
import type { Daemon } from './parts.js';
import { VERSION } from './version.js';

const EXIT_CANNOT_RUN = 1;
const EXIT_BAD_CONFIG = 2;

interface Arguments {
  readonly config: string;
  readonly check?: boolean;
}

const command = (): Command =>
  new Command('bgpd')
    .description('BGP-4 route distribution daemon for hosts and route reflectors')
    .version(VERSION)
    .requiredOption('-c, --config <file>', 'the configuration (YAML)')
    .option('--check', 'only check the configuration: exit 0 when it is good, 2 when not')
    .addHelpText(
      'after',
      '\nSIGHUP reloads the configuration, SIGTERM stops and leaves the routes in the kernel.',
    );

/** With the arguments of the process. */
export async function main(): Promise<void> {
  const { config: file, check } = command().parse().opts<Arguments>();
  const source = new ConfigFile(file);
  const loaded = source.read();
  if (!loaded.ok) {
    for (const problem of loaded.problems) process.stderr.write(`${formatProblem(problem)}\n`);
    process.exitCode = EXIT_BAD_CONFIG;
    return;
  }
  for (const warning of loaded.warnings) process.stderr.write(`warning: ${formatProblem(warning)}\n`);
  if (check !== true) await run(source, loaded.config, loaded.source);
  else if (loaded.calico !== null && hasRefusals(loaded.calico)) process.exitCode = EXIT_BAD_CONFIG;
  else process.stdout.write(`${file}: good\n`);
}

async function run(source: ConfigFile, config: Config, plain: PlainConfig): Promise<void> {
  const logger = createLogger(config.log);
  const state: Process = { daemon: null, reloadWanted: false, stopping: false };
  handleSignals(state, logger);
  endOnBug(logger);
  logger.info({ version: VERSION, node: config.node, asn: config.asn }, 'bgpd starts');
  const started = await startDaemon({
    config,
    configFile: source.path,
    logger,
    warmUp: true,
    readConfig: (runtime) => source.read(runtime),
    configSource: plain,
    runtimeConfig: source,
    calico: source,
    trial: source,
  });
  if (started.ok) await runs(state, started.daemon, logger);
  else cannotRun(started.reason);
}

/** What the signals act on. */
interface Process {
  /** Null while it starts. */
  daemon: Daemon | null;
  /** What was asked for while it started. */
  reloadWanted: boolean;
  stopping: boolean;
}

async function runs(state: Process, daemon: Daemon, logger: Logger): Promise<void> {
  state.daemon = daemon;
  const listen = daemon.listening.map(({ address, port }) => `${formatIp(address)} port ${port}`);
  logger.info({ listen, api: daemon.apiAddress }, 'bgpd runs');
  if (state.stopping) await end(daemon, logger);
  else if (state.reloadWanted) await daemon.reload();
}

async function end(daemon: Daemon, logger: Logger): Promise<void> {
  await daemon.stop();
  logger.info('bgpd has stopped');
  logger.flush();
}

function cannotRun(reason: string): void {
  process.stderr.write(`bgpd can't start: ${reason}\n`);
  process.exitCode = EXIT_CANNOT_RUN;
}

/** While it starts there are only wishes: sessions may be up already, and they deserve a Cease. */
function handleSignals(state: Process, logger: Logger): void {
  const stop = (signal: string): void => {
    if (state.stopping) return;
    state.stopping = true;
    logger.info({ signal }, 'bgpd stops');
    if (state.daemon !== null) void end(state.daemon, logger);
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  process.on('SIGHUP', () => {
    if (state.daemon === null) state.reloadWanted = true;
    else if (!state.stopping) void state.daemon.reload();
  });
}

/** A bug of ours: what is in memory can't be trusted any more. The kernel's routes stay, the next start adopts them. */
function endOnBug(logger: Logger): void {
  process.on('uncaughtException', (error) => {
    logger.fatal({ error: error.stack }, 'internal error, bgpd ends');
    logger.flush();
    process.exitCode = EXIT_CANNOT_RUN;
    setImmediate(() => process.exit(EXIT_CANNOT_RUN));
  });
}
