// `workload`: from the kernel having a workload's route to the peer having the UPDATE, one route at a time.

import { setTimeout as sleep } from 'node:timers/promises';
import { formatIpv4, parseIpv4 } from '../../src/base/ip.js';
import type { Bed, RunningDaemon } from './bed.js';
import type { Benchmark, Figures } from './benchmark.js';
import { BGPD, BIRD, type Contestant } from './contestants.js';
import { FEEDER, FIRST_WORKLOAD } from './plan.js';
import type { Arrival } from './speaker-session.js';
import { percentile } from './statistics.js';
import type { RouteChange } from './workload-route.js';

const ROUTES = 500;
const PAUSE_MS = 2;
/** After Established: the initial exchange is over. */
const SETTLE_MS = 1000;
const ARRIVAL_TIMEOUT_MS = 10_000;

/** Milliseconds per route. A route that was told twice counts with its first UPDATE. */
const latencies = (
  times: readonly number[],
  arrivals: readonly Arrival[],
  reach: boolean,
): readonly number[] => {
  const first = parseIpv4(FIRST_WORKLOAD) ?? 0;
  const seen = new Map<number, number>();
  for (const arrival of arrivals) {
    if (arrival.reach === reach && !seen.has(arrival.address)) seen.set(arrival.address, arrival.at);
  }
  return times.map((time, i) => {
    const at = seen.get(first + i);
    if (at === undefined) throw new Error(`no UPDATE for ${formatIpv4(first + i)}`);
    return at - time;
  });
};

const runSeries = async (bed: Bed, change: RouteChange, expected: number): Promise<readonly number[]> => {
  const series = {
    change,
    first: FIRST_WORKLOAD,
    count: ROUTES,
    ifindex: bed.workloadIfindex,
    pauseMs: PAUSE_MS,
  };
  const times = await bed.agent.call('programSeries', series);
  const wait = { address: FEEDER.address, timeoutMs: ARRIVAL_TIMEOUT_MS, count: expected };
  const arrivals = await bed.speaker.call('awaitArrivals', wait);
  return latencies(times, arrivals, change === 'add');
};

const measure = async (bed: Bed, daemon: RunningDaemon): Promise<Figures> => {
  await bed.established(daemon, FEEDER);
  await sleep(SETTLE_MS);
  const added = await runSeries(bed, 'add', ROUTES);
  const removed = await runSeries(bed, 'remove', 2 * ROUTES);
  return {
    addMedian: percentile(added, 50),
    addP99: percentile(added, 99),
    addMax: Math.max(...added),
    removeMedian: percentile(removed, 50),
    removeP99: percentile(removed, 99),
    removeMax: Math.max(...removed),
  };
};

export const WORKLOAD: Benchmark = {
  name: 'workload',
  description: [
    'from the moment before a workload route is sent to the kernel to the UPDATE at the peer;',
    `${ROUTES} adds, then ${ROUTES} removals, one at a time, ${PAUSE_MS} to ${2 * PAUSE_MS} ms apart`,
  ],
  repetitions: 3,
  sessions: [FEEDER],
  contestants: [BGPD, BIRD],
  metrics: [
    { key: 'addMedian', label: 'add, p50', unit: 'ms', better: 'lower', aim: 2 },
    { key: 'addP99', label: 'add, p99', unit: 'ms', better: 'lower', aim: 5 },
    { key: 'addMax', label: 'add, slowest', unit: 'ms', better: 'lower' },
    { key: 'removeMedian', label: 'removal, p50', unit: 'ms', better: 'lower', aim: 2 },
    { key: 'removeP99', label: 'removal, p99', unit: 'ms', better: 'lower', aim: 5 },
    { key: 'removeMax', label: 'removal, slowest', unit: 'ms', better: 'lower' },
  ],
  run: async (bed, contestant: Contestant) => {
    const daemon = await bed.startDaemon(contestant, WORKLOAD.sessions);
    try {
      return await measure(bed, daemon);
    } finally {
      await bed.clear(daemon);
    }
  },
};
