// Runs a program to its end and returns what it said. Never starts anything that stays.

import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export interface CommandResult {
  /** Exit code; null when a signal or the time limit ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly input?: string;
  /** Milliseconds, default 20,000. */
  readonly timeout?: number;
  readonly env?: NodeJS.ProcessEnv;
}

const { PATH = '' } = process.env;

/** Debian keeps daemons in folders that are not on a user's PATH. */
const PROGRAM_FOLDERS = [...PATH.split(':'), '/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/lib/frr'];

const MAX_OUTPUT = 256 * 1024 * 1024;

/** Full path of an installed program, null when there is none. */
export const findProgram = (name: string): string | null =>
  PROGRAM_FOLDERS.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;

export const run = (
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> =>
  new Promise((resolve) => {
    const settings = { timeout: options.timeout ?? 20_000, env: options.env, maxBuffer: MAX_OUTPUT };
    const child = execFile(command, args, settings, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      const status = typeof code === 'number' ? code : null;
      resolve({ status, stdout, stderr: stderr === '' && error !== null ? error.message : stderr });
    });
    // A program that ends without reading its input must not end us with EPIPE.
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input ?? '');
  });

/** As `run`, for the moments when the event loop is no longer there: exit and signal handlers. */
export const runSync = (command: string, args: readonly string[]): CommandResult => {
  const result = spawnSync(command, args, { encoding: 'utf8', timeout: 20_000 });
  return { status: result.status, stdout: result.stdout ?? '', stderr: result.stderr ?? '' };
};

/** Standard output of a command that has to work; a failure is a broken test bed and throws with its words. */
export const must = async (
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> => {
  const result = await run(command, args, options);
  if (result.status === 0) return result.stdout;
  throw new Error(
    `${command} ${args.join(' ')}: status ${result.status}: ${result.stderr.trim() || result.stdout.trim()}`,
  );
};
