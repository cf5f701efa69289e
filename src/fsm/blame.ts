// Whose fault it is that a session is not up, as one value with its evidence: from the reason that the machine gives, what
// is configured, and what the kernel counted. Words for people; nothing decides by it.

import { familyName } from '../base/family.js';
import { CEASE, ERROR, familyOf, OPEN_ERROR } from '../wire/iana.js';
import { describeNotification, realReason } from '../wire/notification.js';
import type { Notification, OpenMessage } from '../wire/types.js';
import { findCapability } from './capabilities.js';
import { describeDown } from './describe.js';
import type { DownReason, SessionConfig } from './types.js';

export const BLAME_KINDS = [
  'waiting',
  'connecting',
  'noRoute',
  'noAnswer',
  'refused',
  'reset',
  'closed',
  'localAddress',
  'resources',
  'md5Missing',
  'md5Unexpected',
  'md5Mismatch',
  'aoMismatch',
  'ttlSecurity',
  'wrongAs',
  'routerId',
  'unsupportedFamily',
  'roleMismatch',
  'openRefused',
  'holdTimer',
  'sendHoldTimer',
  'protocolError',
  'maxPrefix',
  'peerMaxPrefix',
  'collision',
  'adminDown',
  'peerAdminDown',
  'peerCease',
] as const;
export type BlameKind = (typeof BLAME_KINDS)[number];

/** `config`: the two sides, or this host and its configuration, do not fit together. */
export type Fault = 'ours' | 'theirs' | 'network' | 'config' | 'unknown';

export interface Blame {
  readonly kind: BlameKind;
  readonly fault: Fault;
  /** One line, no full stop. */
  readonly text: string;
  /** What was seen, a line each. */
  readonly evidence: readonly string[];
}

/** Segments that the kernel dropped lately, by its own counters; they say nothing of which peer. */
export interface KernelDrops {
  readonly md5NotFound: number;
  readonly md5Unexpected: number;
  readonly md5Failure: number;
  readonly minTtl: number;
  readonly aoBad: number;
}

export interface BlameContext {
  readonly config: Pick<SessionConfig, 'peerAsn' | 'externalOnly' | 'localAsn' | 'families' | 'passive'>;
  readonly hasPassword: boolean;
  readonly hasTcpAo: boolean;
  readonly hasTtlSecurity: boolean;
  /** Dropped lately; null where the kernel does not say. */
  readonly drops: KernelDrops | null;
  /** How many peers that are down the drops might belong to. */
  readonly suspects: () => number;
}

/** `reason` null: nothing has failed yet. */
export function blameFor(reason: DownReason | null, context: BlameContext): Blame {
  const silent = reason === null || isSilence(reason);
  const dropped = silent ? fromDrops(context) : null;
  if (dropped !== null) return dropped;
  if (reason === null) return context.config.passive ? WAITING : CONNECTING;
  return fromReason(reason, context);
}

const blame = (kind: BlameKind, fault: Fault, text: string, evidence: readonly string[] = []): Blame => ({
  kind,
  fault,
  text,
  evidence,
});

const WAITING = blame('waiting', 'unknown', 'waiting for the peer to connect');
const CONNECTING = blame('connecting', 'unknown', 'connecting');

/** Nothing came back at all, or what came was lost on the way up: the kernel may know why. */
const isSilence = (reason: DownReason): boolean =>
  (reason.kind === 'connectFailed' && reason.code === 'ETIMEDOUT') ||
  reason.kind === 'holdTimerExpired' ||
  (reason.kind === 'connectionClosed' && reason.code === 'ETIMEDOUT');

/** A segment without the signature that is wanted, with one that nobody wants, with a wrong one, from too far away. */
function fromDrops(context: BlameContext): Blame | null {
  const { drops, hasPassword, hasTcpAo, hasTtlSecurity } = context;
  if (drops === null) return null;
  if (hasPassword && drops.md5Failure > 0) {
    const text = 'TCP-MD5 mismatch: the peer signs with another password';
    return blame('md5Mismatch', 'config', text, counted(context, 'TCPMD5Failure', drops.md5Failure));
  }
  if (hasPassword && drops.md5NotFound > 0) {
    const text = 'TCP-MD5 mismatch: a password is configured here, the peer sends without one';
    return blame('md5Missing', 'config', text, counted(context, 'TCPMD5NotFound', drops.md5NotFound));
  }
  if (!hasPassword && drops.md5Unexpected > 0) {
    const text = 'TCP-MD5 mismatch: the peer signs with a password, none is configured here';
    return blame('md5Unexpected', 'config', text, counted(context, 'TCPMD5Unexpected', drops.md5Unexpected));
  }
  if (hasTcpAo && drops.aoBad > 0) {
    const text = 'TCP-AO mismatch: keys, key ids or algorithms of the two sides differ';
    return blame('aoMismatch', 'config', text, counted(context, 'TCPAOBad', drops.aoBad));
  }
  if (hasTtlSecurity && drops.minTtl > 0) {
    const text =
      'ttlSecurity: what the peer sends arrives with too low a TTL; it sends without GTSM, or is further away';
    return blame('ttlSecurity', 'config', text, counted(context, 'TCPMinTTLDrop', drops.minTtl));
  }
  return null;
}

function counted({ suspects }: BlameContext, counter: string, count: number): readonly string[] {
  const segments = `the kernel dropped ${count} segment${count === 1 ? '' : 's'} lately (${counter})`;
  const fit = suspects();
  return fit <= 1
    ? [segments]
    : [segments, `${fit} peers that are down fit: the kernel does not say which one it was`];
}

function fromReason(reason: DownReason, context: BlameContext): Blame {
  const text = describeDown(reason);
  switch (reason.kind) {
    case 'notificationSent':
      return fromOurs(reason.notification, reason.open ?? null, text, context);
    case 'notificationReceived':
      return fromTheirs(reason.notification, text, context);
    case 'holdTimerExpired':
      return blame('holdTimer', 'unknown', text, ['the TCP connection was up, and no message came']);
    case 'connectFailed':
      return blame(...(CONNECT[reason.code] ?? UNKNOWN_CONNECT), text, passwordHint(reason.code, context));
    case 'connectionClosed':
      return reason.code === null
        ? blame('closed', 'theirs', text)
        : blame(...(CONNECT[reason.code] ?? UNKNOWN_CONNECT), text);
    case 'maxPrefix':
      return blame('maxPrefix', 'theirs', text, [`limit ${reason.limit} of ${familyName(reason.family)}`]);
    case 'ttlTooLow':
      return blame('ttlSecurity', 'config', text, [`TTL ${reason.ttl} of its SYN`]);
    case 'collision':
      return blame('collision', 'unknown', text);
    case 'adminDown':
      return blame('adminDown', 'ours', text);
  }
}

const CONNECT: Readonly<Record<string, readonly [BlameKind, Fault]>> = {
  ECONNREFUSED: ['refused', 'theirs'],
  ETIMEDOUT: ['noAnswer', 'network'],
  EHOSTUNREACH: ['noRoute', 'network'],
  ENETUNREACH: ['noRoute', 'network'],
  EADDRNOTAVAIL: ['localAddress', 'config'],
  ENODEV: ['localAddress', 'config'],
  ECONNRESET: ['reset', 'theirs'],
  EPIPE: ['closed', 'theirs'],
  EACCES: ['resources', 'ours'],
  EPERM: ['resources', 'ours'],
  EMFILE: ['resources', 'ours'],
  ENFILE: ['resources', 'ours'],
};
const UNKNOWN_CONNECT: readonly [BlameKind, Fault] = ['noAnswer', 'unknown'];

/** A peer without our password, or with another one, drops what we send and says nothing. */
const passwordHint = (code: string, { hasPassword }: BlameContext): readonly string[] =>
  code === 'ETIMEDOUT' && hasPassword
    ? ['a password is configured here: a peer with another one, or none, would be as silent']
    : [];

function fromOurs(
  { code, subcode }: Notification,
  open: OpenMessage | null,
  text: string,
  { config }: BlameContext,
): Blame {
  if (code === ERROR.open) return fromRefusedOpen(subcode, open, text, config);
  if (code === ERROR.sendHoldTimerExpired) return blame('sendHoldTimer', 'theirs', text);
  if (code === ERROR.holdTimerExpired) return blame('holdTimer', 'unknown', text);
  return blame('protocolError', code === ERROR.cease ? 'ours' : 'theirs', text);
}

function fromRefusedOpen(
  subcode: number,
  open: OpenMessage | null,
  text: string,
  config: BlameContext['config'],
): Blame {
  switch (subcode) {
    case OPEN_ERROR.badPeerAs: {
      // An AS that is none at all: the wire layer has refused the OPEN.
      if (open === null) return blame('wrongAs', 'theirs', text);
      const why = `wrong AS: the peer says AS ${asnOf(open)}, configured is ${expected(config)}`;
      return blame('wrongAs', 'config', why, [text]);
    }
    case OPEN_ERROR.badBgpIdentifier:
      if (open === null) return blame('routerId', 'theirs', text);
      return blame('routerId', 'config', 'the peer has our own router id', [text]);
    case OPEN_ERROR.unsupportedCapability: {
      const ours = config.families.map(familyName).join(', ');
      const why = `no family in common: configured here is ${ours}, the peer offers ${offered(open)}`;
      return blame('unsupportedFamily', 'config', why, [text]);
    }
    case OPEN_ERROR.roleMismatch:
      return blame('roleMismatch', 'config', text);
    default:
      return blame('openRefused', 'theirs', text);
  }
}

const expected = ({ peerAsn, externalOnly }: BlameContext['config']): string =>
  peerAsn !== null ? `AS ${peerAsn}` : externalOnly === true ? 'any external AS' : 'AS any';

const asnOf = (open: OpenMessage): number =>
  findCapability(open.capabilities, 'fourOctetAs')?.asn ?? open.asn;

function offered(open: OpenMessage | null): string {
  if (open === null) return 'others';
  const names = open.capabilities.flatMap((capability) => {
    if (capability.kind !== 'multiprotocol') return [];
    const family = familyOf(capability.afi, capability.safi);
    return [family === null ? `AFI ${capability.afi} SAFI ${capability.safi}` : familyName(family)];
  });
  return names.length === 0 ? 'none' : names.join(', ');
}

function fromTheirs(notification: Notification, text: string, { config }: BlameContext): Blame {
  const real = realReason(notification);
  const { code, subcode } = real;
  switch (code) {
    case ERROR.cease:
      return fromTheirCease(real, text);
    case ERROR.open:
      if (subcode !== OPEN_ERROR.badPeerAs)
        return blame(THEIR_OPEN[subcode] ?? 'openRefused', 'config', text);
      return blame('wrongAs', 'config', `wrong AS: the peer does not expect our AS ${config.localAsn}`, [
        text,
      ]);
    case ERROR.holdTimerExpired:
      return blame('holdTimer', 'unknown', text, ['the peer did not hear from us within the hold time']);
    case ERROR.sendHoldTimerExpired:
      return blame('sendHoldTimer', 'ours', text);
    default:
      return blame('protocolError', 'ours', text, [
        `the peer refuses what we sent: ${describeNotification(notification)}`,
      ]);
  }
}

const THEIR_OPEN: Readonly<Record<number, BlameKind>> = {
  [OPEN_ERROR.badBgpIdentifier]: 'routerId',
  [OPEN_ERROR.unsupportedCapability]: 'unsupportedFamily',
  [OPEN_ERROR.roleMismatch]: 'roleMismatch',
};

const SHUT: readonly number[] = [
  CEASE.administrativeShutdown,
  CEASE.administrativeReset,
  CEASE.peerDeconfigured,
  CEASE.hardReset,
];

function fromTheirCease({ subcode }: Notification, text: string): Blame {
  if (subcode === CEASE.maximumPrefixesReached) return blame('peerMaxPrefix', 'config', text);
  if (subcode === CEASE.connectionCollisionResolution) return blame('collision', 'unknown', text);
  return blame(SHUT.includes(subcode) ? 'peerAdminDown' : 'peerCease', 'theirs', text);
}

/** Another line in the log is due: the counts in the evidence alone are not news. */
export const sameBlame = (a: Blame | null, b: Blame | null): boolean =>
  a?.kind === b?.kind && a?.text === b?.text;
