// `path`: from a workload on one host to its route in the kernel of another, through a reflector; all three run the same
// daemon. One at a time, and ten thousand at once.

import { setTimeout as sleep } from 'node:timers/promises';
import { formatIpv4, parseIpv4 } from '../../../src/base/ip.js';
import type { Bed, RunningDaemon } from '../bed.js';
import type { Benchmark, Figures } from '../benchmark.js';
import { BGPD, BIRD, type Contestant } from '../contestants.js';
import { FIRST_WORKLOAD } from '../plan.js';
import { usageOf } from '../process-usage.js';
import { percentile } from '../statistics.js';
import type { RouteChange } from '../workload-route.js';
import { PathBed } from './path-bed.js';
import type { RouteArrival } from './route-witness.js';

const SINGLES = 400;
const PAUSE_MS = 5;
const BURST = 10_000;
/** Outside the others. */
const FIRST_OF_BURST = '10.65.16.0';
const PROBE = '10.65.255.1';
const TIMEOUT_MS = 60_000;
/** The witness waits by then. */
const HEAD_START_MS = 150;
const SETTLE_MS = 1500;

const latenciesOf = (times: readonly number[], arrivals: readonly RouteArrival[]): readonly number[] => {
  const first = parseIpv4(FIRST_WORKLOAD) ?? 0;
  const seen = new Map<number, number>();
  for (const { address, at } of arrivals) if (!seen.has(address)) seen.set(address, at);
  return times.map((time, i) => {
    const at = seen.get(first + i);
    if (at === undefined) throw new Error(`${formatIpv4(first + i)} did not arrive`);
    return at - time;
  });
};

/** What the other kernel is told while `act` runs and after it. */
const watched = async <T>(
  { witness }: PathBed,
  change: RouteChange,
  count: number,
  act: () => Promise<T>,
): Promise<readonly [T, readonly RouteArrival[]]> => {
  await witness.call('drain', null);
  const collecting = witness.call('collect', { change, count, timeoutMs: TIMEOUT_MS });
  await sleep(HEAD_START_MS);
  return Promise.all([act(), collecting]);
};

const singles = async (path: PathBed, change: RouteChange): Promise<readonly number[]> => {
  const { agent, workloadIfindex: ifindex } = path.bed;
  const series = { change, first: FIRST_WORKLOAD, count: SINGLES, ifindex, pauseMs: PAUSE_MS };
  const [times, arrivals] = await watched(path, change, SINGLES, () => agent.call('programSeries', series));
  return latenciesOf(times, arrivals);
};

interface Burst {
  readonly seconds: number;
  readonly stall: number;
}

const burst = async (path: PathBed, change: RouteChange): Promise<Burst> => {
  const { agent, workloadIfindex } = path.bed;
  const ifindexes = new Array<number>(BURST).fill(workloadIfindex);
  const order = { change, first: FIRST_OF_BURST, ifindexes };
  const [[begin], arrivals] = await watched(path, change, BURST, () => agent.call('programBurst', order));
  const times = [begin, ...arrivals.map(({ at }) => at)];
  const stall = Math.max(...times.slice(1).map((at, i) => at - times[i]!));
  return { seconds: (times.at(-1)! - begin) / 1000, stall };
};

/** Both sessions are up once a route has come all the way. */
const connected = async (path: PathBed): Promise<void> => {
  const { agent, workloadIfindex: ifindex } = path.bed;
  const probe = { first: PROBE, count: 1, ifindex, pauseMs: 0 };
  for (const change of ['add', 'remove'] as const)
    await watched(path, change, 1, () => agent.call('programSeries', { ...probe, change }));
  await sleep(SETTLE_MS);
};

const cpuOf = (daemons: readonly RunningDaemon[]): number =>
  daemons.reduce((sum, { process }) => sum + usageOf(process.pid).cpuSeconds, 0);

const measure = async (path: PathBed, daemons: readonly RunningDaemon[]): Promise<Figures> => {
  await connected(path);
  const added = await singles(path, 'add');
  const removed = await singles(path, 'remove');
  const before = cpuOf(daemons);
  const burstAdded = await burst(path, 'add');
  const burstCpu = cpuOf(daemons) - before;
  await sleep(SETTLE_MS);
  const burstRemoved = await burst(path, 'remove');
  return {
    addMedian: percentile(added, 50),
    addP99: percentile(added, 99),
    addMax: Math.max(...added),
    removeMedian: percentile(removed, 50),
    removeP99: percentile(removed, 99),
    burst: burstAdded.seconds,
    burstStall: burstAdded.stall,
    burstCpu,
    burstRemoved: burstRemoved.seconds,
    burstRemovedStall: burstRemoved.stall,
  };
};

const beds = new WeakMap<Bed, PathBed>();

export const PATH: Benchmark = {
  name: 'path',
  description: [
    'from the moment before a workload route is sent to the kernel of one host to its route in the kernel of another,',
    `through a reflector, the same daemon at all three; ${SINGLES} one at a time, then ${BURST} as fast as the kernel takes them`,
  ],
  repetitions: 3,
  sessions: [],
  contestants: [BGPD, BIRD],
  metrics: [
    { key: 'addMedian', label: 'add, p50', unit: 'ms', better: 'lower', aim: 2 },
    { key: 'addP99', label: 'add, p99', unit: 'ms', better: 'lower', aim: 5 },
    { key: 'addMax', label: 'add, slowest', unit: 'ms', better: 'lower' },
    { key: 'removeMedian', label: 'removal, p50', unit: 'ms', better: 'lower' },
    { key: 'removeP99', label: 'removal, p99', unit: 'ms', better: 'lower' },
    { key: 'burst', label: 'ten thousand at once', unit: 's', better: 'lower' },
    { key: 'burstStall', label: 'longest pause among them', unit: 'ms', better: 'lower' },
    { key: 'burstCpu', label: 'processor time, all three', unit: 's', better: 'lower' },
    { key: 'burstRemoved', label: 'their removal', unit: 's', better: 'lower' },
    { key: 'burstRemovedStall', label: 'longest pause in it', unit: 'ms', better: 'lower' },
  ],
  run: async (bed, contestant: Contestant) => {
    const path = beds.get(bed) ?? (await PathBed.open(bed));
    beds.set(bed, path);
    const daemons = await path.start(contestant);
    try {
      return await measure(path, daemons);
    } catch (error) {
      const logs = daemons.map(({ process }) => process.log().slice(-800)).join('\n');
      throw new Error(`${error instanceof Error ? error.message : String(error)}\n${logs}`);
    } finally {
      await path.clear(daemons);
    }
  },
};
