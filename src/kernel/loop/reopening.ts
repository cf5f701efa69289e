// When a port that died is opened again: later each time, until it has been in step with the kernel.

import { Timers } from './timers.js';

const FIRST = 1000;
const LONGEST = 30_000;

export class Reopening {
  readonly #timers = new Timers<'reopen'>();
  readonly #open: () => void;
  /** Milliseconds. */
  #delay = FIRST;

  constructor(open: () => void) {
    this.#open = open;
  }

  schedule(): void {
    this.#timers.set('reopen', this.#delay, this.#open);
    this.#delay = Math.min(this.#delay * 2, LONGEST);
  }

  inStep(): void {
    this.#delay = FIRST;
  }

  stop(): void {
    this.#timers.stop();
  }
}
