#!/usr/bin/env node
// `bgpctl`: reads the command line and runs one command. Talks to the daemon over its unix socket only.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { FamilyName } from '../base/family.js';
import { type CommandContext, EXIT_CODES_HELP, type ExitCode } from './command.js';
import { type AddOptions, addPeer, clearPeer, type PeerOptions, switchPeer } from './commands/administer.js';
import { type ApplyWords, applyConfig, confirmConfig, rollbackConfig } from './commands/config-change.js';
import { type DiffOptions, diffConfigFile } from './commands/config-diff.js';
import { reload } from './commands/reload.js';
import { showAlarms } from './commands/show-alarms.js';
import { showCalico } from './commands/show-calico.js';
import { showConfig } from './commands/show-config.js';
import { showDrift } from './commands/show-drift.js';
import { showKernel } from './commands/show-kernel.js';
import { showMemory } from './commands/show-memory.js';
import { showNeighbors } from './commands/show-neighbors.js';
import { showPools } from './commands/show-pools.js';
import { type RouteOptions, showRoutes } from './commands/show-routes.js';
import { showRpki } from './commands/show-rpki.js';
import { showSummary } from './commands/show-summary.js';
import { why } from './commands/why.js';
import { choosePaint, endQuietlyOnClosedPipe } from './terminal.js';

const DEFAULT_SOCKET = '/run/bgpd/bgpd.sock';

const program = new Command('bgpctl');

interface GlobalOptions {
  readonly socket: string;
  readonly json?: boolean;
}

function context(): CommandContext {
  const { socket, json = false } = program.opts<GlobalOptions>();
  const { NO_COLOR } = process.env;
  return {
    socketPath: socket,
    json,
    paint: choosePaint(process.stdout.isTTY === true, NO_COLOR),
    print: (text) => void process.stdout.write(text),
    printError,
  };
}

function printError(line: string): void {
  process.stderr.write(`bgpctl: ${line}\n`);
}

async function run(command: () => Promise<ExitCode>): Promise<void> {
  process.exitCode = await command();
}

const FAMILIES: Readonly<Record<string, FamilyName>> = {
  4: 'ipv4-unicast',
  6: 'ipv6-unicast',
  ipv4: 'ipv4-unicast',
  ipv6: 'ipv6-unicast',
  'ipv4-unicast': 'ipv4-unicast',
  'ipv6-unicast': 'ipv6-unicast',
};

function parseFamily(text: string): FamilyName {
  const family = FAMILIES[text];
  if (family === undefined) throw new InvalidArgumentError('Use ipv4 or ipv6.');
  return family;
}

function parseLimit(text: string): string {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('Use a whole number from 1 on.');
  return text;
}

/** The version of the package this file was built in. */
function packageVersion(): string {
  const file = join(import.meta.dirname, '..', '..', '..', 'package.json');
  const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const version =
    typeof content === 'object' && content !== null && 'version' in content ? content.version : null;
  return typeof version === 'string' ? version : 'unknown';
}

function addShow(show: Command): void {
  show
    .command('summary')
    .description('the node, its RIB, and one line a neighbor')
    .action(() => run(() => showSummary(context())));
  show
    .command('neighbors')
    .alias('neighbor')
    .description('sessions; with a name or address, all about that one')
    .argument('[name]', 'name or address of a neighbor')
    .action((name: string | undefined) => run(() => showNeighbors(context(), name)));
  show
    .command('routes')
    .alias('route')
    .description('best routes; with a prefix or address, every path of it and why')
    .argument('[prefix]', 'exact prefix, or an address for the longest match')
    .option('--family <family>', 'ipv4 or ipv6 only', parseFamily)
    .option('--received-from <peer>', 'as received from this neighbor')
    .option('--advertised-to <peer>', 'as advertised to this neighbor')
    .option('--all', 'also paths that are not best')
    .option('--limit <n>', 'at most this many (default: 1000)', parseLimit)
    .action((prefix: string | undefined, options: RouteOptions) =>
      run(() => showRoutes(context(), prefix, options)),
    );
  show
    .command('kernel')
    .description('FIB, workload routes, links and problems with the kernel')
    .action(() => run(() => showKernel(context())));
  show
    .command('calico')
    .description('the Calico resources: what is in force, and what is wrong with them')
    .action(() => run(() => showCalico(context())));
  show
    .command('rpki')
    .description('RPKI caches, what they have told, and which of them count')
    .action(() => run(() => showRpki(context())));
  show
    .command('config')
    .description('what of the configuration is in force, and what of the file is not and why')
    .action(() => run(() => showConfig(context())));
  show
    .command('pools')
    .description('how packets to workloads on other hosts travel, pool by pool')
    .action(() => run(() => showPools(context())));
  show
    .command('alarms')
    .description('what somebody has to look at now')
    .action(() => run(() => showAlarms(context())));
  show
    .command('drift')
    .description('routes that were otherwise in the kernel than we wrote them, and whose doing it was')
    .action(() => run(() => showDrift(context())));
  show
    .command('memory')
    .description('what takes how much memory, and the limits')
    .action(() => run(() => showMemory(context())));
}

function addConfigCommands(config: Command): void {
  config
    .command('diff <file>')
    .description('what the file would change: objects, sessions, routes of each neighbor, kernel routes')
    .option('--all', 'name every prefix')
    .action((file: string, options: DiffOptions) => run(() => diffConfigFile(context(), file, options)));
  config
    .command('apply <file>')
    .description('take the file over as a reload would')
    .option('--confirm <time>', 'roll back after this time, such as 60s, unless it is confirmed')
    .option('--save', 'write it over the configuration file, once it is confirmed')
    .option('--force', 'also when it withdraws more than reload.maxWithdraw')
    .action((file: string, words: ApplyWords) => run(() => applyConfig(context(), file, words)));
  config
    .command('confirm')
    .description('keep the change that waits')
    .action(() => run(() => confirmConfig(context())));
  config
    .command('rollback')
    .description('take the change that waits back at once')
    .action(() => run(() => rollbackConfig(context())));
}

const PERSIST = ['--persist', 'keep it over restarts, in a state file beside the configuration'] as const;

function addPeerCommands(peer: Command): void {
  for (const action of ['enable', 'disable', 'remove'] as const) {
    const command = peer
      .command(`${action} <name>`)
      .description(PEER_ACTIONS[action])
      .option(...PERSIST);
    if (action === 'disable') command.option('--text <text>', 'what the peer is told (RFC 9003)');
    command.action((name: string, options: PeerOptions) =>
      run(() => switchPeer(context(), name, action, options)),
    );
  }
  peer
    .command('add <name>')
    .description('a new peer, as in `peers` of the configuration')
    .requiredOption('--address <address>', 'its address; link-local ones with interface: fe80::1%eth1')
    .option('--asn <asn>', 'its AS')
    .option('--group <group>', 'the peer group whose settings it shares')
    .option('--set <key=value>', 'any other key, such as timers.hold=9', collect, [])
    .option(...PERSIST)
    .action((name: string, options: AddOptions) => run(() => addPeer(context(), name, options)));
}

const PEER_ACTIONS = {
  enable: 'switch a peer on',
  disable: 'end the session and keep it down',
  remove: 'end the session and forget the peer',
} as const;

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

/** `peer NAME enable` is as good as `peer enable NAME`. */
function normalized(argv: readonly string[]): string[] {
  const words = [...argv];
  const at = words.indexOf('peer');
  const [name, action] = [words[at + 1], words[at + 2]];
  if (at < 0 || name === undefined || action === undefined) return words;
  if (
    ['enable', 'disable', 'remove'].includes(action) &&
    !['enable', 'disable', 'add', 'remove'].includes(name)
  ) {
    words.splice(at + 1, 2, action, name);
  }
  return words;
}

async function main(): Promise<void> {
  endQuietlyOnClosedPipe();
  program
    .description('Shows what bgpd does, asks it to reload, and works on its peers.')
    .version(packageVersion())
    .addOption(
      new Option('--socket <path>', 'unix socket of bgpd').env('BGPD_SOCKET').default(DEFAULT_SOCKET),
    )
    .option('--json', "print the API's JSON")
    .addHelpText('after', `\n${EXIT_CODES_HELP}`)
    .showHelpAfterError('(bgpctl --help shows the commands)')
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'bgpctl: ')) })
    .exitOverride();
  addShow(program.command('show').description('read the state of bgpd'));
  program
    .command('why')
    .description('whether this host reaches an address, by what route, and what is in the way')
    .argument('<address>', 'an IPv4 or IPv6 address')
    .action((address: string) => run(() => why(context(), address)));
  program
    .command('reload')
    .description('read the configuration file again')
    .option('--force', 'also when it withdraws more than reload.maxWithdraw')
    .action((options: { readonly force?: boolean }) => run(() => reload(context(), options)));
  addConfigCommands(
    program.command('config').description('try another configuration, keep it or take it back'),
  );
  addPeerCommands(program.command('peer').description('switch, add and remove peers while bgpd runs'));
  program
    .command('clear')
    .description('reset a session (hard, the default), or judge and send its routes anew (soft)')
    .argument('<name>', 'name or address of a neighbor')
    .argument('[how...]', 'hard | soft | soft in | soft out')
    .option('--text <text>', 'what the peer is told at a hard reset (RFC 9003)')
    .action((name: string, how: readonly string[], options: PeerOptions) =>
      run(() => clearPeer(context(), name, how, options)),
    );
  try {
    await program.parseAsync(normalized(process.argv));
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  }
}

await main();
