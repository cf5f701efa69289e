// `npm test [-- WORD...]`: peers, dependencies, lint, type check, unit tests, interop tests. WORDs choose test files by
// their path. The last line is `N passed, N failed, N skipped`; the exit code is 0 only when nothing failed.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { installPeers } from './peers.mjs';
import { runAva, SEPARATOR } from './tap.mjs';

const root = dirname(import.meta.dirname);
const build = process.env.BGPD_BUILD ?? 'dist';
const words = process.argv.slice(2);
const totals = { passed: 0, failed: 0, skipped: 0 };

const print = (line) => process.stdout.write(`${line}\n`);

const finish = () => {
  print(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
  process.exit(totals.failed === 0 ? 0 : 1);
};

const bin = (name) => join(root, 'node_modules', '.bin', name);

/** A step before the tests; failing counts as one failed test. */
const step = (title, command, args) => {
  print(`== ${title}`);
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', cwd: root });
  if (status === 0) return true;
  print(`-- ${title} failed${error === undefined ? '' : `: ${error.message}`}`);
  totals.failed += 1;
  return false;
};

/** From the sources, so that what an older build left behind is never run. */
const testFiles = () =>
  readdirSync(join(root, 'test'), { recursive: true })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => join(build, 'test', file.replace(/\.ts$/, '.js')))
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
    .sort();

const isInterop = (file) => file.includes(join('test', 'interop'));

const MOST_TRIED_AGAIN = 3;

/**
 * What failed among other programs is tried once more, alone: foreign daemons and a busy kernel have moods of their own. A
 * test that passes then is counted as passed and named as unsteady; more than a few are a fault of ours.
 */
const tryAgain = async (files, options, counts) => {
  const titles = counts.failures.filter((title) => title.includes(SEPARATOR));
  if (titles.length === 0 || titles.length !== counts.failed || titles.length > MOST_TRIED_AGAIN) return;
  for (const title of titles) {
    const [name, test] = title.split(SEPARATOR);
    const file = files.find((each) => basename(each) === `${name}.test.js`);
    if (file === undefined) continue;
    print(`  trying again, alone: ${title}`);
    const args = [...options.args, '--match', test];
    const { passed, failed } = await runAva({
      ...options,
      args,
      ava: bin('ava'),
      cwd: root,
      files: [file],
      print,
    });
    if (passed !== 1 || failed > 0) continue;
    counts.failed -= 1;
    counts.passed += 1;
    print(`  UNSTEADY ${title}: failed among others, passed alone`);
  }
};

const stage = async (title, files, options) => {
  if (files.length === 0) return;
  print(`== ${title}: ${files.length} files`);
  const begin = performance.now();
  const counts = await runAva({ ...options, ava: bin('ava'), cwd: root, files, print });
  if (options.again === true) await tryAgain(files, options, counts);
  for (const key of Object.keys(totals)) totals[key] += counts[key];
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  print(
    `-- ${title}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped in ${seconds} s`,
  );
};

const interop = async (files) => {
  const { probePrivilege, userNamespaceCommand } = await import(
    join(root, build, 'test/support/privilege.js')
  );
  const { removeLeftovers } = await import(join(root, build, 'test/support/leftovers.js'));
  const privilege = probePrivilege();
  const wrap = privilege.kind === 'userNamespace' ? userNamespaceCommand : (command, args) => [command, args];
  // Processes rather than threads: each gets its signals, and its networks carry its own process id.
  const args = ['--no-worker-threads', '--concurrency', '2'];
  await stage('interop tests', files, { args, wrap, verbose: true, stallSeconds: 240, again: true });
  removeLeftovers({ kept: false });
};

/** A registry that lacks packages of other platforms makes `npm ci` refuse a lock file made with it; `install` copes. */
const installDependencies = () => {
  print('== npm ci');
  const { status } = spawnSync('npm', ['ci'], { stdio: ['ignore', 'inherit', 'ignore'], cwd: root });
  return status === 0 || step('npm install, as npm ci failed', 'npm', ['install', '--no-save']);
};

const missing = installPeers(print);
if (missing.length > 0) print(`not installed, and tests that need them are skipped: ${missing.join(', ')}`);
if (!existsSync(join(root, 'node_modules')) && !installDependencies()) finish();
step('lint', bin('biome'), ['check', '.']);
if (!step('type check', bin('tsc'), ['-p', '.', '--outDir', build])) finish();
const files = testFiles();
await stage(
  'unit tests',
  files.filter((file) => !isInterop(file)),
  { args: [], wrap: (command, args) => [command, args], verbose: false, stallSeconds: 120 },
);
await interop(files.filter(isInterop));
if (totals.passed + totals.failed + totals.skipped === 0) {
  print('no tests found');
  totals.failed = 1;
}
finish();
