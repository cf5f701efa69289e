// Says in the log when this process was too busy, or got too little processor time, to keep its sessions' timers. Only
// looks at what the clock has counted.

import type { LatencyHistogram } from '../../base/latency.js';
import { type Clock, LATE } from '../../net/clock.js';
import type { DaemonEvents } from '../events.js';

export class LateTimers {
  readonly #clock: Pick<Clock, 'lateness'>;
  readonly #events: DaemonEvents;
  #told = 0;

  constructor(clock: Pick<Clock, 'lateness'>, events: DaemonEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  /** Called now and then: one warning for all that was late since the last call. */
  check(): void {
    const late = lateWakeUps(this.#clock.lateness());
    if (late > this.#told) {
      const times = late - this.#told;
      this.#events.emit('warning', `timers ran more than ${LATE / 1000} s late: too little processor time`, {
        times,
      });
    }
    this.#told = late;
  }
}

function lateWakeUps({ bounds, counts, count }: LatencyHistogram): number {
  const inTime = counts[bounds.indexOf(LATE)];
  return inTime === undefined ? 0 : count - inTime;
}
