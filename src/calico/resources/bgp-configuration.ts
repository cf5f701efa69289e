// BGPConfiguration: its fields. `default` holds for all nodes; `node.<name>` overrides a few fields for one.

import { type IpAddress, isLinkLocal } from '../../base/ip.js';
import type { Prefix } from '../../base/prefix.js';
import { passwordField, restartTime } from './bgp-peer.js';
import {
  choice,
  type Field,
  flag,
  integer,
  listOf,
  misfit,
  noted,
  optional,
  type ReadBy,
  record,
  refuse,
  required,
  text,
} from './fields.js';
import { addressOf, asNumber, interfaceGlob, parseCommunity, port, range } from './values.js';

/** Calico takes an element without a range, and makes nothing of it. */
const serviceRange = noted(record({ cidr: optional(range(null)) }), ({ cidr }) =>
  cidr === null ? 'names no range: it has no effect' : null,
);

export interface ServiceRange {
  readonly cidr: Prefix;
  /** Among the elements as they are written. */
  readonly index: number;
}

const serviceRanges: Field<readonly ServiceRange[]> = (value, path, issues) =>
  (listOf(serviceRange)(value, path, issues) ?? []).flatMap((read, index) =>
    (read?.cidr ?? null) === null ? [] : [{ cidr: read.cidr!, index }],
  );

const communityName = text('a name', (given) =>
  /^[A-Za-z0-9._-]{1,253}$/.test(given)
    ? given
    : misfit(`${JSON.stringify(given)} is no name`, 'use letters, digits, dots, dashes'),
);

/** Names are looked up when the whole resource has been read. */
const communityOrName = text('a community or the name of one', (given) =>
  /^[A-Za-z0-9._:-]{1,253}$/.test(given)
    ? given
    : misfit(
        `${JSON.stringify(given)} is no community`,
        'give aa:nn, aa:nn:mm or a name of spec.communities',
      ),
);
const communityValue = text('a community', parseCommunity);

/** Each workload has a link, and a listener of one address could name one of them only. */
const linkLocalNote = (address: IpAddress): string | null =>
  isLinkLocal(address) ? 'is link-local: with bindMode NodeIP workloads are not answered on it' : null;

/** The highest LOCAL_PREF less the priority is what is sent, so that both fit 31 bits. */
const priority = integer(1, 2_147_483_646);

const spec = record(
  {
    logSeverityScreen: optional(choice(['Debug', 'Info', 'Warning', 'Error', 'Fatal', 'None'])),
    nodeToNodeMeshEnabled: optional(flag),
    asNumber: optional(asNumber),
    listenPort: optional(port),
    bindMode: optional(choice(['None', 'NodeIP'])),
    ignoredInterfaces: optional(listOf(interfaceGlob)),
    serviceClusterIPs: optional(serviceRanges),
    serviceExternalIPs: optional(serviceRanges),
    serviceLoadBalancerIPs: optional(serviceRanges),
    serviceLoadBalancerAggregation: optional(choice(['Enabled', 'Disabled'])),
    communities: optional(listOf(record({ name: required(communityName), value: required(communityValue) }))),
    prefixAdvertisements: optional(
      listOf(record({ cidr: required(range(null)), communities: required(listOf(communityOrName)) })),
    ),
    nodeMeshPassword: optional(passwordField),
    nodeMeshMaxRestartTime: optional(restartTime),
    localWorkloadPeeringIPV4: optional(addressOf('ipv4')),
    localWorkloadPeeringIPV6: optional(noted(addressOf('ipv6'), linkLocalNote)),
    programClusterRoutes: optional(choice(['Enabled', 'Disabled', 'EnabledIPIPOnly', 'EnabledNoEncapOnly'])),
    ipv4NormalRoutePriority: optional(priority),
    ipv6NormalRoutePriority: optional(priority),
  },
  'note',
);

export type BgpConfigurationSpec = NonNullable<ReadBy<typeof spec>>;

export const readBgpConfiguration: Field<BgpConfigurationSpec> = (value, path, issues) => {
  const before = issues.length;
  const read = spec(value, path, issues);
  if (read === null || issues.slice(before).some(({ severity }) => severity === 'fault')) return read;
  const names = new Set((read.communities ?? []).map(({ name }) => name));
  for (const [i, { communities }] of (read.prefixAdvertisements ?? []).entries()) {
    for (const [j, given] of communities.entries()) {
      if (names.has(given) || !('message' in parseCommunity(given))) continue;
      const at = [...path, 'prefixAdvertisements', i, 'communities', j];
      refuse(
        issues,
        at,
        `there is no community ${given}`,
        'define it in spec.communities, or give aa:nn or aa:nn:mm',
      );
    }
  }
  return read;
};

/** Nothing given: what holds without a `default` resource. */
export const NO_CONFIGURATION: BgpConfigurationSpec = spec({}, [], [])!;

/** The fields that a `node.<name>` resource may set. */
export const PER_NODE_FIELDS: readonly (keyof BgpConfigurationSpec)[] = [
  'prefixAdvertisements',
  'communities',
  'listenPort',
  'logSeverityScreen',
];
