// Deadlines as one column of numbers: to move one is to write a number. Knows no clock: the caller says what time it is.

/** No deadline. */
const NEVER = Number.POSITIVE_INFINITY;

export class DeadlineTable {
  /** Nothing is due before this; it may be too early, as deadlines that move back are not looked for. */
  earliest = NEVER;
  #deadlines = new Float64Array(64).fill(NEVER);
  readonly #callbacks: ((() => void) | undefined)[] = [];
  readonly #free: number[] = [];
  #pending = 0;

  /** A row without a deadline. */
  add(onExpire: () => void): number {
    const row = this.#free.pop() ?? this.#callbacks.length;
    this.#callbacks[row] = onExpire;
    if (row >= this.#deadlines.length) this.#grow();
    return row;
  }

  remove(row: number): void {
    if (this.#callbacks[row] === undefined) return;
    this.clear(row);
    this.#callbacks[row] = undefined;
    this.#free.push(row);
  }

  set(row: number, deadline: number): void {
    if (!this.isSet(row)) this.#pending++;
    this.#deadlines[row] = deadline;
    if (deadline < this.earliest) this.earliest = deadline;
  }

  clear(row: number): void {
    if (!this.isSet(row)) return;
    this.#deadlines[row] = NEVER;
    this.#pending--;
    if (this.#pending === 0) this.earliest = NEVER;
  }

  isSet(row: number): boolean {
    return this.#deadlines[row]! !== NEVER;
  }

  /** Calls back every row that is due, each once; a callback may set its row again. Returns the largest delay. */
  fire(now: number): number {
    if (now < this.earliest) return 0;
    this.earliest = NEVER;
    try {
      return this.#scan(now);
    } catch (error) {
      // The rows behind the one that failed have not been looked at.
      this.earliest = now;
      throw error;
    }
  }

  #scan(now: number): number {
    let latest = 0;
    for (let row = 0; row < this.#callbacks.length; row++) {
      const deadline = this.#deadlines[row]!;
      if (deadline > now) {
        if (deadline < this.earliest) this.earliest = deadline;
        continue;
      }
      latest = Math.max(latest, now - deadline);
      this.clear(row);
      this.#callbacks[row]?.();
    }
    return latest;
  }

  #grow(): void {
    const grown = new Float64Array(this.#deadlines.length * 2).fill(NEVER);
    grown.set(this.#deadlines);
    this.#deadlines = grown;
  }
}
