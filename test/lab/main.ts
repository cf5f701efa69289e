// `npm run lab`: reads the command line and runs the lab in the best way this machine allows.

import { spawn } from 'node:child_process';
import { removeLeftovers } from '../support/leftovers.js';
import { probePrivilege, userNamespaceCommand } from '../support/privilege.js';
import { runLoopbackLab } from './loopback-lab.js';
import { runLab } from './namespace-lab.js';
import { HELP, type LabOptions, parseLabOptions } from './options.js';
import { print } from './progress-display.js';

/** The same command line as root of a user namespace. Signals from the terminal reach the child by themselves. */
const runInUserNamespace = (): Promise<number> => {
  const script = process.argv[1] ?? '';
  const [command, args] = userNamespaceCommand(process.execPath, [script, ...process.argv.slice(2)]);
  const child = spawn(command, args, { stdio: 'inherit' });
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
};

const clean = (): number => {
  const removed = removeLeftovers({ kept: true });
  print(removed.length === 0 ? 'nothing to remove' : `removed ${removed.join(', ')}`);
  return 0;
};

const runBestLab = (options: LabOptions): Promise<number> => {
  const privilege = options.loopback
    ? ({ kind: 'none', reason: '--loopback was given' } as const)
    : probePrivilege();
  switch (privilege.kind) {
    case 'root':
      return runLab(options);
    case 'userNamespace':
      return runInUserNamespace();
    case 'none':
      return runLoopbackLab(options, privilege.reason);
  }
};

const main = async (): Promise<number> => {
  const parsed = parseLabOptions(process.argv.slice(2));
  if (!parsed.ok) {
    process.stderr.write(`${parsed.problem}\n${HELP}\n`);
    return 2;
  }
  const { options } = parsed;
  if (options.clean) return clean();
  if (!options.help) return runBestLab(options);
  print(HELP);
  return 0;
};

process.exitCode = await main();
