// A histogram of milliseconds in Prometheus' shape: cumulative counts per upper bound.

import type { LatencyHistogram } from '../types.js';

const BOUNDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000] as const;

export class Latency {
  readonly #counts = new Array<number>(BOUNDS.length).fill(0);
  #sum = 0;
  #count = 0;

  observe(milliseconds: number): void {
    this.#sum += milliseconds;
    this.#count++;
    for (const [i, bound] of BOUNDS.entries()) if (milliseconds <= bound) this.#counts[i]!++;
  }

  snapshot(): LatencyHistogram {
    return { bounds: BOUNDS, counts: [...this.#counts], sum: this.#sum, count: this.#count };
  }
}
