// The Prometheus exposition: one status snapshot a scrape, read by the metric rows; taken and written in slices so that a
// reflector with thousands of peers keeps its timers while it is scraped. Keeps no values between scrapes.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { LatencyHistogram } from '../../base/latency.js';
import type { PeerDetail, StatusSource } from '../model/types.js';
import { Slices } from '../slices.js';
import { CALICO_METRICS } from './calico-metrics.js';
import { DAEMON_METRICS } from './daemon-metrics.js';
import { type LoopLag, startLoopMeter } from './event-loop.js';
import { KERNEL_METRICS } from './kernel-metrics.js';
import { LOOP_METRICS, NODE_LOOP_METRICS } from './loop-metrics.js';
import { MEMORY_METRICS } from './memory-metrics.js';
import type { MetricRow, Sample, Snapshot } from './metric-rows.js';
import { PEER_METRICS } from './peer-metrics.js';
import { RPKI_METRICS } from './rpki-metrics.js';

/** Peers that get series of their own unless `peerBudget` says otherwise: some 30 series each. */
const DEFAULT_PEER_BUDGET = 1000;
/** Samples written in one go, some 3 ms. */
const SLICE_SAMPLES = 2000;
/** Milliseconds between two samples of a meter that nobody reads: twelve days, about the longest there is. */
const NEVER = 2 ** 30;
const ROWS: readonly MetricRow[] = [
  ...DAEMON_METRICS,
  ...LOOP_METRICS,
  ...MEMORY_METRICS,
  ...PEER_METRICS,
  ...KERNEL_METRICS,
  ...CALICO_METRICS,
  ...RPKI_METRICS,
];

export interface MetricsExtra {
  /** How late the protocol clock fired at worst lately. */
  timerSlackSeconds?(): number;
  /** Of every wake-up of that clock, how late the latest of its timers was. */
  timerLateness?(): LatencyHistogram;
  /** Peers with series of their own; configured ones come before dynamic ones. */
  readonly peerBudget?: number;
}

export interface Metrics {
  readonly contentType: string;
  /** The exposition now. Scrapes that overlap share one. */
  text(): Promise<string>;
  /** Stops measuring the event loop. */
  close(): void;
}

export function createMetrics(source: StatusSource, extra: MetricsExtra = {}): Metrics {
  const processRegistry = defaultMetrics();
  const writers = ROWS.map(rowWriter);
  const loop = startLoopMeter();
  const scrape = async (): Promise<string> => {
    const slices = new Slices();
    const snapshot = await takeSnapshot(source, extra, await loop.read(), slices);
    const parts: string[] = [];
    for (const write of writers) {
      for await (const part of write(snapshot)) {
        parts.push(part);
        if (slices.spent) await slices.next();
      }
    }
    return parts.join('') + (await processRegistry.metrics());
  };
  let running: Promise<string> | null = null;
  return {
    contentType: processRegistry.contentType,
    text: () => {
      running ??= scrape().finally(() => {
        running = null;
      });
      return running;
    },
    close: () => loop.stop(),
  };
}

/** Those of prom-client but for the lag of the event loop: to sample it would wake an idle daemon a hundred times a second. */
function defaultMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: NEVER });
  for (const name of NODE_LOOP_METRICS) registry.removeSingleMetric(name);
  return registry;
}

async function takeSnapshot(
  source: StatusSource,
  extra: MetricsExtra,
  loop: LoopLag,
  slices: Slices,
): Promise<Snapshot> {
  const peers = await withinBudget(source.peers(), extra.peerBudget ?? DEFAULT_PEER_BUDGET, slices);
  const peerSummaries = await inSlices(source.peerSummaries(), slices);
  return {
    summary: source.summary(),
    peerSummaries,
    peers,
    peersWithoutSeries: Math.max(0, peerSummaries.length - peers.length),
    kernel: source.kernel(),
    calico: source.calico(),
    memory: source.memory(),
    alarms: source.alarms(),
    rpki: source.rpki(),
    health: source.health(),
    readiness: source.readiness(),
    loop,
    timerSlackSeconds: extra.timerSlackSeconds?.() ?? null,
    timerLateness: extra.timerLateness?.() ?? null,
  };
}

/** Configured ones come first. */
async function withinBudget(
  peers: Iterable<PeerDetail>,
  budget: number,
  slices: Slices,
): Promise<readonly PeerDetail[]> {
  const configured: PeerDetail[] = [];
  const dynamic: PeerDetail[] = [];
  for (const peer of peers) {
    if (configured.length === budget) break;
    const these = peer.dynamic ? dynamic : configured;
    if (these.length < budget) these.push(peer);
    if (slices.spent) await slices.next();
  }
  return [...configured, ...dynamic].slice(0, budget);
}

async function inSlices<T>(items: Iterable<T>, slices: Slices): Promise<readonly T[]> {
  const all: T[] = [];
  for (const item of items) {
    all.push(item);
    if (slices.spent) await slices.next();
  }
  return all;
}

const METRIC_CLASSES = { gauge: Gauge, counter: Counter, histogram: Histogram } as const;

type RowWriter = (snapshot: Snapshot) => AsyncGenerator<string>;

/**
 * A metric whose samples come from the snapshot: totals that are kept elsewhere are true counters here. A long metric
 * is written in pieces, of which the first alone keeps the HELP and TYPE lines. One call at a time.
 */
function rowWriter(row: MetricRow): RowWriter {
  const { name, help, type } = row;
  const registry = new Registry();
  const metric = new METRIC_CLASSES[type]({
    name,
    help,
    labelNames: [...row.labelNames],
    registers: [registry],
  });
  let piece: readonly Sample[] = [];
  const get = async () => ({ name, help, type, aggregator: 'sum', values: piece });
  Object.assign(metric, { get, getForPromString: get });
  return async function* write(snapshot) {
    const samples = row.samples(snapshot);
    for (let from = 0; from === 0 || from < samples.length; from += SLICE_SAMPLES) {
      piece = samples.slice(from, from + SLICE_SAMPLES);
      const text = await registry.metrics();
      yield from === 0 ? text : text.slice(headEnd(text));
    }
    piece = [];
  };
}

/** Behind the HELP and the TYPE line. */
const headEnd = (text: string): number => text.indexOf('\n', text.indexOf('\n') + 1) + 1;
