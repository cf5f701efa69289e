// `fib`: from a peer's first octet to the last of its routes in the kernel, and what that costs; another session must
// get its keepalives meanwhile.

import { setTimeout as sleep } from 'node:timers/promises';
import type { FibSample } from './agent-process.js';
import type { Bed, RunningDaemon } from './bed.js';
import type { Benchmark, Figures } from './benchmark.js';
import { monotonicMs } from './clock.js';
import { BGPD, BIRD, type Contestant } from './contestants.js';
import type { Feed } from './feed.js';
import { FEEDER, FEEDER_ADDRESS, FIRST_LEARNED, ROUTE_PROTOCOL, WATCHER } from './plan.js';
import { usageOf } from './process-usage.js';
import { largestGap } from './statistics.js';

const LOAD_TIMEOUT_MS = 60_000;
/** Before the load and after it: whole keepalive intervals of the watched session. */
const SETTLE_MS = 1200;

interface Load {
  readonly sentAt: number;
  /** When the kernel was first seen with a change. */
  readonly firstAt: number;
  readonly doneAt: number;
  /** Routes a second from a tenth of the load to nine tenths. */
  readonly steadyRate: number;
  readonly cpuSeconds: number;
}

const crossing = (samples: readonly FibSample[], begin: number, end: number, part: number): FibSample => {
  const reached = (sample: FibSample): boolean => (sample.routes - begin) / (end - begin) >= part;
  const sample = samples.find(reached);
  if (sample === undefined) throw new Error('the routes did not grow to their number');
  return sample;
};

const steadyRate = (samples: readonly FibSample[], begin: number, end: number): number => {
  const from = crossing(samples, begin, end, 0.1);
  const to = crossing(samples, begin, end, 0.9);
  return (1000 * Math.abs(to.routes - from.routes)) / (to.at - from.at);
};

const runLoad = async (bed: Bed, daemon: RunningDaemon, kind: Feed['kind'], count: number): Promise<Load> => {
  const before = usageOf(daemon.process.pid).cpuSeconds;
  const begin = await bed.agent.call('countRoutes', null);
  const routes = begin + (kind === 'announce' ? count : -count);
  const waiting = bed.agent.call('awaitRoutes', { routes, timeoutMs: LOAD_TIMEOUT_MS });
  const feed: Feed = { kind, first: FIRST_LEARNED, count, nextHop: FEEDER_ADDRESS };
  const feeding = bed.speaker.call('feed', { address: FEEDER.address, feed });
  const [samples, sentAt] = await Promise.all([waiting, feeding]);
  await sleep(SETTLE_MS);
  const cpuSeconds = usageOf(daemon.process.pid).cpuSeconds - before;
  const firstAt = samples.find((sample) => sample.routes !== begin)?.at ?? Number.NaN;
  const doneAt = samples.at(-1)?.at ?? Number.NaN;
  return { sentAt, firstAt, doneAt, steadyRate: steadyRate(samples, begin, routes), cpuSeconds };
};

/** The routes must carry the daemon's protocol number and lead to the feeder. */
const checkRoutes = async (bed: Bed, expected: number): Promise<void> => {
  const text = await bed.host.must('ip', ['route', 'show', 'proto', String(ROUTE_PROTOCOL)]);
  const count = text.split('\n').filter((line) => line.includes(` via ${FEEDER_ADDRESS} dev eth0`)).length;
  if (count !== expected) throw new Error(`${count} of ${expected} routes lead to ${FEEDER_ADDRESS}`);
};

const measure = async (bed: Bed, daemon: RunningDaemon, count: number): Promise<Figures> => {
  await Promise.all([bed.established(daemon, FEEDER), bed.established(daemon, WATCHER)]);
  await sleep(SETTLE_MS);
  const from = monotonicMs();
  const load = await runLoad(bed, daemon, 'announce', count);
  const { residentMiB, peakMiB } = usageOf(daemon.process.pid);
  await checkRoutes(bed, count);
  const unload = await runLoad(bed, daemon, 'withdraw', count);
  const keepalives = await bed.speaker.call('keepalives', WATCHER.address);
  return {
    first: load.firstAt - load.sentAt,
    seconds: (load.doneAt - load.sentAt) / 1000,
    rate: (1000 * count) / (load.doneAt - load.sentAt),
    steadyRate: load.steadyRate,
    cpu: load.cpuSeconds,
    resident: residentMiB,
    peak: peakMiB,
    removeSeconds: (unload.doneAt - unload.sentAt) / 1000,
    removeRate: (1000 * count) / (unload.doneAt - unload.sentAt),
    removeCpu: unload.cpuSeconds,
    keepaliveGap: largestGap(keepalives, keepalives.findLast((at) => at <= from) ?? from, monotonicMs()),
  };
};

const SESSIONS = [FEEDER, WATCHER];

const fibBenchmark = (name: string, routes: number, repetitions: number): Benchmark => ({
  name,
  description: [
    `${routes} /32 routes of one peer in full UPDATEs, from the first octet sent until the kernel has the last;`,
    'then the same for their withdrawal; another session with a hold time of 3 s expects a keepalive each second',
  ],
  repetitions,
  sessions: SESSIONS,
  contestants: [BGPD, BIRD],
  metrics: [
    { key: 'first', label: 'first ones in the kernel', unit: 'ms', better: 'lower' },
    { key: 'seconds', label: 'all in the kernel', unit: 's', better: 'lower' },
    { key: 'rate', label: 'rate, first octet to last route', unit: 'routes/s', better: 'higher' },
    { key: 'steadyRate', label: 'rate, 10 % to 90 %', unit: 'routes/s', better: 'higher', aim: 200_000 },
    { key: 'cpu', label: 'processor time', unit: 's', better: 'lower' },
    { key: 'resident', label: 'memory afterwards', unit: 'MiB', better: 'lower' },
    { key: 'peak', label: 'memory, peak', unit: 'MiB', better: 'lower' },
    { key: 'removeSeconds', label: 'all withdrawn', unit: 's', better: 'lower' },
    { key: 'removeRate', label: 'rate of withdrawal', unit: 'routes/s', better: 'higher' },
    { key: 'removeCpu', label: 'processor time, withdrawal', unit: 's', better: 'lower' },
    { key: 'keepaliveGap', label: 'longest pause of keepalives', unit: 'ms', better: 'lower', aim: 1500 },
  ],
  run: async (bed, contestant: Contestant) => {
    const daemon = await bed.startDaemon(contestant, SESSIONS);
    try {
      return await measure(bed, daemon, routes);
    } finally {
      await bed.clear(daemon);
    }
  },
});

export const FIB = fibBenchmark('fib', 100_000, 3);
export const FIB_200K = fibBenchmark('fib200k', 200_000, 1);
export const FIB_500K = fibBenchmark('fib500k', 500_000, 1);
