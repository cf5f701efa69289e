// One peer that restarts (RFC 4724 4.2): whether its routes stay when a session ends, and how long: while it is away, its
// restart time; when it is back, until End-of-RIB or for as long as is configured. The routes themselves are the RIB's.

import { FAMILY_INDEXES, type FamilyIndex } from '../../base/family.js';
import type { PeerId } from '../../base/ids.js';
import type { GracefulRestartConfig } from '../../config/types.js';
import { asksToKeep, keptAfter } from '../../fsm/graceful-restart.js';
import type { DownReason, NegotiatedSession } from '../../fsm/types.js';
import type { Timer } from '../../net/clock.js';
import type { Source } from '../../rib/tables/sources.js';
import type { Attachment, PeerContext } from './bgp-peer.js';

export interface RestartProgress {
  readonly state: 'away' | 'back';
  /** Until what has not been told again goes. */
  readonly secondsLeft: number;
}

type Families = readonly [boolean, boolean];

/** Of the peer whose restarts these are, as it is now. */
export interface RestartingPeer
  extends Pick<PeerContext, 'rib' | 'events' | 'attachments' | 'timer' | 'blame'> {
  readonly name: string;
  readonly config: GracefulRestartConfig;
}

const NONE_KEPT: Families = [false, false];

export class PeerRestart {
  readonly counts = { away: 0, back: 0, expired: 0 };
  readonly #peer: () => RestartingPeer;
  readonly #leave: (ribId: PeerId) => void;
  #timer: Timer | null = null;
  #away: Attachment | null = null;
  /** What the RIB knows the peer that is back by. */
  #ribId: PeerId | null = null;
  /** Of the peer that is back: families whose End-of-RIB is due; of the one that is away: whose routes stay. */
  #families = NONE_KEPT;
  /** Milliseconds. */
  #until = 0;

  /** `leave`: nothing of the peer is to stay. */
  constructor(peer: () => RestartingPeer, leave: (ribId: PeerId) => void) {
    this.#peer = peer;
    this.#leave = leave;
  }

  /** The session that ended, while its routes stay and there is no other. */
  get away(): Attachment | null {
    return this.#away;
  }

  /** The session has ended. False: its routes go with it. */
  keep(attachment: Attachment, reason: DownReason): boolean {
    const { rib, attachments, events, name, config } = this.#peer();
    const { ribId, session } = attachment;
    const kept = config.mode === 'off' ? null : keptAfter(session, reason);
    const paths = kept === null ? 0 : pathsOf(rib.sources.get(ribId), kept);
    if (kept === null || paths === 0) return false;
    rib.restarts.lost(ribId, kept);
    attachments.away(ribId);
    this.#away = attachment;
    this.#families = kept;
    this.counts.away++;
    const seconds = Math.min(session.gracefulRestart?.restartTime ?? 0, config.staleTime);
    this.#wait(seconds);
    events.emit('peerRestart', name, { kind: 'away', paths, seconds });
    return true;
  }

  /** What its routes are judged by has changed meanwhile. */
  replace(attachment: Attachment): void {
    this.#away = attachment;
  }

  /** The peer is up. Its id, where what is kept is that of the one who is back. */
  back(session: NegotiatedSession, view: Pick<Attachment, 'peer' | 'profile'>): PeerId | null {
    const { rib, events, name, config } = this.#peer();
    if (this.#away === null) return null;
    const { ribId } = this.#away;
    const forwarding = session.gracefulRestart?.forwarding ?? NONE_KEPT;
    if (!rib.restarts.back(ribId, view, forwarding, asksToKeep(session))) {
      this.#leave(ribId);
      return null;
    }
    this.#away = null;
    this.#ribId = ribId;
    this.#families = [this.#families[0] && forwarding[0], this.#families[1] && forwarding[1]];
    this.counts.back++;
    if (this.#families.includes(true)) this.#wait(config.staleTime);
    else this.#stopTimer();
    events.emit('peerRestart', name, { kind: 'back', kept: this.#families });
    return ribId;
  }

  /** End-of-RIB of a family. */
  told(ribId: PeerId, family: FamilyIndex): void {
    if (this.#away !== null || !this.#families[family]) return;
    const { rib, events, name } = this.#peer();
    const paths = rib.restarts.staleCount(ribId);
    rib.restarts.ends(ribId, family);
    this.#families = [this.#families[0] && family !== 0, this.#families[1] && family !== 1];
    if (!this.#families.includes(true)) this.#stopTimer();
    events.emit('peerRestart', name, { kind: 'over', family, paths: paths - rib.restarts.staleCount(ribId) });
  }

  forget(): void {
    this.#away = null;
    this.#families = NONE_KEPT;
    this.#stopTimer();
  }

  progress(): RestartProgress | null {
    if (!FAMILY_INDEXES.some((family) => this.#families[family])) return null;
    const secondsLeft = Math.max(0, (this.#until - this.#peer().blame.now()) / 1000);
    return { state: this.#away === null ? 'back' : 'away', secondsLeft };
  }

  #wait(seconds: number): void {
    const { timer, blame } = this.#peer();
    this.#timer ??= timer(() => this.#expire());
    this.#until = blame.now() + seconds * 1000;
    this.#timer.start(seconds * 1000);
  }

  #expire(): void {
    const { rib, events, name } = this.#peer();
    const ribId = this.#away?.ribId ?? this.#ribId;
    if (ribId === null) return;
    this.counts.expired++;
    events.emit('peerRestart', name, { kind: 'expired', paths: rib.restarts.staleCount(ribId) });
    if (this.#away !== null) this.#leave(ribId);
    else for (const family of FAMILY_INDEXES) rib.restarts.ends(ribId, family);
    this.forget();
  }

  #stopTimer(): void {
    this.#timer?.close();
    this.#timer = null;
  }
}

const pathsOf = ({ received }: Source, kept: Families): number =>
  (kept[0] ? received[0] : 0) + (kept[1] ? received[1] : 0);
