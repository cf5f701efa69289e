// Durations counted by size, for percentiles of millions of them. Pure.

const BUCKET_MS = 0.01;
/** What is longer counts as this long; `max` tells the truth. */
const LONGEST_MS = 2000;

export class Histogram {
  count = 0;
  /** Milliseconds; 0 of nothing. */
  max = 0;
  readonly #buckets = new Uint32Array(LONGEST_MS / BUCKET_MS + 1);

  add(milliseconds: number): void {
    const bucket = Math.min(Math.max(Math.floor(milliseconds / BUCKET_MS), 0), this.#buckets.length - 1);
    this.#buckets[bucket]! += 1;
    this.count += 1;
    if (milliseconds > this.max) this.max = milliseconds;
  }

  /** Nearest rank, in milliseconds, at most a hundredth of one too high. NaN of nothing. */
  percentile(percent: number): number {
    const rank = Math.max(1, Math.ceil((percent / 100) * this.count));
    let seen = 0;
    for (const [bucket, count] of this.#buckets.entries()) {
      seen += count;
      if (seen >= rank) return Math.min((bucket + 1) * BUCKET_MS, this.max);
    }
    return Number.NaN;
  }
}
