// Two connections with one peer: which one lives (RFC 4271 6.8, RFC 6286 2.3). Both sides compute the same answer
// from what both know: who opened it, and the two speakers' identifiers and AS numbers.

import type { Role } from './events.js';
import type { SessionState } from './types.js';

export interface Speaker {
  readonly routerId: number;
  readonly asn: number;
}

/** What the two connections have reached, by who opened them as seen from here. */
export type ConnectionStates = Readonly<Record<Role, SessionState>>;

/**
 * The role of the connection that survives. An Established one does, whatever the identifiers say; else the one opened
 * by the speaker with the higher BGP Identifier; with equal identifiers, the higher AS number.
 */
export function collisionSurvivor(states: ConnectionStates, local: Speaker, peer: Speaker): Role {
  if (states.active === 'Established') return 'active';
  if (states.passive === 'Established') return 'passive';
  return outranks(local, peer) ? 'active' : 'passive';
}

const outranks = (local: Speaker, peer: Speaker): boolean =>
  local.routerId === peer.routerId ? local.asn > peer.asn : local.routerId > peer.routerId;
