// Why a session ended, in plain words with the evidence at hand. Only for people: logs, status, API.

import { readU16, readU32 } from '../base/bytes.js';
import { familyName } from '../base/family.js';
import { ERROR, OPEN_ERROR } from '../wire/iana.js';
import { describeNotification } from '../wire/notification.js';
import type { Notification } from '../wire/types.js';
import type { DownReason } from './types.js';

/** What the system's error names mean for somebody who looks after a BGP session. */
const CODE_TEXT: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens on the BGP port of the peer, or a firewall refuses',
  ETIMEDOUT: 'no answer from the peer: down, filtered, or a TCP password that only one side has',
  EHOSTUNREACH: 'no route to the peer, or no answer to address resolution',
  ENETUNREACH: 'no route to the peer',
  EADDRNOTAVAIL: 'the configured local address is not on this host',
  ENODEV: 'this host has no such interface',
  ECONNRESET: 'the peer reset the connection',
  EPIPE: 'the peer has closed the connection',
  EACCES: 'not permitted by this host',
  EMFILE: 'this process has no file descriptors left',
  ENFILE: 'this host has no file descriptors left',
};

const codeText = (code: string): string => {
  const text = CODE_TEXT[code];
  return text === undefined ? code : `${text} (${code})`;
};

/** One line, no full stop. Text that came from the peer has been made harmless. */
export function describeDown(reason: DownReason): string {
  switch (reason.kind) {
    case 'notificationSent':
      return `we ended it: ${describeNotification(reason.notification)}${openEvidence(reason.notification)}${reason.detail === undefined ? '' : `; ${reason.detail}`}`;
    case 'notificationReceived':
      return `the peer ended it: ${describeNotification(reason.notification)}`;
    case 'holdTimerExpired':
      return 'hold timer expired: the peer sent nothing within the hold time';
    case 'connectFailed':
      return `could not connect: ${codeText(reason.code)}`;
    case 'connectionClosed':
      return reason.code === null
        ? `the peer closed the connection in ${reason.state} without a NOTIFICATION`
        : `the connection was lost in ${reason.state}: ${codeText(reason.code)}`;
    case 'maxPrefix':
      return `the peer told more than ${reason.limit} ${familyName(reason.family)} prefixes, the limit that is configured; ${
        reason.restart === null
          ? 'it stays down until it is cleared or enabled'
          : `again after ${reason.restart} s`
      }`;
    case 'ttlTooLow':
      return `a connection from the peer came with TTL ${reason.ttl}, ttlSecurity wants ${reason.minimum} or more: the peer sends without GTSM, or is further away than it should be`;
    case 'collision':
      return 'collision: the other of two connections with this peer was kept';
    case 'adminDown':
      return reason.text === '' ? 'stopped by the operator' : `stopped by the operator: ${reason.text}`;
  }
}

/** What the refused OPEN said, from the data that negotiate.ts puts into its NOTIFICATIONs. */
function openEvidence({ code, subcode, data }: Notification): string {
  if (code !== ERROR.open || subcode !== OPEN_ERROR.badPeerAs) return '';
  if (data.length === 4) return `; its OPEN says AS ${readU32(data, 0)}`;
  return data.length === 2 ? `; its OPEN says AS ${readU16(data, 0)}` : '';
}
