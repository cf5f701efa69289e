// What the figures depend on: processor, kernel, versions of the programs. Never measures.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, setPriority, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { findProgram, run, runSync } from '../support/command.js';

/** From this file as compiled, dist/test/bench/. */
export const PROJECT_ROOT = resolve(import.meta.dirname, '..', '..', '..');

/** Not looked for on the path: other programs have its name. */
export const FRR_PROGRAM = '/usr/lib/frr/bgpd';

export interface Machine {
  readonly processor: string;
  readonly processors: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
  readonly bgpd: string;
  /** Null when it is not installed. */
  readonly bird: string | null;
  readonly frr: string | null;
  /** The daemons get a processor of their own, the load comes from another. */
  readonly pinned: boolean;
  /** Daemons and load come before everything else on this machine. */
  readonly urgent: boolean;
  /** Runnable tasks over the last minute, before the first benchmark. */
  readonly loadAverage: number;
}

const bgpdVersion = (): string => {
  const text = readFileSync(join(PROJECT_ROOT, 'package.json'), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
};

const birdVersion = async (): Promise<string | null> => {
  if (findProgram('bird') === null) return null;
  const { stdout, stderr } = await run('bird', ['--version']);
  return /version (\S+)/.exec(stdout + stderr)?.[1] ?? 'unknown';
};

const frrVersion = async (): Promise<string | null> => {
  if (!existsSync(FRR_PROGRAM)) return null;
  const { stdout } = await run(FRR_PROGRAM, ['--version']);
  return /version (\S+)/.exec(stdout)?.[1] ?? 'unknown';
};

export const describeMachine = async (urgent: boolean): Promise<Machine> => ({
  urgent,
  processor: cpus()[0]?.model ?? 'unknown',
  processors: availableParallelism(),
  memoryGiB: totalmem() / 2 ** 30,
  kernel: release(),
  node: process.version,
  bgpd: bgpdVersion(),
  bird: await birdVersion(),
  frr: await frrVersion(),
  pinned: availableParallelism() > 1,
  loadAverage: loadavg()[0] ?? Number.NaN,
});

const DAEMON_PROCESSOR = '0';
const LOAD_PROCESSOR = '1';

/** This process and all it starts from now on: the side that makes load and measures. */
export const pinLoadSide = (machine: Machine): void => {
  if (!machine.pinned) return;
  const { status, stderr } = runSync('taskset', ['-a', '-c', '-p', LOAD_PROCESSOR, String(process.pid)]);
  if (status !== 0) throw new Error(`taskset: ${stderr.trim()}`);
};

/**
 * Puts a process and its session in front of everything else that runs here, or back among it. Nice values do not do
 * that where the kernel shares processors among sessions.
 */
export const setUrgency = (pid: number, urgent: boolean): void => {
  const group = `/proc/${pid}/autogroup`;
  const priority = urgent ? '-20' : '0';
  if (existsSync(group)) writeFileSync(group, priority);
  setPriority(pid, Number(priority));
};

/** The command line that runs a daemon on its own processor. */
export const daemonCommand = (
  machine: Machine,
  command: string,
  args: readonly string[],
): readonly [string, readonly string[]] =>
  machine.pinned ? ['taskset', ['-c', DAEMON_PROCESSOR, command, ...args]] : [command, args];
