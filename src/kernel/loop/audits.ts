// When everything is compared with the kernel again, how often it was, and how long it took.

import type { KernelStatus } from '../types.js';
import { Timers } from './timers.js';

const DEFAULT_INTERVAL = 60;

export class Audits {
  readonly #timers = new Timers<'audit'>();
  readonly #begin: () => void;
  readonly #fixed: number | null;
  #interval = DEFAULT_INTERVAL;
  #beganAt = 0;
  #count = 0;
  #lastDuration: number | null = null;

  /** `begin` asks for an audit; `fixed`: seconds between two, whatever the settings say. */
  constructor(begin: () => void, fixed: number | null) {
    this.#begin = begin;
    this.#fixed = fixed;
  }

  /** Seconds from now, and from each audit to the next; 0: none. */
  schedule(interval: number = this.#interval): void {
    this.#interval = interval;
    const seconds = this.#fixed ?? interval;
    if (seconds === 0) this.#timers.clear('audit');
    else this.#timers.set('audit', seconds * 1000, this.#begin);
  }

  began(now: number): void {
    this.#beganAt = now;
  }

  done(now: number): void {
    this.#count++;
    this.#lastDuration = now - this.#beganAt;
    this.schedule();
  }

  status(): KernelStatus['audits'] {
    return { count: this.#count, lastDuration: this.#lastDuration };
  }

  stop(): void {
    this.#timers.stop();
  }
}
