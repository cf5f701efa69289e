// A histogram of milliseconds in Prometheus' shape: cumulative counts per upper bound.

/** Cumulative counts per upper bound, as Prometheus wants them. Bounds and sum are milliseconds. */
export interface LatencyHistogram {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  readonly sum: number;
  readonly count: number;
}

const BOUNDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000] as const;

export class Latency {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  constructor(bounds: readonly number[] = BOUNDS) {
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  observe(milliseconds: number): void {
    this.#sum += milliseconds;
    this.#count++;
    for (let i = this.#bounds.length - 1; i >= 0 && milliseconds <= this.#bounds[i]!; i--) this.#counts[i]!++;
  }

  snapshot(): LatencyHistogram {
    return { bounds: this.#bounds, counts: [...this.#counts], sum: this.#sum, count: this.#count };
  }
}
