// `start`: from making the process to the session, the first UPDATE and the last, on a host that has workloads.

import type { Bed, RunningDaemon } from './bed.js';
import type { Benchmark, Figures } from './benchmark.js';
import { BGPD, BIRD, BIRD_LEAST_DELAY, type Contestant } from './contestants.js';
import { FEEDER, FIRST_WORKLOAD } from './plan.js';
import { usageOf } from './process-usage.js';

const WORKLOADS = 500;
const ARRIVAL_TIMEOUT_MS = 20_000;

const measure = async (bed: Bed, daemon: RunningDaemon): Promise<Figures> => {
  const establishedAt = await bed.established(daemon, FEEDER);
  const wait = { address: FEEDER.address, timeoutMs: ARRIVAL_TIMEOUT_MS, count: WORKLOADS };
  const arrivals = await bed.speaker.call('awaitArrivals', wait);
  if (arrivals.length !== WORKLOADS)
    throw new Error(`${arrivals.length} arrivals for ${WORKLOADS} workloads`);
  const usage = usageOf(daemon.process.pid);
  return {
    established: establishedAt - daemon.startedAt,
    firstUpdate: (arrivals[0]?.at ?? Number.NaN) - daemon.startedAt,
    lastUpdate: (arrivals.at(-1)?.at ?? Number.NaN) - daemon.startedAt,
    cpu: usage.cpuSeconds,
    resident: usage.residentMiB,
  };
};

const addWorkloads = async (bed: Bed): Promise<void> => {
  const series = { first: FIRST_WORKLOAD, count: WORKLOADS, ifindex: bed.workloadIfindex, pauseMs: 0 };
  await bed.agent.call('programSeries', { change: 'add', ...series });
};

export const START: Benchmark = {
  name: 'start',
  description: [
    `from making the process to the session with one peer that waits, on a host with ${WORKLOADS} workloads;`,
    'BIRD once with the connect delay of Calico (2 s), once with the least it has (1 s)',
  ],
  repetitions: 7,
  sessions: [FEEDER],
  contestants: [BGPD, BIRD, BIRD_LEAST_DELAY],
  metrics: [
    { key: 'established', label: 'Established', unit: 'ms', better: 'lower', aim: 300 },
    { key: 'firstUpdate', label: 'first UPDATE at the peer', unit: 'ms', better: 'lower' },
    { key: 'lastUpdate', label: `all ${WORKLOADS} routes at the peer`, unit: 'ms', better: 'lower' },
    { key: 'cpu', label: 'processor time until then', unit: 's', better: 'lower' },
    { key: 'resident', label: 'memory then', unit: 'MiB', better: 'lower' },
  ],
  run: async (bed, contestant: Contestant) => {
    await addWorkloads(bed);
    const daemon = await bed.startDaemon(contestant, START.sessions);
    try {
      return await measure(bed, daemon);
    } finally {
      await bed.clear(daemon);
    }
  },
};
