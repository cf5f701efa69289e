// All resources of a cluster -> what this node does. Pure: files, secrets and the operator's own settings come in as values.

import { formatPrefix, maxLength, type Prefix, prefixContains } from '../base/prefix.js';
import type { PolicyConfig } from '../policy/types.js';
import type { SecretRef } from './bgp-peer.js';
import { buildCluster, type Cluster, type ClusterNode, DEFAULT_ASN } from './cluster.js';
import {
  EXPORT_POLICY,
  type ExportInput,
  exportPolicy,
  IMPORT_POLICY,
  importPolicy,
  KERNEL_POLICY,
  kernelPolicy,
  normalPriority,
  PRIORITY_POLICY,
  priorityPolicy,
  programsPool,
} from './export-policy.js';
import { type Direction, filterPolicy, filterPolicyName, MISSING_FILTER } from './filter-policy.js';
import { type IpPoolSpec, usesIpip, usesVxlan } from './ip-pool.js';
import { type Peering, peeringsOf } from './peerings.js';
import type { Resource } from './resources.js';
import type {
  CalicoIntent,
  CalicoProblem,
  Encapsulation,
  ImportIntent,
  ObjectRef,
  OriginateIntent,
  PeerIntent,
  PoolIntent,
  PrefixCommunities,
} from './types.js';
import { parseCommunity } from './values.js';

export interface CompileOptions {
  /** The name of this node's resource. */
  readonly node: string;
  /** The file that holds a secret; null: there is none. */
  readonly secretFile: (secret: SecretRef) => string | null;
  /** Names of the pools that may leave the AS; null: all. */
  readonly externalPools: readonly string[] | null;
  /** The ranges of the host's own allocator (Node `status.podCIDRs`) are blocks of the node. */
  readonly usePodCidr: boolean;
}

export interface Compiled {
  readonly intent: CalicoIntent;
  readonly problems: readonly CalicoProblem[];
}

export function compileCalico(resources: readonly Resource[], options: CompileOptions): Compiled {
  const cluster = buildCluster(resources, options.node);
  const self = cluster.nodes.get(options.node) ?? null;
  const problems: CalicoProblem[] = [];
  if (self === null) problems.push(unknownNode(options.node));
  const services = servicesOf(cluster, self, problems);
  const blocks = self === null ? [] : blocksOf(cluster, self, options.usePodCidr);
  const pools = cluster.pools.map(({ name, spec }) => poolIntent(cluster, name, spec, options.externalPools));
  const base = { asn: self?.asn ?? cluster.config.asNumber ?? DEFAULT_ASN, pools, services, blocks };
  if (self === null) return { intent: { ...sharedIntent(cluster, base), ...NOBODY }, problems };
  const { peerings, problems: found } = peeringsOf(cluster, self);
  problems.push(...found);
  const usable = peerings.filter((peering) => hasSecret(peering, options, problems));
  const advertisements = advertisementsOf(cluster);
  const policies = policiesOf({
    ...base,
    cluster,
    self,
    advertisements,
    externalPools: options.externalPools,
  });
  const filters = filterPolicies(cluster, usable, problems);
  return {
    intent: {
      ...sharedIntent(cluster, base),
      ...nodeIntent(cluster, self),
      peers: usable.map((peering) => peerIntent(peering, options)),
      policies: { ...policies, ...filters },
      imports: usable.flatMap(({ filters: names }) => importsOf(cluster, names)),
      install: [KERNEL_POLICY],
    },
    problems,
  };
}

const unknownNode = (node: string): CalicoProblem => ({
  severity: 'refused',
  object: { kind: 'Node', name: node },
  path: [],
  message: 'is not among the resources: this node has no peers',
  remedy: 'add its resource, or correct calico.node',
});

const NOBODY = {
  routerId: null,
  clusterId: null,
  listen: null,
  peers: [],
  policies: {},
  imports: [],
  install: [],
} as const satisfies Partial<CalicoIntent>;

interface Base {
  readonly asn: number;
  readonly pools: readonly PoolIntent[];
  readonly services: readonly Prefix[];
  readonly blocks: readonly Prefix[];
}

type SharedKeys = 'asn' | 'pools' | 'originate' | 'logLevel' | 'ignoredInterfaces' | 'metric';

const sharedIntent = (
  cluster: Cluster,
  { asn, pools, services, blocks }: Base,
): Pick<CalicoIntent, SharedKeys> => ({
  asn,
  pools,
  originate: [
    ...blocks.map((prefix): OriginateIntent => ({ ...BLOCK, prefix })),
    ...services
      .filter((prefix) => !blocks.some((block) => formatPrefix(block) === formatPrefix(prefix)))
      .map((prefix): OriginateIntent => ({ ...SERVICE, prefix })),
  ],
  logLevel: LOG_LEVELS[cluster.own.logSeverityScreen ?? 'Default'],
  ignoredInterfaces: cluster.config.ignoredInterfaces ?? [],
  metric: normalPriority(cluster, 'ipv4'),
});

/** The export policy keeps what is in a block back, after the filters have seen it. */
const BLOCK = { kind: 'aggregate', blackhole: true, suppressMoreSpecifics: false } as const;
/** Announced only: the kernel's service addresses are others' business. */
const SERVICE = { kind: 'service', blackhole: false, suppressMoreSpecifics: false } as const;

const LOG_LEVELS = {
  Default: null,
  Debug: 'debug',
  Info: 'info',
  Warning: 'warn',
  Error: 'error',
  Fatal: 'fatal',
  None: 'warn',
} as const;

function nodeIntent(
  { config, own }: Cluster,
  { addresses, clusterId }: ClusterNode,
): Pick<CalicoIntent, 'routerId' | 'clusterId' | 'listen'> {
  const { ipv4 } = addresses;
  const port = own.listenPort;
  const bound = config.bindMode === 'NodeIP';
  const mine = [addresses.ipv4, addresses.ipv6].flatMap((each) => (each === null ? [] : [each.address]));
  return {
    routerId: ipv4?.address.family === 'ipv4' ? ipv4.address.word : null,
    clusterId,
    listen: bound || port !== null ? { addresses: bound ? mine : [], port } : null,
  };
}

/** A block of one address is announced by the workload's own route. */
function blocksOf(cluster: Cluster, self: ClusterNode, usePodCidr: boolean): readonly Prefix[] {
  const settled = cluster.blocks.filter(({ node }) => node === self.name).map(({ cidr }) => cidr);
  const all = [...settled, ...(usePodCidr ? self.podCidrs : [])];
  const once = new Map(all.map((block) => [formatPrefix(block), block]));
  return [...once.values()].filter(({ address, length }) => length < maxLength(address.family));
}

const EXCLUDED = 'node.kubernetes.io/exclude-from-external-load-balancers';

/** Whole ranges: a single address is announced while its service has endpoints, which nobody tells us of. */
function servicesOf(
  cluster: Cluster,
  self: ClusterNode | null,
  problems: CalicoProblem[],
): readonly Prefix[] {
  const { config } = cluster;
  if (self?.labels[EXCLUDED] === 'true') return [];
  const perService = (['serviceExternalIPs', 'serviceLoadBalancerIPs'] as const).flatMap((field) =>
    (config[field] ?? []).flatMap(({ cidr }, index) => {
      if (cidr.length === maxLength(cidr.address.family)) {
        problems.push({
          severity: 'degraded',
          object: { kind: 'BGPConfiguration', name: 'default' },
          path: ['spec', field, index],
          message: `${formatPrefix(cidr)} is not announced: single addresses follow their service, which is not in these files`,
          remedy: 'announce it with originate in the native configuration',
        });
        return [];
      }
      const isPerService =
        field === 'serviceLoadBalancerIPs' && config.serviceLoadBalancerAggregation === 'Disabled';
      return isPerService ? [] : [cidr];
    }),
  );
  const all = [...(config.serviceClusterIPs ?? []).map(({ cidr }) => cidr), ...perService];
  return [...new Map(all.map((prefix) => [formatPrefix(prefix), prefix])).values()];
}

function poolIntent(
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

/** A peer whose password is not to be had could only fail, or come up without protection. */
function hasSecret(
  { object, name, secret }: Peering,
  options: CompileOptions,
  problems: CalicoProblem[],
): boolean {
  if (secret === null || options.secretFile(secret) !== null) return true;
  problems.push({
    severity: 'refused',
    object: object ?? { kind: 'BGPConfiguration', name: 'default' },
    path:
      object === null ? ['spec', 'nodeMeshPassword', 'secretKeyRef'] : ['spec', 'password', 'secretKeyRef'],
    message: `there is no key ${secret.key} of a secret ${secret.name}: ${name} is left out`,
    remedy: `put the password into the file ${secret.name}/${secret.key} in the folder calico.secrets`,
  });
  return false;
}

function peerIntent({ filters, secret, ...peering }: Peering, options: CompileOptions): PeerIntent {
  const file = secret === null ? null : options.secretFile(secret);
  const chain = (direction: Direction): string[] =>
    filters.map((filter) => filterPolicyName(filter, direction));
  return {
    ...peering,
    password: file === null ? null : { file },
    import: [...chain('import'), IMPORT_POLICY],
    export: [PRIORITY_POLICY, ...chain('export'), EXPORT_POLICY],
  };
}

const policiesOf = (input: ExportInput): Readonly<Record<string, PolicyConfig>> => ({
  [PRIORITY_POLICY]: priorityPolicy(input.cluster),
  [EXPORT_POLICY]: exportPolicy(input),
  [IMPORT_POLICY]: importPolicy,
  [KERNEL_POLICY]: kernelPolicy(input.cluster, input.self),
});

/** The filters that a peer of this node names. */
function filterPolicies(
  cluster: Cluster,
  peerings: readonly Peering[],
  problems: CalicoProblem[],
): Readonly<Record<string, PolicyConfig>> {
  const policies: Record<string, PolicyConfig> = {};
  const told = new Set<string>();
  for (const { object, filters } of peerings) {
    for (const [index, filter] of filters.entries()) {
      const spec = cluster.filters.get(filter);
      for (const direction of ['import', 'export'] as const) {
        policies[filterPolicyName(filter, direction)] =
          spec === undefined ? MISSING_FILTER : filterPolicy(spec, direction);
      }
      if (spec !== undefined || object === null || told.has(`${object.name} ${filter}`)) continue;
      told.add(`${object.name} ${filter}`);
      problems.push(missingFilter(object, index, filter));
    }
  }
  return policies;
}

const missingFilter = (object: ObjectRef, index: number, filter: string): CalicoProblem => ({
  severity: 'degraded',
  object,
  path: ['spec', 'filters', index],
  message: `there is no BGPFilter ${filter}: every route that reaches it is rejected, in both directions`,
  remedy: 'add the filter, or take its name out',
});

/** `prefixAdvertisements` with the names of communities replaced by what they stand for. */
function advertisementsOf({ own, config }: Cluster): readonly PrefixCommunities[] {
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

/** Kernel routes are picked up where a filter announces them by prefix, too: not only inside the pools. */
function importsOf(cluster: Cluster, filters: readonly string[]): readonly ImportIntent[] {
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
