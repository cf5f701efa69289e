// Single hops as nexthop objects, in the kernel or on their way to it: by what they are and by id. A hop never changes; a
// group that needs another one refers to another object.

import { formatIp } from '../../base/ip.js';
import type { KernelNextHop } from '../types.js';

export class HopObjects {
  readonly #ids = new Map<string, number>();
  readonly #hops = new Map<number, KernelNextHop>();

  get size(): number {
    return this.#hops.size;
  }

  has(id: number): boolean {
    return this.#hops.has(id);
  }

  get(id: number): KernelNextHop | undefined {
    return this.#hops.get(id);
  }

  /** Undefined when there is none; `ipv6`: of the routes that use it. */
  idOf(hop: KernelNextHop, ipv6: boolean): number | undefined {
    return this.#ids.get(keyOf(hop, ipv6));
  }

  /** Two objects may be the same hop: the first one is used. */
  add(id: number, hop: KernelNextHop, ipv6: boolean): void {
    const key = keyOf(hop, ipv6);
    this.#hops.set(id, hop);
    if (!this.#ids.has(key)) this.#ids.set(key, id);
  }

  delete(id: number): void {
    const hop = this.#hops.get(id);
    this.#hops.delete(id);
    if (hop === undefined) return;
    for (const ipv6 of [false, true]) {
      const key = keyOf(hop, ipv6);
      if (this.#ids.get(key) === id) this.#ids.delete(key);
    }
  }

  ids(): readonly number[] {
    return [...this.#hops.keys()];
  }

  /** Those that send through the interface. */
  through(ifindex: number): readonly number[] {
    return this.ids().filter((id) => this.#hops.get(id)?.ifindex === ifindex);
  }
}

/** A hop without gateway belongs to one family; with one, both may use it. */
const keyOf = ({ gateway, ifindex, onlink }: KernelNextHop, ipv6: boolean): string =>
  `${gateway === null ? (ipv6 ? '6' : '4') : formatIp(gateway)}%${ifindex}${onlink ? '!' : ''}`;
