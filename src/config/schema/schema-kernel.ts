// The YAML shape of what concerns the host's routes: kernel, pools, originated prefixes.

import { z } from 'zod';
import { prefixMatchField } from '../policy/prefix-match.js';
import { describe } from '../problem.js';
import type { Encapsulation, RouteSource } from '../types.js';
import { communityField } from './community-field.js';
import {
  addressField,
  booleanField,
  choiceField,
  type Fault,
  fault,
  field,
  integerField,
  policyNameField,
  prefixField,
  textField,
} from './fields.js';

const MAX_U32 = 0xffffffff;
const TABLE = 'a routing table such as 254 (main)';

/** RT_TABLE_LOCAL is the kernel's own. */
const tableField = field<number>(TABLE, (value) => {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > MAX_U32) {
    return fault(`${describe(value)} is no routing table`, `give ${TABLE}`);
  }
  return value === 255 ? fault('table 255 holds the local addresses', `give ${TABLE}`) : value;
});

const PROTOCOL_OWNERS: readonly string[] = [
  'nobody',
  'redirects',
  'the kernel',
  'boot scripts',
  'administrators',
];
const PROTOCOL = 'a route protocol from 0 to 255';

const readProtocol = (value: unknown, want: string): number | Fault =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255
    ? value
    : fault(`${describe(value)} is no route protocol`, `give ${want}`);

const OWN_PROTOCOL = '12 (bird, the default), 186 (bgp) or another number from 5 to 255';

/** Routes with our number are adopted and swept, so it can't be one that others use by habit. */
const ownProtocolField = field<number>(OWN_PROTOCOL, (value) => {
  const protocol = readProtocol(value, OWN_PROTOCOL);
  const owner = typeof protocol === 'number' ? PROTOCOL_OWNERS[protocol] : undefined;
  return owner === undefined
    ? protocol
    : fault(`protocol ${protocol} belongs to ${owner}`, `give ${OWN_PROTOCOL}`);
});

const importProtocolField = field<number>(PROTOCOL, (value) =>
  value === 2
    ? fault('protocol 2 marks the subnets of the interfaces', 'they are no workloads: leave it out')
    : readProtocol(value, PROTOCOL),
);

const INTERFACE = 'the name of an interface, or a pattern such as cali*';

const interfaceField = textField(INTERFACE, (text) =>
  /^[^\s/]{1,15}$/.test(text) ? text : fault(`${describe(text)} is no interface`, `give ${INTERFACE}`),
);

const kernelImportSchema = z.strictObject({
  interfaces: z.array(interfaceField).optional(),
  ignoreInterfaces: z.array(interfaceField).optional(),
  protocols: z.array(importProtocolField).optional(),
  prefixes: z.array(prefixField).optional(),
  anyLength: booleanField.optional(),
  table: tableField.optional(),
});

const DEVICE = 'the name of an interface, without patterns';

const deviceField = textField(DEVICE, (text) =>
  /^[^\s/*?]{1,15}$/.test(text) ? text : fault(`${describe(text)} is no interface`, `give ${DEVICE}`),
);

const vxlanSchema = z.strictObject({
  device: deviceField.optional(),
  vni: integerField('a VXLAN network identifier', 1, 0xffffff).optional(),
  port: integerField('a UDP port', 1, 65535).optional(),
  mtu: integerField('octets', 1280, 65535).optional(),
  address: addressField.optional(),
});

export const kernelSchema = z.strictObject({
  backend: choiceField(['auto', 'netlink', 'memory', 'none']).optional(),
  table: tableField.optional(),
  protocol: ownProtocolField.optional(),
  metric: integerField('a route metric', 0, MAX_U32).optional(),
  ipv6Metric: integerField('a route metric', 0, MAX_U32).optional(),
  import: z.array(kernelImportSchema).optional(),
  install: z.array(policyNameField).optional(),
  removeOnStop: booleanField.optional(),
  sweepDelay: integerField('seconds', 1, 86_400).optional(),
  allowOverride: z.array(prefixMatchField).optional(),
  localPrefFromMetric: booleanField.optional(),
  learnedInterfaces: booleanField.optional(),
  ipipDevice: deviceField.optional(),
  vxlan: vxlanSchema.optional(),
  nextHopGroups: choiceField(['auto', 'on', 'off']).optional(),
  prefsrc: z.array(addressField).optional(),
  watchNeighbours: booleanField.optional(),
  auditInterval: integerField('seconds', 0, 86_400).optional(),
});

export const ENCAPSULATIONS = [
  'None',
  'IPIP',
  'IPIPCrossSubnet',
  'VXLAN',
  'VXLANCrossSubnet',
] as const satisfies readonly Encapsulation[];

export const poolSchema = z.strictObject({
  cidr: prefixField,
  external: booleanField.optional(),
  encapsulation: choiceField<Encapsulation>(ENCAPSULATIONS).optional(),
  overlay: choiceField(['bgp', 'agent']).optional(),
  anycast: booleanField.optional(),
});

const SOURCES = ['kernel', 'static', 'aggregate', 'service', 'bgp'] as const satisfies readonly RouteSource[];
const CONTRIBUTORS = `true, false, or a list of ${SOURCES.join(', ')}`;

/** `true`: workloads, the most usual. */
const contributorField = field<readonly RouteSource[]>(CONTRIBUTORS, (value) => {
  if (typeof value === 'boolean') return value ? ['kernel'] : [];
  const wrong = fault(`is ${describe(value)}`, `give ${CONTRIBUTORS}`);
  if (!Array.isArray(value)) return wrong;
  const sources = value.flatMap((each) => SOURCES.filter((source) => source === each));
  return sources.length === value.length ? sources : wrong;
});

export const originateSchema = z.strictObject({
  prefix: prefixField,
  kind: choiceField(['static', 'aggregate', 'service']).optional(),
  blackhole: booleanField.optional(),
  suppressMoreSpecifics: booleanField.optional(),
  requireContributor: contributorField.optional(),
  communities: z.array(communityField).optional(),
});
