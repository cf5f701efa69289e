// Which prefixes hold a tracked next hop, asked for every route that the FIB wants: a sorted column per family, searched
// by halves. May say yes too often beyond 53 bits of an IPv6 address; never no too often.

import type { IpAddress } from '../../base/ip.js';

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

  /** Whether a tracked next hop may lie inside the prefix; of its words the first two count. */
  inside(ipv4: boolean, w0: number, w1: number, length: number): boolean {
    this.#columns ??= columnsOf(this.#addresses());
    const column = this.#columns[ipv4 ? 0 : 1];
    if (column.length === 0) return false;
    const bits = (ipv4 ? 32 : 32 + IPV6_LOW_BITS) - length;
    const first = ipv4 ? w0 : keyOfWords(w0, w1);
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
  address.family === 'ipv4' ? address.word : keyOfWords(address.words[0], address.words[1]);

const keyOfWords = (w0: number, w1: number): number =>
  w0 * 2 ** IPV6_LOW_BITS + (w1 >>> (32 - IPV6_LOW_BITS));

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
