// How long routes of a peer that restarts stay (RFC 4724 4.2): while it is away, its restart time; when it is back, until
// End-of-RIB or for as long as is configured. Owns that time and what is needed of the session that ended; no route.

import { FAMILY_INDEXES, type FamilyIndex } from '../base/family.js';
import type { Clock, Timer } from '../net/clock.js';
import type { Attachment } from './bgp-peer.js';

export interface RestartProgress {
  readonly state: 'away' | 'back';
  /** Until what has not been told again goes. */
  readonly secondsLeft: number;
}

type Families = readonly [boolean, boolean];

export class RetainedRoutes {
  readonly counts = { away: 0, back: 0, expired: 0 };
  readonly #makeTimer: Clock['timer'];
  readonly #now: () => number;
  readonly #expired: (away: Attachment | null) => void;
  #timer: Timer | null = null;
  #away: Attachment | null = null;
  /** Of the peer that is back: families whose End-of-RIB is due; of the one that is away: whose routes stay. */
  #families: Families = [false, false];
  #until = 0;

  /** `expired` is given what is kept, null when the peer is back. `now`: milliseconds. */
  constructor(makeTimer: Clock['timer'], now: () => number, expired: (away: Attachment | null) => void) {
    this.#makeTimer = makeTimer;
    this.#now = now;
    this.#expired = expired;
  }

  /** The session that ended, while its routes stay and there is no other. */
  get away(): Attachment | null {
    return this.#away;
  }

  keep(attachment: Attachment, families: Families, seconds: number): void {
    this.#away = attachment;
    this.#families = families;
    this.counts.away++;
    this.#wait(seconds);
  }

  replace(attachment: Attachment): void {
    this.#away = attachment;
  }

  /** The peer is back. Returns the families whose routes still stay. */
  back(forwarding: Families, seconds: number): Families {
    this.#away = null;
    this.#families = [this.#families[0] && forwarding[0], this.#families[1] && forwarding[1]];
    this.counts.back++;
    if (this.#families.includes(true)) this.#wait(seconds);
    else this.#stopTimer();
    return this.#families;
  }

  /** End-of-RIB of a family. True when that was the last one that was waited for. */
  told(family: FamilyIndex): boolean {
    if (this.#away !== null || !this.#families[family]) return false;
    this.#families = [this.#families[0] && family !== 0, this.#families[1] && family !== 1];
    if (this.#families.includes(true)) return false;
    this.#stopTimer();
    return true;
  }

  forget(): void {
    this.#away = null;
    this.#families = [false, false];
    this.#stopTimer();
  }

  progress(): RestartProgress | null {
    if (!FAMILY_INDEXES.some((family) => this.#families[family])) return null;
    const secondsLeft = Math.max(0, (this.#until - this.#now()) / 1000);
    return { state: this.#away === null ? 'back' : 'away', secondsLeft };
  }

  #wait(seconds: number): void {
    this.#timer ??= this.#makeTimer(() => this.#end());
    this.#until = this.#now() + seconds * 1000;
    this.#timer.start(seconds * 1000);
  }

  #end(): void {
    const away = this.#away;
    this.counts.expired++;
    this.#expired(away);
    this.forget();
  }

  #stopTimer(): void {
    this.#timer?.close();
    this.#timer = null;
  }
}
