// Runs the RIB in slices: at once when idle, slice after slice while there is work. A slice is as large as fits into its
// time, because packets of one slice are shared and larger ones cost the sockets less; between slices keepalives, hold
// timers and the API have their turn.

/** Milliseconds that a slice should take. */
const TURN = 5;
/** Prefixes of a slice: where it begins, because the first ones run in code that is not compiled yet, and its bounds. */
const FIRST_SLICE = 250;
const SMALLEST_SLICE = 250;
const LARGEST_SLICE = 16_000;

/** Milliseconds for which a first slice waits while every turn brings more: what comes together is decided together. */
const PATIENCE = 5;

export interface PassClock {
  now(): number;
  defer(task: () => void): void;
}

export class PassScheduler {
  readonly #clock: PassClock;
  readonly #run: (budget: number) => boolean;
  readonly #arrivals: () => number;
  /** Arrivals when it was last looked, and when the first of them asked; null while slices follow each other. */
  #seen = 0;
  #since: number | null = null;
  #slice = FIRST_SLICE;
  #scheduled = false;
  #stopped = false;

  /** `arrivals` counts what may be on its way in bursts; what asks without counting is never waited for. */
  constructor(clock: PassClock, run: (budget: number) => boolean, arrivals: () => number = () => 0) {
    this.#clock = clock;
    this.#run = run;
    this.#arrivals = arrivals;
  }

  request(): void {
    if (this.#scheduled || this.#stopped) return;
    this.#since = this.#clock.now();
    this.#seen = this.#arrivals();
    this.#schedule();
  }

  #schedule(): void {
    this.#scheduled = true;
    this.#clock.defer(() => this.#turn());
  }

  /** There is work that has not been done. */
  get busy(): boolean {
    return this.#scheduled;
  }

  stop(): void {
    this.#stopped = true;
  }

  #turn(): void {
    this.#scheduled = false;
    if (this.#stopped) return;
    const start = this.#clock.now();
    if (this.#waitsForMore(start)) {
      this.#schedule();
      return;
    }
    const more = this.#run(this.#slice);
    if (!more || this.#stopped) return;
    // Only a full slice says how long slices take.
    this.#slice = nextSlice(this.#slice, this.#clock.now() - start);
    this.#schedule();
  }

  #waitsForMore(now: number): boolean {
    if (this.#since === null) return false;
    const arrived = this.#arrivals();
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
