// Network namespaces for tests: one per case, with a name of this process's own, removed whatever happens.

import { execFile, execFileSync } from 'node:child_process';
import { threadId } from 'node:worker_threads';
import { hasNetAdmin } from '../../src/sys/capabilities.js';

let count = 0;

export interface Outcome {
  readonly code: number;
  readonly output: string;
}

/** Runs a compiled script in a new namespace. */
export async function runInNamespace(
  script: string,
  args: readonly string[],
  timeout = 50_000,
): Promise<Outcome> {
  // Test files are threads of one process.
  const name = `bgpk-${process.pid}-${threadId}-${count++}`;
  execFileSync('ip', ['netns', 'add', name]);
  try {
    const command = [process.execPath, '--enable-source-maps', script, ...args];
    return await run(['netns', 'exec', name, ...command], timeout);
  } finally {
    execFileSync('ip', ['netns', 'del', name]);
  }
}

const run = (args: readonly string[], timeout: number): Promise<Outcome> =>
  new Promise((resolve) => {
    execFile('ip', args, { timeout, encoding: 'utf8' }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : 1, output: `${stdout}${stderr}` });
    });
  });

/** Making namespaces needs privileges. Without them the tests are skipped, but never where everything must run. */
export function mayMakeNamespaces(): boolean {
  const { CI } = process.env;
  return CI === 'true' || hasNetAdmin();
}
