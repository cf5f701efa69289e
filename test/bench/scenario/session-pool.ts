// All sessions of the load generator: opens them a few at a time, opens them again where opening fails, keeps them alive.
// Knows nothing of routes.

import { KEEPALIVE } from '../../../src/wire/message.js';
import { LoadSession } from './load-session.js';
import {
  addressText,
  daemonAddress,
  KEEPALIVE_INTERVAL_MS,
  type ScenarioPlan,
  type Speaker,
} from './plan.js';

const RETRY_MS = 100;
export interface PoolEvents {
  readonly update: (index: number, frame: Uint8Array, at: number) => void;
  readonly established: (session: LoadSession, index: number) => void;
  /** Only where lost sessions are opened again. */
  readonly lost: (index: number) => void;
}

export class SessionPool {
  /** By index of the speaker; undefined before the first attempt. */
  readonly sessions: (LoadSession | undefined)[] = [];
  /** Sessions that had to be opened once more. */
  refused = 0;
  /** Sessions that ended without our doing once they were Established. */
  readonly lost: string[] = [];
  /** Lost sessions are opened again, as after an outage, and are no fault. */
  reopens = false;
  readonly #plan: ScenarioPlan;
  readonly #speakers: readonly Speaker[];
  readonly #events: PoolEvents;
  readonly #daemon: string;
  readonly #queue: number[] = [];
  readonly #timer: NodeJS.Timeout;
  #opening = 0;
  #atOnce = 1;
  #seconds = 0;
  #keptAliveAt = 0;
  #closing = false;
  #resolve: (() => void) | null = null;

  constructor(plan: ScenarioPlan, speakers: readonly Speaker[], events: PoolEvents) {
    this.#plan = plan;
    this.#speakers = speakers;
    this.#events = events;
    this.#daemon = addressText(daemonAddress(plan.family));
    this.#timer = setInterval(() => this.keepAlive(performance.now()), KEEPALIVE_INTERVAL_MS / 4);
  }

  /** Resolves when these are all Established; `atOnce` handshakes at a time. */
  open(indexes: readonly number[], atOnce: number): Promise<void> {
    this.#atOnce = atOnce;
    this.#queue.push(...indexes);
    this.#openMore();
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#settle();
    });
  }

  /** Of all sessions, milliseconds: one as long as the hold time would have ended it. */
  get longestSilence(): number {
    return this.sessions.reduce((longest, session) => Math.max(longest, session?.longestSilence ?? 0), 0);
  }

  /** Ends the sessions of these speakers at once. */
  drop(indexes: readonly number[]): void {
    for (const index of indexes) this.sessions[index]?.close();
  }

  close(): void {
    this.#closing = true;
    clearInterval(this.#timer);
    for (const session of this.sessions) session?.close();
  }

  #openMore(): void {
    while (this.#opening < this.#atOnce) {
      const index = this.#queue.shift();
      if (index === undefined) return;
      this.#opening += 1;
      this.sessions[index] = this.#start(index);
    }
  }

  #start(index: number): LoadSession {
    const speaker = this.#speakers[index]!;
    let established = false;
    const session = new LoadSession(speaker, this.#daemon, this.#plan.family, {
      update: (frame, at) => {
        this.keepAlive(at);
        this.#events.update(index, frame, at);
      },
      established: () => {
        established = true;
        this.#opening -= 1;
        this.#events.established(session, index);
        this.#openMore();
        this.#settle();
      },
      closed: (reason) => {
        if (established) this.#lose(index, reason);
        else {
          this.#opening -= 1;
          this.#again(index);
        }
      },
    });
    return session;
  }

  #lose(index: number, reason: string | null): void {
    if (reason === null || this.#closing) return;
    if (!this.reopens) this.lost.push(`${this.#speakers[index]?.text}: ${reason}`);
    else {
      this.#events.lost(index);
      this.#again(index);
    }
  }

  #again(index: number): void {
    if (this.#closing) return;
    this.refused += 1;
    setTimeout(() => {
      this.#queue.push(index);
      this.#openMore();
    }, RETRY_MS);
    this.#openMore();
  }

  #settle(): void {
    if (this.#queue.length > 0 || this.#opening > 0) return;
    if (this.#speakers.every((_, index) => this.sessions[index]?.established !== false)) this.#resolve?.();
  }

  /** Cheap: reads call it too, because under load a timer waits until all sockets have been read. */
  keepAlive(now: number): void {
    if (now - this.#keptAliveAt < KEEPALIVE_INTERVAL_MS) return;
    this.#keptAliveAt = now;
    this.#seconds += 1;
    for (const session of this.sessions) {
      const { established, speaker } = session ?? {};
      const due = this.#seconds % Math.floor((speaker?.holdTime ?? 0) / 3) === 0;
      if (established === true && due) session?.send(KEEPALIVE);
    }
  }
}
