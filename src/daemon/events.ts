// What happens in the daemon, as typed events. Producers emit and forget; logs are subscribers.

import { EventEmitter } from 'eventemitter3';
import type { AlarmStatus, LimitStatus } from '../api/model/types.js';
import type { FamilyIndex } from '../base/family.js';
import type { Config, ConfigProblem, KeptObject } from '../config/types.js';
import type { Blame } from '../fsm/blame.js';
import type { DownReason, NegotiatedSession, SessionState } from '../fsm/types.js';
import type { KernelEvent } from '../kernel/types.js';
import type { AttributeVerdict } from '../wire/types.js';
import type { PrefixLimitNews } from './peers/prefix-limits.js';

export interface DaemonEventMap {
  peerState: (peer: string, from: SessionState, to: SessionState, reason: DownReason | null) => void;
  peerEstablished: (peer: string, session: NegotiatedSession) => void;
  /** RFC 8212: an eBGP peer came up that has no policy in these directions. */
  policyMissing: (peer: string, directions: readonly ('import' | 'export')[]) => void;
  /** A peer came up that is told nothing of what others tell us. */
  routesWithheld: (peer: string) => void;
  /** A malformed attribute, as judged by RFC 7606. */
  verdict: (peer: string, verdict: AttributeVerdict) => void;
  /** Whose fault it is that a peer is not up, once per change; `ended`: a session was up until now. */
  peerBlame: (peer: string, blame: Blame, ended: boolean) => void;
  /** The prefixes of a peer reached a threshold of `maxPrefix`, or are below it again. */
  prefixLimit: (peer: string, news: PrefixLimitNews) => void;
  /** What an operator did. */
  administered: (peer: string, action: string) => void;
  endOfRib: (peer: string, family: string) => void;
  /** A peer restarts, and what becomes of the routes that are kept of it. */
  peerRestart: (peer: string, news: PeerRestartNews) => void;
  /** After a restart of our own: routes are being chosen; End-of-RIB goes out. */
  restart: (state: 'begun' | 'selected' | 'complete', detail: string) => void;
  dynamicPeer: (peer: string, action: 'added' | 'removed' | 'refused', detail: string) => void;
  /** The router on the other end of an interface is there. */
  routerFound: (peer: string, name: string, address: string) => void;
  connectionRefused: (address: string, reason: string) => void;
  kernel: (event: KernelEvent) => void;
  /** An RPKI cache has told all it has, or is gone. */
  rpki: (cache: string, state: 'synced' | 'down', detail: string) => void;
  configLoaded: (generation: number, config: Config, changes: readonly string[]) => void;
  /** Objects of a new configuration that are as they were, or left out. */
  configKept: (objects: readonly KeptObject[]) => void;
  configRejected: (problems: readonly ConfigProblem[]) => void;
  /** A good configuration that is not taken over, and why. */
  configRefused: (reason: string) => void;
  /** A change waits to be confirmed; seconds until it is rolled back. */
  configPending: (file: string, seconds: number) => void;
  configConfirmed: (file: string) => void;
  configRolledBack: (file: string, reason: string) => void;
  configWarning: (problem: ConfigProblem) => void;
  /** A limit is exceeded, or no more. */
  limit: (status: LimitStatus) => void;
  /** An alarm is raised, or over. */
  alarm: (alarm: AlarmStatus, raised: boolean) => void;
  /** Something degraded that an operator should know of, once. */
  warning: (message: string, detail: Readonly<Record<string, unknown>>) => void;
}

export type PeerRestartNews =
  /** Its routes stay, for so many seconds at most. */
  | { readonly kind: 'away'; readonly paths: number; readonly seconds: number }
  /** It has a session again. By family index: whether its routes still wait to be told again. */
  | { readonly kind: 'back'; readonly kept: readonly [boolean, boolean] }
  /** It has told all it has of a family; so many paths were not among them. */
  | { readonly kind: 'over'; readonly family: FamilyIndex; readonly paths: number }
  /** It took too long. */
  | { readonly kind: 'expired'; readonly paths: number };

export type DaemonEvents = EventEmitter<DaemonEventMap>;

export const createEvents = (): DaemonEvents => new EventEmitter<DaemonEventMap>();
