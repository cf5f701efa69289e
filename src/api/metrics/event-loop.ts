// Measures how long the event loop keeps what happens waiting: every turn it is awake for is timed, and it is never woken to
// look. The one place that turns turns into lag.

import { createHistogram, performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Nanoseconds; what takes less or more counts as this. */
const LEAST = 1000;
const MOST = 3.6e12;
const PER_MILLISECOND = 1e6;
const PER_SECOND = 1e9;

/** How long turns took since the last reading, in seconds: what happens while one lasts waits for its end. */
export interface LoopLag {
  /** How late an immediate was that was asked for by this reading. */
  readonly now: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly deviation: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

export interface LoopMeter {
  /** Lag since the last call; starts the next interval. */
  read(): Promise<LoopLag>;
  stop(): void;
}

export function startLoopMeter(): LoopMeter {
  const turns = createHistogram({ lowest: LEAST, highest: MOST, figures: 3 });
  let at = performance.now();
  let idle = performance.nodeTiming.idleTime;
  // An immediate that is not waited for runs once in each turn, behind the sockets, and never causes one.
  const endTurn = (): void => {
    const now = performance.now();
    const slept = performance.nodeTiming.idleTime;
    turns.record(nanoseconds(now - at - (slept - idle)));
    at = now;
    idle = slept;
    pending = setImmediate(endTurn).unref();
  };
  let pending = setImmediate(endTurn).unref();
  return {
    async read() {
      const asked = performance.now();
      await nextTurn();
      const lag = lagOf(turns, (performance.now() - asked) / 1e3);
      turns.reset();
      return lag;
    },
    stop: () => clearImmediate(pending),
  };
}

const nanoseconds = (milliseconds: number): number =>
  Math.min(MOST, Math.max(LEAST, Math.round(milliseconds * PER_MILLISECOND)));

function lagOf(turns: ReturnType<typeof createHistogram>, now: number): LoopLag {
  const percentile = (percent: number): number => turns.percentile(percent) / PER_SECOND;
  return {
    now,
    min: turns.min / PER_SECOND,
    max: turns.max / PER_SECOND,
    mean: turns.mean / PER_SECOND,
    deviation: turns.stddev / PER_SECOND,
    p50: percentile(50),
    p90: percentile(90),
    p99: percentile(99),
  };
}
