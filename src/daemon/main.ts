#!/usr/bin/env node
// The `bgpd` command: arguments, signals, exit codes. 0 after SIGTERM or a good --check, 1 when it can't run, 2 when the
// configuration is wrong.

import { Command } from 'commander';
import { readConfigFile } from '../config/load.js';
import { formatProblem } from '../config/problem.js';
import type { Config } from '../config/types.js';
import { type Daemon, startDaemon } from './daemon.js';
import { createLogger, type Logger } from './logger.js';
import { VERSION } from './version.js';

const EXIT_CANNOT_RUN = 1;
const EXIT_BAD_CONFIG = 2;

interface Arguments {
  readonly config: string;
  readonly check?: boolean;
}

const command = new Command('bgpd')
  .description('BGP-4 route distribution daemon for hosts and route reflectors')
  .version(VERSION)
  .requiredOption('-c, --config <file>', 'the configuration (YAML)')
  .option('--check', 'only check the configuration: exit 0 when it is good, 2 when not')
  .addHelpText(
    'after',
    '\nSIGHUP reloads the configuration, SIGTERM stops and leaves the routes in the kernel.',
  )
  .parse();

await main(command.opts<Arguments>());

async function main({ config: file, check }: Arguments): Promise<void> {
  const loaded = readConfigFile(file);
  if (!loaded.ok) {
    for (const problem of loaded.problems) process.stderr.write(`${formatProblem(problem)}\n`);
    process.exitCode = EXIT_BAD_CONFIG;
    return;
  }
  for (const warning of loaded.warnings) process.stderr.write(`warning: ${formatProblem(warning)}\n`);
  if (check === true) process.stdout.write(`${file}: good\n`);
  else await run(file, loaded.config);
}

async function run(file: string, config: Config): Promise<void> {
  const logger = createLogger(config.log);
  logger.info({ version: VERSION, node: config.node, asn: config.asn }, 'bgpd starts');
  const started = await startDaemon({
    config,
    configFile: file,
    logger,
    readConfig: () => readConfigFile(file),
  });
  if (!started.ok) {
    process.stderr.write(`bgpd can't start: ${started.reason}\n`);
    process.exitCode = EXIT_CANNOT_RUN;
    return;
  }
  handleSignals(started.daemon, logger);
}

function handleSignals(daemon: Daemon, logger: Logger): void {
  let stopping = false;
  const stop = async (signal: string): Promise<void> => {
    if (stopping) return;
    stopping = true;
    logger.info({ signal }, 'bgpd stops');
    await daemon.stop();
    logger.info('bgpd has stopped');
    logger.flush();
  };
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGINT', () => void stop('SIGINT'));
  process.on('SIGHUP', () => void daemon.reload());
  // A bug of ours: what is in memory can't be trusted any more. The kernel's routes stay, the next start adopts them.
  process.on('uncaughtException', (error) => {
    logger.fatal({ error: error.stack }, 'internal error, bgpd ends');
    logger.flush();
    process.exitCode = EXIT_CANNOT_RUN;
    setImmediate(() => process.exit(EXIT_CANNOT_RUN));
  });
}
