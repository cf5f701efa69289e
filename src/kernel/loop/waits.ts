// How long routes without a way stay in the kernel: until the observer has decided, or the device of their tunnel is there or
// cannot be. Owns the time limit; the FIB knows which they are.

import type { Fib } from '../fib/fib.js';
import type { Tunnels } from '../tunnels/tunnels.js';
import { Timers } from './timers.js';

/** Milliseconds, at most. */
const LONGEST = 2000;

export interface WaitsOptions {
  readonly fib: Fib;
  readonly tunnels: Tunnels;
  /** There are prefixes to be decided about. */
  readonly deciding: () => boolean;
  /** The time is over, and what that means for the kernel is to be written. */
  readonly expired: () => void;
}

export class Waits {
  readonly #options: WaitsOptions;
  readonly #timers = new Timers<'limit'>();

  constructor(options: WaitsOptions) {
    this.#options = options;
  }

  /** Looks who waits and whether there is a reason to. */
  look(): void {
    const { fib, deciding } = this.#options;
    if (!fib.someWait) return;
    if (!deciding()) this.end();
    if (!fib.someWait) this.#timers.clear('limit');
    else if (!this.#timers.has('limit')) this.#timers.set('limit', LONGEST, () => this.#expire());
  }

  /** The observer has decided. A device that is being made is worth waiting for. True when somebody waited. */
  end(): boolean {
    const { fib, tunnels } = this.#options;
    if (!fib.someWait) return false;
    fib.endWaits((hops) =>
      hops.some(({ hop }) => hop.tunnel !== undefined && tunnels.isMaking(hop.tunnel.device)),
    );
    return true;
  }

  stop(): void {
    this.#timers.stop();
  }

  #expire(): void {
    this.#options.fib.endWaits(() => false);
    this.#options.expired();
  }
}
