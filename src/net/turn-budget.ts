// How long this turn of the event loop has lasted: a thousand sockets that are readable at once are all handed out in one
// turn, and timers, keepalives and the API wait for its end. Defers nothing itself.

export class TurnBudget {
  readonly #now: () => number;
  readonly #budget: () => number;
  readonly #atEnd: (task: () => void) => void;
  readonly #end = (): void => {
    this.#began = null;
  };
  #began: number | null = null;

  /**
   * `atEnd` runs a task when the sockets of this turn have been handed out; `budget`: milliseconds after which what can wait
   * should.
   */
  constructor(now: () => number, atEnd: (task: () => void) => void, budget: () => number) {
    this.#now = now;
    this.#budget = budget;
    this.#atEnd = atEnd;
  }

  /** The first who asks begins the turn. */
  get spent(): boolean {
    const now = this.#now();
    if (this.#began === null) {
      this.#began = now;
      this.#atEnd(this.#end);
    }
    return now - this.#began >= this.#budget();
  }
}
