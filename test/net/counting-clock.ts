// A clock that counts the timers that were made and not given back.

import type { Clock } from '../../src/net/clock.js';

export interface CountingClock extends Clock {
  readonly timers: number;
}

export function countingClock(clock: Clock): CountingClock {
  let timers = 0;
  return {
    ...clock,
    get timers() {
      return timers;
    },
    timer(onExpire) {
      const timer = clock.timer(onExpire);
      timers++;
      let open = true;
      return {
        start: (milliseconds) => timer.start(milliseconds),
        stop: () => timer.stop(),
        get running() {
          return timer.running;
        },
        close() {
          if (open) timers--;
          open = false;
          timer.close();
        },
      };
    },
  };
}
