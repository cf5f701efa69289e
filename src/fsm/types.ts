// The vocabulary that the session machine (RFC 4271 section 8) shares with its driver and with the daemon. No behaviour.

import type { FamilyIndex } from '../base/family.js';
import type { Capability, DecodeContext, Notification, OpenMessage, SessionType } from '../wire/types.js';

export type SessionState = 'Idle' | 'Connect' | 'Active' | 'OpenSent' | 'OpenConfirm' | 'Established';

/** What our side of one session says and demands. Seconds unless the name says otherwise. */
export interface SessionConfig {
  readonly localAsn: number;
  readonly routerId: number;
  /** Tried in turn with `localAsn` when the peer says Bad Peer AS (RFC 7705, dual AS). Absent: none. */
  readonly alternateAsn?: number;
  /** Null accepts any AS (dynamic peers of a group without `asn`). */
  readonly peerAsn: number | null;
  /** With `peerAsn` null: every AS but our own. */
  readonly externalOnly?: boolean;
  /** RFC 5065: the other member ASes of our confederation. Absent: we are in none. */
  readonly confederation?: readonly number[];
  /** RFC 9234 4.2: a peer that says no role is refused. */
  readonly strictRole?: boolean;
  /** The session runs over link-local addresses. */
  readonly linkLocal?: boolean;
  readonly families: readonly FamilyIndex[];
  readonly passive: boolean;
  /** 0 disables keepalives and the hold timer; else at least 3. */
  readonly holdTime: number;
  /** Null: a third of the negotiated hold time. */
  readonly keepaliveTime: number | null;
  readonly connectRetryTime: number;
  /** 0: no delay-open. */
  readonly delayOpenTime: number;
  /** RFC 9687; 0: no limit. Null: 480, or twice the hold time if that is more. */
  readonly sendHoldTime: number | null;
  readonly idleHold: IdleHold;
  /** RFC 9774: routes with AS_SET in their path are treated as withdrawn. */
  readonly refuseAsSets: boolean;
  /** Sent besides multiprotocol, 4-octet AS and route refresh, which are always sent. */
  readonly extraCapabilities: readonly Capability[];
}

/** DampPeerOscillations (RFC 4271 8.1.1) in seconds: pauses after errors double from `first` to `longest`. */
export interface IdleHold {
  readonly first: number;
  readonly longest: number;
  /** Errors further apart than this do not add up. */
  readonly forget: number;
}

/** What both OPENs agreed on. */
export interface NegotiatedSession {
  /** What our OPEN said. */
  readonly localAsn: number;
  readonly peerAsn: number;
  readonly peerRouterId: number;
  readonly sessionType: SessionType;
  /** Seconds, 0 for none. */
  readonly holdTime: number;
  readonly keepaliveTime: number;
  /** Our own: the peer has to take some octet within it; 0 for no limit. */
  readonly sendHoldTime: number;
  readonly families: readonly FamilyIndex[];
  readonly routeRefresh: boolean;
  readonly enhancedRouteRefresh: boolean;
  /** RFC 8950: we may send IPv4 routes with IPv6 next hops. */
  readonly extendedNextHop: boolean;
  /** Octets: 4096 or 65535 (RFC 8654). */
  readonly maxMessage: number;
  readonly decode: DecodeContext;
  /** Null: not both sides have it (RFC 4724). */
  readonly gracefulRestart: PeerRestart | null;
  /** By family index: we send path ids (RFC 7911 4). */
  readonly sendsPathIds: readonly [boolean, boolean];
  readonly localCapabilities: readonly Capability[];
  readonly peerCapabilities: readonly Capability[];
}

/** What the peer's OPEN says about its restarts, as far as ours has it, too. By family index, of the common families. */
export interface PeerRestart {
  /** The peer has just restarted: it waits for our routes, not we for its. */
  readonly restarting: boolean;
  /** Both sides have RFC 8538: a NOTIFICATION is no reason to forget routes, unless it is a Hard Reset. */
  readonly notification: boolean;
  /** How long the peer may be away. */
  readonly restartTime: number;
  /** The peer asks to keep its routes while it restarts. */
  readonly preserves: readonly [boolean, boolean];
  /** Its forwarding outlived the restart it comes from. */
  readonly forwarding: readonly [boolean, boolean];
}

/** Why a session (or an attempt) ended, with its evidence. */
export type DownReason =
  /** `open`: of the peer, when it is what we refuse. `detail`: what in it, where the NOTIFICATION cannot say. */
  | {
      readonly kind: 'notificationSent';
      readonly notification: Notification;
      readonly open?: OpenMessage;
      readonly detail?: string;
    }
  | { readonly kind: 'notificationReceived'; readonly notification: Notification }
  | { readonly kind: 'holdTimerExpired' }
  | { readonly kind: 'connectFailed'; readonly code: string }
  | { readonly kind: 'connectionClosed'; readonly state: SessionState; readonly code: string | null }
  | { readonly kind: 'collision' }
  /** The peer told more prefixes than `maxPrefix` allows. `restart`: seconds, null until somebody clears the peer. */
  | {
      readonly kind: 'maxPrefix';
      readonly family: FamilyIndex;
      readonly limit: number;
      readonly restart: number | null;
    }
  /** A connection from the peer came from further away than GTSM (RFC 5082) allows. */
  | { readonly kind: 'ttlTooLow'; readonly ttl: number; readonly minimum: number }
  /** `graceful`: the peer is to keep our routes, as we come back. */
  | { readonly kind: 'adminDown'; readonly text: string; readonly graceful?: boolean };
