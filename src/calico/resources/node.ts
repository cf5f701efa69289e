// Node and BlockAffinity: who is where in the cluster, and which blocks of addresses a node has.

import {
  choice,
  type Field,
  ignored,
  listOf,
  optional,
  type ReadBy,
  record,
  required,
  text,
} from './fields.js';
import { addressOf, asNumber, clusterId, nodeAddress, nodeName, range } from './values.js';

const nodeSpec = record(
  {
    bgp: optional(
      record(
        {
          ipv4Address: optional(nodeAddress('ipv4')),
          ipv6Address: optional(nodeAddress('ipv6')),
          asNumber: optional(asNumber),
          routeReflectorClusterID: optional(clusterId),
          ipv4IPIPTunnelAddr: optional(ignored),
        },
        'note',
      ),
    ),
    wireguard: optional(
      record(
        {
          interfaceIPv4Address: optional(addressOf('ipv4')),
          interfaceIPv6Address: optional(addressOf('ipv6')),
        },
        'note',
      ),
    ),
    addresses: optional(ignored),
    orchRefs: optional(
      listOf(
        record(
          {
            nodeName: optional(text('the name of a node', (given) => given)),
            orchestrator: optional(text('the name of an orchestrator', (given) => given)),
          },
          'note',
        ),
      ),
    ),
    ipv4VXLANTunnelAddr: optional(ignored),
    ipv6VXLANTunnelAddr: optional(ignored),
    vxlanTunnelMACAddr: optional(ignored),
    vxlanTunnelMACAddrV6: optional(ignored),
  },
  'note',
);

export type NodeSpec = NonNullable<ReadBy<typeof nodeSpec>>;

export const readNode: Field<NodeSpec> = nodeSpec;

/** Of `status`: the ranges of a node where the host itself allocates addresses. */
export const readNodeStatus = record({ podCIDRs: optional(listOf(range(null))) }, 'ignore');

const affinitySpec = record(
  {
    node: required(nodeName),
    cidr: required(range(null)),
    state: optional(choice(['', 'confirmed', 'pending', 'pendingDeletion'])),
    type: optional(choice(['', 'host', 'virtual'])),
    /** A text in the stored form of the resource. */
    deleted: optional(readDeleted),
  },
  'note',
);

function readDeleted(...[value, path, issues]: Parameters<Field<boolean>>): boolean | null {
  if (typeof value === 'boolean') return value;
  return choice(['', 'true', 'false'])(value, path, issues) === 'true';
}

export type BlockAffinitySpec = NonNullable<ReadBy<typeof affinitySpec>>;

export const readBlockAffinity: Field<BlockAffinitySpec> = affinitySpec;
