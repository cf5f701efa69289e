// The story bgpd exists for: a workload appears on one host and every other host knows the way; it goes, it moves; the
// daemon dies and nobody notices.

import type { ExecutionContext } from 'ava';
import { buildLab, type Lab, startRouters } from '../lab/builder.js';
import { createTopology, type HostPlan, type WorkloadPlan } from '../lab/topology.js';
import { interop } from '../support/interop.js';
import { Network, type RouteView } from '../support/netns.js';
import { BgpdRouter } from '../support/peers/bgpd.js';
import { parsePing, pingArguments } from '../support/ping.js';
import { waitFor } from '../support/wait.js';
import { attachWorkload, detachWorkload, programRoutes, removeRoutes } from '../support/workload.js';

const KINDS = { hosts: 'bgpd', reflector: 'bgpd', tor: 'bgpd' } as const;

interface Stage {
  readonly lab: Lab;
  readonly a: HostPlan;
  readonly b: HostPlan;
  readonly workload: WorkloadPlan;
  /** Waits until the host's kernel leads to the workload over this gateway; null: until it has no route. */
  readonly leads: (host: HostPlan, gateway: string | null) => Promise<unknown>;
}

const routeOn = async (lab: Lab, host: HostPlan, address: string): Promise<RouteView | undefined> =>
  (await lab.network.node(host.name).routes(address.includes(':') ? 6 : 4)).find(
    ({ dst }) => dst === address,
  );

const evidence = async (lab: Lab): Promise<string> =>
  (await Promise.all([...lab.routers.values()].map((router) => router.evidence()))).join('\n');

let serial = 0;

const withLab = async (scene: (stage: Stage) => Promise<void>): Promise<void> => {
  serial += 1;
  const network = Network.open(`seed${serial}`);
  try {
    const lab = await buildLab(network, createTopology(2), KINDS);
    await startRouters(lab);
    const [a, b] = lab.topology.hosts;
    const workload = a?.workloads[0];
    if (a === undefined || b === undefined || workload === undefined) throw new Error('two hosts at least');
    const address = workload.addresses[0] ?? '';
    const leads = (host: HostPlan, gateway: string | null) =>
      waitFor(
        `${host.name} to reach ${address} via ${gateway}`,
        async () => {
          const route = await routeOn(lab, host, address);
          return gateway === null ? route === undefined : route?.gateway === gateway;
        },
        { evidence: () => evidence(lab), interval: 20 },
      );
    await scene({ lab, a, b, workload, leads });
  } finally {
    network.close();
  }
};

const story = (title: string, body: (t: ExecutionContext, stage: Stage) => Promise<void>): void =>
  interop(title, ['bgpd'], async (t) => {
    t.timeout(120_000);
    await withLab((stage) => body(t, stage));
  });

story('a workload on host A becomes a route on host B, and ping works', async (t, stage) => {
  const { lab, a, b, workload, leads } = stage;
  const node = lab.network.node(a.name);
  await programRoutes(node, workload);
  await leads(b, a.address);
  const route = await routeOn(lab, b, '10.65.0.21');
  t.is(route?.gateway, '172.18.203.126');
  t.is(route?.protocol, 'bird', 'protocol 12, which the agent knows');
  t.is((await lab.network.node(b.name).ping('10.65.0.21')).received, 1);
  // The kernel reports the two families' routes one after the other, and a pass may run in between.
  await waitFor(
    `${b.name} to reach 2001:db8:a41:2::21 via ${a.address6}`,
    async () => (await routeOn(lab, b, '2001:db8:a41:2::21'))?.gateway === a.address6,
    { evidence: () => evidence(lab), interval: 20 },
  );
  t.is((await lab.network.node(b.name).ping('2001:db8:a41:2::21')).received, 1);
});

story('the workload goes: the route goes', async (t, { lab, a, b, workload, leads }) => {
  const node = lab.network.node(a.name);
  await programRoutes(node, workload);
  await leads(b, a.address);
  await removeRoutes(node, workload);
  await leads(b, null);
  t.is(await routeOn(lab, b, '10.65.0.21'), undefined);
});

story("the workload's interface goes without a word: the route goes too", async (t, stage) => {
  const { lab, a, b, workload, leads } = stage;
  const node = lab.network.node(a.name);
  await programRoutes(node, workload);
  await leads(b, a.address);
  await detachWorkload(node, workload);
  await leads(b, null);
  t.is(await routeOn(lab, b, '10.65.0.21'), undefined);
});

story('the workload moves: each host sees the change, and ping reaches the new place', async (t, stage) => {
  const { lab, a, b, workload, leads } = stage;
  const [nodeA, nodeB] = [lab.network.node(a.name), lab.network.node(b.name)];
  await programRoutes(nodeA, workload);
  await leads(b, a.address);
  await attachWorkload(lab.network, nodeB, workload, `${workload.name}moved`);
  await removeRoutes(nodeA, workload);
  await leads(b, null);
  await programRoutes(nodeB, workload);
  await leads(a, b.address);
  t.is((await routeOn(lab, b, '10.65.0.21'))?.dev, 'caliw21');
  t.is((await nodeA.ping('10.65.0.21', { count: 2 })).received, 2);
});

/** `ip monitor` from now on; returns what it has seen when called. */
const watchRoutes = async (lab: Lab, host: HostPlan): Promise<() => string> => {
  const watcher = await lab.network.node(host.name).start('monitor', 'ip', ['monitor', 'route']);
  return () => watcher.log();
};

const PINGS = { count: 150, interval: 20, wait: 1 } as const;

story('kill -9 of bgpd loses no packet; the next one adopts the routes as they are', async (t, stage) => {
  const { lab, a, b, workload, leads } = stage;
  const router = lab.routers.get(b.name);
  if (!(router instanceof BgpdRouter)) throw new Error('host B runs bgpd');
  await programRoutes(lab.network.node(a.name), workload);
  await leads(b, a.address);
  const changes = await watchRoutes(lab, b);
  const pings = lab.network.node(b.name).run('ping', pingArguments('10.65.0.21', PINGS), { timeout: 60_000 });
  await router.kill();
  t.is((await routeOn(lab, b, '10.65.0.21'))?.gateway, a.address, 'the route survives');
  await router.start();
  const isUp = async () => (await router.session(lab.topology.reflector.address)) === 'Established';
  await waitFor('the session to return', isUp, { evidence: () => evidence(lab) });
  const { sent, received } = parsePing((await pings).stdout);
  t.is(received, sent);
  t.is(sent, PINGS.count);
  t.notRegex(changes(), /^Deleted .*10\.65\.0\.21/m);
});

story('a route that went away while bgpd was dead is swept by the next one', async (t, stage) => {
  const { lab, a, b, workload, leads } = stage;
  const router = lab.routers.get(b.name);
  await programRoutes(lab.network.node(a.name), workload);
  await leads(b, a.address);
  await router?.kill();
  await removeRoutes(lab.network.node(a.name), workload);
  t.is((await routeOn(lab, b, '10.65.0.21'))?.gateway, a.address, 'stale, and nobody there to remove it');
  await router?.start();
  await leads(b, null);
  t.is(await routeOn(lab, b, '10.65.0.21'), undefined);
});

story('an orderly stop leaves the routes, so that an upgrade is invisible', async (t, stage) => {
  const { lab, a, b, workload, leads } = stage;
  await programRoutes(lab.network.node(a.name), workload);
  await leads(b, a.address);
  await lab.routers.get(b.name)?.stop();
  t.is((await routeOn(lab, b, '10.65.0.21'))?.gateway, a.address);
  t.is((await lab.network.node(b.name).ping('10.65.0.21')).received, 1);
});
