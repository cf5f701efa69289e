// What a benchmark is: a job that several daemons do in turn, and the figures it yields. No behaviour.

import type { Bed } from './bed.js';
import type { Contestant } from './contestants.js';
import type { SessionPlan } from './plan.js';

export interface Metric {
  readonly key: string;
  readonly label: string;
  readonly unit: 'ms' | 's' | 'routes/s' | 'MiB';
  readonly better: 'lower' | 'higher';
  /** What bgpd should reach, as a median. */
  readonly aim?: number;
}

/** One value per metric key. */
export type Figures = Readonly<Record<string, number>>;

export interface Benchmark {
  readonly name: string;
  /** What is timed, for a reader who sees only the output. */
  readonly description: readonly string[];
  readonly repetitions: number;
  readonly sessions: readonly SessionPlan[];
  readonly contestants: readonly Contestant[];
  readonly metrics: readonly Metric[];
  /** One repetition with a fresh daemon. Throws when the job is not completed. */
  readonly run: (bed: Bed, contestant: Contestant) => Promise<Figures>;
}

export interface BenchmarkResult {
  readonly benchmark: Benchmark;
  readonly contestants: readonly Contestant[];
  /** By name of the contestant, one entry per repetition. */
  readonly figures: ReadonlyMap<string, readonly Figures[]>;
}
