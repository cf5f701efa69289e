// What one metric is: a row with name, help, type and how its samples are read from a status snapshot. Knows nothing
// of the registry.

import type { LatencyHistogram } from '../../base/latency.js';
import type {
  AlarmStatus,
  CalicoStatus,
  Health,
  KernelReport,
  MemoryReport,
  PeerDetail,
  PeerSummary,
  RpkiStatus,
  SummaryHead,
} from '../model/types.js';
import type { LoopLag } from './event-loop.js';

/** Everything one scrape shows. Thousands of peers are not looked at in the same moment. */
export interface Snapshot {
  readonly summary: SummaryHead;
  /** All of them. */
  readonly peerSummaries: readonly PeerSummary[];
  /** Peers with series of their own; at most the peer budget. */
  readonly peers: readonly PeerDetail[];
  readonly peersWithoutSeries: number;
  readonly kernel: KernelReport | null;
  readonly calico: CalicoStatus | null;
  readonly memory: MemoryReport;
  readonly alarms: readonly AlarmStatus[];
  readonly rpki: RpkiStatus;
  readonly health: Health;
  readonly readiness: Health;
  readonly loop: LoopLag;
  readonly timerSlackSeconds: number | null;
  readonly timerLateness: LatencyHistogram | null;
}

export interface Sample {
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
  /** The `_bucket`, `_sum` and `_count` series of a histogram. */
  readonly metricName?: string;
}

export interface MetricRow {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly labelNames: readonly string[];
  readonly samples: (snapshot: Snapshot) => readonly Sample[];
}

export const sample = (value: number, labels: Readonly<Record<string, string>> = {}): Sample => ({
  value,
  labels,
});

export const flag = (value: boolean): number => (value ? 1 : 0);

type SnapshotNumber = (snapshot: Snapshot) => number | null;

/** A metric without labels; no sample where the snapshot has no such value. */
export const single = (
  type: 'gauge' | 'counter',
  name: string,
  help: string,
  read: SnapshotNumber,
): MetricRow => ({
  name,
  help,
  type,
  labelNames: [],
  samples: (snapshot) => {
    const value = read(snapshot);
    return value === null ? [] : [sample(value)];
  },
});

const MILLISECONDS = 1000;

/** Prometheus series of a histogram whose bounds and sum are milliseconds; a last bound of infinity is implied. */
export function histogramSamples(name: string, histogram: LatencyHistogram): readonly Sample[] {
  const buckets = histogram.bounds.flatMap((bound, i) =>
    Number.isFinite(bound) ? [bucket(name, String(bound / MILLISECONDS), histogram.counts[i] ?? 0)] : [],
  );
  return [
    ...buckets,
    bucket(name, '+Inf', histogram.count),
    { metricName: `${name}_sum`, value: histogram.sum / MILLISECONDS, labels: {} },
    { metricName: `${name}_count`, value: histogram.count, labels: {} },
  ];
}

const bucket = (name: string, le: string, value: number): Sample => ({
  metricName: `${name}_bucket`,
  value,
  labels: { le },
});
