// The lab's network as data: hosts with workloads on one fabric, a route reflector, a top-of-rack router, and a server
// outside the data centre. Pure.

import type { NeighborSpec, RouterSpec } from '../support/peers/types.js';
import type { WorkloadSpec } from '../support/workload.js';

export const CLUSTER_ASN = 64512;
export const TOR_ASN = 65001;

export const POOLS = {
  /** Reachable inside the data centre only. */
  internal: ['10.65.0.0/16', '2001:db8:a41:2::/64'],
  /** Reachable from outside too. */
  external: ['102.25.78.0/24'],
} as const;

export const OUTSIDE = '203.0.113.0/24';

export interface NodePlan {
  readonly name: string;
  readonly address: string;
  readonly address6: string;
}

export interface HostPlan extends NodePlan {
  readonly workloads: readonly WorkloadPlan[];
}

export interface WorkloadPlan extends WorkloadSpec {
  readonly host: string;
  readonly external: boolean;
}

export interface Topology {
  readonly hosts: readonly HostPlan[];
  readonly reflector: NodePlan;
  readonly tor: NodePlan & { readonly outsideAddress: string };
  readonly server: { readonly name: string; readonly address: string };
}

export const MIN_HOSTS = 2;
export const MAX_HOSTS = 60;

const FIRST_HOST_OCTET = 126;
const FIRST_WORKLOAD_OCTET = 21;
const WORKLOADS_PER_HOST = 2;

/** host-a to host-z, then host-27 and so on. */
const hostName = (index: number): string =>
  `host-${index < 26 ? String.fromCharCode(97 + index) : String(index + 1)}`;

const node = (name: string, octet: number): NodePlan => ({
  name,
  address: `172.18.203.${octet}`,
  address6: `2001:db8:a41::${octet}`,
});

const internalWorkload = (host: string, octet: number): WorkloadPlan => ({
  name: `w${octet}`,
  host,
  external: false,
  addresses: [`10.65.0.${octet}`, `2001:db8:a41:2::${octet}`],
});

const host = (index: number): HostPlan => {
  const plan = node(hostName(index), FIRST_HOST_OCTET + index);
  const first = FIRST_WORKLOAD_OCTET + index * WORKLOADS_PER_HOST;
  const internal = Array.from({ length: WORKLOADS_PER_HOST }, (_, offset) =>
    internalWorkload(plan.name, first + offset),
  );
  const external: WorkloadPlan = {
    name: `x${FIRST_WORKLOAD_OCTET}`,
    host: plan.name,
    external: true,
    addresses: [`102.25.78.${FIRST_WORKLOAD_OCTET}`],
  };
  return { ...plan, workloads: index === 0 ? [...internal, external] : internal };
};

export const createTopology = (hosts: number): Topology => ({
  hosts: Array.from({ length: hosts }, (_, index) => host(index)),
  reflector: node('rr', 2),
  tor: { ...node('tor', 1), outsideAddress: '203.0.113.1' },
  server: { name: 'server', address: '203.0.113.10' },
});

export const workloadsOf = (topology: Topology): readonly WorkloadPlan[] =>
  topology.hosts.flatMap((plan) => plan.workloads);

/** One session per family, each over its own: what every BGP program can do. */
const bothFamilies = (plan: NodePlan, rest: Omit<NeighborSpec, 'address'>): readonly NeighborSpec[] => [
  { address: plan.address, ...rest },
  { address: plan.address6, ...rest },
];

export const hostRouter = (topology: Topology, plan: HostPlan): RouterSpec => ({
  asn: CLUSTER_ASN,
  routerId: plan.address,
  install: true,
  importPools: [...POOLS.internal, ...POOLS.external],
  externalPools: POOLS.external,
  neighbors: [
    ...bothFamilies(topology.reflector, { asn: CLUSTER_ASN }),
    { address: topology.tor.address, asn: TOR_ASN, exportOnly: POOLS.external },
  ],
});

export const reflectorRouter = (topology: Topology): RouterSpec => ({
  asn: CLUSTER_ASN,
  routerId: topology.reflector.address,
  clusterId: '244.0.0.1',
  acceptFrom: ['172.18.203.0/24', '2001:db8:a41::/64'],
  neighbors: topology.hosts.flatMap((plan) =>
    bothFamilies(plan, { asn: CLUSTER_ASN, routeReflectorClient: true, passive: true }),
  ),
});

export const torRouter = (topology: Topology): RouterSpec => ({
  asn: TOR_ASN,
  routerId: topology.tor.address,
  install: true,
  announce: [{ prefix: OUTSIDE }],
  neighbors: topology.hosts.map((plan) => ({ address: plan.address, asn: CLUSTER_ASN, passive: true })),
});
