// The vocabulary that the session machine (RFC 4271 section 8) shares with its driver and with the daemon. No behaviour.

import type { FamilyIndex } from '../base/family.js';
import type { Capability, DecodeContext, Notification } from '../wire/types.js';

export type SessionState = 'Idle' | 'Connect' | 'Active' | 'OpenSent' | 'OpenConfirm' | 'Established';

/** What our side of one session says and demands. Seconds unless the name says otherwise. */
export interface SessionConfig {
  readonly localAsn: number;
  readonly routerId: number;
  /** Null accepts any AS (dynamic peers of a group without `asn`). */
  readonly peerAsn: number | null;
  readonly families: readonly FamilyIndex[];
  readonly passive: boolean;
  /** 0 disables keepalives and the hold timer; else at least 3. */
  readonly holdTime: number;
  /** Null: a third of the negotiated hold time. */
  readonly keepaliveTime: number | null;
  readonly connectRetryTime: number;
  /** 0: no delay-open. */
  readonly delayOpenTime: number;
  /** RFC 9774: routes with AS_SET in their path are treated as withdrawn. */
  readonly refuseAsSets: boolean;
  /** Sent besides multiprotocol, 4-octet AS and route refresh, which are always sent. */
  readonly extraCapabilities: readonly Capability[];
}

/** What both OPENs agreed on. */
export interface NegotiatedSession {
  readonly peerAsn: number;
  readonly peerRouterId: number;
  readonly sessionType: 'ibgp' | 'ebgp';
  /** Seconds, 0 for none. */
  readonly holdTime: number;
  readonly keepaliveTime: number;
  readonly families: readonly FamilyIndex[];
  readonly routeRefresh: boolean;
  readonly enhancedRouteRefresh: boolean;
  /** Octets: 4096 or 65535 (RFC 8654). */
  readonly maxMessage: number;
  readonly decode: DecodeContext;
  readonly localCapabilities: readonly Capability[];
  readonly peerCapabilities: readonly Capability[];
}

/** Why a session (or an attempt) ended, with its evidence. */
export type DownReason =
  | { readonly kind: 'notificationSent'; readonly notification: Notification }
  | { readonly kind: 'notificationReceived'; readonly notification: Notification }
  | { readonly kind: 'holdTimerExpired' }
  | { readonly kind: 'connectFailed'; readonly code: string }
  | { readonly kind: 'connectionClosed'; readonly state: SessionState; readonly code: string | null }
  | { readonly kind: 'collision' }
  | { readonly kind: 'adminDown'; readonly text: string };
