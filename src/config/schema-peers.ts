// The YAML shape of peers, their groups and dynamic ranges.

import { z } from 'zod';
import {
  addressField,
  asnField,
  booleanField,
  choiceField,
  familyField,
  fault,
  field,
  identifierField,
  integerField,
  nameField,
  peerAddressField,
  policyNameField,
  portField,
  prefixField,
  textField,
} from './fields.js';

const HOLD = '0 (no keepalives) or 3 to 65535 seconds';

/** RFC 4271 4.2: zero or at least three seconds. */
const holdField = field<number>(HOLD, (value) =>
  typeof value === 'number' &&
  Number.isInteger(value) &&
  value >= 0 &&
  value <= 65535 &&
  value !== 1 &&
  value !== 2
    ? value
    : fault(`${JSON.stringify(value)} is no hold time (RFC 4271 4.2)`, `give ${HOLD}`),
);

const timersSchema = z.strictObject({
  hold: holdField.optional(),
  keepalive: integerField('seconds', 1, 21_845).optional(),
  connectRetry: integerField('seconds', 1, 65_535).optional(),
  delayOpen: integerField('seconds', 0, 65_535).optional(),
});

const FAMILIES = 'a list such as [ipv4-unicast, ipv6-unicast]';

const familiesSchema = z.array(familyField).superRefine((families, context) => {
  const empty = families.length === 0;
  if (!empty && new Set(families).size === families.length) return;
  context.addIssue({
    code: 'custom',
    message: empty ? 'no family is left' : 'a family is there twice',
    params: { remedy: empty ? `give ${FAMILIES}, or leave the key out` : 'name each family once' },
  });
});

const passwordField = field<never>('nothing: leave the key out', () =>
  fault(
    'TCP-MD5 passwords (RFC 2385) are not supported yet',
    'remove the key here and on the peer: a session with a password on one side never comes up',
  ),
);

/** What a group may say for its peers and a peer for itself. */
const sessionKeys = {
  asn: asnField.optional(),
  description: textField('some text', (text) => text).optional(),
  port: portField.optional(),
  localAddress: addressField.optional(),
  passive: booleanField.optional(),
  enabled: booleanField.optional(),
  multihop: integerField('a number of hops', 1, 255).optional(),
  password: passwordField.optional(),
  families: familiesSchema.optional(),
  timers: timersSchema.optional(),
  routeReflectorClient: booleanField.optional(),
  clusterId: identifierField('an IPv4 address as cluster id, such as 244.0.0.2').optional(),
  nextHopSelf: booleanField.optional(),
  asSets: choiceField(['withdraw', 'accept']).optional(),
  import: z.array(policyNameField).optional(),
  export: z.array(policyNameField).optional(),
  advertise: choiceField(['originated', 'all']).optional(),
  via: addressField.optional(),
} as const;

export const peerGroupSchema = z.strictObject(sessionKeys);

export const peerSchema = z.strictObject({
  name: nameField('a name for the peer').optional(),
  address: peerAddressField,
  group: nameField('the name of a peer group').optional(),
  ...sessionKeys,
});

export const dynamicPeerSchema = z.strictObject({
  range: prefixField,
  group: nameField('the name of a peer group'),
  limit: integerField('a number of peers', 1, 1_000_000).optional(),
});

export type PeerGroupSection = z.output<typeof peerGroupSchema>;
export type PeerSection = z.output<typeof peerSchema>;
export type DynamicPeerSection = z.output<typeof dynamicPeerSchema>;
