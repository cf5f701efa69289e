// What this node announces and picks up beside its peers: blocks, services, pools, communities, kernel routes.

import { formatPrefix, maxLength, type Prefix, prefixContains } from '../base/prefix.js';
import { type Cluster, type ClusterNode, WORKLOAD_INTERFACES } from './cluster.js';
import { programsPool } from './export-policy.js';
import { type IpPoolSpec, usesIpip, usesVxlan } from './resources/ip-pool.js';
import { parseCommunity } from './resources/values.js';
import { serviceAddresses } from './service-addresses.js';
import type { CalicoProblem, Encapsulation, ImportIntent, PoolIntent, PrefixCommunities } from './types.js';

export function blocksOf(cluster: Cluster, self: ClusterNode, usePodCidr: boolean): readonly Prefix[] {
  const settled = cluster.blocks.filter(({ node }) => node === self.name).map(({ cidr }) => cidr);
  const all = [...settled, ...(usePodCidr ? self.podCidrs : [])];
  const once = new Map(all.map((block) => [formatPrefix(block), block]));
  return [...once.values()];
}

/** A block of one address is announced by the workload's own route. */
export const isAggregate = ({ address, length }: Prefix): boolean => length < maxLength(address.family);

const EXCLUDED = 'node.kubernetes.io/exclude-from-external-load-balancers';

/** Ranges as a whole, and the single addresses of the services that have what serves them. */
export function servicesOf(
  cluster: Cluster,
  self: ClusterNode | null,
  problems: CalicoProblem[],
): readonly Prefix[] {
  const isOut = self === null || self.labels[EXCLUDED] === 'true';
  const single = isOut ? [] : serviceAddresses(cluster, self);
  const all = [...serviceRangesOf(cluster, self, problems), ...single];
  return [...new Map(all.map((prefix) => [formatPrefix(prefix), prefix])).values()];
}

function serviceRangesOf(
  cluster: Cluster,
  self: ClusterNode | null,
  problems: CalicoProblem[],
): readonly Prefix[] {
  const { config } = cluster;
  if (self?.labels[EXCLUDED] === 'true') return [];
  const perService = (['serviceExternalIPs', 'serviceLoadBalancerIPs'] as const).flatMap((field) => {
    const isPerService =
      field === 'serviceLoadBalancerIPs' && config.serviceLoadBalancerAggregation === 'Disabled';
    return (config[field] ?? []).flatMap(({ cidr, index }) => {
      const isSingle = cidr.length === maxLength(cidr.address.family);
      if (!isPerService && !isSingle) return [cidr];
      if (cluster.services.length === 0) problems.push(withoutServices(field, index, cidr));
      return [];
    });
  });
  return [...(config.serviceClusterIPs ?? []).map(({ cidr }) => cidr), ...perService];
}

const withoutServices = (field: string, index: number, cidr: Prefix): CalicoProblem => ({
  severity: 'degraded',
  object: { kind: 'BGPConfiguration', name: 'default' },
  path: ['spec', field, index],
  message: `nothing of ${formatPrefix(cidr)} is announced: single addresses follow their service, and no Service is among the resources`,
  remedy:
    'add the Service and EndpointSlice objects, or announce it with originate in the native configuration',
});

export function poolIntent(
  cluster: Cluster,
  name: string,
  spec: IpPoolSpec,
  externalPools: readonly string[] | null,
): PoolIntent {
  return {
    object: { kind: 'IPPool', name },
    cidr: spec.cidr,
    encapsulation: encapsulationOf(spec),
    overlay: programsPool(cluster, spec) ? 'bgp' : 'agent',
    external: externalPools?.includes(name) ?? false,
  };
}

function encapsulationOf(spec: IpPoolSpec): Encapsulation {
  if (usesVxlan(spec)) return spec.vxlanMode === 'CrossSubnet' ? 'VXLANCrossSubnet' : 'VXLAN';
  if (usesIpip(spec)) return spec.ipipMode === 'CrossSubnet' ? 'IPIPCrossSubnet' : 'IPIP';
  return 'None';
}

/** `prefixAdvertisements` with the names of communities replaced by what they stand for. */
export function advertisementsOf({ own, config }: Cluster): readonly PrefixCommunities[] {
  const names = new Map(
    [...(config.communities ?? []), ...(own.communities ?? [])].map(({ name, value }) => [name, value]),
  );
  return (own.prefixAdvertisements ?? []).map(({ cidr, communities }) => ({
    cidr,
    communities: communities.flatMap((given) => {
      const value = names.get(given) ?? parseCommunity(given);
      return 'message' in value ? [] : [value];
    }),
  }));
}

/** Workloads in a block are picked up although no pool has it, as after the pool is gone. */
export function importsOfBlocks(cluster: Cluster, blocks: readonly Prefix[]): readonly ImportIntent[] {
  const outside = blocks.filter(
    (block) => !cluster.pools.some(({ spec }) => prefixContains(spec.cidr, block)),
  );
  return outside.length === 0 ? [] : [{ interfaces: WORKLOAD_INTERFACES, prefixes: outside }];
}

/** Kernel routes are picked up where a filter announces them by prefix, too: not only inside the pools. */
export function importsOf(cluster: Cluster, filters: readonly string[]): readonly ImportIntent[] {
  const pools = cluster.pools.map(({ spec }) => spec.cidr);
  return filters.flatMap((name) => {
    const spec = cluster.filters.get(name);
    return [...(spec?.exportV4 ?? []), ...(spec?.exportV6 ?? [])].flatMap((rule): ImportIntent[] => {
      const { action, cidr, matchOperator, source } = rule;
      const names = matchOperator === 'In' || matchOperator === 'Equal';
      if (action === 'Reject' || source !== null || cidr === null || !names) return [];
      // A default route of the host must not hide the one that is learned.
      if (cidr.length === 0 || pools.some((pool) => prefixContains(pool, cidr))) return [];
      return [{ interfaces: rule.interface === null ? [] : [rule.interface], prefixes: [cidr] }];
    });
  });
}
