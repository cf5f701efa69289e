// A clock that only moves when a test says so. Deferred tasks still run on the real event loop, for real sockets.

import { Latency } from '../../src/base/latency.js';
import { type Clock, TableTimer, type Timer } from '../../src/net/clock.js';
import { DeadlineTable } from '../../src/net/deadline-table.js';

export interface FakeClock extends Clock {
  /** Fires what becomes due on the way, in order. */
  advance(milliseconds: number): void;
  /** Time passes while nothing runs; then everything that became due fires at once, late. */
  stall(milliseconds: number): void;
}

export function fakeClock(start = 1_000_000): FakeClock {
  const table = new DeadlineTable();
  let time = start;
  const now = (): number => time;
  return {
    now,
    defer: (task) => void setImmediate(task),
    hurry: () => () => undefined,
    turnSpent: () => false,
    timer: (onExpire): Timer => new TableTimer(table, now, () => undefined, onExpire),
    takeSlack: () => 0,
    lateness: () => new Latency([]).snapshot(),
    stall(milliseconds) {
      time += milliseconds;
      table.fire(time);
    },
    advance(milliseconds) {
      const end = time + milliseconds;
      while (table.earliest <= end) {
        time = Math.max(time, table.earliest);
        table.fire(time);
      }
      time = end;
    },
  };
}
