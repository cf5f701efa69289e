// What a benchmark is: a job that several daemons do in turn, and the figures it yields. No behaviour.

import type { Bed } from './bed.js';
import type { Contestant } from './contestants.js';
import type { Machine } from './machine.js';
import type { SessionPlan } from './plan.js';

export interface Metric {
  readonly key: string;
  readonly label: string;
  readonly unit:
    | 'ms'
    | 's'
    | 'routes/s'
    | 'routes'
    | 'M NLRI/s'
    | 'MiB'
    | 'KiB'
    | 'octets/NLRI'
    | 'instructions/NLRI'
    | 'ns'
    | '%';
  readonly better: 'lower' | 'higher';
  /** What bgpd should reach, as a median. */
  readonly aim?: number;
}

/** One value per metric key; NaN for what this machine cannot measure. */
export type Figures = Readonly<Record<string, number>>;

/** What every benchmark has. */
export interface BenchmarkPlan {
  readonly name: string;
  /** What is timed, for a reader who sees only the output. */
  readonly description: readonly string[];
  readonly repetitions: number;
  readonly metrics: readonly Metric[];
}

/** A job of daemons in a network of namespaces. */
export interface Benchmark extends BenchmarkPlan {
  readonly sessions: readonly SessionPlan[];
  readonly contestants: readonly Contestant[];
  /** One repetition with a fresh daemon. Throws when the job is not completed. */
  readonly run: (bed: Bed, contestant: Contestant) => Promise<Figures>;
}

/** A job of our code alone, without a network. */
export interface LocalBenchmark extends BenchmarkPlan {
  /** It makes network namespaces of its own. */
  readonly namespaces?: true;
  readonly run: (machine: Machine) => Promise<Figures>;
}

/** A daemon in a report. */
export interface Entrant {
  /** Column head. */
  readonly name: string;
  readonly program: 'bgpd' | 'bird' | 'frr' | 'gobgp';
}

export interface BenchmarkResult {
  readonly benchmark: BenchmarkPlan;
  readonly contestants: readonly Entrant[];
  /** By name of the contestant, one entry per repetition. */
  readonly figures: ReadonlyMap<string, readonly Figures[]>;
}
