// Time for work that takes long: so much, then everybody else has a turn.

import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * Milliseconds of work before other work gets a turn. Twice what all others together get: each turn between two slices may
 * be one in which thousands of sockets are readable, and somebody waits.
 */
const SLICE_TIME = 10;

export class Slices {
  readonly #now: () => number;
  #end: number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#end = now() + SLICE_TIME;
  }

  /** Cheap enough to be asked for every item of a list. */
  get spent(): boolean {
    return this.#now() >= this.#end;
  }

  /** Lets others work; the next slice begins. */
  async next(): Promise<void> {
    await nextTurn();
    this.#end = this.#now() + SLICE_TIME;
  }
}
