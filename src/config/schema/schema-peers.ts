// The YAML shape of peers, their groups and dynamic ranges.

import { z } from 'zod';
import { ROLE_NAMES, type RoleName } from '../../policy/roles.js';
import { AO_ALGORITHMS, type AoAlgorithm } from '../../sys/tcp-ao.js';
import type { AddPathConfig } from '../types.js';
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
  interfaceField,
  nameField,
  peerAddressField,
  peerAsnField,
  policyNameField,
  portField,
  prefixField,
  secondsField,
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
  keepalive: secondsField(0.1, 21_845).optional(),
  connectRetry: secondsField(0.1, 65_535).optional(),
  delayOpen: secondsField(0, 65_535).optional(),
  sendHold: secondsField(0, 65_535).optional(),
  minRouteAdvertisement: secondsField(0, 600).optional(),
  idleHold: secondsField(0.1, 3600).optional(),
  idleHoldMax: secondsField(0.1, 86_400).optional(),
  idleHoldForget: secondsField(1, 86_400).optional(),
  startJitter: secondsField(0, 300).optional(),
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

const SEND = 'none, all, ecmp, or best and a number such as best 2';

const sendField = textField<AddPathConfig['send']>(SEND, (text) => {
  if (text === 'none') return null;
  if (text === 'all' || text === 'ecmp') return { kind: text };
  const count = Number(/^best (\d{1,2})$/.exec(text)?.[1] ?? Number.NaN);
  return count >= 1 && count <= 64
    ? { kind: 'best', count }
    : fault(`${JSON.stringify(text)} is no choice of paths`, `give ${SEND}, up to best 64`);
});

const addPathSchema = z.strictObject({ receive: booleanField.optional(), send: sendField.optional() });

/** The place of a key: the configuration itself is no place for one, as it is shown, copied and kept in histories. */
export type SecretRef =
  | { readonly file: string; readonly env?: undefined }
  | { readonly env: string; readonly file?: undefined };

const SECRET = '{ file: /etc/bgpd/peer.key } or { env: NAME }';

const secretField = field<SecretRef>(SECRET, (value) => {
  if (typeof value === 'string' || typeof value === 'number') {
    return fault('is the key itself', `put the key into a file or the environment and give ${SECRET}`);
  }
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const [key, place] = entries[0] ?? [];
  if (entries.length !== 1 || typeof place !== 'string' || place === '') {
    return fault('names no place of a key', `give ${SECRET}`);
  }
  if (key === 'file') return { file: place };
  if (key === 'env') return { env: place };
  return fault(`${key} is no place of a key`, `give ${SECRET}`);
});

const tcpAoSchema = z.array(
  z.strictObject({
    sendId: integerField('a key id', 0, 255),
    receiveId: integerField('a key id', 0, 255),
    algorithm: choiceField<AoAlgorithm>(AO_ALGORITHMS).optional(),
    key: secretField,
  }),
);

const maxPrefixSchema = z.strictObject({
  limit: integerField('a number of prefixes', 1, 100_000_000),
  warn: integerField('per cent of the limit', 1, 100).optional(),
  action: choiceField(['warn', 'idle', 'drop']).optional(),
  restart: secondsField(0, 86_400).optional(),
});

/** RFC 9003: what a NOTIFICATION can carry. */
const SHUTDOWN_TEXT = 'a text of at most 255 octets';

const shutdownTextField = textField(SHUTDOWN_TEXT, (text) =>
  new TextEncoder().encode(text).length > 255
    ? fault('is too long (RFC 9003)', `give ${SHUTDOWN_TEXT}`)
    : text,
);

const localAsSchema = z.strictObject({
  asn: asnField,
  noPrepend: booleanField.optional(),
  replaceAs: booleanField.optional(),
  dualAs: booleanField.optional(),
});

/** RFC 4724. */
export const gracefulRestartKeys = {
  mode: choiceField(['full', 'helper', 'off']).optional(),
  restartTime: integerField('seconds', 0, 4095).optional(),
  staleTime: integerField('seconds', 1, 86_400).optional(),
  notification: booleanField.optional(),
} as const;

const gracefulRestartSchema = z.strictObject(gracefulRestartKeys);

/** What a group may say for its peers and a peer for itself. */
const sessionKeys = {
  asn: peerAsnField.optional(),
  localAs: localAsSchema.optional(),
  description: textField('some text', (text) => text).optional(),
  port: portField.optional(),
  localAddress: addressField.optional(),
  passive: booleanField.optional(),
  enabled: booleanField.optional(),
  multihop: integerField('a number of hops', 1, 255).optional(),
  password: secretField.optional(),
  tcpAo: tcpAoSchema.optional(),
  ttlSecurity: integerField('a number of hops', 1, 254).optional(),
  shutdownText: shutdownTextField.optional(),
  maxPrefix: z
    .strictObject({
      'ipv4-unicast': maxPrefixSchema.optional(),
      'ipv6-unicast': maxPrefixSchema.optional(),
    })
    .optional(),
  maxAsPathLength: integerField('a number of ASes', 1, 65_535).optional(),
  maxCommunities: integerField('a number of communities', 1, 65_535).optional(),
  families: familiesSchema.optional(),
  gracefulRestart: gracefulRestartSchema.optional(),
  timers: timersSchema.optional(),
  routeReflectorClient: booleanField.optional(),
  clusterId: identifierField('an IPv4 address as cluster id, such as 244.0.0.2').optional(),
  nextHop: choiceField(['auto', 'self', 'keep']).optional(),
  nextHopSelf: booleanField.optional(),
  allowOwnAs: integerField('a number of times', 0, 255).optional(),
  removePrivateAs: choiceField(['all', 'leading', 'replace']).optional(),
  overrideAs: booleanField.optional(),
  routeServerClient: booleanField.optional(),
  ownBestPath: booleanField.optional(),
  role: choiceField<RoleName>(ROLE_NAMES).optional(),
  strictRole: booleanField.optional(),
  extendedNextHop: booleanField.optional(),
  extendedMessages: booleanField.optional(),
  addPath: addPathSchema.optional(),
  vantage: nameField('the name of a vantage').optional(),
  asSets: choiceField(['withdraw', 'accept']).optional(),
  import: z.array(policyNameField).optional(),
  export: z.array(policyNameField).optional(),
  advertise: choiceField(['originated', 'all']).optional(),
  via: addressField.optional(),
} as const;

export const peerGroupSchema = z.strictObject(sessionKeys);

export const peerSchema = z.strictObject({
  name: nameField('a name for the peer').optional(),
  address: peerAddressField.optional(),
  interface: interfaceField.optional(),
  group: nameField('the name of a peer group').optional(),
  ...sessionKeys,
});

export const dynamicPeerSchema = z.strictObject({
  range: prefixField,
  group: nameField('the name of a peer group'),
  limit: integerField('a number of peers', 1, 1_000_000).optional(),
  idleTime: integerField('seconds', 1, 1_000_000).optional(),
});

export type GracefulRestartSection = z.output<typeof gracefulRestartSchema>;
export type PeerGroupSection = z.output<typeof peerGroupSchema>;
export type PeerSection = z.output<typeof peerSchema>;
export type DynamicPeerSection = z.output<typeof dynamicPeerSchema>;
