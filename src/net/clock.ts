// The only clock and the only timers of the daemon's sessions: one table of deadlines, one pending timeout.

import { performance } from 'node:perf_hooks';
import { Latency, type LatencyHistogram } from '../base/latency.js';
import { DeadlineTable } from './deadline-table.js';
import { TurnBudget } from './turn-budget.js';
import { TurnQueue } from './turn-queue.js';

/** A timer that is made once and started often; starting it again only moves its deadline. */
export interface Timer {
  start(milliseconds: number): void;
  stop(): void;
  readonly running: boolean;
  /** Gives the row back; the timer must not be used any more. */
  close(): void;
}

export interface Clock {
  /** Monotonic milliseconds. */
  now(): number;
  /** After the events that are already waiting. */
  defer(task: () => void): void;
  /** True when this turn has lasted so long that what can wait should be deferred. */
  turnSpent(): boolean;
  timer(onExpire: () => void): Timer;
  /** Milliseconds that the latest timer ran late since the last call: how late keepalives went out at worst. */
  takeSlack(): number;
  /** Of every wake-up, how late the latest of its timers was. */
  lateness(): LatencyHistogram;
}

/** Milliseconds from which a timer counts as late: a third of the shortest hold time that is allowed. */
export const LATE = 1000;
/** Deadlines a second or more away are met on this grid, in milliseconds, so that many sessions share one wake-up. */
export const TICK = 50;
const COARSE_FROM = 1000;
/** Milliseconds. */
const LATENESS_BOUNDS = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, LATE, 2500, 5000];

export function deadlineOf(now: number, milliseconds: number): number {
  const deadline = now + milliseconds;
  return milliseconds < COARSE_FROM ? deadline : Math.ceil(deadline / TICK) * TICK;
}

/**
 * A timer over a row of `table`; `onChange` runs after every change of its deadline. A class, because a session has six: an
 * object with a getter and closures of its own is ten times as large.
 */
export class TableTimer implements Timer {
  readonly #table: DeadlineTable;
  readonly #now: () => number;
  readonly #onChange: () => void;
  readonly #row: number;

  constructor(table: DeadlineTable, now: () => number, onChange: () => void, onExpire: () => void) {
    this.#table = table;
    this.#now = now;
    this.#onChange = onChange;
    this.#row = table.add(onExpire);
  }

  start(milliseconds: number): void {
    this.#table.set(this.#row, deadlineOf(this.#now(), milliseconds));
    this.#onChange();
  }

  stop(): void {
    this.#table.clear(this.#row);
    this.#onChange();
  }

  get running(): boolean {
    return this.#table.isSet(this.#row);
  }

  close(): void {
    this.#table.remove(this.#row);
    this.#onChange();
  }
}

/** Resolves after the events that are already waiting. */
export const nextTurn = (clock: Pick<Clock, 'defer'>): Promise<void> =>
  new Promise((resolve) => clock.defer(resolve));

/** Resolves after `milliseconds`. */
export function pause(clock: Clock, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.timer(() => {
      timer.close();
      resolve();
    });
    timer.start(milliseconds);
  });
}

export function systemClock(): Clock {
  const table = new DeadlineTable();
  const now = (): number => performance.now();
  const lateness = new Latency(LATENESS_BOUNDS);
  const turns = new TurnQueue(now, (run) => void setImmediate(run));
  const budget = new TurnBudget(now, (task) => void setImmediate(task));
  let slack = 0;
  let armedFor = Number.POSITIVE_INFINITY;
  let timeout: NodeJS.Timeout | undefined;

  const tick = (): void => {
    armedFor = Number.POSITIVE_INFINITY;
    try {
      const late = table.fire(now());
      if (late > 0) lateness.observe(late);
      slack = Math.max(slack, late);
    } finally {
      arm();
    }
  };
  const arm = (): void => {
    // Too early a wake-up does no harm; but with nothing pending, none may keep the process alive.
    if (table.earliest >= armedFor && table.earliest !== Number.POSITIVE_INFINITY) return;
    clearTimeout(timeout);
    armedFor = table.earliest;
    if (armedFor === Number.POSITIVE_INFINITY) return;
    timeout = setTimeout(tick, Math.max(1, armedFor - now()));
  };

  return {
    now,
    defer: (task) => turns.add(task),
    turnSpent: () => budget.spent,
    timer: (onExpire) => new TableTimer(table, now, arm, onExpire),
    takeSlack() {
      const taken = slack;
      slack = 0;
      return taken;
    },
    lateness: () => lateness.snapshot(),
  };
}
