// Which single addresses of services this node announces: those of services that have something to serve them, here or
// anywhere, as their traffic policy asks. Whole ranges are `announcements.ts`.

import { formatIp, type IpAddress } from '../base/ip.js';
import { hostPrefix, maxLength, type Prefix, prefixContains } from '../base/prefix.js';
import type { Cluster, ClusterNode } from './cluster.js';
import type { EndpointSliceSpec, ServiceSpec } from './resources/service.js';

/** Each address once, in the order of the services' names. */
export function serviceAddresses(cluster: Cluster, self: ClusterNode): readonly Prefix[] {
  const slices = slicesByService(cluster);
  const found = new Map<string, Prefix>();
  for (const { name, spec } of cluster.services) {
    for (const address of announcedOf(cluster, self, spec, slices.get(name) ?? [])) {
      found.set(formatIp(address), hostPrefix(address));
    }
  }
  return [...found.values()];
}

function slicesByService({ endpointSlices }: Cluster): ReadonlyMap<string, readonly EndpointSliceSpec[]> {
  const byService = new Map<string, EndpointSliceSpec[]>();
  for (const { spec } of endpointSlices) {
    if (spec.service === null) continue;
    const known = byService.get(spec.service);
    if (known === undefined) byService.set(spec.service, [spec]);
    else known.push(spec);
  }
  return byService;
}

type Ranges = readonly { readonly cidr: Prefix }[] | null;

/** A headless service, and one that is only a name, has no address to announce. */
function announcedOf(
  { config }: Cluster,
  self: ClusterNode,
  service: ServiceSpec,
  slices: readonly EndpointSliceSpec[],
): readonly IpAddress[] {
  if (service.type === 'ExternalName' || service.clusterIPs.length === 0) return [];
  const { serviceExternalIPs, serviceLoadBalancerIPs } = config;
  const isAggregated = config.serviceLoadBalancerAggregation !== 'Disabled';
  const allowed = [
    ...((config.serviceClusterIPs ?? []).length === 0 ? [] : service.clusterIPs),
    ...service.externalIPs.filter((address) => isInside(serviceExternalIPs, address)),
    ...service.loadBalancerIPs.filter((address) => isInside(serviceLoadBalancerIPs, address)),
  ];
  const isHere = ({ node, ready }: EndpointSliceSpec['endpoints'][number]): boolean =>
    ready && node === self.kubernetesName;
  const has = (address: IpAddress, where: typeof isHere): boolean =>
    slices.some(({ family, endpoints }) => family === address.family && endpoints.some(where));
  if (service.externalTrafficPolicy === 'Local') return allowed.filter((address) => has(address, isHere));
  if (slices.length > 0 && isNamedAlone(config, service)) return allowed;
  return isAggregated || service.type !== 'LoadBalancer'
    ? []
    : allowed.filter((address) => has(address, ({ ready }) => ready));
}

/** The configuration names one of its addresses and not a range: every node announces what is allowed of the service. */
function isNamedAlone(
  { serviceExternalIPs, serviceLoadBalancerIPs }: Cluster['config'],
  { type, externalIPs, loadBalancerIPs, requestedIP }: ServiceSpec,
): boolean {
  const given = [...loadBalancerIPs, ...(requestedIP === null ? [] : [requestedIP])];
  return (
    externalIPs.some((address) => isAlone(serviceExternalIPs, address)) ||
    (type === 'LoadBalancer' && given.some((address) => isAlone(serviceLoadBalancerIPs, address)))
  );
}

const isInside = (ranges: Ranges, address: IpAddress): boolean =>
  (ranges ?? []).some(({ cidr }) => prefixContains(cidr, hostPrefix(address)));

const isAlone = (ranges: Ranges, address: IpAddress): boolean =>
  isInside(
    (ranges ?? []).filter(({ cidr }) => cidr.length === maxLength(cidr.address.family)),
    address,
  );
