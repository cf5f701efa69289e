// How often something may happen: bursts up to a size, then a steady rate. The caller says what time it is.

export class TokenBucket {
  readonly #burst: number;
  readonly #perSecond: number;
  #tokens: number;
  #at: number;

  constructor(burst: number, perSecond: number, now: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#tokens = burst;
    this.#at = now;
  }

  /** False: not now. `now` is milliseconds. */
  take(now: number): boolean {
    this.#refill(now);
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** Nothing was taken for so long that a new bucket would be the same. */
  isFull(now: number): boolean {
    this.#refill(now);
    return this.#tokens >= this.#burst;
  }

  #refill(now: number): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#at) / 1000) * this.#perSecond);
    this.#at = now;
  }
}

/** Buckets by name, a bounded number of them: the one that began first is forgotten for a new one. */
export class TokenBuckets {
  readonly #burst: number;
  readonly #perSecond: number;
  readonly #most: number;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(burst: number, perSecond: number, most: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#most = most;
  }

  /** False: not now. `now` is milliseconds. */
  take(name: string, now: number): boolean {
    let bucket = this.#buckets.get(name);
    if (bucket === undefined) {
      if (this.#buckets.size >= this.#most) this.#makeRoom(now);
      bucket = new TokenBucket(this.#burst, this.#perSecond, now);
      this.#buckets.set(name, bucket);
    }
    return bucket.take(now);
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** Full buckets are as good as none; when none is full, the oldest goes: memory is bounded, nobody is locked out. */
  #makeRoom(now: number): void {
    for (const [name, bucket] of this.#buckets) if (bucket.isFull(now)) this.#buckets.delete(name);
    if (this.#buckets.size < this.#most) return;
    const [oldest] = this.#buckets.keys();
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }
}
