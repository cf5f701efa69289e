// Which prefixes hold a tracked next hop, asked for every route that the FIB wants: a sorted column per family, searched
// by halves. May say yes too often beyond 53 bits of an IPv6 address; never no too often.

import type { IpAddress } from '../../base/ip.js';
import type { Prefix } from '../../base/prefix.js';

const IPV6_LOW_BITS = 21;

export class HopIndex {
  readonly #addresses: () => Iterable<IpAddress>;
  #columns: readonly [Float64Array, Float64Array] | null = null;

  constructor(addresses: () => Iterable<IpAddress>) {
    this.#addresses = addresses;
  }

  /** The tracked next hops are others now. */
  outdate(): void {
    this.#columns = null;
  }

  /** Whether a tracked next hop may lie inside the prefix. */
  inside({ address, length }: Prefix): boolean {
    this.#columns ??= columnsOf(this.#addresses());
    const ipv4 = address.family === 'ipv4';
    const column = this.#columns[ipv4 ? 0 : 1];
    const bits = (ipv4 ? 32 : 32 + IPV6_LOW_BITS) - length;
    const first = keyOf(address);
    const last = bits > 0 ? first + 2 ** bits - 1 : first;
    const at = lowerBound(column, first);
    return at < column.length && column[at]! <= last;
  }
}

function columnsOf(addresses: Iterable<IpAddress>): readonly [Float64Array, Float64Array] {
  const keys: [number[], number[]] = [[], []];
  for (const address of addresses) keys[address.family === 'ipv4' ? 0 : 1].push(keyOf(address));
  return [Float64Array.from(keys[0]).sort(), Float64Array.from(keys[1]).sort()];
}

const keyOf = (address: IpAddress): number =>
  address.family === 'ipv4'
    ? address.word
    : address.words[0] * 2 ** IPV6_LOW_BITS + (address.words[1] >>> (32 - IPV6_LOW_BITS));

function lowerBound(column: Float64Array, key: number): number {
  let low = 0;
  let high = column.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (column[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
