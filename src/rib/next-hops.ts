// Interned BGP next hops with what is known of their reachability and cost (RFC 4271 9.1.2.1). It never resolves one
// itself: states come in, and those who ask for it learn which next hops the accepted paths use. Next hops that only
// occur in what we tell others, our own addresses among them, are nobody's concern.

import { EMPTY, toHex } from '../base/bytes.js';
import type { Brand } from '../base/ids.js';
import { type IpAddress, ipFromBytes, ipToBytes, isLinkLocal } from '../base/ip.js';

export type NextHopId = Brand<number, 'NextHopId'>;

/** About, of one next hop. */
const ROW_OCTETS = 300;

/** A route without a next hop of its own: a local one. */
export const NO_NEXT_HOP = 0 as NextHopId;

/** What is known of one address; an IPv6 address is shared by the next hops with and without a link-local one. */
interface AddressState {
  readonly key: string;
  readonly address: IpAddress;
  reachable: boolean;
  cost: number;
  readonly nextHops: Set<NextHopId>;
}

interface NextHopRow {
  readonly key: string;
  /** Null for `NO_NEXT_HOP`. The global address where there are two. */
  readonly address: IpAddress | null;
  /** Null: not tracked. */
  state: AddressState | null;
  /** Attribute sets with this next hop. */
  uses: number;
  /** Accepted paths with this next hop. */
  paths: number;
}

/** Asked for each address once, however many next hops hold it, until it is out of use. */
export interface NextHopInterest {
  track(address: IpAddress): void;
  untrack(address: IpAddress): void;
}

export class NextHops {
  readonly #rows: (NextHopRow | null)[] = [{ key: '', address: null, state: null, uses: 1, paths: 0 }];
  readonly #byKey = new Map<string, NextHopId>();
  readonly #states = new Map<string, AddressState>();
  readonly #free: NextHopId[] = [];
  #latest: NextHopId = NO_NEXT_HOP;
  /** Length octet and octets of `#latest`; empty for none. */
  #latestOctets: Uint8Array = EMPTY;
  /** Lost their last path since the last `sweep`. */
  #idle: NextHopId[] = [];
  readonly #interest: NextHopInterest | null;

  /** Without `interest` every next hop counts as reachable at cost 0: a reflector that installs nothing. */
  constructor(interest: NextHopInterest | null) {
    this.#interest = interest;
  }

  /** Interns the next hop of an attribute block (its octet 0 is the length) and counts one more use. */
  use(bytes: Uint8Array, start: number): NextHopId {
    const length = bytes[start]!;
    if (length === 0) return NO_NEXT_HOP;
    if (this.#isLatest(bytes, start, length)) {
      this.#rows[this.#latest]!.uses++;
      return this.#latest;
    }
    const id = this.#intern(bytes, start, length);
    this.#latest = id;
    this.#latestOctets = bytes.slice(start, start + 1 + length);
    return id;
  }

  /** Most attribute sets that come one after the other have the same next hop. */
  #isLatest(bytes: Uint8Array, start: number, length: number): boolean {
    const latest = this.#latestOctets;
    if (latest.length !== length + 1) return false;
    for (let i = 1; i <= length; i++) if (latest[i] !== bytes[start + i]) return false;
    return true;
  }

  #intern(bytes: Uint8Array, start: number, length: number): NextHopId {
    const key = toHex(bytes.subarray(start + 1, start + 1 + length));
    const known = this.#byKey.get(key);
    if (known === undefined) return this.#add(key, ipFromBytes(bytes, start + 1, length === 4 ? 4 : 16));
    this.#rows[known]!.uses++;
    return known;
  }

  release(id: NextHopId): void {
    const row = this.#rows[id]!;
    if (id === NO_NEXT_HOP || --row.uses > 0) return;
    if (id === this.#latest) this.#latestOctets = EMPTY;
    this.#byKey.delete(row.key);
    this.#rows[id] = null;
    this.#free.push(id);
  }

  /** One more accepted path goes over it. */
  addPath(id: NextHopId): void {
    const row = this.#rows[id]!;
    if (row.paths++ === 0 && row.state === null && isTracked(row)) this.#track(id, row, row.address);
  }

  removePath(id: NextHopId): void {
    if (--this.#rows[id]!.paths === 0) this.#idle.push(id);
  }

  /** Ends the interest in next hops that stayed without a path; comes before attribute sets are reclaimed. */
  sweep(): void {
    for (const id of this.#idle) {
      const row = this.#rows[id]!;
      if (row.paths === 0 && row.state !== null) this.#untrack(id, row, row.state);
    }
    this.#idle = [];
  }

  reachable(id: NextHopId): boolean {
    return this.#rows[id]!.state?.reachable ?? true;
  }

  cost(id: NextHopId): number {
    return this.#rows[id]!.state?.cost ?? 0;
  }

  address(id: NextHopId): IpAddress | null {
    return this.#rows[id]!.address;
  }

  /** Takes a new state; returns the next hops that it changes. */
  setState(address: IpAddress, reachable: boolean, cost: number): Iterable<NextHopId> {
    const state = this.#states.get(toHex(ipToBytes(address)));
    if (state === undefined || (state.reachable === reachable && state.cost === cost)) return [];
    state.reachable = reachable;
    state.cost = cost;
    return state.nextHops;
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** About: objects and keys. */
  get bytes(): number {
    return this.#byKey.size * ROW_OCTETS;
  }

  #add(key: string, address: IpAddress): NextHopId {
    const id = this.#free.pop() ?? (this.#rows.length as NextHopId);
    this.#rows[id] = { key, address, state: null, uses: 1, paths: 0 };
    this.#byKey.set(key, id);
    return id;
  }

  #track(id: NextHopId, row: NextHopRow, address: IpAddress): void {
    if (this.#interest === null) return;
    const key = toHex(ipToBytes(address));
    const known = this.#states.get(key);
    row.state = known ?? { key, address, reachable: false, cost: 0, nextHops: new Set() };
    row.state.nextHops.add(id);
    if (known !== undefined) return;
    this.#states.set(key, row.state);
    this.#interest.track(address);
  }

  #untrack(id: NextHopId, row: NextHopRow, state: AddressState): void {
    row.state = null;
    state.nextHops.delete(id);
    if (state.nextHops.size > 0) return;
    this.#states.delete(state.key);
    this.#interest?.untrack(state.address);
  }
}

/** A link-local next hop is on the link of the session that brought it: nothing to resolve. */
const isTracked = (row: NextHopRow): row is NextHopRow & { readonly address: IpAddress } =>
  row.address !== null && !(row.address.family === 'ipv6' && isLinkLocal(row.address));
