// Interned BGP next hops with what is known of their reachability and cost (RFC 4271 9.1.2.1). It never resolves one
// itself: states come in, and those who ask for it learn which next hops are in use.

import { toHex } from '../base/bytes.js';
import type { Brand } from '../base/ids.js';
import { type IpAddress, ipFromBytes, isLinkLocal } from '../base/ip.js';

export type NextHopId = Brand<number, 'NextHopId'>;

/** A route without a next hop of its own: a local one. */
export const NO_NEXT_HOP = 0 as NextHopId;

interface NextHopRow {
  readonly key: string;
  /** Null for `NO_NEXT_HOP`. The global address where there are two. */
  readonly address: IpAddress | null;
  reachable: boolean;
  cost: number;
  uses: number;
}

export interface NextHopInterest {
  track(address: IpAddress): void;
  untrack(address: IpAddress): void;
}

export class NextHops {
  readonly #rows: (NextHopRow | null)[] = [localRow()];
  readonly #byKey = new Map<string, NextHopId>();
  readonly #free: NextHopId[] = [];
  readonly #interest: NextHopInterest | null;

  /** Without `interest` every next hop counts as reachable at cost 0: a reflector that installs nothing. */
  constructor(interest: NextHopInterest | null) {
    this.#interest = interest;
  }

  /** Interns the next hop of an attribute block (its octet 0 is the length) and counts one more use. */
  use(bytes: Uint8Array, start: number): NextHopId {
    const length = bytes[start]!;
    if (length === 0) return NO_NEXT_HOP;
    const key = toHex(bytes.subarray(start + 1, start + 1 + length));
    const known = this.#byKey.get(key);
    if (known === undefined) return this.#add(key, ipFromBytes(bytes, start + 1, length === 4 ? 4 : 16));
    this.#rows[known]!.uses++;
    return known;
  }

  release(id: NextHopId): void {
    const row = this.#rows[id]!;
    if (id === NO_NEXT_HOP || --row.uses > 0) return;
    this.#byKey.delete(row.key);
    this.#rows[id] = null;
    this.#free.push(id);
    if (isTracked(row)) this.#interest?.untrack(row.address);
  }

  reachable(id: NextHopId): boolean {
    return this.#rows[id]!.reachable;
  }

  cost(id: NextHopId): number {
    return this.#rows[id]!.cost;
  }

  address(id: NextHopId): IpAddress | null {
    return this.#rows[id]!.address;
  }

  /** Takes a new state; returns the ids whose state changed (a global address may serve several). */
  setState(addressKey: string, reachable: boolean, cost: number): NextHopId[] {
    const changed: NextHopId[] = [];
    for (const [i, row] of this.#rows.entries()) {
      if (row === null || i === NO_NEXT_HOP || row.key.slice(0, addressKey.length) !== addressKey) continue;
      if (row.key.length !== addressKey.length && row.key.length !== addressKey.length * 2) continue;
      if (row.reachable === reachable && row.cost === cost) continue;
      row.reachable = reachable;
      row.cost = cost;
      changed.push(i as NextHopId);
    }
    return changed;
  }

  get size(): number {
    return this.#byKey.size;
  }

  #add(key: string, address: IpAddress): NextHopId {
    const row: NextHopRow = { key, address, reachable: this.#interest === null, cost: 0, uses: 1 };
    const id = this.#free.pop() ?? (this.#rows.length as NextHopId);
    this.#rows[id] = row;
    this.#byKey.set(key, id);
    if (!isTracked(row)) row.reachable = true;
    else this.#interest?.track(address);
    return id;
  }
}

const localRow = (): NextHopRow => ({ key: '', address: null, reachable: true, cost: 0, uses: 1 });

/** A link-local next hop is on the link of the session that brought it: nothing to resolve. */
const isTracked = (row: NextHopRow): row is NextHopRow & { readonly address: IpAddress } =>
  row.address !== null && !(row.address.family === 'ipv6' && isLinkLocal(row.address));
