// Plays the lab in one process and says what is missing: the packets.

import { isConverged, type Progress, pingPlans } from './checks.js';
import {
  loopbackTable,
  measureLoopback,
  programLoopbackWorkloads,
  startLoopbackLab,
  stopLoopbackLab,
} from './loopback.js';
import type { LabOptions } from './options.js';
import { hostTables } from './presenter.js';
import { print, waitForConvergence } from './progress-display.js';
import { createTopology } from './topology.js';

const verdict = (progress: Progress, pings: number, seconds: number): string =>
  [
    isConverged(progress) ? 'PASS:' : 'FAIL:',
    `${progress.sessions} of ${progress.sessionsWanted} sessions,`,
    `${progress.routes} of ${progress.routesWanted} routes in memory,`,
    `0 of ${pings} pings made,`,
    `${seconds.toFixed(1)} s`,
  ].join(' ');

/** Exit code. */
export const runLoopbackLab = async (options: LabOptions, reason: string): Promise<number> => {
  print(`No network namespaces here (${reason}): all routers run in this process, on loopback, with`);
  print('kernels in memory. As root the same lab would route real packets and ping every workload.');
  const begin = performance.now();
  const topology = createTopology(options.hosts);
  const lab = await startLoopbackLab(topology);
  try {
    programLoopbackWorkloads(lab);
    const progress = await waitForConvergence(() => measureLoopback(lab), begin);
    for (const plan of topology.hosts) print(`\n${hostTables(plan, loopbackTable(lab, plan.name))}`);
    print(`\n${verdict(progress, pingPlans(topology).length, (performance.now() - begin) / 1000)}`);
    return isConverged(progress) ? 0 : 1;
  } finally {
    await stopLoopbackLab(lab);
  }
};
