// The YAML shape of what concerns the node itself: listeners, reflector, API, log.

import { z } from 'zod';
import { parseIp } from '../../base/ip.js';
import { describe } from '../problem.js';
import type { ApiConfig, LogLevel } from '../types.js';
import {
  addressField,
  asnField,
  booleanField,
  choiceField,
  type Fault,
  fault,
  identifierField,
  integerField,
  nameField,
  portField,
  prefixField,
  readIdentifier,
  textField,
  textOrNone,
} from './fields.js';
import { gracefulRestartKeys } from './schema-peers.js';

const ROUTER_ID = 'an IPv4 address, or hash';

/** `hash` derives the id from the node's name, as Calico does. */
export const routerIdField = textField<number | 'hash'>(ROUTER_ID, (text) =>
  text === 'hash' ? text : readIdentifier(text, ROUTER_ID),
);

export const listenSchema = z.strictObject({
  address: addressField,
  port: portField.optional(),
  freeBind: booleanField.optional(),
});

export const routeReflectorSchema = z.strictObject({
  clusterId: identifierField('an IPv4 address as cluster id, such as 244.0.0.1').optional(),
  clientToClient: booleanField.optional(),
});

export const confederationSchema = z.strictObject({
  identifier: asnField,
  members: z.array(asnField).optional(),
});

/** 64 next hops are more than a fabric has spines, and the most that FRR takes by default. */
const pathsField = integerField('a number of paths', 1, 64);

const multipathLimitsSchema = z.strictObject({
  ebgp: pathsField.optional(),
  ibgp: pathsField.optional(),
  eibgp: pathsField.optional(),
});

export const decisionSchema = z.strictObject({
  alwaysCompareMed: booleanField.optional(),
  missingMedAsWorst: booleanField.optional(),
  localWeight: integerField('a weight', 0, 65_535).optional(),
  multipath: z
    .strictObject({
      'ipv4-unicast': multipathLimitsSchema.optional(),
      'ipv6-unicast': multipathLimitsSchema.optional(),
      asPathRelax: booleanField.optional(),
      linkBandwidth: booleanField.optional(),
    })
    .optional(),
});

export const vantageSchema = z.strictObject({
  name: nameField('a name for the vantage'),
  nextHopCosts: z.array(
    z.strictObject({ nextHops: prefixField, cost: integerField('a cost', 0, 4_294_967_294) }),
  ),
});

export const nodeRestartSchema = z.strictObject({
  ...gracefulRestartKeys,
  selectionDeferral: integerField('seconds', 0, 3600).optional(),
});

export const shutdownSchema = z.strictObject({ graceful: booleanField.optional() });

export const limitsSchema = z.strictObject({
  paths: integerField('a number of paths', 1, 1_000_000_000).optional(),
  attributeSets: integerField('a number of attribute sets', 1, 1_000_000_000).optional(),
  memory: integerField('MiB', 1, 1_000_000).optional(),
});

const LISTEN = 'an address and a port such as 127.0.0.1:9179 or [::1]:9179';

export const apiSchema = z.strictObject({
  socket: textOrNone<string>('the path of a unix socket', (text) =>
    text.startsWith('/') && text.length < 108
      ? text
      : fault(`${describe(text)} is no path of a socket`, 'give an absolute path of at most 107 octets'),
  ).optional(),
  listen: textOrNone<NonNullable<ApiConfig['listen']>>(LISTEN, readListen).optional(),
});

function readListen(text: string): NonNullable<ApiConfig['listen']> | Fault {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const address = match === null ? null : parseIp(match[1] ?? match[2] ?? '');
  const port = Number(match?.[3]);
  if (address === null) return fault(`${describe(text)} is no address and port`, `give ${LISTEN}`);
  return port < 1 || port > 65535
    ? fault(`${port} is out of range`, 'give a TCP port from 1 to 65535')
    : { address, port };
}

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const satisfies LogLevel[];

export const logSchema = z.strictObject({
  level: choiceField<LogLevel>(LEVELS).optional(),
  format: choiceField(['auto', 'json', 'pretty']).optional(),
});
