// `interfaces`: a host with as many interfaces as BIRD cannot bear: from the start until a peer knows every workload, and
// what a daemon costs when nothing happens.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Bed, RunningDaemon } from '../bed.js';
import type { Benchmark, Figures } from '../benchmark.js';
import { BGPD, BIRD, type Contestant } from '../contestants.js';
import { FEEDER, FIRST_WORKLOAD } from '../plan.js';
import { usageOf } from '../process-usage.js';

const INTERFACES = 30_000;
/** One turn of BIRD's loop takes the better part of a minute. */
const SESSION_TIMEOUT_MS = 120_000;
const ARRIVAL_TIMEOUT_MS = 90_000;
/** After the start: what it left to do is done. */
const SETTLE_MS = 5000;
/** One audit of ours falls into it. */
const REST_MS = 60_000;
/** `ip -batch` leaks a descriptor for each line that names a namespace. */
const BATCH = 1000;

const nameOf = (i: number): string => `calix${i}`;

const inBatches = async (
  count: number,
  run: (indexes: readonly number[]) => Promise<void>,
): Promise<void> => {
  for (let from = 0; from < count; from += BATCH)
    await run(Array.from({ length: Math.min(BATCH, count - from) }, (_, i) => from + i));
};

/** The cables of the workloads, their routes in place. IPv6 is off on them: it would cost the load side minutes. */
const makeInterfaces = async (bed: Bed): Promise<void> => {
  const cables = await bed.network.addNode('cables');
  for (const node of [bed.host, cables]) await node.sysctl('net/ipv6/conf/default/disable_ipv6=1');
  await inBatches(INTERFACES, (indexes) =>
    bed.host.ip(
      ...indexes.map((i) => `link add ${nameOf(i)} type veth peer name w${i} netns ${cables.namespace}`),
    ),
  );
  await inBatches(INTERFACES, (indexes) => cables.ip(...indexes.map((i) => `link set w${i} up`)));
  await inBatches(INTERFACES, (indexes) => bed.host.ip(...indexes.map((i) => `link set ${nameOf(i)} up`)));
  const text = await bed.host.must('ip', ['-j', 'link', 'show'], { timeout: 60_000 });
  const links = JSON.parse(text) as readonly { readonly ifindex: number; readonly ifname: string }[];
  const ifindexes = links.filter(({ ifname }) => ifname.startsWith('calix')).map(({ ifindex }) => ifindex);
  if (ifindexes.length !== INTERFACES) throw new Error(`${ifindexes.length} of ${INTERFACES} interfaces`);
  await bed.agent.call('programBurst', { change: 'add', first: FIRST_WORKLOAD, ifindexes });
};

const prepared = new WeakSet<Bed>();

/** When it happened; NaN when it did not in time, which may not befall ours. */
const inTime = async ({ program }: Contestant, moment: Promise<number>): Promise<number> => {
  try {
    return await moment;
  } catch (error) {
    if (program === 'bgpd') throw error;
    return Number.NaN;
  }
};

const lastArrival = async (bed: Bed): Promise<number> => {
  const wait = { address: FEEDER.address, timeoutMs: ARRIVAL_TIMEOUT_MS, count: INTERFACES };
  const arrivals = await bed.speaker.call('awaitArrivals', wait);
  return arrivals.at(-1)?.at ?? Number.NaN;
};

const measure = async (bed: Bed, daemon: RunningDaemon, contestant: Contestant): Promise<Figures> => {
  const establishedAt = await inTime(contestant, bed.established(daemon, FEEDER, SESSION_TIMEOUT_MS));
  const lastAt = await inTime(contestant, lastArrival(bed));
  const { cpuSeconds: startCpu } = usageOf(daemon.process.pid);
  await sleep(SETTLE_MS);
  const resting = usageOf(daemon.process.pid).cpuSeconds;
  await sleep(REST_MS);
  const { cpuSeconds, residentMiB } = usageOf(daemon.process.pid);
  return {
    established: establishedAt - daemon.startedAt,
    start: lastAt - daemon.startedAt,
    startCpu,
    share: (100_000 * (cpuSeconds - resting)) / REST_MS,
    resident: residentMiB,
  };
};

export const INTERFACE_LOAD: Benchmark = {
  name: 'interfaces',
  description: [
    `a host with ${INTERFACES} interfaces, a workload on each: from making the process until a peer has all routes,`,
    'then a minute in which nothing happens; BIRD with the scan times that Calico gives it (2 s);',
    `no figure: no session within ${SESSION_TIMEOUT_MS / 1000} s, or not all routes ${ARRIVAL_TIMEOUT_MS / 1000} s later`,
  ],
  repetitions: 1,
  sessions: [FEEDER],
  contestants: [BGPD, BIRD],
  metrics: [
    { key: 'established', label: 'Established', unit: 'ms', better: 'lower' },
    { key: 'start', label: 'all routes at the peer', unit: 'ms', better: 'lower' },
    { key: 'startCpu', label: 'processor time until then', unit: 's', better: 'lower' },
    { key: 'share', label: 'processor at rest', unit: '%', better: 'lower' },
    { key: 'resident', label: 'memory', unit: 'MiB', better: 'lower' },
  ],
  run: async (bed, contestant: Contestant) => {
    if (!prepared.has(bed)) await makeInterfaces(bed);
    prepared.add(bed);
    const daemon = await bed.startDaemon(contestant, INTERFACE_LOAD.sessions);
    try {
      return await measure(bed, daemon, contestant);
    } finally {
      await bed.clear(daemon);
    }
  },
};
