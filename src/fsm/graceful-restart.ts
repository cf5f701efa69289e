// Graceful restart as two OPENs and the end of a session make it (RFC 4724, RFC 8538): what was agreed, whose routes stay,
// and what the last word to a peer is. Pure.

import type { FamilyIndex } from '../base/family.js';
import { familyOf } from '../wire/iana.js';
import { hardReset, isHardReset } from '../wire/notification.js';
import type { Capability, Notification } from '../wire/types.js';
import { findCapability } from './capabilities.js';
import type { FsmAction } from './events.js';
import type { DownReason, NegotiatedSession, PeerRestart } from './types.js';

type Families = readonly [boolean, boolean];

/** `families`: those of the session. */
export function agreeOnRestart(
  local: readonly Capability[],
  peer: readonly Capability[],
  families: readonly FamilyIndex[],
): PeerRestart | null {
  const ours = findCapability(local, 'gracefulRestart');
  const theirs = findCapability(peer, 'gracefulRestart');
  if (ours === undefined || theirs === undefined) return null;
  const row = (family: FamilyIndex) =>
    families.includes(family)
      ? theirs.families.find(({ afi, safi }) => familyOf(afi, safi) === family)
      : undefined;
  return {
    restarting: theirs.restarting,
    notification: ours.notification && theirs.notification,
    restartTime: theirs.restartTime,
    preserves: [row(0) !== undefined, row(1) !== undefined],
    forwarding: [row(0)?.forwarding ?? false, row(1)?.forwarding ?? false],
  };
}

/** The peer may keep routes of ours and drops at our End-of-RIB what we have not told again. */
export const asksToKeep = ({ gracefulRestart }: NegotiatedSession): boolean => gracefulRestart !== null;

/** By family index: routes of the peer stay after such an end (RFC 4724 4.2, RFC 8538 4). Null: none. */
export function keptAfter({ gracefulRestart }: NegotiatedSession, reason: DownReason): Families | null {
  if (gracefulRestart === null || gracefulRestart.restartTime === 0) return null;
  const { preserves, notification } = gracefulRestart;
  if (!preserves.includes(true) || !isRestart(reason, notification)) return null;
  return preserves;
}

function isRestart(reason: DownReason, notification: boolean): boolean {
  switch (reason.kind) {
    case 'connectionClosed':
      return true;
    case 'holdTimerExpired':
    case 'notificationSent':
      return notification;
    case 'notificationReceived':
      return notification && !isHardReset(reason.notification);
    case 'adminDown':
    case 'maxPrefix':
    case 'collision':
    case 'connectFailed':
    case 'ttlTooLow':
      return false;
  }
}

/**
 * How an Established session is ended on purpose. Where a NOTIFICATION is no reason to forget routes it takes a Hard Reset
 * to make the peer forget ours (RFC 8538 3); where it is one, only a silent end makes it keep them.
 */
export function lastWord(
  { gracefulRestart }: NegotiatedSession,
  notification: Notification,
  reason: DownReason,
): FsmAction {
  const graceful = reason.kind === 'adminDown' && reason.graceful === true;
  if (gracefulRestart === null) return { kind: 'notifyAndClose', notification };
  if (gracefulRestart.notification) {
    return { kind: 'notifyAndClose', notification: graceful ? notification : hardReset(notification) };
  }
  return graceful ? { kind: 'closeConnection' } : { kind: 'notifyAndClose', notification };
}
