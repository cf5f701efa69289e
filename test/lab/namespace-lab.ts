// The lab in network namespaces: builds, starts, waits for convergence, shows tables, pings, judges, cleans up.

import { Network } from '../support/netns.js';
import { missingPrograms } from '../support/peers/router.js';
import type { RouterKind } from '../support/peers/types.js';
import { inUserNamespace } from '../support/privilege.js';
import { buildLab, type Lab, programAllWorkloads, startRouters } from './builder.js';
import {
  isConverged,
  kernelTable,
  measureProgress,
  type PingVerdict,
  pingPlans,
  runPings,
} from './checks.js';
import type { LabOptions } from './options.js';
import { hostTables, isPass, legend, type Outcome, pingMatrix, verdictLine } from './presenter.js';
import { print, waitForConvergence } from './progress-display.js';
import { createTopology } from './topology.js';

const kindOfTor = (wanted: RouterKind): RouterKind =>
  missingPrograms('bird').length === 0 ? 'bird' : wanted;

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
  const topology = createTopology(options.hosts, options.encapsulation);
  const kinds = { hosts: options.router, reflector: options.router, tor: kindOfTor(options.router) };
  print(
    `${options.hosts} hosts and a reflector run ${kinds.hosts}, the top-of-rack router runs ${kinds.tor}`,
  );
  const lab = await buildLab(network, topology, kinds);
  const started = performance.now();
  await startRouters(lab);
  await programAllWorkloads(lab);
  const progress = await waitForConvergence(() => measureProgress(lab), started);
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

/** A namespace whose kernel has no such device says so at once. */
const lacksIpip = async (network: Network): Promise<boolean> => {
  const probe = await network.addNode('probe');
  return (
    (await probe.run('ip', ['link', 'add', 'probe0', 'type', 'ipip', 'local', '127.0.0.1'])).status !== 0
  );
};

export const runLab = async (options: LabOptions): Promise<number> => {
  const network = Network.open('lab');
  try {
    if (options.encapsulation?.startsWith('IPIP') && (await lacksIpip(network))) {
      print('this kernel has no IP-in-IP devices: the lab can show vxlan here');
      return 1;
    }
    const pass = await perform(network, options);
    if (options.keep) await keepUp(network);
    return pass ? 0 : 1;
  } finally {
    network.close();
  }
};
