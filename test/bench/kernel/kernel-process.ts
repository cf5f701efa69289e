// The kernel layer alone, in a network namespace of its own: what a lost next hop and an audit cost.
// Prints its figures as JSON.

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ipv4 } from '../../../src/base/ip.js';
import { makePrefix, type Prefix } from '../../../src/base/prefix.js';
import { createNetlinkKernel } from '../../../src/kernel/netlink/netlink-kernel.js';
import type { FibIntent, Kernel, KernelSettings } from '../../../src/kernel/types.js';
import type { Figures } from '../benchmark.js';

const PROTOCOL = 12;
const FIRST = 0x0a800000;
const [A, B] = [ipv4(0x0a0a0002), ipv4(0x0a0a0003)];
const BOTH: FibIntent = {
  nextHops: [
    { address: A, interface: null },
    { address: B, interface: null },
  ],
};
const ONE: FibIntent = { nextHops: [{ address: B, interface: null }] };
const TIMEOUT = 120_000;
const SILENT = {
  workloads: () => undefined,
  nextHops: () => undefined,
  addresses: () => undefined,
  deciding: () => false,
  event: () => undefined,
};

const ip = (lines: readonly string[]): void => {
  const { status, stderr } = spawnSync('ip', ['-batch', '-'], { input: lines.join('\n'), encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr.slice(0, 300));
};

const settings = (nextHopGroups: 'on' | 'off', over: Partial<KernelSettings> = {}): KernelSettings => ({
  table: 254,
  protocol: PROTOCOL,
  metric: 1024,
  import: [],
  install: true,
  nextHopGroups,
  auditInterval: 0,
  ...over,
});

const until = async (check: () => boolean): Promise<void> => {
  const end = performance.now() + TIMEOUT;
  while (!check()) {
    if (performance.now() > end) throw new Error('it never came to an end');
    await sleep(0);
  }
};

/** Milliseconds of processor time of this process and its threads. */
const processorTime = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const prefixes = (count: number): readonly Prefix[] =>
  Array.from({ length: count }, (_, i) => makePrefix(ipv4(FIRST + i), 32));

async function started(over: KernelSettings): Promise<Kernel> {
  const kernel = createNetlinkKernel(over);
  const result = await kernel.start(SILENT);
  if (!result.ok) throw new Error(result.reason);
  return kernel;
}

const idle = (kernel: Kernel): Promise<void> => until(() => kernel.status().fib.pending === 0);

/** Where the kernel sends packets for the address. */
const leadsTo = (hop: string, address: string): boolean =>
  spawnSync('ip', ['-4', 'route', 'get', address], { encoding: 'utf8' }).stdout.includes(`via ${hop} `);

/** Groups; groups without a notification for every route that uses one; routes that carry their next hops. */
const WAYS = [
  ['on', 'on', true],
  ['on', 'lean', false],
  ['off', 'off', true],
] as const;

/** One of two next hops of every route is lost: first it is suspected, then prefix after prefix is told. */
async function failover(count: number): Promise<Figures> {
  ip([
    'link add eth0 type veth peer name eth0-p',
    'link set eth0-p up',
    'addr add 10.10.0.1/16 dev eth0',
    'link set eth0 up',
  ]);
  const all = prefixes(count);
  const figures: Record<string, number> = {};
  for (const [groups, name, compatible] of WAYS) {
    writeFileSync('/proc/sys/net/ipv4/nexthop_compat_mode', compatible ? '1' : '0');
    const kernel = await started(settings(groups));
    const begin = performance.now();
    for (const prefix of all) kernel.install(prefix, BOTH);
    await idle(kernel);
    figures[`${name}Load`] = performance.now() - begin;
    const replaced = kernel.status().counters.replaced;
    const lostAt = performance.now();
    const cpu = processorTime();
    kernel.suspectNextHop(A, true);
    await idle(kernel);
    if (!leadsTo('10.10.0.3', '10.128.0.0'))
      throw new Error('the first route does not lead to the other hop');
    figures[`${name}Switch`] = performance.now() - lostAt;
    for (const prefix of all) kernel.install(prefix, ONE);
    kernel.suspectNextHop(A, false);
    await idle(kernel);
    figures[`${name}Done`] = performance.now() - lostAt;
    figures[`${name}Cpu`] = processorTime() - cpu;
    figures[`${name}Writes`] = kernel.status().counters.replaced - replaced;
    await kernel.close({ removeRoutes: true });
  }
  return figures;
}

/** What one comparison of all routes with the kernel costs, and how late another task of this thread gets its turn. */
async function audit(count: number): Promise<Figures> {
  ip([
    'link add eth0 type veth peer name eth0-p',
    'link set eth0-p up',
    'addr add 10.10.0.1/16 dev eth0',
    'link set eth0 up',
  ]);
  const kernel = await started(settings('on'));
  for (const prefix of prefixes(count)) kernel.install(prefix, BOTH);
  await idle(kernel);
  await sleep(1000);
  const resting = processorTime();
  await sleep(5000);
  const rest = (processorTime() - resting) / 5;
  const before = { cpu: processorTime(), at: performance.now(), audits: kernel.status().audits.count };
  kernel.reconfigure(settings('on', { auditInterval: 2 }));
  let latest = 0;
  let last = performance.now();
  while (kernel.status().audits.count < before.audits + 5) {
    await sleep(1);
    latest = Math.max(latest, performance.now() - last - 1);
    last = performance.now();
  }
  const seconds = (performance.now() - before.at) / 1000;
  const cpu = (processorTime() - before.cpu - rest * seconds) / 5;
  const { lastDuration } = kernel.status().audits;
  const { counts } = kernel.status().drift;
  const found = Object.values(counts).reduce((sum, each) => sum + each, 0);
  await kernel.close({ removeRoutes: false });
  return { cpu, duration: lastDuration ?? Number.NaN, rest, latest, found };
}

const JOBS: Readonly<Record<string, (count: number) => Promise<Figures>>> = { failover, audit };
const [job = '', count = '0'] = process.argv.slice(2);
const figures = await JOBS[job]?.(Number(count));
process.stdout.write(JSON.stringify(figures));
process.exit(0);
