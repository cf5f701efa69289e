// The whole lab in this process: reflector, top of the rack and three hosts over real TCP on loopback.

import test from 'ava';
import { waitFor } from '../support/wait.js';
import { isConverged } from './checks.js';
import {
  loopbackTable,
  measureLoopback,
  programLoopbackWorkloads,
  startLoopbackLab,
  stopLoopbackLab,
} from './loopback.js';
import { createTopology } from './topology.js';

const run = process.platform === 'linux' ? test : test.skip;

run('bgpd everywhere converges on loopback, and kernels in memory hold the routes', async (t) => {
  t.timeout(60_000);
  const lab = await startLoopbackLab(createTopology(3));
  try {
    programLoopbackWorkloads(lab);
    await waitFor('convergence', () => isConverged(measureLoopback(lab)), { timeout: 30_000 });
    const route = loopbackTable(lab, 'host-b').find(({ dst }) => dst === '10.65.0.21');
    t.is(route?.gateway, '172.18.203.126');
    t.is(route?.protocol, 'bird');
    const tor = loopbackTable(lab, 'tor').map(({ dst }) => dst);
    t.true(tor.includes('102.25.78.21'));
    t.false(tor.some((dst) => dst.startsWith('10.65.')));
  } finally {
    await stopLoopbackLab(lab);
  }
});
