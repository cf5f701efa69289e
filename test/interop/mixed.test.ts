// The lab's whole network with bgpd in one role and others in the rest: reflector for BIRD and FRR hosts, host below a
// BIRD or FRR reflector. Converged means kernel routes on every host, ping between all workloads, and no leak outside.

import type { ExecutionContext } from 'ava';
import { buildLab, type Lab, type LabKinds, programAllWorkloads, startRouters } from '../lab/builder.js';
import { isConverged, measureProgress, pingPlans, runPings } from '../lab/checks.js';
import { pingMatrix } from '../lab/presenter.js';
import { createTopology } from '../lab/topology.js';
import { interop, type Need } from '../support/interop.js';
import { Network } from '../support/netns.js';
import { waitFor } from '../support/wait.js';

interface Mix extends LabKinds {
  readonly title: string;
}

const MIXES: readonly Mix[] = [
  { title: 'bgpd everywhere', hosts: 'bgpd', reflector: 'bgpd', tor: 'bgpd' },
  {
    title: 'bgpd hosts and reflector, BIRD on top of the rack',
    hosts: 'bgpd',
    reflector: 'bgpd',
    tor: 'bird',
  },
  { title: 'bgpd reflects between BIRD hosts', hosts: 'bird', reflector: 'bgpd', tor: 'bgpd' },
  { title: 'bgpd reflects between FRR hosts', hosts: 'frr', reflector: 'bgpd', tor: 'bgpd' },
  { title: 'BIRD reflects between bgpd hosts', hosts: 'bgpd', reflector: 'bird', tor: 'frr' },
  { title: 'FRR reflects between bgpd hosts', hosts: 'bgpd', reflector: 'frr', tor: 'bird' },
];

const evidence = async (lab: Lab): Promise<string> =>
  (await Promise.all([...lab.routers.values()].map((router) => router.evidence()))).join('\n');

/** RFC 4456: what host-b hears of host-a's first workload names its origin and the reflector's cluster. */
const checkReflection = async (t: ExecutionContext, lab: Lab): Promise<void> => {
  const { reflector, hosts } = lab.topology;
  const [a, b] = hosts;
  const routes = (await lab.routers.get(b?.name ?? '')?.received(reflector.address, 'ipv4-unicast')) ?? [];
  const route = routes.find(({ prefix }) => prefix === `${a?.workloads[0]?.addresses[0]}/32`);
  t.is(route?.nextHop, a?.address);
  t.is(route?.originatorId, a?.address);
  t.deepEqual(route?.clusterList, ['244.0.0.1']);
  t.is(route?.asPath, '');
};

const play = async (t: ExecutionContext, mix: Mix, label: string): Promise<void> => {
  const network = Network.open(label);
  try {
    const lab = await buildLab(network, createTopology(2), mix);
    await startRouters(lab);
    await programAllWorkloads(lab);
    const done = async () => isConverged(await measureProgress(lab));
    await waitFor('convergence', done, { timeout: 60_000, interval: 200, evidence: () => evidence(lab) });
    const verdicts = await runPings(lab, pingPlans(lab.topology), () => {});
    t.true(
      verdicts.every(({ pass }) => pass),
      pingMatrix('pings', verdicts),
    );
    await checkReflection(t, lab);
  } finally {
    network.close();
  }
};

/** Hosts and the top of the rack put routes into the kernel. */
const needsOf = ({ hosts, reflector, tor }: Mix): readonly Need[] => [
  hosts,
  reflector,
  tor,
  ...(hosts === 'frr' || tor === 'frr' ? (['zebra'] as const) : []),
];

for (const [index, mix] of MIXES.entries()) {
  interop(mix.title, needsOf(mix), async (t) => {
    t.timeout(120_000);
    await play(t, mix, `mixed${index}`);
  });
}
