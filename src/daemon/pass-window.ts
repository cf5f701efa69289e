// After a pass whose news took long to send, the changes of the next milliseconds go together: to write to two hundred
// peers costs the same for one route as for a hundred. Decides from the times it is told; has no clock of its own.

/** Times what the sending took: two passes to a window, so that it is two sevenths of what a CPU does. */
const SHARE = 7;
/** Milliseconds. */
const LONGEST = 5;
/**
 * Passes in a row that were waited for; nothing waits for the next one. With two changes to each of them and one to that
 * one, ten of nineteen changes go at once: more than half, which is what the median shows.
 */
const MOST_WAITS = 9;

export class PassWindow {
  #end = Number.NEGATIVE_INFINITY;
  #lastCame = Number.NEGATIVE_INFINITY;
  #waits = 0;

  /**
   * A change came at `now`: the milliseconds that it should wait for others, 0 when none is expected in time. The next one
   * is expected as soon after this one as this one came after the last.
   */
  wait(now: number): number {
    const gap = now - this.#lastCame;
    this.#lastCame = now;
    return now + gap < this.#end ? this.#end - now : 0;
  }

  /** A pass begins. `waited`: one of its changes waited for it. */
  begin(waited: boolean): void {
    this.#end = Number.NEGATIVE_INFINITY;
    this.#waits = waited ? this.#waits + 1 : 0;
  }

  /** All times in milliseconds: a pass that began at `start` was told to everybody after `took`. */
  open(start: number, took: number): void {
    if (this.#waits < MOST_WAITS) this.#end = start + Math.min(LONGEST, SHARE * took);
  }
}
