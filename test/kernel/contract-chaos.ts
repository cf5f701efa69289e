// Contract: whatever happened in between, what is wanted is what the kernel holds in the end.

import { deepEqual } from 'node:assert/strict';
import type { Kernel } from '../../src/kernel/types.js';
import { type Bench, eventually, PROTOCOL, pause, prefix, via } from './bench.js';
import { addUplink, type ContractCase, ours, started, stop } from './contract-case.js';

const LINKS = [
  { name: 'eth0', address: '10.10.0.1/16', hops: ['10.10.0.2', '10.10.0.3', '10.10.0.4'] },
  { name: 'eth1', address: '10.11.0.1/16', hops: ['10.11.0.2', '10.11.0.3', '10.11.0.4'] },
] as const;
const HOPS = LINKS.flatMap(({ name, hops }) => hops.map((address) => ({ address, dev: name })));

interface Chaos {
  readonly bench: Bench;
  readonly kernel: Kernel;
  /** A whole number below the limit. */
  readonly random: (limit: number) => number;
  /** Prefix -> the line that the kernel should show. */
  readonly wanted: Map<string, string>;
  readonly down: Set<string>;
  readonly bare: Set<string>;
}

/** The same numbers for the same seed (mulberry32), so that a failure can be had again. */
function randomFrom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}

function install({ kernel, random, wanted }: Chaos): void {
  const text = `10.66.${random(40)}.0/24`;
  const first = random(HOPS.length);
  const chosen = [first, ...(random(2) === 0 ? [] : [(first + 1 + random(5)) % HOPS.length])];
  const hops = chosen.map((i) => HOPS[i]!);
  const intent = via(...hops.map(({ address }) => address));
  const sticky = hops.length > 1 && random(3) === 0 ? { sticky: text } : {};
  kernel.install(prefix(text), { ...intent, ...sticky });
  const parts = hops.map(({ address, dev }) => ` via ${address} dev ${dev}`).sort();
  wanted.set(text, `${text} metric 1024${parts.join(' +')}`);
}

function uninstall({ kernel, random, wanted }: Chaos): void {
  const text = `10.66.${random(40)}.0/24`;
  kernel.uninstall(prefix(text));
  wanted.delete(text);
}

function toggleLink({ bench, random, down }: Chaos): void {
  const { name } = LINKS[random(2)]!;
  bench.setLinks([{ name, up: down.has(name) }]);
  if (!down.delete(name)) down.add(name);
}

function toggleAddress({ bench, random, bare }: Chaos): void {
  const { name, address } = LINKS[random(2)]!;
  if (bare.delete(name)) bench.addAddress(name, address);
  else {
    bench.deleteAddress(name, address);
    bare.add(name);
  }
}

/** Somebody deletes a route of ours, if there is one. */
function deleteOurs({ bench, random }: Chaos): void {
  const lines = ours(bench);
  const line = lines[random(Math.max(1, lines.length))];
  if (line === undefined) return;
  try {
    bench.deleteRoutes([{ prefix: line.split(' ')[0]!, metric: 1024, protocol: PROTOCOL }]);
  } catch {
    // The netlink thread may have removed it since it was shown.
  }
}

/** One in so many steps, weighted by how often it stands here. */
const STEPS: readonly ((chaos: Chaos) => void)[] = [
  ...new Array<(chaos: Chaos) => void>(20).fill(install),
  ...new Array<(chaos: Chaos) => void>(8).fill(uninstall),
  toggleLink,
  toggleAddress,
  deleteOurs,
];

async function run(bench: Bench, seed: number): Promise<void> {
  for (const { name, address } of LINKS) addUplink(bench, name, address);
  const { kernel } = await started(bench);
  const chaos: Chaos = {
    bench,
    kernel,
    random: randomFrom(seed),
    wanted: new Map(),
    down: new Set(),
    bare: new Set(),
  };
  for (let i = 0; i < 400; i++) {
    STEPS[chaos.random(STEPS.length)]?.(chaos);
    if (chaos.random(4) === 0) await pause(chaos.random(4));
  }
  for (const { name, address } of LINKS) {
    if (chaos.bare.has(name)) bench.addAddress(name, address);
    if (chaos.down.has(name)) bench.setLinks([{ name, up: true }]);
  }
  const expected = [...chaos.wanted.values()].sort();
  const holds = (): boolean => ours(bench).join('\n') === expected.join('\n');
  await eventually(`seed ${seed}`, holds).catch(() => deepEqual(ours(bench), expected));
  await eventually('no problem left', () => kernel.status().fib.problemCount === 0);
  await eventually('all known', () => kernel.status().fib.installed === expected.length);
  await stop(kernel);
}

export const CHAOS_CASES: readonly ContractCase[] = [1, 2, 3].map((seed) => ({
  title: `after random changes everything is as wanted, seed ${seed}`,
  run: (bench) => run(bench, seed),
}));
