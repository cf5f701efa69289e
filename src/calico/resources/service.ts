// Service and EndpointSlice of Kubernetes: the addresses of a service, and where what serves them runs. Whatever else
// they hold is left to those who forward the traffic.

import type { AddressFamily } from '../../base/family.js';
import type { IpAddress } from '../../base/ip.js';
import { choice, type Field, flag, listOf, optional, record, text } from './fields.js';
import { address, hostAddress } from './values.js';

export interface ServiceSpec {
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
  /** Empty: a headless service. */
  readonly clusterIPs: readonly IpAddress[];
  readonly externalIPs: readonly IpAddress[];
  /** What the load balancer was given, and what was asked for. */
  readonly loadBalancerIPs: readonly IpAddress[];
  readonly requestedIP: IpAddress | null;
  readonly externalTrafficPolicy: 'Cluster' | 'Local';
}

export interface EndpointSliceSpec {
  /** `namespace/name`; null: of no service. */
  readonly service: string | null;
  /** Null: of host names. */
  readonly family: AddressFamily | null;
  readonly endpoints: readonly Endpoint[];
}

export interface Endpoint {
  /** In Kubernetes; null: none is known. */
  readonly node: string | null;
  readonly ready: boolean;
}

/** A headless service says `None`. */
const clusterIp = text<IpAddress | null>('an address, or None', (given) =>
  given === 'None' || given === '' ? null : hostAddress(given),
);
const maybeAddress = text<IpAddress | null>('an address', (given) =>
  given === '' ? null : hostAddress(given),
);

const serviceSpec = record(
  {
    type: optional(choice(['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'])),
    clusterIP: optional(clusterIp),
    clusterIPs: optional(listOf(clusterIp)),
    externalIPs: optional(listOf(address)),
    loadBalancerIP: optional(maybeAddress),
    externalTrafficPolicy: optional(choice(['', 'Cluster', 'Local'])),
  },
  'ignore',
);

const serviceStatus = record(
  {
    loadBalancer: optional(
      record({ ingress: optional(listOf(record({ ip: optional(maybeAddress) }, 'ignore'))) }, 'ignore'),
    ),
  },
  'ignore',
);

const present = (addresses: readonly (IpAddress | null)[]): readonly IpAddress[] =>
  addresses.filter((each) => each !== null);

/** Of a whole object: what the load balancer was given is in its status. */
export const readService: Field<ServiceSpec> = (value, path, issues) => {
  const before = issues.length;
  const { spec: rawSpec, status: rawStatus } = value as {
    readonly spec?: unknown;
    readonly status?: unknown;
  };
  const spec = serviceSpec(rawSpec ?? {}, [...path, 'spec'], issues);
  const status = serviceStatus(rawStatus ?? {}, [...path, 'status'], issues);
  if (spec === null || issues.length > before) return null;
  const ingress = status?.loadBalancer?.ingress ?? [];
  return {
    type: spec.type ?? 'ClusterIP',
    clusterIPs: present(spec.clusterIPs ?? [spec.clusterIP]),
    externalIPs: spec.externalIPs ?? [],
    loadBalancerIPs: present(ingress.map(({ ip }) => ip)),
    requestedIP: spec.loadBalancerIP,
    externalTrafficPolicy: spec.externalTrafficPolicy === 'Local' ? 'Local' : 'Cluster',
  };
};

const SERVICE_LABEL = 'kubernetes.io/service-name';
const FAMILIES = { IPv4: 'ipv4', IPv6: 'ipv6', FQDN: null } as const;

const slice = record(
  {
    addressType: optional(choice(['IPv4', 'IPv6', 'FQDN'])),
    endpoints: optional(
      listOf(
        record(
          {
            nodeName: optional(text('the name of a node', (given) => given)),
            conditions: optional(record({ ready: optional(flag) }, 'ignore')),
          },
          'ignore',
        ),
      ),
    ),
  },
  'ignore',
);

/** Of a whole object, which has no spec. A condition that is not said counts as ready, as Kubernetes has it. */
export const endpointSlice =
  (namespace: string, labels: Readonly<Record<string, string>>): Field<EndpointSliceSpec> =>
  (value, path, issues) => {
    const before = issues.length;
    const read = slice(value, path, issues);
    if (read === null || issues.length > before) return null;
    const name = labels[SERVICE_LABEL] ?? null;
    return {
      service: name === null ? null : `${namespace}/${name}`,
      family: FAMILIES[read.addressType ?? 'IPv4'],
      endpoints: (read.endpoints ?? []).map(({ nodeName, conditions }) => ({
        node: nodeName,
        ready: conditions?.ready ?? true,
      })),
    };
  };
