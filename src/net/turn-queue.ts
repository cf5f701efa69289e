// Tasks that wait for the event loop's next turn, in order, a bounded time a turn: a thousand sockets that are to be
// written at once must not keep timers, readers and the API waiting. Knows nothing of what the tasks do.

/** Milliseconds of tasks a turn; one that takes longer is not cut short. */
const BUDGET = 5;
/** The same while somebody waits for an answer that takes several turns, and how long that may last. */
const HURRIED_BUDGET = 1;
const MOST_HURRY = 250;
/** Looking at the clock costs as much as a small task. */
const TASKS_A_LOOK = 8;

export class TurnQueue {
  readonly #now: () => number;
  readonly #nextTurn: (run: () => void) => void;
  #tasks: (() => void)[] = [];
  /** Of the first task that has not run. */
  #head = 0;
  #scheduled = false;
  /** Who waits for an answer, and until when that counts. */
  #waiting = 0;
  #hurriedUntil = Number.NEGATIVE_INFINITY;
  readonly #runTurn = (): void => this.#run();

  constructor(now: () => number, nextTurn: (run: () => void) => void) {
    this.#now = now;
    this.#nextTurn = nextTurn;
  }

  /** What a task adds while it runs comes in a later turn. */
  add(task: () => void): void {
    this.#tasks.push(task);
    this.#schedule();
  }

  /**
   * Turns are short until the returned call, or for a quarter of a second: an answer takes several of them, and must not wait
   * for a full one each time.
   */
  hurry(): () => void {
    let waits = true;
    this.#waiting++;
    this.#hurriedUntil = this.#now() + MOST_HURRY;
    return () => {
      if (waits) this.#waiting--;
      waits = false;
    };
  }

  /** Milliseconds of a turn. */
  budget(now: number): number {
    return this.#waiting > 0 && now < this.#hurriedUntil ? HURRIED_BUDGET : BUDGET;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#nextTurn(this.#runTurn);
  }

  #run(): void {
    this.#scheduled = false;
    const end = this.#tasks.length;
    const now = this.#now();
    try {
      this.#runUntil(end, now + this.budget(now));
    } finally {
      this.#shrink();
      if (this.#tasks.length > 0) this.#schedule();
    }
  }

  #runUntil(end: number, deadline: number): void {
    for (let done = 1; this.#head < end; done++) {
      const task = this.#tasks[this.#head++]!;
      task();
      if (done % TASKS_A_LOOK === 0 && this.#now() >= deadline) return;
    }
  }

  #shrink(): void {
    if (this.#head === this.#tasks.length) this.#tasks = [];
    else this.#tasks.splice(0, this.#head);
    this.#head = 0;
  }
}
