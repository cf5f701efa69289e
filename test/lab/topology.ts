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
  /** The top-of-rack router in the host's own subnet. */
  readonly gateway: NodePlan;
  readonly workloads: readonly WorkloadPlan[];
}

export interface WorkloadPlan extends WorkloadSpec {
  readonly host: string;
  readonly external: boolean;
}

/** What carries packets between hosts, by the names of pools' encapsulations. */
export type LabEncapsulation = 'VXLAN' | 'VXLANCrossSubnet' | 'IPIP' | 'IPIPCrossSubnet';

export interface Topology {
  /** Null: as they are, and all hosts are in one subnet. Else there are two, and the router between knows no workload. */
  readonly encapsulation: LabEncapsulation | null;
  readonly hosts: readonly HostPlan[];
  readonly reflector: NodePlan;
  readonly tor: NodePlan & { readonly outsideAddress: string };
  /** The router's end of the second subnet. */
  readonly torFar: NodePlan;
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

const SUBNETS = [
  { ipv4: '172.18.203', ipv6: '2001:db8:a41' },
  { ipv4: '172.18.204', ipv6: '2001:db8:a42' },
] as const;

/** Of the fabric, with the length of its prefix. */
export const FAR_RANGES = ['172.18.204.0/24', '2001:db8:a42::/64'] as const;

const node = (name: string, octet: number, subnet: 0 | 1 = 0): NodePlan => ({
  name,
  address: `${SUBNETS[subnet].ipv4}.${octet}`,
  address6: `${SUBNETS[subnet].ipv6}::${octet}`,
});

const NEAR_TOR = node('tor', 1);
const FAR_TOR = node('tor', 1, 1);

export const isFar = (plan: HostPlan): boolean => plan.gateway === FAR_TOR;

const internalWorkload = (host: string, octet: number): WorkloadPlan => ({
  name: `w${octet}`,
  host,
  external: false,
  addresses: [`10.65.0.${octet}`, `2001:db8:a41:2::${octet}`],
});

const host = (index: number, subnet: 0 | 1): HostPlan => {
  const plan = {
    ...node(hostName(index), FIRST_HOST_OCTET + index, subnet),
    gateway: [NEAR_TOR, FAR_TOR][subnet]!,
  };
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

/** With an encapsulation every other host is in the second subnet. */
export const createTopology = (hosts: number, encapsulation: LabEncapsulation | null = null): Topology => ({
  encapsulation,
  hosts: Array.from({ length: hosts }, (_, index) =>
    host(index, encapsulation !== null && index % 2 === 1 ? 1 : 0),
  ),
  reflector: node('rr', 2),
  tor: { ...NEAR_TOR, outsideAddress: '203.0.113.1' },
  torFar: FAR_TOR,
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
  ...(topology.encapsulation === null ? {} : { encapsulated: encapsulated(topology.encapsulation) }),
  neighbors: [
    ...bothFamilies(topology.reflector, { asn: CLUSTER_ASN }),
    { address: plan.gateway.address, asn: TOR_ASN, exportOnly: POOLS.external },
  ],
});

/** IP-in-IP carries IPv4 only. */
const encapsulated = (encapsulation: LabEncapsulation): Readonly<Record<string, LabEncapsulation>> =>
  Object.fromEntries(
    POOLS.internal
      .filter((pool) => !encapsulation.startsWith('IPIP') || !pool.includes(':'))
      .map((pool) => [pool, encapsulation]),
  );

export const reflectorRouter = (topology: Topology): RouterSpec => ({
  asn: CLUSTER_ASN,
  routerId: topology.reflector.address,
  clusterId: '244.0.0.1',
  acceptFrom: [
    '172.18.203.0/24',
    '2001:db8:a41::/64',
    ...(topology.encapsulation === null ? [] : FAR_RANGES),
  ],
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
