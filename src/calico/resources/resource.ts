// One object of a file -> a resource with its issues. Knows the kinds; what they mean together is `compile.ts`.

import type { Labels } from '../selector/selector.js';
import { type BgpConfigurationSpec, PER_NODE_FIELDS, readBgpConfiguration } from './bgp-configuration.js';
import { type BgpFilterSpec, readBgpFilter } from './bgp-filter.js';
import { type BgpPeerSpec, readBgpPeer } from './bgp-peer.js';
import { type FieldIssue, type FieldPath, type Issues, isMapping, named, refuse, texts } from './fields.js';
import { type IpPoolSpec, readIpPool } from './ip-pool.js';
import {
  type BlockAffinitySpec,
  type NodeSpec,
  readBlockAffinity,
  readNode,
  readNodeStatus,
} from './node.js';
import { type EndpointSliceSpec, endpointSlice, readService, type ServiceSpec } from './service.js';
import { readWorkloadEndpoint, type WorkloadEndpointSpec } from './workload-endpoint.js';

export type Resource =
  | { readonly kind: 'BGPPeer'; readonly name: string; readonly spec: BgpPeerSpec }
  | { readonly kind: 'BGPConfiguration'; readonly name: string; readonly spec: BgpConfigurationSpec }
  | { readonly kind: 'BGPFilter'; readonly name: string; readonly spec: BgpFilterSpec }
  | { readonly kind: 'IPPool'; readonly name: string; readonly spec: IpPoolSpec }
  | { readonly kind: 'BlockAffinity'; readonly name: string; readonly spec: BlockAffinitySpec }
  | { readonly kind: 'Service'; readonly name: string; readonly spec: ServiceSpec }
  | { readonly kind: 'EndpointSlice'; readonly name: string; readonly spec: EndpointSliceSpec }
  | {
      readonly kind: 'WorkloadEndpoint';
      readonly name: string;
      readonly spec: WorkloadEndpointSpec;
      readonly labels: Labels;
    }
  | {
      readonly kind: 'Node';
      readonly name: string;
      readonly spec: NodeSpec;
      readonly labels: Labels;
      readonly podCidrs: NonNullable<ReturnType<typeof readNodeStatus>>['podCIDRs'];
    };

export type ResourceKind = Resource['kind'];

const CALICO: readonly string[] = ['projectcalico.org/v3', 'crd.projectcalico.org/v1'];

/** The versions of the API that have each kind, and whether its names are those of a namespace. */
export const RESOURCE_KINDS = {
  BGPConfiguration: { versions: CALICO, namespaced: false },
  BGPPeer: { versions: CALICO, namespaced: false },
  BGPFilter: { versions: CALICO, namespaced: false },
  IPPool: { versions: CALICO, namespaced: false },
  Node: { versions: CALICO, namespaced: false },
  BlockAffinity: { versions: CALICO, namespaced: false },
  WorkloadEndpoint: { versions: CALICO, namespaced: true },
  Service: { versions: ['v1'], namespaced: true },
  EndpointSlice: { versions: ['discovery.k8s.io/v1'], namespaced: true },
} as const satisfies Readonly<Record<ResourceKind, { versions: readonly string[]; namespaced: boolean }>>;

const isKind = (kind: string): kind is ResourceKind => Object.hasOwn(RESOURCE_KINDS, kind);

/** `kind/name`, or `kind/namespace/name`, which is unique in a cluster. */
export const objectKey = ({ kind, name }: { readonly kind: string; readonly name: string }): string =>
  `${kind}/${name}`;

export interface ReadObject {
  readonly kind: ResourceKind;
  readonly name: string;
  /** Null: an issue is a fault. */
  readonly resource: Resource | null;
  readonly issues: readonly FieldIssue[];
}

export type Reading =
  | { readonly kind: 'object'; readonly object: ReadObject }
  /** Each with its own place below `path`. */
  | { readonly kind: 'list'; readonly path: FieldPath; readonly items: readonly unknown[] }
  /** Of another API: nothing to do with BGP. */
  | { readonly kind: 'other'; readonly what: string }
  /** No object at all. */
  | { readonly kind: 'broken'; readonly message: string; readonly remedy: string };

/** What an object has at its top, whatever its kind. */
interface RawObject {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
  readonly metadata?: unknown;
  readonly spec?: unknown;
  readonly status?: unknown;
  readonly items?: unknown;
}

interface RawMetadata {
  readonly name?: unknown;
  readonly namespace?: unknown;
  readonly labels?: unknown;
}

export function readResource(value: unknown): Reading {
  if (!isMapping(value)) return broken(`is ${named(value)}, no resource`);
  const { apiVersion, kind, items, metadata }: RawObject = value;
  if (typeof kind !== 'string' || kind === '') return broken('has no kind');
  if (Array.isArray(items) && kind.endsWith('List')) return { kind: 'list', path: ['items'], items };
  if (!isKind(kind) || typeof apiVersion !== 'string' || !isVersionOf(kind, apiVersion)) {
    return { kind: 'other', what: `${String(apiVersion ?? '')} ${kind}`.trim() };
  }
  const { name, namespace }: RawMetadata = isMapping(metadata) ? metadata : {};
  if (typeof name !== 'string' || name === '') return broken(`a ${kind} has no metadata.name`);
  const space = typeof namespace === 'string' && namespace !== '' ? namespace : 'default';
  const full = RESOURCE_KINDS[kind].namespaced ? `${space}/${name}` : name;
  return { kind: 'object', object: readObject(kind, full, value) };
}

const isVersionOf = (kind: ResourceKind, version: string): boolean =>
  RESOURCE_KINDS[kind].versions.some((each) => each === version);

const broken = (message: string): Reading => ({
  kind: 'broken',
  message,
  remedy: 'give a resource with apiVersion, kind, metadata.name and spec',
});

function readObject(kind: ResourceKind, name: string, value: RawObject): ReadObject {
  const issues: Issues = [];
  const resource = readKind(kind, name, value, issues);
  const isFaulty = issues.some(({ severity }) => severity === 'fault');
  return { kind, name, resource: isFaulty ? null : resource, issues };
}

function readKind(kind: ResourceKind, name: string, value: RawObject, issues: Issues): Resource | null {
  const spec = value.spec ?? {};
  const at = ['spec'];
  switch (kind) {
    case 'BGPPeer':
      return withSpec(readBgpPeer(spec, at, issues), (read) => ({ kind, name, spec: read }));
    case 'BGPFilter':
      return withSpec(readBgpFilter(spec, at, issues), (read) => ({ kind, name, spec: read }));
    case 'IPPool':
      return withSpec(readIpPool(spec, at, issues), (read) => ({ kind, name, spec: read }));
    case 'BlockAffinity':
      return withSpec(readBlockAffinity(spec, at, issues), (read) => ({ kind, name, spec: read }));
    case 'BGPConfiguration':
      return withSpec(readBgpConfiguration(spec, at, issues), (read) => {
        checkConfigurationName(name, read, issues);
        return { kind, name, spec: read };
      });
    case 'Service':
      return withSpec(readService(value, [], issues), (read) => ({ kind, name, spec: read }));
    case 'EndpointSlice': {
      const [namespace = ''] = name.split('/');
      const read = endpointSlice(namespace, labelsOf(value, issues));
      return withSpec(read(value, [], issues), (slice) => ({ kind, name, spec: slice }));
    }
    case 'WorkloadEndpoint': {
      const labels = labelsOf(value, issues);
      return withSpec(readWorkloadEndpoint(spec, at, issues), (read) => ({ kind, name, spec: read, labels }));
    }
    case 'Node': {
      const labels = labelsOf(value, issues);
      const status = readNodeStatus(value.status ?? {}, ['status'], issues);
      return withSpec(readNode(spec, at, issues), (read) => ({
        kind,
        name,
        spec: read,
        labels,
        podCidrs: status?.podCIDRs ?? null,
      }));
    }
  }
}

function labelsOf({ metadata }: RawObject, issues: Issues): Labels {
  const { labels }: RawMetadata = isMapping(metadata) ? metadata : {};
  return texts(labels ?? {}, ['metadata', 'labels'], issues) ?? {};
}

const withSpec = <S>(spec: S | null, make: (spec: S) => Resource): Resource | null =>
  spec === null ? null : make(spec);

/** Calico looks at two names only, and at few fields of the second. */
function checkConfigurationName(name: string, spec: BgpConfigurationSpec, issues: Issues): void {
  if (name === 'default') return;
  if (!name.startsWith('node.')) {
    refuse(
      issues,
      ['metadata', 'name'],
      `${name} is for nobody`,
      'call it default, or node. and the name of a node',
    );
    return;
  }
  for (const [field, value] of Object.entries(spec)) {
    if (value === null || PER_NODE_FIELDS.includes(field as keyof BgpConfigurationSpec)) continue;
    const message = 'has no effect for one node: only the resource called default may set it';
    issues.push({ severity: 'note', path: ['spec', field], message, remedy: '' });
  }
}
