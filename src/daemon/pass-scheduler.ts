// Runs the RIB in slices: at once when idle, slice after slice while there is work. A slice is as large as fits into its
// time, because packets of one slice are shared and larger ones cost the sockets less; between slices keepalives, hold
// timers and the API have their turn. While updates keep coming the first slice waits a little, for the same reason.

/** Milliseconds that a slice should take. */
const TURN = 5;
/** Prefixes of a slice: where it begins, and its bounds. */
const FIRST_SLICE = 2000;
const SMALLEST_SLICE = 250;
const LARGEST_SLICE = 16_000;

/** Milliseconds that a slice waits at most for updates that come turn after turn. */
const GATHER = 3;

export interface PassClock {
  now(): number;
  defer(task: () => void): void;
}

export class PassScheduler {
  readonly #clock: PassClock;
  readonly #run: (budget: number) => boolean;
  #slice = FIRST_SLICE;
  #scheduled = false;
  #stopped = false;
  #arrived = false;
  #gatherUntil = 0;

  constructor(clock: PassClock, run: (budget: number) => boolean) {
    this.#clock = clock;
    this.#run = run;
  }

  request(): void {
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    this.#gatherUntil = this.#clock.now() + GATHER;
    this.#clock.defer(() => this.#turn());
  }

  /** Updates were read in this turn: more may be waiting. */
  updatesRead(): void {
    this.#arrived = true;
  }

  /** There is work that has not been done. */
  get busy(): boolean {
    return this.#scheduled;
  }

  stop(): void {
    this.#stopped = true;
  }

  #turn(): void {
    const start = this.#clock.now();
    if (this.#arrived && start < this.#gatherUntil && !this.#stopped) {
      this.#arrived = false;
      this.#clock.defer(() => this.#turn());
      return;
    }
    this.#scheduled = false;
    this.#arrived = false;
    if (this.#stopped) return;
    const more = this.#run(this.#slice);
    if (!more) return;
    // Only a full slice says how long slices take.
    this.#slice = nextSlice(this.#slice, this.#clock.now() - start);
    this.request();
  }
}

/** At most twice as large at a time: the first slices run in code that is still being compiled. */
export function nextSlice(slice: number, elapsed: number, smallest = SMALLEST_SLICE): number {
  const fitting = elapsed <= 0 ? slice * 2 : (slice * TURN) / elapsed;
  const next = Math.min(fitting, slice * 2, LARGEST_SLICE);
  return Math.max(smallest, Math.round(next));
}
