// Moves the FIB's writes to the port: a few batches at a time, within a time budget, and again when a back-off is over.

import type { Fib } from '../fib/fib.js';
import type { KernelPort } from '../port.js';
import type { Tunnels } from '../tunnels/tunnels.js';
import { Timers } from './timers.js';

const BATCH = 256;
/** Batches that the port may have at a time: enough to keep it busy while this thread does something else. */
const WINDOW = 16;

export interface PumpOptions {
  readonly port: KernelPort;
  readonly fib: Fib;
  readonly tunnels: Tunnels;
  /** Milliseconds of work before the event loop gets its turn. */
  readonly budget: number;
  /** False: nothing may be written now. */
  readonly mayWrite: () => boolean;
  /** True: what is wanted may be about to change. */
  readonly mayChange: () => boolean;
}

export class WritePump {
  readonly #options: PumpOptions;
  readonly #timers = new Timers<'retry'>();
  #batches = 0;
  /** For the next turn, and for the end of the task that runs. */
  #scheduled = false;
  #asked = false;
  #retryAt = Number.POSITIVE_INFINITY;
  #whenIdle: (() => void) | null = null;

  constructor(options: PumpOptions) {
    this.#options = options;
  }

  /** Writes until nothing is left, the window is full or the budget is spent. */
  run(): void {
    const { fib, port, tunnels, budget, mayWrite, mayChange } = this.#options;
    if (!mayWrite()) return;
    const start = performance.now();
    fib.tick(start);
    fib.releaseDue(start);
    // Before the routes that need it.
    const tunnelBatch = tunnels.active ? tunnels.take(start, fib.pending === 0 && !mayChange()) : null;
    if (tunnelBatch !== null) port.program(tunnelBatch.id, tunnelBatch.writes);
    while (this.#batches < WINDOW) {
      const batch = fib.take(BATCH);
      if (batch === null) break;
      this.#batches++;
      port.write(batch.id, batch.writes);
      if (performance.now() - start > budget) {
        this.schedule();
        break;
      }
    }
    this.#armRetry();
    if (fib.pending === 0) this.#whenIdle?.();
  }

  /** Runs when the caller is done: what one slice of the RIB asks for must not wait for the next read of a socket. */
  soon(): void {
    if (this.#asked) return;
    this.#asked = true;
    queueMicrotask(() => {
      this.#asked = false;
      this.run();
    });
  }

  /** Runs in the event loop's next turn. */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.run();
    });
  }

  /** A batch was answered. */
  answered(): void {
    this.#batches--;
  }

  /** The port died: nothing will be answered. */
  abandon(): void {
    this.#batches = 0;
  }

  /** Resolves when nothing is left to write, after `timeout` milliseconds at the latest. */
  untilIdle(timeout: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeout);
      this.#whenIdle = () => {
        clearTimeout(timer);
        resolve();
      };
      this.schedule();
    });
  }

  stop(): void {
    this.#timers.stop();
  }

  #armRetry(): void {
    const { fib, tunnels } = this.#options;
    const due = Math.min(
      fib.nextDue() ?? Number.POSITIVE_INFINITY,
      tunnels.nextDue() ?? Number.POSITIVE_INFINITY,
    );
    if (due === this.#retryAt) return;
    this.#retryAt = due;
    if (due === Number.POSITIVE_INFINITY) return;
    this.#timers.set('retry', Math.max(1, due - performance.now()), () => {
      this.#retryAt = Number.POSITIVE_INFINITY;
      this.run();
    });
  }
}
