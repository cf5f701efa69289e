// Runs the RIB in slices: at once when idle, again and again while there is work, never longer than a slice without
// letting keepalives, hold timers and the API have their turn.

/** Milliseconds that one turn may take. */
const TURN = 5;
/** Prefixes per call of the RIB. */
const SLICE = 2000;

export interface PassClock {
  now(): number;
  defer(task: () => void): void;
}

export class PassScheduler {
  readonly #clock: PassClock;
  readonly #run: (budget: number) => boolean;
  #scheduled = false;
  #stopped = false;

  constructor(clock: PassClock, run: (budget: number) => boolean) {
    this.#clock = clock;
    this.#run = run;
  }

  request(): void {
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    this.#clock.defer(() => this.#turn());
  }

  stop(): void {
    this.#stopped = true;
  }

  #turn(): void {
    this.#scheduled = false;
    if (this.#stopped) return;
    const until = this.#clock.now() + TURN;
    let more = true;
    while (more && this.#clock.now() < until) more = this.#run(SLICE);
    if (more) this.request();
  }
}
