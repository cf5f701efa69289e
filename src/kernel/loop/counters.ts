// What a kernel counts besides its routes, and how often it may speak of errors.

import { Latency } from '../../base/latency.js';
import type { KernelCounters } from '../types.js';

/** Milliseconds between two `fibError` events of the same errno. */
const ERROR_EVENT_INTERVAL = 5000;

export class LoopCounters {
  readonly latency = new Latency();
  readonly #reported = new Map<string, number>();
  overruns = 0;
  resyncs = 0;
  workloadEvents = 0;

  /** True when this errno was not reported lately; it counts as reported then. */
  mayReport(errno: string, now: number): boolean {
    const last = this.#reported.get(errno) ?? Number.NEGATIVE_INFINITY;
    if (now - last < ERROR_EVENT_INTERVAL) return false;
    this.#reported.set(errno, now);
    return true;
  }

  snapshot(
    fib: Pick<KernelCounters, 'added' | 'replaced' | 'removed'> & { readonly errors: Record<string, number> },
    refused: Readonly<Record<string, number>>,
  ): KernelCounters {
    const { overruns, resyncs, workloadEvents } = this;
    const latency = this.latency.snapshot();
    const refusals = { ...refused };
    return { ...fib, errors: { ...fib.errors }, refusals, overruns, resyncs, workloadEvents, latency };
  }
}
