// Turns of the event loop in which there is nothing else to do: while the daemon has real work the warm-up rests, and it goes
// on when all has been quiet for a while. Knows work as a number that changes.

import { type Clock, nextTurn, pause } from '../../net/clock.js';

/** Milliseconds without work. */
const QUIET = 100;
/** Milliseconds between two looks. */
const LOOK = 20;

export interface QuietTurns {
  /** Resolves in the next quiet turn, at once after `end`. */
  readonly next: () => Promise<void>;
  readonly end: () => void;
}

/** `work` is another number whenever there has been work since it was last asked for. */
export function quietTurns(clock: Clock, work: () => number): QuietTurns {
  let seen = Number.NaN;
  let since = 0;
  let ended = false;
  const isQuiet = (): boolean => {
    const now = clock.now();
    const done = work();
    if (done !== seen) since = now;
    seen = done;
    return now - since >= QUIET;
  };
  const next = async (): Promise<void> => {
    await nextTurn(clock);
    while (!ended && !isQuiet()) await pause(clock, LOOK);
  };
  const end = (): void => {
    ended = true;
  };
  return { next, end };
}
