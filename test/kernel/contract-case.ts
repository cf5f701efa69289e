// What the contract cases share.

import { deepEqual } from 'node:assert/strict';
import type { Kernel, KernelSettings } from '../../src/kernel/types.js';
import { type Bench, createRecorder, eventually, PROTOCOL, type Recorder, settings } from './bench.js';

export interface ContractCase {
  readonly title: string;
  readonly run: (bench: Bench) => Promise<void>;
}

export interface Started {
  readonly kernel: Kernel;
  readonly seen: Recorder;
}

export async function started(
  bench: Bench,
  over: Partial<KernelSettings> = {},
  options: { readonly receiveBuffer?: number } = {},
): Promise<Started> {
  const seen = createRecorder();
  const kernel = bench.create(settings(over), options);
  deepEqual(await kernel.start(seen), { ok: true });
  return { kernel, seen };
}

export const stop = (kernel: Kernel): Promise<void> => kernel.close({ removeRoutes: false });

/** An uplink with a subnet of 65,534 possible peers. */
export function addUplink(bench: Bench, name = 'eth0', address = '10.10.0.1/16'): void {
  bench.addLink(name);
  bench.addAddress(name, address);
}

export const ours = (bench: Bench): readonly string[] => bench.routes(PROTOCOL);

export const settled = (bench: Bench, expected: readonly string[]): Promise<void> =>
  eventually(expected.join(', ') || 'no routes of ours', () => sameLines(ours(bench), expected));

const sameLines = (a: readonly string[], b: readonly string[]): boolean => a.join('\n') === b.join('\n');

export const hostRoutes = (count: number, dev: string): { prefix: string; dev: string; protocol: number }[] =>
  Array.from({ length: count }, (_, i) => ({
    prefix: `10.65.${i >>> 8}.${i & 255}/32`,
    dev,
    protocol: 3,
  }));
