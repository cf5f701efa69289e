// What a converged lab looks like (kernel routes, sessions) and who must, or must not, be able to ping whom.

import type { RouteView } from '../support/netns.js';
import type { PingResult } from '../support/ping.js';
import type { Lab } from './builder.js';
import { type HostPlan, isFar, OUTSIDE, type Topology, type WorkloadPlan, workloadsOf } from './topology.js';

/** A route that BGP has to bring into the kernel of `node`. */
export interface ExpectedRoute {
  readonly node: string;
  readonly destination: string;
  /** Null: whichever it is. */
  readonly gateway: string | null;
  /** Null: whichever it is. */
  readonly device: string | null;
}

const remoteRoutes = (
  encapsulation: Topology['encapsulation'],
  plan: HostPlan,
  other: HostPlan,
): readonly ExpectedRoute[] =>
  other.workloads.flatMap((workload) =>
    workload.addresses.map((destination) => ({
      node: plan.name,
      destination,
      ...wayTo(encapsulation, plan, other, { ...workload, addresses: [destination] }),
    })),
  );

/** In a tunnel its device leads there; without one the router in between, where there is one. */
const wayTo = (
  encapsulation: Topology['encapsulation'],
  plan: HostPlan,
  other: HostPlan,
  { external, addresses: [destination = ''] }: WorkloadPlan,
): Pick<ExpectedRoute, 'gateway' | 'device'> => {
  const ipv6 = destination.includes(':');
  const apart = isFar(plan) !== isFar(other);
  const carries = encapsulation !== null && !external && !(ipv6 && encapsulation.startsWith('IPIP'));
  if (carries && (apart || !encapsulation.endsWith('CrossSubnet')))
    return { gateway: null, device: encapsulation.startsWith('IPIP') ? 'tunl0' : 'vxlan.bgp' };
  const next = apart ? plan.gateway : other;
  return { gateway: ipv6 ? next.address6 : next.address, device: null };
};

export const expectedRoutes = (topology: Topology): readonly ExpectedRoute[] => {
  const { hosts, tor } = topology;
  const between = hosts.flatMap((plan) =>
    hosts
      .filter((other) => other !== plan)
      .flatMap((other) => remoteRoutes(topology.encapsulation, plan, other)),
  );
  const outside = hosts.map((plan) => ({
    node: plan.name,
    destination: OUTSIDE,
    gateway: plan.gateway.address,
    device: null,
  }));
  const inside = hosts.flatMap((plan) =>
    plan.workloads
      .filter((workload) => workload.external)
      .map((workload) => ({
        node: tor.name,
        destination: workload.addresses[0] ?? '',
        gateway: plan.address,
        device: null,
      })),
  );
  return [...between, ...outside, ...inside];
};

/** One of several equal ways will do: some routers balance by themselves. */
const leadsOver = (route: RouteView, { gateway, device }: ExpectedRoute): boolean => {
  if (device !== null && route.dev !== device) return false;
  if (gateway === null || route.gateway === gateway) return true;
  return route.nexthops?.some((hop) => hop.gateway === gateway) === true;
};

export interface Progress {
  readonly sessions: number;
  readonly sessionsWanted: number;
  readonly routes: number;
  readonly routesWanted: number;
}

/** Both families of a node's main table. */
export const kernelTable = async (lab: Lab, node: string): Promise<readonly RouteView[]> => {
  const [v4, v6] = await Promise.all([lab.network.node(node).routes(4), lab.network.node(node).routes(6)]);
  return [...v4, ...v6];
};

/** How many of the expected routes are in the tables of their nodes. */
export const countPresent = (
  expected: readonly ExpectedRoute[],
  tables: ReadonlyMap<string, readonly RouteView[]>,
): number =>
  expected.filter((each) =>
    tables.get(each.node)?.some((route) => route.dst === each.destination && leadsOver(route, each)),
  ).length;

const establishedSessions = async (lab: Lab): Promise<number> => {
  const counts = [...lab.routers.values()].map(async (router) => {
    const states = await Promise.all(router.spec.neighbors.map(({ address }) => router.session(address)));
    return states.filter((state) => state === 'Established').length;
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
};

/** Asks the routers for their sessions and the kernels for their routes. */
export const measureProgress = async (lab: Lab): Promise<Progress> => {
  const expected = expectedRoutes(lab.topology);
  const nodes = [...new Set(expected.map(({ node }) => node))];
  const tables = new Map(
    await Promise.all(nodes.map(async (node) => [node, await kernelTable(lab, node)] as const)),
  );
  const neighbors = [...lab.routers.values()].map((router) => router.spec.neighbors.length);
  return {
    sessions: await establishedSessions(lab),
    sessionsWanted: neighbors.reduce((sum, count) => sum + count, 0),
    routes: countPresent(expected, tables),
    routesWanted: expected.length,
  };
};

export const isConverged = (progress: Progress): boolean =>
  progress.sessions === progress.sessionsWanted && progress.routes === progress.routesWanted;

/** One ping to make: `expected` false means that an answer would be a leak. */
export interface PingPlan {
  readonly from: string;
  readonly to: string;
  readonly address: string;
  readonly expected: boolean;
}

export interface PingVerdict extends PingPlan {
  readonly result: PingResult;
  readonly pass: boolean;
}

const pairs = (workloads: readonly WorkloadPlan[], ipv6: boolean): readonly PingPlan[] => {
  const addressIn = (workload: WorkloadPlan) =>
    workload.addresses.find((address) => address.includes(':') === ipv6);
  const able = workloads.filter((workload) => addressIn(workload) !== undefined);
  return able.flatMap((from) =>
    able
      .filter((to) => to !== from)
      .map((to) => ({ from: from.name, to: to.name, address: addressIn(to) ?? '', expected: true })),
  );
};

/** Every workload to every other in both families; outside in and back; and what must stay inside. */
export const pingPlans = (topology: Topology): readonly PingPlan[] => {
  const { server } = topology;
  const workloads = workloadsOf(topology);
  const external = workloads.filter((workload) => workload.external);
  const internal = workloads.find((workload) => !workload.external);
  return [
    ...pairs(workloads, false),
    ...pairs(workloads, true),
    ...external.map(({ name, addresses }) => ({
      from: server.name,
      to: name,
      address: addresses[0] ?? '',
      expected: true,
    })),
    ...external.map(({ name }) => ({ from: name, to: server.name, address: server.address, expected: true })),
    {
      from: server.name,
      to: internal?.name ?? '',
      address: internal?.addresses[0] ?? '',
      expected: false,
    },
  ];
};

const AT_ONCE = 8;

/** Pings in the order of the plan, a few at a time. */
export const runPings = async (
  lab: Lab,
  plans: readonly PingPlan[],
  onResult: (verdict: PingVerdict) => void,
): Promise<readonly PingVerdict[]> => {
  const verdicts: PingVerdict[] = [];
  const waiting = plans.entries();
  const worker = async (): Promise<void> => {
    for (const [index, plan] of waiting) {
      const node = lab.network.node(plan.from);
      const result = await node.ping(plan.address, { count: 1, wait: plan.expected ? 2 : 1 });
      const verdict = { ...plan, result, pass: result.received > 0 === plan.expected };
      verdicts[index] = verdict;
      onResult(verdict);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return verdicts;
};
