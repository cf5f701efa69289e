// All resources of a cluster -> what this node does. Pure: files, secrets and the operator's own settings come in as values.

import { isLinkLocal } from '../base/ip.js';
import { formatPrefix, type Prefix } from '../base/prefix.js';
import type { PolicyConfig } from '../policy/types.js';
import {
  advertisementsOf,
  blocksOf,
  importsOf,
  importsOfBlocks,
  isAggregate,
  poolIntent,
  servicesOf,
} from './announcements.js';
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
} from './export-policy.js';
import {
  type Direction,
  filterPolicy,
  filterPolicyName,
  MISSING_FILTER,
  readsInterfaces,
} from './filter-policy.js';
import { type Peering, peeringsOf } from './peerings.js';
import { type AdvertiseSetting, type Reach, reachesOf } from './reach.js';
import type { SecretRef } from './resources/bgp-peer.js';
import type { Resource } from './resources/resource.js';
import type {
  CalicoIntent,
  CalicoProblem,
  ListenIntent,
  ObjectRef,
  OriginateIntent,
  PeerIntent,
  PoolIntent,
} from './types.js';

export interface CompileOptions {
  /** The name of this node's resource. */
  readonly node: string;
  /** The file that holds a secret; null: there is none. */
  readonly secretFile: (secret: SecretRef) => string | null;
  /** Names of the pools that may leave the AS; null: all. */
  readonly externalPools: readonly string[] | null;
  /** The ranges of the host's own allocator (Node `status.podCIDRs`) are blocks of the node. */
  readonly usePodCidr: boolean;
  /** Towards external peers. */
  readonly advertise: AdvertiseSetting;
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
  const reaches = reachesOf(cluster, self, options.advertise, usable);
  problems.push(...withheldNotes(usable, reaches));
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
      peers: usable.map((peering, i) => peerIntent(peering, reaches[i]!, options)),
      policies: { ...policies, ...filters, ...ownWorkloads(usable) },
      imports: [
        ...importsOfBlocks(cluster, blocks),
        ...usable.flatMap(({ filters: names }) => importsOf(cluster, names)),
      ],
      install: [KERNEL_POLICY],
      learnedInterfaces: usable.some(({ filters: names }) =>
        names.some((name) => asksForInterfaces(cluster, name)),
      ),
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
  learnedInterfaces: false,
} as const satisfies Partial<CalicoIntent>;

interface Base {
  readonly asn: number;
  readonly pools: readonly PoolIntent[];
  readonly services: readonly Prefix[];
  readonly blocks: readonly Prefix[];
}

type SharedKeys = 'asn' | 'pools' | 'originate' | 'logLevel' | 'ignoredInterfaces' | 'metric' | 'ipv6Metric';

const sharedIntent = (
  cluster: Cluster,
  { asn, pools, services, blocks }: Base,
): Pick<CalicoIntent, SharedKeys> => ({
  asn,
  pools,
  originate: [
    ...blocks.filter(isAggregate).map((prefix): OriginateIntent => ({ ...BLOCK, prefix })),
    ...services
      .filter((prefix) => !blocks.some((block) => formatPrefix(block) === formatPrefix(prefix)))
      .map((prefix): OriginateIntent => ({ ...SERVICE, prefix })),
  ],
  logLevel: LOG_LEVELS[cluster.own.logSeverityScreen ?? 'Default'],
  ignoredInterfaces: cluster.config.ignoredInterfaces ?? [],
  metric: normalPriority(cluster, 'ipv4'),
  ipv6Metric: normalPriority(cluster, 'ipv6'),
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
  // The agent gives these to the links of workloads, which come when they come.
  const later = [config.localWorkloadPeeringIPV4, config.localWorkloadPeeringIPV6].flatMap((each) =>
    each === null || (each.family === 'ipv6' && isLinkLocal(each)) ? [] : [each],
  );
  const all = [
    ...mine.map((address): ListenIntent => ({ address, freeBind: false })),
    ...later.map((address): ListenIntent => ({ address, freeBind: true })),
  ];
  return {
    routerId: ipv4?.address.family === 'ipv4' ? ipv4.address.word : null,
    clusterId,
    listen: bound || port !== null ? { addresses: bound ? all : null, port } : null,
  };
}

/** A peer whose password is not to be had could only fail, or come up without protection. */
function hasSecret(
  { object, name, secret }: Peering,
  options: CompileOptions,
  problems: CalicoProblem[],
): boolean {
  if (secret === null || options.secretFile(secret) !== null) return true;
  const missing = `there is no key ${secret.key} of a secret ${secret.name}`;
  const remedy = `put the password into the file ${secret.name}/${secret.key} in the folder calico.secrets`;
  const isTold = problems.some(
    ({ object: told, path }) => told === MESH_CONFIG && path.includes('nodeMeshPassword'),
  );
  if (object !== null) {
    const path = ['spec', 'password', 'secretKeyRef'];
    problems.push({ severity: 'refused', object, path, message: `${missing}: ${name} is left out`, remedy });
  } else if (!isTold) {
    const path = ['spec', 'nodeMeshPassword', 'secretKeyRef'];
    const message = `${missing}: this node has no mesh peers`;
    problems.push({ severity: 'degraded', object: MESH_CONFIG, path, message, remedy });
  }
  return false;
}

const MESH_CONFIG: ObjectRef = { kind: 'BGPConfiguration', name: 'default' };

function peerIntent(
  { filters, secret, isLocalWorkload: _local, ...peering }: Peering,
  { advertise }: Reach,
  options: CompileOptions,
): PeerIntent {
  const file = secret === null ? null : options.secretFile(secret);
  const chain = (direction: Direction): string[] =>
    filters.map((filter) => filterPolicyName(filter, direction));
  return {
    ...peering,
    password: file === null ? null : { file },
    import: [...chain('import'), IMPORT_POLICY],
    export: [PRIORITY_POLICY, ...chain('export'), EXPORT_POLICY],
    advertise,
  };
}

/** Once for each object. */
function withheldNotes(peerings: readonly Peering[], reaches: readonly Reach[]): readonly CalicoProblem[] {
  const notes = new Map<string, CalicoProblem>();
  for (const [i, { object }] of peerings.entries()) {
    const { reason } = reaches[i]!;
    if (object === null || reason === null) continue;
    notes.set(object.name, { severity: 'note', object, path: ['spec'], message: reason, remedy: '' });
  }
  return [...notes.values()];
}

/** What workloads of this node tell starts at this node, as their own addresses do. */
function ownWorkloads(peerings: readonly Peering[]): Readonly<Record<string, PolicyConfig>> {
  const names = peerings.filter(({ isLocalWorkload }) => isLocalWorkload).map(({ name }) => name);
  if (names.length === 0) return {};
  const match: PolicyConfig[number]['match'] = [
    { kind: 'source', sources: ['bgp'] },
    { kind: 'not', of: [{ kind: 'fromPeer', names }] },
  ];
  return { originated: [{ match, edits: [], action: 'reject' }] };
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

function asksForInterfaces({ filters }: Cluster, name: string): boolean {
  const spec = filters.get(name);
  return spec !== undefined && readsInterfaces(spec);
}

const missingFilter = (object: ObjectRef, index: number, filter: string): CalicoProblem => ({
  severity: 'degraded',
  object,
  path: ['spec', 'filters', index],
  message: `there is no BGPFilter ${filter}: every route that reaches it is rejected, in both directions`,
  remedy: 'add the filter, or take its name out',
});
