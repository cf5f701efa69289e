// One random history on the real kernel: routes come and go while links flap, addresses change, an agent and strangers
// write, the worker is killed and notifications are lost. In the end the kernel must hold what is wanted.

import { deepEqual, ok } from 'node:assert/strict';
import type { Worker } from 'node:worker_threads';
import { createNetlinkKernel } from '../../../src/kernel/netlink/netlink-kernel.js';
import type { Kernel } from '../../../src/kernel/types.js';
import { type Bench, createRecorder, eventually, PROTOCOL, pause, prefix, settings, via } from '../bench.js';
import { createNetlinkBench } from '../bench-netlink.js';
import { type Random, randomFrom } from './random.js';
import { startStream } from './stream.js';
import { addressLines, CALM, ip, linkLines, mend, UPLINKS, type Uplink, WORKLOADS } from './world.js';

const STEPS = 60;
const PREFIXES = 24;
/** Milliseconds: somebody who was fought with is met again after a while only. */
const PATIENCE = 40_000;
const GUARDED = '10.99.0.0/16';

interface History {
  readonly kernel: Kernel;
  readonly random: Random;
  /** Prefix -> the line that the kernel should show. */
  readonly wanted: Map<string, string>;
  readonly workloads: Set<string>;
  readonly strangers: Set<string>;
}

const routePrefix = ({ random }: History): string => {
  const n = random.below(PREFIXES);
  return n % 2 === 0 ? `10.66.${n}.0/24` : `2001:db8:66:${n}::/64`;
};

const isV6 = (text: string): boolean => text.includes(':');
const familyFlag = (text: string): string => (isV6(text) ? '-6 ' : '');

function install(history: History): void {
  const { kernel, random, wanted } = history;
  const text = routePrefix(history);
  const choose = (link: Uplink): readonly [string, string] => [
    random.pick(isV6(text) ? link.hops6 : random.below(5) === 0 ? link.hops6.slice(2) : link.hops4),
    link.name,
  ];
  const links = random.below(2) === 0 ? UPLINKS : [random.pick(UPLINKS)];
  const hops = links.map(choose);
  const sticky = hops.length > 1 && random.below(3) === 0 ? { sticky: text } : {};
  kernel.install(prefix(text), { ...via(...hops.map(([hop]) => hop)), ...sticky });
  const parts = hops.map(([hop, dev]) => ` via ${hop.split('%')[0]} dev ${dev}`).sort();
  wanted.set(text, `${text} metric 1024${parts.join(' +')}`);
}

function uninstall(history: History): void {
  const text = routePrefix(history);
  history.kernel.uninstall(prefix(text));
  history.wanted.delete(text);
}

/** The guarded route moves among next hops that are all fine. */
function moveGuarded({ kernel, random }: History): void {
  const [first, second] = CALM.hops4;
  kernel.install(prefix(GUARDED), via(...random.pick([[first!], [second!], [first!, second!]])));
}

function agent({ random, workloads }: History): void {
  const text = `10.65.0.${1 + random.below(40)}/32`;
  if (workloads.delete(text)) ip([`route del ${text} dev ${WORKLOADS}`]);
  else {
    workloads.add(text);
    ip([`route add ${text} dev ${WORKLOADS} scope link proto 3`]);
  }
}

/** Somebody's route in the place of ours, taken away in the end. */
function stranger(history: History): void {
  const text = routePrefix(history);
  const { name, hops4, hops6 } = history.random.pick(UPLINKS);
  const hop = isV6(text) ? hops6[0] : hops4[0];
  history.strangers.add(text);
  ip([`${familyFlag(text)}route replace ${text} via ${hop} dev ${name} proto 4 metric 1024`]);
}

function meddle(history: History): void {
  const text = routePrefix(history);
  const { name, hops4, hops6 } = history.random.pick(UPLINKS);
  const hop = isV6(text) ? hops6[1] : hops4[1];
  const family = familyFlag(text);
  ip([
    history.random.below(2) === 0
      ? `${family}route del ${text} proto ${PROTOCOL} metric 1024`
      : `${family}route change ${text} via ${hop} dev ${name} proto ${PROTOCOL} metric 1024`,
  ]);
}

const FAULTS: readonly ((history: History, workers: Set<Worker>) => void)[] = [
  ({ random }) => ip([`link set ${random.pick(UPLINKS).name} down`]),
  ({ random }) => ip([`link set ${random.pick(UPLINKS).name} up`]),
  ({ random }) => ip([`link set ${random.pick(UPLINKS).name}-p down`]),
  ({ random }) => ip([`link set ${random.pick(UPLINKS).name}-p up`]),
  ({ random }) => {
    const { name } = random.pick(UPLINKS);
    ip([`link set ${name} down`, `link set ${name} up`]);
  },
  ({ random }) => {
    const { name, addresses } = random.pick(UPLINKS);
    ip([`addr del ${random.pick(addresses)} dev ${name}`]);
  },
  ({ random }) => ip([...addressLines(random.pick(UPLINKS))]),
  ({ random }) => {
    const link = random.pick(UPLINKS);
    ip([`link del ${link.name}`, ...(random.below(2) === 0 ? linkLines(link) : [])]);
  },
  (_, workers) => {
    for (const worker of workers) void worker.terminate();
  },
  // More than a small buffer holds.
  () => {
    const routes = (verb: string): string[] =>
      Array.from(
        { length: 200 },
        (_, i) => `-6 route ${verb} 2001:db8:ffff::${i + 1}/128 dev ${WORKLOADS} proto 4`,
      );
    ip([...routes('add'), ...routes('del')]);
  },
  stranger,
  meddle,
  meddle,
];

function step(history: History, workers: Set<Worker>): void {
  const { random } = history;
  const n = random.below(20);
  if (n < 8) install(history);
  else if (n < 11) uninstall(history);
  else if (n < 13) moveGuarded(history);
  else if (n < 15) agent(history);
  else random.pick(FAULTS)(history, workers);
}

/** Every worker thread of this process, as long as it runs. */
const workers = new Set<Worker>();
process.on('worker', (worker: Worker) => {
  workers.add(worker);
  worker.once('exit', () => workers.delete(worker));
});

/** Throws when the kernel is not as wanted in the end. */
export async function runHistory(seed: number, nextHopGroups: 'on' | 'off'): Promise<void> {
  const random = randomFrom(seed);
  const receiveBuffer = random.below(3) === 0 ? 2304 : 1 << 20;
  const kernel = createNetlinkKernel({ ...settings(), nextHopGroups }, { auditInterval: 1, receiveBuffer });
  const seen = createRecorder();
  deepEqual(await kernel.start(seen), { ok: true });
  kernel.sweep();
  const history: History = { kernel, random, wanted: new Map(), workloads: new Set(), strangers: new Set() };
  moveGuarded(history);
  await eventually('the guarded route', () => kernel.isInstalled(prefix(GUARDED)));
  const stream = startStream('10.99.1.1');
  for (let i = 0; i < STEPS; i++) {
    step(history, workers);
    await pause(random.below(3) === 0 ? random.below(12) : 0);
  }
  mend();
  ip([...history.strangers].map((text) => `${familyFlag(text)}route del ${text} proto 4 metric 1024`));
  kernel.install(prefix(GUARDED), via(...CALM.hops4));
  const guarded = CALM.hops4.map((hop) => ` via ${hop} dev ${CALM.name}`).join(' +');
  history.wanted.set(GUARDED, `${GUARDED} metric 1024${guarded}`);
  await check(history, createNetlinkBench());
  deepEqual([...seen.present.keys()].sort(), [...history.workloads].sort());
  stream.stop();
  deepEqual(stream.refused(), {});
  ok(stream.sent() > 100, `${stream.sent()} packets`);
  await kernel.close({ removeRoutes: true });
  deepEqual(createNetlinkBench().routes(PROTOCOL), []);
  ip([...history.workloads].map((text) => `route del ${text} dev ${WORKLOADS}`));
}

async function check({ kernel, wanted }: History, bench: Bench): Promise<void> {
  const expected = [...wanted.values()].sort();
  const begin = performance.now();
  while (performance.now() - begin < PATIENCE) {
    if (bench.routes(PROTOCOL).join('\n') === expected.join('\n')) break;
    await pause(50);
  }
  deepEqual(bench.routes(PROTOCOL), expected, JSON.stringify(kernel.status().fib));
  await eventually('all known', () => kernel.status().fib.installed === expected.length, PATIENCE);
}
