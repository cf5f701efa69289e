// An agent and our replacements write to the same two places at the same time, over and over, on the kernel of the network
// namespace that this process was started in. Prints what was met; exit code 0: the agent's routes stood after every round.

import { deepEqual } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { setImmediate as turn } from 'node:timers/promises';
import type { Kernel } from '../../src/kernel/types.js';
import { type Bench, createRecorder, eventually, prefix, settings, via } from './bench.js';
import { createNetlinkBench } from './bench-netlink.js';

const PLACES = ['10.65.0.9/32', 'fd00:65::9/128'] as const;
const THEIRS = PLACES.map((place) => `${place} metric 1024 dev cali1`);
const ROUNDS = Number(process.argv[3]);
/** Replacements of ours per round: the agent's writes fall among them. */
const REPLACEMENTS = 12;

/** One process for all rounds: it writes the moment it reads. */
const agent = spawn('ip', ['-force', '-batch', '-'], { stdio: ['pipe', 'ignore', 'inherit'] });
const agentWrites = (verb: 'replace' | 'del'): void => {
  const lines = PLACES.map((place) => `route ${verb} ${place} dev cali1 proto 3 metric 1024\n`);
  agent.stdin.write(lines.join(''));
};

/** One hop, another one, two: each is a replacement, and in more than one form. */
const HOPS = [[2], [3], [2, 4]] as const;

function want(kernel: Kernel, n: number): void {
  const hops = HOPS[n % HOPS.length]!;
  kernel.install(prefix(PLACES[0]), via(...hops.map((hop) => `10.10.0.${hop}`)));
  kernel.install(prefix(PLACES[1]), via(...hops.map((hop) => `2001:db8:10::${hop}`)));
}

const isIdle = (kernel: Kernel): boolean => kernel.status().fib.pending === 0;

async function round(
  bench: Bench,
  kernel: Kernel,
  told: ReadonlyMap<string, string>,
  n: number,
): Promise<void> {
  await eventually(
    'ours',
    () => isIdle(kernel) && PLACES.every((place) => kernel.isInstalled(prefix(place))),
  );
  agentWrites('replace');
  for (let i = 1; i <= REPLACEMENTS; i++) {
    want(kernel, n + i);
    await turn();
  }
  await eventually('both told', () => told.size === 2);
  await eventually('idle', () => isIdle(kernel));
  deepEqual(bench.routes(3), THEIRS, `round ${n}`);
  deepEqual(bench.routes(12), [], `round ${n}`);
  deepEqual(told.size, 2);
  agentWrites('del');
  await eventually('none told', () => told.size === 0);
}

const bench = createNetlinkBench(process.argv[2] === 'on' ? 'on' : 'off');
bench.addLink('eth0');
bench.addAddress('eth0', '10.10.0.1/16');
bench.addAddress('eth0', '2001:db8:10::1/64');
bench.addLink('cali1');
const seen = createRecorder();
const kernel = bench.create(settings());
deepEqual(await kernel.start(seen), { ok: true });
want(kernel, 0);
for (let n = 0; n < ROUNDS; n++) await round(bench, kernel, seen.present, n);
const { overwrote } = kernel.status().drift.counts;
process.stdout.write(`${ROUNDS} rounds, overwritten and put back: ${overwrote}\n`);
process.exit(0);
