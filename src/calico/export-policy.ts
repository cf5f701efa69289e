// What Calico does with routes beside the BGPFilters: what leaves towards peers and what reaches the kernel, as native
// policies. The order of the terms is Calico's.

import type { AddressFamily } from '../base/family.js';
import { hostPrefix, maxLength, type Prefix } from '../base/prefix.js';
import type { Condition, PolicyConfig, PrefixMatch, TermConfig } from '../policy/types.js';
import { type Cluster, type ClusterNode, DEFAULT_PRIORITY, WORKLOAD_INTERFACES } from './cluster.js';
import { addCommunities } from './filter-policy.js';
import { type IpPoolSpec, usesIpip, usesVxlan } from './resources/ip-pool.js';
import type { PrefixCommunities } from './types.js';

export const PRIORITY_POLICY = 'calico/priority';
export const EXPORT_POLICY = 'calico/export';
export const IMPORT_POLICY = 'calico/import';
export const KERNEL_POLICY = 'calico/kernel';

/** LOCAL_PREF of a route of priority `p` is this less `p`. */
const HIGHEST_LOCAL_PREF = 2_147_483_647;

export interface ExportInput {
  readonly cluster: Cluster;
  readonly self: ClusterNode;
  /** Blocks of addresses of this node. */
  readonly blocks: readonly Prefix[];
  /** Announced from here. */
  readonly services: readonly Prefix[];
  readonly advertisements: readonly PrefixCommunities[];
  /** Names of the pools that may leave the AS; null: all. */
  readonly externalPools: readonly string[] | null;
}

/** In front of the filters: what starts here gets a LOCAL_PREF by which Calico knows its priority. */
export const priorityPolicy = (cluster: Cluster): PolicyConfig =>
  (['ipv4', 'ipv6'] as const).map((family) => ({
    match: [
      { kind: 'family', family },
      { kind: 'session', type: 'ibgp' },
      { kind: 'source', sources: ['static', 'aggregate', 'service'] },
    ],
    edits: [{ kind: 'localPref', value: HIGHEST_LOCAL_PREF - normalPriority(cluster, family) }],
    action: 'next',
  }));

export const normalPriority = ({ config }: Pick<Cluster, 'config'>, family: AddressFamily): number =>
  (family === 'ipv4' ? config.ipv4NormalRoutePriority : config.ipv6NormalRoutePriority) ?? DEFAULT_PRIORITY;

export const importPolicy: PolicyConfig = [{ match: [], edits: [], action: 'accept' }];

export function exportPolicy(input: ExportInput): PolicyConfig {
  const { cluster, blocks, advertisements, self } = input;
  const pools = cluster.pools.map(({ spec }) => spec);
  const closed = pools.filter(({ disableBGPExport }) => disableBGPExport === true).map(({ cidr }) => cidr);
  const open = pools.filter(({ disableBGPExport }) => disableBGPExport !== true).map(({ cidr }) => cidr);
  return [
    ...term('reject', inside(closed)),
    ...term('reject', [{ kind: 'session', type: 'ibgp' }], [tunnels(cluster)]),
    ...routesOfAgent(cluster),
    ...term('reject', [{ kind: 'interface', patterns: ['bpf*.cali'] }]),
    ...internalOnly(input),
    ...advertisements.map(
      ({ cidr, communities }): TermConfig => ({
        match: [{ kind: 'prefix', in: [atOrBelow(cidr)] }],
        edits: addCommunities(communities),
        action: 'next',
      }),
    ),
    ...blocks.flatMap((block) => blockTerms(block, normalPriority(cluster, block.address.family))),
    ...term('accept', [{ kind: 'source', sources: ['service'] }]),
    ...(self.clusterId === null ? [] : term('accept', inside(reflectedServices(cluster)))),
    ...term('accept', inside(open)),
    ...term('reject', []),
  ];
}

/** No condition can hold for one of none: the term is left out. */
function term(
  action: 'accept' | 'reject',
  match: readonly Condition[],
  more: readonly Condition[] = [],
): TermConfig[] {
  const all = [...match, ...more];
  const isNever = all.some((condition) => condition.kind === 'prefix' && condition.in.length === 0);
  return isNever ? [] : [{ match: all, edits: [], action }];
}

const inside = (prefixes: readonly Prefix[]): Condition[] => [
  { kind: 'prefix', in: prefixes.map(atOrBelow) },
];

const atOrBelow = (prefix: Prefix): PrefixMatch => ({
  prefix,
  ge: prefix.length,
  le: maxLength(prefix.address.family),
});

/** The routes that the node agent programs into its tunnels are those of other nodes, which announce them themselves. */
const tunnels = (cluster: Cluster): Condition => ({
  kind: 'interface',
  patterns: ['*.cali', '*.calico', ...(programs(cluster).ipip ? [] : ['tunl0'])],
});

/** Nor what it routes to other nodes without a tunnel: only routes of workloads are on workload interfaces. */
function routesOfAgent(cluster: Cluster): TermConfig[] {
  const theirs = cluster.pools
    .filter(({ spec }) => !programsPool(cluster, spec))
    .map(({ spec }) => spec.cidr);
  return term('reject', [
    { kind: 'session', type: 'ibgp' },
    { kind: 'source', sources: ['kernel'] },
    { kind: 'not', of: [{ kind: 'interface', patterns: WORKLOAD_INTERFACES }] },
    ...inside(theirs),
  ]);
}

/** Nothing but the external pools and the services leaves the AS, where the operator named external pools. */
function internalOnly({ cluster, services, externalPools }: ExportInput): TermConfig[] {
  if (externalPools === null) return [];
  const external = cluster.pools.flatMap(({ name, spec }) =>
    externalPools.includes(name) ? [spec.cidr] : [],
  );
  const may: Condition = {
    kind: 'prefix',
    in: [...external, ...services, ...serviceRanges(cluster)].map(atOrBelow),
  };
  return [
    {
      match: [
        { kind: 'session', type: 'ebgp' },
        { kind: 'not', of: [may] },
      ],
      edits: [],
      action: 'reject',
    },
  ];
}

/** The block goes out instead of what is in it, but for what was given a higher priority to move. */
function blockTerms(block: Prefix, normal: number): readonly TermConfig[] {
  const whole = term('accept', [
    { kind: 'prefix', in: [{ prefix: block, ge: block.length, le: block.length }] },
  ]);
  if (block.length === maxLength(block.address.family)) return whole;
  const within: Condition = {
    kind: 'prefix',
    in: [{ prefix: block, ge: block.length + 1, le: maxLength(block.address.family) }],
  };
  const urgent: Condition = { kind: 'priority', range: { min: 0, max: normal - 1 } };
  return [...whole, ...term('accept', [within, urgent]), ...term('reject', [within])];
}

export const serviceRanges = ({ config }: Cluster): readonly Prefix[] =>
  [config.serviceClusterIPs, config.serviceExternalIPs, config.serviceLoadBalancerIPs].flatMap((ranges) =>
    (ranges ?? []).map(({ cidr }) => cidr),
  );

const reflectedServices = ({ config }: Cluster): readonly Prefix[] =>
  [config.serviceExternalIPs, config.serviceLoadBalancerIPs].flatMap((ranges) =>
    (ranges ?? []).map(({ cidr }) => cidr),
  );

const PROGRAMS = {
  Enabled: { ipip: true, plain: true },
  Disabled: { ipip: false, plain: false },
  EnabledIPIPOnly: { ipip: true, plain: false },
  EnabledNoEncapOnly: { ipip: false, plain: true },
} as const;

/** Which pools' routes are ours to program; the others are the node agent's. */
export const programs = ({ config }: Cluster): { readonly ipip: boolean; readonly plain: boolean } =>
  PROGRAMS[config.programClusterRoutes ?? 'EnabledNoEncapOnly'];

export function programsPool(cluster: Cluster, pool: IpPoolSpec): boolean {
  if (usesVxlan(pool)) return false;
  return usesIpip(pool) ? programs(cluster).ipip : programs(cluster).plain;
}

/** What of the learned routes reaches the kernel. */
export function kernelPolicy(cluster: Cluster, self: ClusterNode): PolicyConfig {
  return [
    ...term('reject', inside(serviceRanges(cluster))),
    ...(['ipv4', 'ipv6'] as const).flatMap((family) => wireguardTerms(cluster, self, family)),
    ...cluster.pools.flatMap(({ spec }) =>
      term(programsPool(cluster, spec) ? 'accept' : 'reject', inside([spec.cidr])),
    ),
    ...term('accept', []),
  ];
}

/** Between two nodes with WireGuard the node agent routes through its device. */
function wireguardTerms(cluster: Cluster, self: ClusterNode, family: AddressFamily): TermConfig[] {
  if (self.wireguard[family] === null) return [];
  const peers = [...cluster.nodes.values()].flatMap((node) => {
    const at = node.addresses[family];
    return node === self || node.wireguard[family] === null || at === null
      ? []
      : [atOrBelow(hostPrefix(at.address))];
  });
  return peers.length === 0 ? [] : [{ match: [{ kind: 'nextHop', in: peers }], edits: [], action: 'reject' }];
}
