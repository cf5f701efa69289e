// Bounds how often the log repeats itself: so many lines a minute for each key, the rest counted. Reads no clock: the
// caller passes the time.

/** Milliseconds. */
const WINDOW = 60_000;
/** Keys may come from peers, so their number is bounded; past it the key that started first is forgotten. */
const MAX_KEYS = 1000;

interface Window {
  readonly start: number;
  passed: number;
  suppressed: number;
}

/** A line may pass, and how many of its key were held back in the window before; or it is held back. */
export type Admission = { readonly pass: true; readonly suppressed: number } | { readonly pass: false };

const HELD_BACK: Admission = { pass: false };

export class LineLimiter {
  readonly #windows = new Map<string, Window>();
  readonly #linesPerMinute: number;

  constructor(linesPerMinute: number) {
    this.#linesPerMinute = linesPerMinute;
  }

  /** `now`: milliseconds of any steady clock. `lines`: as many of this key a minute, if not as the others. */
  admit(key: string, now: number, lines = this.#linesPerMinute): Admission {
    const window = this.#windows.get(key);
    if (window === undefined || now - window.start >= WINDOW) return this.#open(key, now, window);
    if (window.passed >= lines) {
      window.suppressed++;
      return HELD_BACK;
    }
    window.passed++;
    return { pass: true, suppressed: 0 };
  }

  /** Keys whose window is over with lines held back, each told once: so that the end of a storm is seen too. */
  drain(now: number): readonly { readonly key: string; readonly suppressed: number }[] {
    const told: { key: string; suppressed: number }[] = [];
    for (const [key, { start, suppressed }] of this.#windows) {
      if (now - start < WINDOW) continue;
      this.#windows.delete(key);
      if (suppressed > 0) told.push({ key, suppressed });
    }
    return told;
  }

  #open(key: string, now: number, previous: Window | undefined): Admission {
    this.#windows.delete(key);
    if (this.#windows.size >= MAX_KEYS) {
      const [oldest] = this.#windows.keys();
      if (oldest !== undefined) this.#windows.delete(oldest);
    }
    this.#windows.set(key, { start: now, passed: 1, suppressed: 0 });
    return { pass: true, suppressed: previous?.suppressed ?? 0 };
  }
}
