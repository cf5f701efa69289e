// Runs the RIB in slices: at once when idle, slice after slice while there is work. A slice is as large as fits into its
// time, because packets of one slice are shared and larger ones cost the sockets less; between slices keepalives, hold
// timers and the API have their turn.

import type { Clock, Timer } from '../net/clock.js';
import { PassWindow } from './pass-window.js';

/** Milliseconds that a slice should take. */
const TURN = 5;
/** Prefixes of a slice: where it begins, because the first ones run in code that is not compiled yet, and its bounds. */
const FIRST_SLICE = 250;
const SMALLEST_SLICE = 250;
const LARGEST_SLICE = 16_000;

/** Milliseconds for which a first slice waits while every turn brings more: what comes together is decided together. */
const PATIENCE = 5;

export type PassClock = Pick<Clock, 'now' | 'defer' | 'timer'>;

export interface PassWork {
  /** One slice; true when there is more. */
  run(budget: number): boolean;
  /** Counts what may be on its way in bursts; what asks without counting is never waited for. */
  arrivals(): number;
  /** The next change is to ask for a pass, though one is due. */
  announceNext(): void;
  /** Writes what has been gathered for the peers' sockets. */
  flush(): void;
}

export class PassScheduler {
  readonly #clock: PassClock;
  readonly #work: PassWork;
  /** Arrivals when it was last looked, and when the first of them asked; null while slices follow each other. */
  #seen = 0;
  #since: number | null = null;
  #slice = FIRST_SLICE;
  #scheduled = false;
  readonly #window = new PassWindow();
  /** Runs while a change waits for others. */
  readonly #waiting: Timer;
  #stopped = false;

  constructor(clock: PassClock, work: PassWork) {
    this.#clock = clock;
    this.#work = work;
    this.#waiting = clock.timer(() => this.#waited());
  }

  request(): void {
    if (this.#scheduled || this.#stopped) return;
    this.#since = this.#clock.now();
    this.#seen = this.#work.arrivals();
    this.#schedule();
  }

  #schedule(): void {
    this.#scheduled = true;
    this.#clock.defer(() => this.#turn());
  }

  /** There is work that has not been done. */
  get busy(): boolean {
    return this.#scheduled || (!this.#stopped && this.#waiting.running);
  }

  stop(): void {
    this.#stopped = true;
    this.#waiting.close();
  }

  #turn(): void {
    this.#scheduled = false;
    if (this.#stopped) return;
    const start = this.#clock.now();
    if (this.#since === null) this.#slices(start);
    else if (this.#waitsForMore(start)) this.#schedule();
    else if (!this.#waitsForOthers(start)) this.#pass(start, this.#waiting.running);
  }

  /** `waited`: for company, or until the window was over. */
  #pass(start: number, waited: boolean): void {
    this.#waiting.stop();
    this.#window.begin(waited);
    this.#slices(start);
  }

  /** One slice, which began at `start`, and in later turns the rest. */
  #slices(start: number): void {
    const more = this.#work.run(this.#slice);
    if (this.#stopped) return;
    if (!more) {
      this.#clock.defer(() => this.#told(start));
      return;
    }
    // Only a full slice says how long slices take.
    this.#slice = nextSlice(this.#slice, this.#clock.now() - start);
    this.#schedule();
  }

  /** The peers have been asked what they have to say since the slice that began at `start`. */
  #told(start: number): void {
    this.#work.flush();
    this.#window.open(start, this.#clock.now() - start);
  }

  #waitsForOthers(now: number): boolean {
    const wait = this.#window.wait(now);
    if (wait === 0) return false;
    if (!this.#waiting.running) this.#waiting.start(wait);
    this.#work.announceNext();
    return true;
  }

  #waited(): void {
    if (!this.#scheduled && !this.#stopped) this.#pass(this.#clock.now(), true);
  }

  #waitsForMore(now: number): boolean {
    if (this.#since === null) return false;
    const arrived = this.#work.arrivals();
    const waits = arrived !== this.#seen && now - this.#since < PATIENCE;
    this.#seen = arrived;
    if (!waits) this.#since = null;
    return waits;
  }
}

/** At most twice as large at a time: the first slices run in code that is still being compiled. */
export function nextSlice(slice: number, elapsed: number, smallest = SMALLEST_SLICE): number {
  const fitting = elapsed <= 0 ? slice * 2 : (slice * TURN) / elapsed;
  const next = Math.min(fitting, slice * 2, LARGEST_SLICE);
  return Math.max(smallest, Math.round(next));
}
