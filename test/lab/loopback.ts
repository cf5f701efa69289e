// The lab where nobody may make network namespaces: every bgpd in this one process, on loopback addresses, each with a
// kernel in memory. Real sessions, real routes, no packets: there is nothing to ping.

import { stringify } from 'yaml';
import type { FamilyName } from '../../src/base/family.js';
import { formatIp, type IpAddress, parseIp } from '../../src/base/ip.js';
import { formatPrefix } from '../../src/base/prefix.js';
import { kernelSettings } from '../../src/config/kernel-settings.js';
import { loadConfig } from '../../src/config/load.js';
import type { Config } from '../../src/config/types.js';
import { startDaemon } from '../../src/daemon/daemon.js';
import { createLogger, type Logger } from '../../src/daemon/log/logger.js';
import type { Daemon } from '../../src/daemon/parts.js';
import { createMemoryKernel, type MemoryKernel } from '../../src/kernel/memory/memory-kernel.js';
import type { KernelRoute } from '../../src/kernel/types.js';
import type { RouteView } from '../support/netns.js';
import { bgpdConfig } from '../support/peers/bgpd-config.js';
import type { NeighborSpec, RouterSpec } from '../support/peers/types.js';
import { interfaceOf } from '../support/workload.js';
import { countPresent, expectedRoutes, type Progress } from './checks.js';
import {
  hostRouter,
  type NodePlan,
  reflectorRouter,
  type Topology,
  torRouter,
  workloadsOf,
} from './topology.js';

/** Above the ports that need a privilege. */
const PORT = 11790;

const BOTH: readonly FamilyName[] = ['ipv4-unicast', 'ipv6-unicast'];

interface LoopbackNode {
  readonly plan: NodePlan;
  readonly kernel: MemoryKernel;
  readonly daemon: Daemon;
}

export interface LoopbackLab {
  readonly topology: Topology;
  readonly nodes: ReadonlyMap<string, LoopbackNode>;
}

/** 172.18.203.126 listens and connects as 127.18.203.126: loopback has all of 127/8, for everybody. */
const onLoopback = (address: string): string => address.replace(/^\d+/, '127');

/** Loopback has one IPv6 address only: both families go over the IPv4 session. */
const overIpv4 = ({ acceptFrom: _ranges, ...spec }: RouterSpec): RouterSpec => ({
  ...spec,
  neighbors: spec.neighbors
    .filter(({ address }) => !address.includes(':'))
    .map(
      (neighbor): NeighborSpec => ({
        ...neighbor,
        address: onLoopback(neighbor.address),
        localAddress: onLoopback(spec.routerId),
        ...(neighbor.asn === spec.asn ? { families: BOTH } : {}),
      }),
    ),
});

const configOf = (name: string, spec: RouterSpec): Config => {
  const base = bgpdConfig(name, overIpv4(spec), { socket: 'none' }, spec.announce ?? [], null);
  const text = stringify({
    ...base,
    listen: [{ address: onLoopback(spec.routerId), port: PORT }],
    peers: base.peers.map((peer) => ({ ...peer, port: PORT })),
    api: { socket: 'none', listen: 'none' },
    log: { level: 'silent' },
  });
  const result = loadConfig(text, name, { hostname: name });
  if (!result.ok) throw new Error(result.problems.map(({ key, message }) => `${key} ${message}`).join('; '));
  return result.config;
};

const kernelFor = (config: Config, plan: NodePlan): MemoryKernel => {
  const kernel = createMemoryKernel(kernelSettings(config));
  kernel.world.addLink('eth0');
  kernel.world.addAddress('eth0', `${plan.address}/24`);
  kernel.world.addAddress('eth0', `${plan.address6}/64`);
  return kernel;
};

const mustIp = (text: string): IpAddress => {
  const ip = parseIp(text);
  if (ip === null) throw new Error(`not an address: ${text}`);
  return ip;
};

const startNode = async (plan: NodePlan, spec: RouterSpec, logger: Logger): Promise<LoopbackNode> => {
  const config = configOf(plan.name, spec);
  const kernel = kernelFor(config, plan);
  const addresses = [onLoopback(plan.address), plan.address, plan.address6].map(mustIp);
  const started = await startDaemon({
    config,
    configFile: plan.name,
    logger,
    kernel,
    hostAddresses: () => new Map([['eth0', addresses]]),
  });
  if (!started.ok) throw new Error(`${plan.name}: ${started.reason}`);
  return { plan, kernel, daemon: started.daemon };
};

export const startLoopbackLab = async (topology: Topology): Promise<LoopbackLab> => {
  const plans: readonly (readonly [NodePlan, RouterSpec])[] = [
    [topology.reflector, reflectorRouter(topology)],
    [topology.tor, torRouter(topology)],
    ...topology.hosts.map((plan) => [plan, hostRouter(topology, plan)] as const),
  ];
  const logger = createLogger({ level: 'silent', format: 'json' });
  const nodes = new Map<string, LoopbackNode>();
  for (const [plan, spec] of plans) nodes.set(plan.name, await startNode(plan, spec, logger));
  return { topology, nodes };
};

const nodeOf = (lab: LoopbackLab, name: string): LoopbackNode => {
  const node = lab.nodes.get(name);
  if (node === undefined) throw new Error(`no node ${name}`);
  return node;
};

/** The agents' part, in the memory of each host. */
export const programLoopbackWorkloads = ({ nodes, topology }: LoopbackLab): void => {
  for (const workload of workloadsOf(topology)) {
    const world = nodes.get(workload.host)?.kernel.world;
    const dev = interfaceOf(workload);
    world?.addLink(dev);
    for (const prefix of workload.addresses) world?.addRoute({ prefix, dev, protocol: 3 });
  }
};

const PROTOCOL_NAMES: Readonly<Record<number, string>> = { 2: 'kernel', 3: 'boot', 4: 'static', 12: 'bird' };

const toView = (kernel: MemoryKernel, route: KernelRoute): RouteView => {
  const [hop] = route.nextHops;
  const link = kernel.world.links().find(({ ifindex }) => ifindex === hop?.ifindex);
  return {
    dst: formatPrefix(route.prefix).replace(/\/(32|128)$/, ''),
    protocol: PROTOCOL_NAMES[route.protocol] ?? String(route.protocol),
    ...(link === undefined ? {} : { dev: link.name }),
    ...(hop?.gateway ? { gateway: formatIp(hop.gateway) } : {}),
  };
};

/** As `ip route` would show it. */
export const loopbackTable = (lab: LoopbackLab, name: string): readonly RouteView[] => {
  const { kernel } = nodeOf(lab, name);
  return kernel.world.routes().map((route) => toView(kernel, route));
};

export const measureLoopback = (lab: LoopbackLab): Progress => {
  const expected = expectedRoutes(lab.topology);
  const tables = new Map([...lab.nodes.keys()].map((name) => [name, loopbackTable(lab, name)] as const));
  const peers = [...lab.nodes.values()].flatMap(({ daemon }) => [...daemon.status.peers()]);
  return {
    sessions: peers.filter(({ state }) => state === 'Established').length,
    sessionsWanted: peers.length,
    routes: countPresent(expected, tables),
    routesWanted: expected.length,
  };
};

export const stopLoopbackLab = async (lab: LoopbackLab): Promise<void> => {
  await Promise.all([...lab.nodes.values()].map(({ daemon }) => daemon.stop()));
};
