// Bounds how often the log repeats itself: so many lines a minute for each key, the rest counted. Reads no clock: the
// caller passes the time.

/** Milliseconds. */
const WINDOW = 60_000;
/** Keys may come from peers, so their number is bounded; past it all others share one window. */
const MAX_KEYS = 1000;
const OTHERS = 'others';

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
  /** Of keys that came when the windows of `MAX_KEYS` others were running. */
  #others: Window | undefined;

  constructor(linesPerMinute: number) {
    this.#linesPerMinute = linesPerMinute;
  }

  /** `now`: milliseconds of any steady clock. `lines`: as many of this key a minute, if not as the others. */
  admit(key: string, now: number, lines = this.#linesPerMinute): Admission {
    const window = this.#windows.get(key);
    if (window !== undefined && now - window.start < WINDOW) return count(window, lines);
    this.#windows.delete(key);
    if (window === undefined && !this.#hasRoom(now)) return this.#admitOther(now);
    this.#windows.set(key, { start: now, passed: 1, suppressed: 0 });
    return { pass: true, suppressed: window?.suppressed ?? 0 };
  }

  /** Keys whose window is over with lines held back, each told once: so that the end of a storm is seen too. */
  drain(now: number): readonly { readonly key: string; readonly suppressed: number }[] {
    const told: { key: string; suppressed: number }[] = [];
    if (this.#others !== undefined && now - this.#others.start >= WINDOW) {
      if (this.#others.suppressed > 0) told.push({ key: OTHERS, suppressed: this.#others.suppressed });
      this.#others = undefined;
    }
    for (const [key, { start, suppressed }] of this.#windows) {
      if (now - start < WINDOW) continue;
      this.#windows.delete(key);
      if (suppressed > 0) told.push({ key, suppressed });
    }
    return told;
  }

  /** Windows are in the order of their start: only the first can be over when there is no room. */
  #hasRoom(now: number): boolean {
    if (this.#windows.size < MAX_KEYS) return true;
    const [oldest] = this.#windows;
    if (oldest === undefined || now - oldest[1].start < WINDOW) return false;
    this.#windows.delete(oldest[0]);
    return true;
  }

  #admitOther(now: number): Admission {
    const window = this.#others;
    if (window !== undefined && now - window.start < WINDOW) return count(window, this.#linesPerMinute);
    this.#others = { start: now, passed: 1, suppressed: 0 };
    return { pass: true, suppressed: window?.suppressed ?? 0 };
  }
}

function count(window: Window, lines: number): Admission {
  if (window.passed >= lines) {
    window.suppressed++;
    return HELD_BACK;
  }
  window.passed++;
  return { pass: true, suppressed: 0 };
}
