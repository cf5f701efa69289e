// Makes a topology real: namespaces, cables, workloads, routers. Starts what the plan says and nothing more.

import type { NetNode, Network } from '../support/netns.js';
import { createRouter } from '../support/peers/router.js';
import type { Router, RouterKind, RouterSpec } from '../support/peers/types.js';
import { attachWorkload, programRoutes } from '../support/workload.js';
import {
  FAR_RANGES,
  type HostPlan,
  hostRouter,
  isFar,
  type NodePlan,
  reflectorRouter,
  type Topology,
  torRouter,
  workloadsOf,
} from './topology.js';

export interface Lab {
  readonly topology: Topology;
  readonly network: Network;
  readonly fabric: NetNode;
  /** By node name: hosts, rr, tor. */
  readonly routers: ReadonlyMap<string, Router>;
}

export interface LabKinds {
  readonly hosts: RouterKind;
  readonly reflector: RouterKind;
  readonly tor: RouterKind;
}

const addRouterNode = async (network: Network, fabric: NetNode, plan: NodePlan): Promise<NetNode> => {
  const node = await network.addNode(plan.name, { forwarding: true });
  const addresses = [`${plan.address}/24`, `${plan.address6}/64`];
  await network.plug({ node, interface: 'eth0', addresses }, fabric);
  return node;
};

/** The host's own way out is a default route, as on any host; without one it would not answer proxy ARP. */
const addHost = async (network: Network, fabrics: Fabrics, plan: HostPlan) => {
  const node = await addRouterNode(network, isFar(plan) ? fabrics.far : fabrics.near, plan);
  await node.ip(`route add default via ${plan.gateway.address} dev eth0`);
  if (fabrics.far !== fabrics.near)
    await node.must('ip', ['-6', 'route', 'add', 'default', 'via', plan.gateway.address6, 'dev', 'eth0']);
  for (const workload of plan.workloads) await attachWorkload(network, node, workload);
};

const addOutside = async (network: Network, fabric: NetNode, topology: Topology): Promise<void> => {
  const { tor, server } = topology;
  const torNode = await addRouterNode(network, fabric, tor);
  const serverNode = await network.addNode(server.name);
  await network.connect(
    { node: torNode, interface: 'eth1', addresses: [`${tor.outsideAddress}/24`] },
    { node: serverNode, interface: 'eth0', addresses: [`${server.address}/24`] },
  );
  await serverNode.ip(`route add default via ${tor.outsideAddress} dev eth0`);
};

/** Where hosts are plugged in; one and the same where all are in one subnet. */
interface Fabrics {
  readonly near: NetNode;
  readonly far: NetNode;
}

/** A second subnet behind the top-of-rack router, which routes between the two by their own routes. */
const addFarFabric = async (network: Network, topology: Topology): Promise<NetNode> => {
  const far = await network.addSwitch('fabric-far');
  const { torFar, tor } = topology;
  const addresses = [`${torFar.address}/24`, `${torFar.address6}/64`];
  await network.plug({ node: network.node(tor.name), interface: 'eth2', addresses }, far);
  const reflector = network.node(topology.reflector.name);
  const [range, range6] = FAR_RANGES;
  await reflector.ip(`route add ${range} via ${tor.address} dev eth0`);
  await reflector.must('ip', ['-6', 'route', 'add', range6, 'via', tor.address6, 'dev', 'eth0']);
  return far;
};

/** The network without routing: cables, addresses, workloads that nobody knows of yet. `words` go to every router. */
export const buildLab = async (
  network: Network,
  topology: Topology,
  kinds: LabKinds,
  words: RouterSpec['words'] = {},
): Promise<Lab> => {
  const fabric = await network.addSwitch('fabric');
  await addRouterNode(network, fabric, topology.reflector);
  await addOutside(network, fabric, topology);
  const far = topology.encapsulation === null ? fabric : await addFarFabric(network, topology);
  for (const plan of topology.hosts) await addHost(network, { near: fabric, far }, plan);
  const create = (kind: RouterKind, name: string, spec: RouterSpec): Router =>
    createRouter(kind, network.node(name), { ...spec, words: { ...spec.words, ...words } });
  const routers = new Map<string, Router>([
    ['rr', create(kinds.reflector, 'rr', reflectorRouter(topology))],
    ['tor', create(kinds.tor, 'tor', torRouter(topology))],
    ...topology.hosts.map((plan): [string, Router] => [
      plan.name,
      create(kinds.hosts, plan.name, hostRouter(topology, plan)),
    ]),
  ]);
  return { topology, network, fabric, routers };
};

export const startRouters = async (lab: Lab): Promise<void> => {
  await Promise.all([...lab.routers.values()].map((router) => router.start()));
};

/** The node agents' part. */
export const programAllWorkloads = async (lab: Lab): Promise<void> => {
  for (const workload of workloadsOf(lab.topology)) {
    await programRoutes(lab.network.node(workload.host), workload);
  }
};
