// `npm run lab`: builds the network, starts the routers, waits for convergence, shows tables, pings, judges, cleans up.

import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeLeftovers } from '../support/leftovers.js';
import { Network } from '../support/netns.js';
import { missingPrograms } from '../support/peers/router.js';
import type { RouterKind } from '../support/peers/types.js';
import { inUserNamespace, probePrivilege, userNamespaceCommand } from '../support/privilege.js';
import { buildLab, type Lab, programAllWorkloads, startRouters } from './builder.js';
import {
  isConverged,
  kernelTable,
  measureProgress,
  type PingVerdict,
  type Progress,
  pingPlans,
  runPings,
} from './checks.js';
import { HELP, type LabOptions, parseLabOptions } from './options.js';
import {
  hostTables,
  isPass,
  legend,
  type Outcome,
  pingMatrix,
  progressText,
  verdictLine,
} from './presenter.js';
import { createProgressDisplay } from './progress-display.js';
import { createTopology } from './topology.js';

const CONVERGENCE_LIMIT_MS = 60_000;
const POLL_MS = 200;

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const kindOfTor = (wanted: RouterKind): RouterKind =>
  missingPrograms('bird').length === 0 ? 'bird' : wanted;

/** `begin`: when the routers were started. */
const waitForConvergence = async (lab: Lab, begin: number): Promise<Progress> => {
  const display = createProgressDisplay(process.stdout);
  for (;;) {
    const progress = await measureProgress(lab);
    const elapsed = performance.now() - begin;
    display.show(progressText(progress, elapsed / 1000));
    if (isConverged(progress) || elapsed > CONVERGENCE_LIMIT_MS) {
      display.end();
      return progress;
    }
    await sleep(POLL_MS);
  }
};

const showTables = async (lab: Lab): Promise<void> => {
  for (const plan of lab.topology.hosts) print(`\n${hostTables(plan, await kernelTable(lab, plan.name))}`);
};

const showPings = (lab: Lab, verdicts: readonly PingVerdict[]): void => {
  const isV6 = ({ address }: PingVerdict): boolean => address.includes(':');
  print(`\n${legend(lab.topology)}`);
  print(
    `\n${pingMatrix(
      'ping over IPv4, round trip in ms',
      verdicts.filter((item) => !isV6(item)),
    )}`,
  );
  print(`\n${pingMatrix('ping over IPv6, round trip in ms', verdicts.filter(isV6))}\n`);
};

const showEvidence = async (lab: Lab): Promise<void> => {
  for (const router of lab.routers.values()) print(await router.evidence());
};

const explainKeep = (lab: Lab): void => {
  const name = lab.network.name;
  print(`
The network stays up. To look around:
  ip netns exec ${name}-host-a ip route
  ip netns exec ${name}-w21 ping 10.65.0.23
  ls ${lab.network.directory}                   configurations, logs, sockets
  node dist/src/cli/main.js --socket ${lab.network.directory}/host-a.sock show summary
To remove it:
  npm run lab -- --clean`);
};

const perform = async (network: Network, options: LabOptions): Promise<boolean> => {
  const begin = performance.now();
  const topology = createTopology(options.hosts);
  const kinds = { hosts: options.router, reflector: options.router, tor: kindOfTor(options.router) };
  print(
    `${options.hosts} hosts and a reflector run ${kinds.hosts}, the top-of-rack router runs ${kinds.tor}`,
  );
  const lab = await buildLab(network, topology, kinds);
  const started = performance.now();
  await startRouters(lab);
  await programAllWorkloads(lab);
  const progress = await waitForConvergence(lab, started);
  await showTables(lab);
  const verdicts = await runPings(lab, pingPlans(topology), () => {});
  showPings(lab, verdicts);
  const seconds = (performance.now() - begin) / 1000;
  const outcome: Outcome = { progress, converged: isConverged(progress), verdicts, seconds };
  if (!isPass(outcome)) await showEvidence(lab);
  if (options.keep) explainKeep(lab);
  print(verdictLine(outcome));
  return isPass(outcome);
};

/** A user namespace ends with its last process, so there `--keep` means to stay until Ctrl-C. */
const keepUp = async (network: Network): Promise<void> => {
  if (!inUserNamespace()) return network.keep();
  print(`Enter with: nsenter -t ${process.pid} -U -n -m --preserve-credentials; Ctrl-C here removes it`);
  await new Promise<never>(() => setInterval(() => {}, 60_000));
};

const runLab = async (options: LabOptions): Promise<number> => {
  const network = Network.open('lab');
  try {
    const pass = await perform(network, options);
    if (options.keep) await keepUp(network);
    return pass ? 0 : 1;
  } finally {
    network.close();
  }
};

/** The same command line as root of a user namespace. Signals from the terminal reach the child by themselves. */
const runInUserNamespace = (): Promise<number> => {
  const script = process.argv[1] ?? '';
  const [command, args] = userNamespaceCommand(process.execPath, [script, ...process.argv.slice(2)]);
  const child = spawn(command, args, { stdio: 'inherit' });
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
};

const main = async (): Promise<number> => {
  const parsed = parseLabOptions(process.argv.slice(2));
  if (!parsed.ok) {
    process.stderr.write(`${parsed.problem}\n${HELP}\n`);
    return 2;
  }
  const { options } = parsed;
  if (options.help) {
    print(HELP);
    return 0;
  }
  if (options.clean) {
    const removed = removeLeftovers({ kept: true });
    print(removed.length === 0 ? 'nothing to remove' : `removed ${removed.join(', ')}`);
    return 0;
  }
  const privilege = probePrivilege();
  switch (privilege.kind) {
    case 'root':
      return runLab(options);
    case 'userNamespace':
      return runInUserNamespace();
    case 'none':
      print(`no right to make network namespaces: ${privilege.reason}`);
      return 1;
  }
};

process.exitCode = await main();
