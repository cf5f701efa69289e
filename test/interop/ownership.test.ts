// Whose route it is, with real packets: a workload that moves between hosts while somebody pings it, peers that announce
// what the host must keep, and tunnels between subnets whose router knows no workload.

import type { ExecutionContext } from 'ava';
import { buildLab, type Lab, programAllWorkloads, startRouters } from '../lab/builder.js';
import { isConverged, measureProgress, pingPlans, runPings } from '../lab/checks.js';
import { createTopology, type HostPlan, hostRouter, type Topology } from '../lab/topology.js';
import { interop } from '../support/interop.js';
import { type NetNode, Network, type RouteView } from '../support/netns.js';
import { askBgpd, BgpdRouter } from '../support/peers/bgpd.js';
import { BirdRouter } from '../support/peers/bird.js';
import { parsePing, pingArguments } from '../support/ping.js';
import { waitFor } from '../support/wait.js';
import { attachWorkload } from '../support/workload.js';

const KINDS = { hosts: 'bgpd', reflector: 'bgpd', tor: 'bgpd' } as const;

const evidence = async (lab: Lab): Promise<string> =>
  (await Promise.all([...lab.routers.values()].map((router) => router.evidence()))).join('\n');

let serial = 0;

const withNetwork = async (body: (network: Network) => Promise<void>): Promise<void> => {
  serial += 1;
  const network = Network.open(`own${serial}`);
  try {
    await body(network);
  } finally {
    network.close();
  }
};

/** The agent programs no route before that: up to a second after it came up, the kernel drops what is sent to a link. */
const runs = (node: NetNode, device: string) =>
  waitFor(`${device} to run`, async () =>
    (await node.must('ip', ['link', 'show', 'dev', device])).includes('state UP'),
  );

const routesTo = async (node: NetNode, destination: string): Promise<readonly RouteView[]> =>
  (await node.routes(destination.includes(':') ? 6 : 4)).filter(({ dst }) => dst === destination);

interop('VXLAN by bgpd alone: every workload reaches every other across two subnets', ['bgpd'], async (t) => {
  t.timeout(120_000);
  await withNetwork(async (network) => {
    const lab = await buildLab(network, createTopology(3, 'VXLANCrossSubnet'), KINDS);
    await startRouters(lab);
    await programAllWorkloads(lab);
    await waitFor('convergence', async () => isConverged(await measureProgress(lab)), {
      timeout: 60_000,
      evidence: () => evidence(lab),
    });
    const verdicts = await runPings(lab, pingPlans(lab.topology), () => {});
    t.deepEqual(
      verdicts.filter(({ pass }) => !pass),
      [],
      await evidence(lab),
    );
    const between = await network.node('tor').routes(4);
    t.false(
      between.some(({ dst }) => dst.startsWith('10.65.')),
      'the router in between knows no workload of the pool',
    );
  });
});

/** The agent's part of a live migration. */
const program = (host: NetNode, address: string, device: string, metric: number): Promise<string> =>
  host.must('ip', [
    'route',
    'replace',
    address,
    'dev',
    device,
    'scope',
    'link',
    'proto',
    '3',
    'metric',
    String(metric),
  ]);

const withdraw = (host: NetNode, address: string, metric: number): Promise<string> =>
  host.must('ip', ['route', 'del', address, 'proto', '3', 'metric', String(metric)]);

/** Three bgpd hosts whose kernels speak of priorities. */
const priorityLab = async (network: Network): Promise<Lab> => {
  const topology: Topology = createTopology(3);
  const lab = await buildLab(network, topology, KINDS);
  const routers = new Map(lab.routers);
  for (const plan of topology.hosts) {
    const spec = { ...hostRouter(topology, plan), localPrefFromMetric: true };
    routers.set(plan.name, new BgpdRouter(network.node(plan.name), spec));
  }
  return { ...lab, routers };
};

interop(
  'a workload moves with elevated priority: the ping of a third host loses nothing',
  ['bgpd'],
  async (t) => {
    t.timeout(120_000);
    await withNetwork(async (network) => {
      const lab = await priorityLab(network);
      await startRouters(lab);
      const [a, b, c] = lab.topology.hosts as readonly [HostPlan, HostPlan, HostPlan];
      const [nodeA, nodeB, nodeC] = [a, b, c].map(({ name }) => network.node(name)) as [
        NetNode,
        NetNode,
        NetNode,
      ];
      const workload = a.workloads[0]!;
      const address = workload.addresses[0]!;
      const device = `cali${workload.name}`;
      const leads = (node: NetNode, gateway: string) =>
        waitFor(
          `${node.name} to lead to ${gateway}`,
          async () => {
            const routes = await routesTo(node, address);
            const best = [...routes].sort((x, y) => (x.metric ?? 0) - (y.metric ?? 0))[0];
            return best?.gateway === gateway;
          },
          { evidence: () => evidence(lab), interval: 20 },
        );
      await program(nodeA, address, device, 1024);
      await leads(nodeC, a.address);
      // Both copies answer, as the sender of a live migration goes on until the receiver runs.
      await attachWorkload(network, nodeB, workload, `${workload.name}moved`);
      await runs(nodeB, device);
      const pings = nodeC.run('ping', pingArguments(address, { count: 150, interval: 20, wait: 1 }), {
        timeout: 60_000,
      });
      await program(nodeB, address, device, 512);
      await leads(nodeC, b.address);
      await leads(nodeA, b.address);
      t.is((await routesTo(nodeA, address)).length, 2, "the agent's route of the old place is left alone");
      await withdraw(nodeA, address, 1024);
      await program(nodeB, address, device, 1024);
      await withdraw(nodeB, address, 512);
      await waitFor('the usual priority everywhere', async () => {
        const routes = [...(await routesTo(nodeC, address)), ...(await routesTo(nodeA, address))];
        return routes.length === 2 && routes.every((r) => r.metric === 1024 && r.gateway === b.address);
      });
      const { sent, received } = parsePing((await pings).stdout);
      t.is(sent, 150);
      t.is(received, sent, await evidence(lab));
    });
  },
);

interface KernelAnswer {
  readonly fib: { readonly refusals: readonly { readonly prefix: string; readonly reason: string }[] };
}

const HIJACKS = [
  '0.0.0.0/0',
  '0.0.0.0/1',
  '128.0.0.0/1',
  '10.9.0.254/32',
  '10.9.0.0/25',
  '10.9.0.1/32',
  '10.8.0.9/32',
  '::/0',
  '::/1',
  '8000::/1',
  '2001:db8:9::fe/128',
  '2001:db8:9::/65',
  '2001:db8:9::1/128',
  '2001:db8:8::9/128',
];

const HARMLESS = ['10.77.0.0/16', '2001:db8:77::/48'];

const hijack = async (t: ExecutionContext, network: Network): Promise<void> => {
  const fabric = await network.addSwitch('fabric');
  const host = await network.addNode('host');
  const gateway = await network.addNode('gateway', { forwarding: true });
  const attacker = await network.addNode('attacker');
  await network.plug(
    { node: host, interface: 'eth0', addresses: ['10.9.0.1/24', '2001:db8:9::1/64'] },
    fabric,
  );
  await network.plug(
    { node: gateway, interface: 'eth0', addresses: ['10.9.0.254/24', '10.9.0.253/24', '2001:db8:9::fe/64'] },
    fabric,
  );
  await network.plug(
    { node: attacker, interface: 'eth0', addresses: ['10.9.0.66/24', '2001:db8:9::66/64'] },
    fabric,
  );
  await gateway.ip('addr add 10.8.0.9/32 dev lo', 'addr add 2001:db8:8::9/128 dev lo nodad');
  await host.ip(
    'route add default via 10.9.0.254 dev eth0 metric 5000',
    'route add 10.8.0.0/16 via 10.9.0.254',
    'route add default via 2001:db8:9::fe dev eth0 metric 5000',
    'route add 2001:db8:8::/48 via 2001:db8:9::fe',
  );
  const families = ['ipv4-unicast', 'ipv6-unicast'] as const;
  const peer = { address: '10.9.0.66', asn: 65066, families };
  const bgpd = new BgpdRouter(host, {
    asn: 64512,
    routerId: '10.9.0.1',
    install: true,
    neighbors: [peer, { address: '10.8.0.9', asn: 64512 }, { address: '2001:db8:8::9', asn: 64512 }],
  });
  const bird = new BirdRouter(attacker, {
    asn: 65066,
    routerId: '10.9.0.66',
    neighbors: [{ address: '10.9.0.1', asn: 64512, families }],
    announce: [...HIJACKS, ...HARMLESS].map((prefix) => ({ prefix })),
  });
  await Promise.all([bgpd.start(), bird.start()]);
  const said = () => bgpd.evidence();
  for (const prefix of HARMLESS)
    await waitFor(prefix, async () => (await routesTo(host, prefix)).length === 1, { evidence: said });
  const refused = async (): Promise<readonly string[]> => {
    const { fib } = (await askBgpd(bgpd.socket, '/v1/kernel')) as KernelAnswer;
    return fib.refusals.map(({ prefix }) => prefix).sort();
  };
  await waitFor('every refusal', async () => (await refused()).length === HIJACKS.length, { evidence: said });
  t.deepEqual(await refused(), [...HIJACKS].sort());
  for (const far of ['10.8.0.9', '2001:db8:8::9'])
    t.is((await host.ping(far, { count: 3 })).received, 3, 'by way of the gateway still');
  const learned = [...(await host.routes(4)), ...(await host.routes(6))].filter(
    ({ protocol }) => protocol === 'bird',
  );
  t.deepEqual(
    learned.map(({ dst }) => dst),
    HARMLESS,
  );
};

interop(
  "a peer announces the host's gateway, its default route and its neighbours: nothing is taken over",
  ['bgpd', 'bird'],
  async (t) => {
    t.timeout(60_000);
    await withNetwork((network) => hijack(t, network));
  },
);
