// How long this turn of the event loop has lasted: a thousand sockets that are readable at once are all handed out in one
// turn, and timers, keepalives and the API wait for its end. Defers nothing itself.

/** Milliseconds after which what can wait should. */
const BUDGET = 5;

export class TurnBudget {
  readonly #now: () => number;
  readonly #atEnd: (task: () => void) => void;
  readonly #end = (): void => {
    this.#began = null;
  };
  #began: number | null = null;

  /** `atEnd` runs a task when the sockets of this turn have been handed out. */
  constructor(now: () => number, atEnd: (task: () => void) => void) {
    this.#now = now;
    this.#atEnd = atEnd;
  }

  /** The first who asks begins the turn. */
  get spent(): boolean {
    const now = this.#now();
    if (this.#began === null) {
      this.#began = now;
      this.#atEnd(this.#end);
    }
    return now - this.#began >= BUDGET;
  }
}
