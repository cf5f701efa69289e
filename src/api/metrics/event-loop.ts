// Measures how late the event loop runs its timers. The one place that turns Node's delay histogram into lag.

import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { LoopStatus } from '../model/types.js';

/** Milliseconds between two samples: also the finest lag that can be seen. */
const RESOLUTION = 20;

export interface LoopMeter {
  /** Lag since the last call; starts the next interval. */
  read(): LoopStatus;
  stop(): void;
}

export function startLoopMeter(): LoopMeter {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION });
  histogram.enable();
  let firstLag = 0;
  // The histogram leaves out its first interval after a reset: a timer of our own measures that one.
  const measureFirst = (): void => {
    const due = performance.now() + RESOLUTION;
    firstLag = 0;
    setTimeout(() => {
      firstLag = Math.max(0, performance.now() - due) / 1e3;
    }, RESOLUTION).unref();
  };
  measureFirst();
  return {
    read() {
      const status: LoopStatus = {
        lagP50: lagSeconds(histogram.percentile(50)),
        lagP99: lagSeconds(histogram.percentile(99)),
        lagMax: Math.max(firstLag, lagSeconds(histogram.max)),
      };
      histogram.reset();
      measureFirst();
      return status;
    },
    stop: () => void histogram.disable(),
  };
}

/** The histogram holds whole intervals in nanoseconds; what exceeds the sampling interval is lag. */
const lagSeconds = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - RESOLUTION / 1e3);
