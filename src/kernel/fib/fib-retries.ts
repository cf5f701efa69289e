// Which prefixes failed, why, and when to try again: exponential back-off in milliseconds. The caller brings the time.

/** What went wrong with one row; `dueAt` is when it may be tried again. */
export interface Failure {
  readonly key: number;
  readonly reason: string;
  readonly attempts: number;
  readonly dueAt: number;
}

const FIRST_DELAY = 250;
const LONGEST_DELAY = 60_000;
const LEVELS = 9;
/** Losses further apart than this are unrelated. */
const LOSS_MEMORY = 60_000;
const LOSSES_KEPT = 8192;
/** So often within that time a route is put back without delay. */
const FREE_LOSSES = 3;

/** 250 ms, doubled per attempt, at most a minute. */
export const retryDelay = (attempts: number): number =>
  Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** Math.min(attempts - 1, LEVELS - 1));

/** First in, first out: every entry of one queue waits equally long, so the head is due first. */
interface Queue {
  entries: Failure[];
  head: number;
}

export class Retries {
  readonly #failures = new Map<number, Failure>();
  readonly #queues: Queue[] = Array.from({ length: LEVELS }, () => ({ entries: [], head: 0 }));
  readonly #losses = new Map<number, { count: number; at: number }>();

  get size(): number {
    return this.#failures.size;
  }

  failures(): Iterable<Failure> {
    return this.#failures.values();
  }

  get(key: number): Failure | undefined {
    return this.#failures.get(key);
  }

  /** Attempts so far, this one included. */
  fail(key: number, reason: string, now: number): number {
    const attempts = (this.#failures.get(key)?.attempts ?? 0) + 1;
    this.#schedule({ key, reason, attempts, dueAt: now + retryDelay(attempts) }, attempts);
    return attempts;
  }

  /**
   * A route that was in the kernel is gone or changed. 0: it may be put right at once. When somebody does it again and
   * again, the answer is how often by now, and it waits longer each time.
   */
  lose(key: number, now: number): number {
    const last = this.#losses.get(key);
    const count = last !== undefined && now - last.at < LOSS_MEMORY ? last.count + 1 : 1;
    this.#losses.delete(key);
    this.#losses.set(key, { count, at: now });
    if (this.#losses.size > LOSSES_KEPT) this.#losses.delete(this.#losses.keys().next().value!);
    if (count <= FREE_LOSSES) return 0;
    const attempts = count - FREE_LOSSES;
    this.#schedule({ key, reason: 'fight', attempts, dueAt: now + retryDelay(attempts) }, attempts);
    return count;
  }

  /** The row is in order, or a new intent deserves a new try. */
  forget(key: number): void {
    this.#failures.delete(key);
  }

  /** The row's number will be used for another prefix. */
  erase(key: number): void {
    this.#failures.delete(key);
    this.#losses.delete(key);
  }

  /** Visits the rows whose time has come. They stay listed as failures until forgotten. */
  takeDue(now: number, visit: (key: number) => void): void {
    for (const queue of this.#queues) {
      for (let entry = queue.entries[queue.head]; entry !== undefined; entry = queue.entries[queue.head]) {
        const valid = this.#failures.get(entry.key) === entry;
        if (valid && entry.dueAt > now) break;
        queue.head++;
        if (valid) visit(entry.key);
      }
      compact(queue);
    }
  }

  /** When the next row is due, null when none waits. */
  nextDue(): number | null {
    let due: number | null = null;
    for (const { entries, head } of this.#queues) {
      const at = entries[head]?.dueAt;
      if (at !== undefined && (due === null || at < due)) due = at;
    }
    return due;
  }

  #schedule(failure: Failure, attempts: number): void {
    this.#failures.set(failure.key, failure);
    this.#queues[Math.min(attempts - 1, LEVELS - 1)]!.entries.push(failure);
  }
}

function compact(queue: Queue): void {
  if (queue.head < 1024 && queue.head < queue.entries.length) return;
  queue.entries = queue.entries.slice(queue.head);
  queue.head = 0;
}
