// Runs ava and reads its TAP: counts, failures in full, a line per file (or per test when verbose).

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const RESULT = /^(not )?ok \d+ - (.*?)( # (SKIP|TODO).*)?$/;
export const SEPARATOR = ' › ';

const groupOf = (title) => (title.includes(SEPARATOR) ? title.slice(0, title.lastIndexOf(SEPARATOR)) : title);

/** Ends an ava that has said nothing for too long. Its own time-out would crash its TAP reporter. */
const watchForStall = (child, seconds, onStall) => {
  let last = performance.now();
  const timer = setInterval(() => {
    if (performance.now() - last < seconds * 1000) return;
    onStall();
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), 5000).unref();
  }, 1000);
  return { heard: () => (last = performance.now()), end: () => clearInterval(timer) };
};

const createTally = ({ verbose, print }) => {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const groups = new Map();
  const failures = [];
  let failing = false;
  const note = (kind, title) => {
    counts[kind] += 1;
    const group = groups.get(groupOf(title)) ?? { passed: 0, failed: 0, skipped: 0 };
    group[kind] += 1;
    groups.set(groupOf(title), group);
  };
  const result = (match) => {
    const kind = match[4] !== undefined ? 'skipped' : match[1] === undefined ? 'passed' : 'failed';
    failing = kind === 'failed';
    note(kind, match[2]);
    if (failing) failures.push(match[2]);
    if (failing) print(`  FAILED   ${match[2]}`);
    else if (verbose) print(`  ${kind.padEnd(8)} ${match[2]}`);
  };
  const line = (text) => {
    const match = RESULT.exec(text);
    if (match !== null) result(match);
    else if (failing && /^ {2}/.test(text)) print(`  ${text}`);
    else if (failing && text.startsWith('#   ')) print(`    ${text.slice(4)}`);
  };
  const fail = (title) => result(['', 'not ', title, undefined, undefined]);
  return { counts, groups, failures, line, fail };
};

const printGroups = (groups, print) => {
  for (const [name, { passed, failed, skipped }] of [...groups].sort(([a], [b]) => a.localeCompare(b))) {
    const rest = [failed > 0 ? `${failed} failed` : '', skipped > 0 ? `${skipped} skipped` : ''];
    const words = [`${passed} passed`, ...rest].filter((word) => word !== '');
    print(`  ${name}: ${words.join(', ')}`);
  }
};

/**
 * Resolves to `{ passed, failed, skipped, failures }`, the last being titles; an ava that ends badly without a failed test
 * counts as one.
 */
export const runAva = ({ ava, args, wrap, files, cwd, verbose, stallSeconds, print }) =>
  new Promise((resolve) => {
    const [command, full] = wrap(ava, ['--tap', '--timeout', '30m', ...args, ...files]);
    const child = spawn(command, full, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
    const tally = createTally({ verbose, print });
    const stall = watchForStall(child, stallSeconds, () => tally.fail(`no result for ${stallSeconds} s`));
    child.on('error', (error) => tally.fail(`ava did not start: ${error.message}`));
    createInterface({ input: child.stdout }).on('line', (text) => {
      stall.heard();
      tally.line(text);
    });
    child.on('close', (code, signal) => {
      stall.end();
      if (code !== 0 && tally.counts.failed === 0) tally.fail(`ava ended with ${signal ?? `status ${code}`}`);
      if (!verbose) printGroups(tally.groups, print);
      resolve({ ...tally.counts, failures: tally.failures });
    });
  });
