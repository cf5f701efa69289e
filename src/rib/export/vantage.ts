// Where a client of the reflector stands in the network (RFC 9107): the cost from there to each next hop, from a configured
// table. It knows nothing of paths.

import type { IpAddress } from '../../base/ip.js';
import { type Prefix, prefixContainsIp } from '../../base/prefix.js';
import type { NextHopId, NextHops } from '../tables/next-hops.js';

export interface Vantage {
  readonly name: string;
  readonly costs: readonly VantageCost[];
}

/** The next hops inside `prefix` cost this; of several that hold one the longest counts. */
export interface VantageCost {
  readonly prefix: Prefix;
  readonly cost: number;
}

/** Of a next hop that the table does not name: it loses against all that it does. */
const UNLISTED = 0xffffffff;

/** Equal keys mean the same costs. */
export const vantageKey = ({ name, costs }: Vantage): string => JSON.stringify([name, costs]);

export class VantageCosts {
  readonly #longestFirst: readonly VantageCost[];
  /** By next hop: what it was last asked for. A row that means another address now has another object. */
  readonly #addresses: (IpAddress | null)[] = [];
  readonly #costs: number[] = [];

  constructor({ costs }: Vantage) {
    this.#longestFirst = [...costs].sort((a, b) => b.prefix.length - a.prefix.length);
  }

  cost(nextHops: NextHops, id: NextHopId): number {
    const address = nextHops.address(id);
    if (address === null) return 0;
    if (this.#addresses[id] !== address) {
      this.#addresses[id] = address;
      this.#costs[id] =
        this.#longestFirst.find(({ prefix }) => prefixContainsIp(prefix, address))?.cost ?? UNLISTED;
    }
    return this.#costs[id]!;
  }
}
