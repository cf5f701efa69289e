// BGPPeer: its fields, and which of them go together.

import {
  choice,
  type Field,
  flag,
  integer,
  listOf,
  misfit,
  optional,
  type ReadBy,
  record,
  refuse,
  required,
  text,
} from './fields.js';
import { address, asNumber, nodeName, peerAddress, resourceName, seconds, selector } from './values.js';

const secretName = text('the name of a secret', (given) =>
  /^[A-Za-z0-9._-]{1,253}$/.test(given) && given !== '.' && given !== '..'
    ? given
    : misfit(
        `${JSON.stringify(given)} is no name of a secret or of a key`,
        'use letters, digits, dots, dashes',
      ),
);

/** A password is never in the resource: it is in a file, by secret and key. */
export const passwordField = record({
  secretKeyRef: required(
    record({ name: required(secretName), key: required(secretName), optional: optional(flag) }),
  ),
});

export type SecretRef = Pick<NonNullable<ReadBy<typeof passwordField>>['secretKeyRef'], 'name' | 'key'>;

/** The graceful-restart capability has 12 bits (RFC 4724 3). */
export const restartTime = seconds(0, 4095);

const spec = record({
  node: optional(nodeName),
  nodeSelector: optional(selector),
  peerIP: optional(peerAddress),
  asNumber: optional(asNumber),
  localASNumber: optional(asNumber),
  peerSelector: optional(selector),
  reversePeering: optional(choice(['Auto', 'Manual'])),
  keepOriginalNextHop: optional(flag),
  nextHopMode: optional(choice(['Auto', 'Self', 'Keep'])),
  password: optional(passwordField),
  sourceAddress: optional(choice(['UseNodeIP', 'None'])),
  maxRestartTime: optional(restartTime),
  keepaliveTime: optional(seconds(1, 21_845)),
  numAllowedLocalASNumbers: optional(integer(0, 10)),
  ttlSecurity: optional(integer(0, 255)),
  reachableBy: optional(address),
  filters: optional(listOf(resourceName)),
  localWorkloadSelector: optional(selector),
});

export type BgpPeerSpec = NonNullable<ReadBy<typeof spec>>;

export const readBgpPeer: Field<BgpPeerSpec> = (value, path, issues) => {
  const before = issues.length;
  const read = spec(value, path, issues);
  if (read === null || issues.length > before) return read;
  const clash = (field: keyof BgpPeerSpec, message: string, remedy: string): void => {
    refuse(issues, [...path, field], message, remedy);
  };
  if (read.node !== null && read.nodeSelector !== null) {
    clash('nodeSelector', 'node is given, too', 'give one of them, or neither for all nodes');
  }
  if (read.peerIP !== null && read.peerSelector !== null) {
    clash('peerSelector', 'peerIP is given, too', 'give one of them');
  }
  const { localWorkloadSelector } = read;
  if (read.peerIP === null && read.peerSelector === null && localWorkloadSelector === null) {
    clash('peerIP', 'is missing', 'give peerIP, peerSelector or localWorkloadSelector');
  }
  if (localWorkloadSelector !== null) {
    for (const field of ['peerIP', 'peerSelector', 'reachableBy', 'keepOriginalNextHop'] as const) {
      if (read[field] !== null) clash(field, 'localWorkloadSelector is given, too', 'leave one of them out');
    }
  }
  if (read.peerSelector !== null && read.asNumber !== null) {
    clash('asNumber', 'peers chosen by peerSelector have the AS number of their node', 'leave it out');
  }
  // Of a peer named by its address the node with that address may know it: see `peerings.ts`.
  if (localWorkloadSelector !== null && read.asNumber === null) {
    clash('asNumber', 'is missing', 'give the AS number of the peer');
  }
  if (read.keepOriginalNextHop === true && read.nextHopMode !== null) {
    clash(
      'nextHopMode',
      'keepOriginalNextHop is given, too',
      'give nextHopMode alone: the other is deprecated',
    );
  }
  if (
    read.reachableBy !== null &&
    read.peerIP !== null &&
    read.reachableBy.family !== read.peerIP.address.family
  ) {
    clash('reachableBy', 'is of another address family than peerIP', 'give a gateway of the same family');
  }
  return read;
};
