// Interned sets of kernel next hops: equal sets have equal ids, so a route is compared by one number. Order does not
// matter to the kernel's choice, so sets are kept sorted.

import { compareIp, formatIp } from '../../base/ip.js';
import type { KernelNextHop, RouteType } from '../types.js';

/** Id of "no route". */
export const NO_SET = -1;

const FIRST_SWEEP = 4096;

export class NextHopSets {
  readonly #ids = new Map<string, number>();
  readonly #sets: (readonly KernelNextHop[] | null)[] = [];
  readonly #keys: string[] = [];
  readonly #free: number[] = [];
  #sweepAt = FIRST_SWEEP;

  get size(): number {
    return this.#ids.size;
  }

  /** A route that drops packets sends nowhere, whatever the kernel says of `lo`: its type tells it from others. */
  intern(hops: readonly KernelNextHop[], type: RouteType = 'unicast'): number {
    const sends = type === 'unicast';
    const sorted = !sends ? NO_HOPS : hops.length < 2 ? hops : distinct(hops);
    const key = sends ? keyOf(sorted) : type;
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#free.pop() ?? this.#sets.length;
    this.#ids.set(key, id);
    this.#sets[id] = sorted;
    this.#keys[id] = key;
    return id;
  }

  get(id: number): readonly KernelNextHop[] {
    return this.#sets[id] ?? NO_HOPS;
  }

  /** Ids of the sets that send through an interface. */
  through(ifindex: number): ReadonlySet<number> {
    const ids = new Set<number>();
    for (const [id, set] of this.#sets.entries())
      if (set?.some((hop) => hop.ifindex === ifindex)) ids.add(id);
    return ids;
  }

  /** True when so many sets were made since the last sweep that it is time to look for unused ones. */
  get wantsSweep(): boolean {
    return this.#ids.size >= this.#sweepAt;
  }

  /** Forgets every set that is not in `used`. */
  sweep(used: ReadonlySet<number>): void {
    for (const [id, set] of this.#sets.entries()) {
      if (set === null || used.has(id)) continue;
      this.#ids.delete(this.#keys[id]!);
      this.#sets[id] = null;
      this.#free.push(id);
    }
    this.#sweepAt = Math.max(FIRST_SWEEP, this.#ids.size * 2);
  }
}

const NO_HOPS: readonly KernelNextHop[] = [];

const keyOf = (hops: readonly KernelNextHop[]): string =>
  hops
    .map(({ gateway, ifindex, onlink, weight }) => {
      return `${gateway === null ? '' : formatIp(gateway)}%${ifindex}${onlink ? '!' : ''}*${weight}`;
    })
    .join(' ');

const compareHops = (a: KernelNextHop, b: KernelNextHop): number => {
  if (a.ifindex !== b.ifindex) return a.ifindex - b.ifindex;
  if (a.gateway === null || b.gateway === null)
    return Number(a.gateway !== null) - Number(b.gateway !== null);
  return compareIp(a.gateway, b.gateway);
};

/** Sorted, one hop per interface and gateway: the kernel refuses or merges repeated ones, depending on the family. */
function distinct(hops: readonly KernelNextHop[]): readonly KernelNextHop[] {
  const sorted = [...hops].sort(compareHops);
  return sorted.filter((hop, i) => i === 0 || compareHops(hop, sorted[i - 1]!) !== 0);
}
