// The cluster as its resources describe it, seen from one node: nodes by name, the configuration in force, the blocks.

import type { AddressFamily } from '../base/family.js';
import { formatIp, type IpAddress } from '../base/ip.js';
import type { Prefix } from '../base/prefix.js';
import { type BgpConfigurationSpec, NO_CONFIGURATION } from './resources/bgp-configuration.js';
import type { BgpFilterSpec } from './resources/bgp-filter.js';
import type { BgpPeerSpec } from './resources/bgp-peer.js';
import type { IpPoolSpec } from './resources/ip-pool.js';
import type { Resource, ResourceKind } from './resources/resource.js';
import type { EndpointSliceSpec, ServiceSpec } from './resources/service.js';
import type { GivenSelector, NodeAddress } from './resources/values.js';
import type { WorkloadEndpointSpec } from './resources/workload-endpoint.js';
import { type Labels, matchesSelector } from './selector/selector.js';

export const DEFAULT_ASN = 64512;
export const DEFAULT_PRIORITY = 1024;
/** The interfaces that Calico gives to workloads in Kubernetes, OpenStack and Docker. */
export const WORKLOAD_INTERFACES: readonly string[] = ['cali*', 'tap*', 'ns-*'];

export interface ClusterNode {
  readonly name: string;
  readonly labels: Labels;
  readonly addresses: Readonly<Record<AddressFamily, NodeAddress | null>>;
  readonly asn: number;
  /** Where its daemon listens; null: the default port. */
  readonly listenPort: number | null;
  /** Not null: a route reflector. */
  readonly clusterId: number | null;
  readonly wireguard: Readonly<Record<AddressFamily, IpAddress | null>>;
  readonly podCidrs: readonly Prefix[];
  /** What its Kubernetes calls it. */
  readonly kubernetesName: string;
}

export interface Named<S> {
  readonly name: string;
  readonly spec: S;
}

export interface Workload extends Named<WorkloadEndpointSpec> {
  readonly labels: Labels;
}

export interface Cluster {
  readonly config: BgpConfigurationSpec;
  /** Of `default`, or of this node where it has its own. */
  readonly own: Pick<
    BgpConfigurationSpec,
    'prefixAdvertisements' | 'communities' | 'listenPort' | 'logSeverityScreen'
  >;
  /** By name. */
  readonly nodes: ReadonlyMap<string, ClusterNode>;
  /** By formatted address. */
  readonly nodeByAddress: ReadonlyMap<string, ClusterNode>;
  readonly peers: readonly Named<BgpPeerSpec>[];
  readonly filters: ReadonlyMap<string, BgpFilterSpec>;
  readonly pools: readonly Named<IpPoolSpec>[];
  readonly services: readonly Named<ServiceSpec>[];
  readonly endpointSlices: readonly Named<EndpointSliceSpec>[];
  readonly workloads: readonly Workload[];
  /** Of all nodes: blocks whose affinity is settled. */
  readonly blocks: readonly { readonly node: string; readonly cidr: Prefix }[];
}

/** Everything in the order of its name: what is made of it does not depend on the order of files. */
export function buildCluster(resources: readonly Resource[], node: string): Cluster {
  const sorted = [...resources].sort((a, b) => (a.name < b.name ? -1 : 1));
  const of = <K extends ResourceKind>(kind: K): Extract<Resource, { kind: K }>[] =>
    sorted.filter((resource): resource is Extract<Resource, { kind: K }> => resource.kind === kind);
  const configurations = new Map(of('BGPConfiguration').map(({ name, spec }) => [name, spec]));
  const config = configurations.get('default') ?? NO_CONFIGURATION;
  const own = configurations.get(`node.${node}`) ?? NO_CONFIGURATION;
  const nodes = of('Node').map((resource) =>
    clusterNode(resource, config, configurations.get(`node.${resource.name}`) ?? NO_CONFIGURATION),
  );
  return {
    config,
    own: {
      prefixAdvertisements: own.prefixAdvertisements ?? config.prefixAdvertisements,
      communities: own.communities ?? config.communities,
      listenPort: own.listenPort ?? config.listenPort,
      logSeverityScreen: own.logSeverityScreen ?? config.logSeverityScreen,
    },
    nodes: new Map(nodes.map((each) => [each.name, each])),
    nodeByAddress: new Map(nodes.flatMap((each) => addressTexts(each).map((text) => [text, each] as const))),
    peers: of('BGPPeer'),
    filters: new Map(of('BGPFilter').map(({ name, spec }) => [name, spec])),
    pools: of('IPPool'),
    services: of('Service'),
    endpointSlices: of('EndpointSlice'),
    workloads: of('WorkloadEndpoint'),
    blocks: of('BlockAffinity').flatMap(({ spec }) => (isSettled(spec) ? [spec] : [])),
  };
}

function clusterNode(
  { name, spec, labels, podCidrs }: Extract<Resource, { kind: 'Node' }>,
  config: BgpConfigurationSpec,
  own: BgpConfigurationSpec,
): ClusterNode {
  const { bgp, wireguard, orchRefs } = spec;
  return {
    name,
    labels,
    addresses: { ipv4: bgp?.ipv4Address ?? null, ipv6: bgp?.ipv6Address ?? null },
    asn: bgp?.asNumber ?? config.asNumber ?? DEFAULT_ASN,
    listenPort: own.listenPort ?? config.listenPort,
    clusterId: bgp?.routeReflectorClusterID ?? null,
    wireguard: {
      ipv4: wireguard?.interfaceIPv4Address ?? null,
      ipv6: wireguard?.interfaceIPv6Address ?? null,
    },
    podCidrs: podCidrs ?? [],
    kubernetesName: orchRefs?.find(({ orchestrator }) => orchestrator === 'k8s')?.nodeName ?? name,
  };
}

const addressTexts = ({ addresses }: ClusterNode): string[] =>
  [addresses.ipv4, addresses.ipv6].flatMap((each) => (each === null ? [] : [formatIp(each.address)]));

/** A block on its way to or from a node is nobody's: two nodes must not announce it at a time. */
function isSettled(spec: Extract<Resource, { kind: 'BlockAffinity' }>['spec']): boolean {
  if (spec.deleted === true || spec.type === 'virtual') return false;
  return spec.state === null || spec.state === '' || spec.state === 'confirmed';
}

/** The nodes that a peering is configured on. */
export function nodesOfPeer(
  cluster: Cluster,
  { node, nodeSelector }: Pick<BgpPeerSpec, 'node' | 'nodeSelector'>,
): readonly ClusterNode[] {
  if (nodeSelector !== null) return nodesMatching(cluster, nodeSelector);
  if (node === null) return [...cluster.nodes.values()];
  const named = cluster.nodes.get(node);
  return named === undefined ? [] : [named];
}

export const nodesMatching = (cluster: Cluster, { selector }: GivenSelector): ClusterNode[] =>
  [...cluster.nodes.values()].filter(({ labels }) => matchesSelector(selector, labels));
