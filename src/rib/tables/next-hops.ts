// Interned BGP next hops with what is known of their reachability and cost (RFC 4271 9.1.2.1). It never resolves one
// itself: states come in, and those who ask for it learn which next hops the accepted paths use. Next hops that only
// occur in what we tell others, our own addresses among them, are nobody's concern.

import { copyBytes, EMPTY, toHex } from '../../base/bytes.js';
import { hashBytes } from '../../base/hash.js';
import type { Brand } from '../../base/ids.js';
import { type IpAddress, ipEquals, ipFromBytes, ipToBytes, isLinkLocal } from '../../base/ip.js';

export type NextHopId = Brand<number, 'NextHopId'>;

/** About, of one next hop. */
const ROW_OCTETS = 300;

/** A route without a next hop of its own: a local one. */
export const NO_NEXT_HOP = 0 as NextHopId;

/** A power of two. */
const RECENT = 256;

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
  /** As in an attribute block: 4, 16 or 32; none for `NO_NEXT_HOP`. */
  readonly octets: Uint8Array;
  /** Null for `NO_NEXT_HOP`. The global address where there are two. */
  readonly address: IpAddress | null;
  /** Null: not tracked. */
  state: AddressState | null;
  /** Attribute sets with this next hop. */
  uses: number;
  /** Accepted paths with this next hop. */
  paths: number;
  /** Told to somebody as it is, and it came from somebody else than the router at that address. */
  named: boolean;
}

/** What is known of the way to an address; `cost` is the IGP metric. */
export interface Reachability {
  readonly reachable: boolean;
  readonly cost: number;
}

/** Asked for each address once, however many next hops hold it, until it is out of use. */
export interface NextHopInterest {
  /** Answers with what is known now: a path must not be without a way until somebody has looked, or it takes its prefix away. */
  track(address: IpAddress): Reachability;
  untrack(address: IpAddress): void;
}

export class NextHops {
  readonly #rows: (NextHopRow | null)[] = [
    { key: '', octets: EMPTY, address: null, state: null, uses: 1, paths: 0, named: false },
  ];
  readonly #byKey = new Map<string, NextHopId>();
  readonly #states = new Map<string, AddressState>();
  readonly #free: NextHopId[] = [];
  /** Lost their last path since the last `sweep`. */
  #idle: NextHopId[] = [];
  /** Interned before, by hash; the row may be gone or another's by now. */
  readonly #recent = new Int32Array(RECENT);
  /** Of each address, how many next hops that were named hold it. */
  readonly #named = new Map<string, number>();
  /** Named since they were last asked for. */
  #news: IpAddress[] = [];
  readonly #interest: NextHopInterest | null;

  /** Without `interest` every next hop counts as reachable at cost 0: a reflector that installs nothing. */
  constructor(interest: NextHopInterest | null) {
    this.#interest = interest;
  }

  /** Interns the next hop of an attribute block (its octet 0 is the length) and counts one more use. */
  use(bytes: Uint8Array, start: number): NextHopId {
    const length = bytes[start]!;
    if (length === 0) return NO_NEXT_HOP;
    // Many attribute sets share few next hops: most are found without making a key.
    const slot = hashBytes(bytes, start + 1, start + 1 + length, 0) & (RECENT - 1);
    const recent = this.#rows[this.#recent[slot]!];
    if (recent !== null && recent !== undefined && sameOctets(recent.octets, bytes, start + 1, length)) {
      recent.uses++;
      return this.#recent[slot] as NextHopId;
    }
    const id = this.#find(bytes, start, length);
    this.#recent[slot] = id;
    return id;
  }

  #find(bytes: Uint8Array, start: number, length: number): NextHopId {
    const key = toHex(bytes.subarray(start + 1, start + 1 + length));
    const known = this.#byKey.get(key);
    if (known === undefined) return this.#add(key, copyBytes(bytes, start + 1, start + 1 + length));
    this.#rows[known]!.uses++;
    return known;
  }

  release(id: NextHopId): void {
    const row = this.#rows[id]!;
    if (id === NO_NEXT_HOP || --row.uses > 0) return;
    if (row.named) this.#countNamed(row, -1);
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

  /** Resolved on the link of the session that brought it. */
  isLinkLocal(id: NextHopId): boolean {
    const { address } = this.#rows[id]!;
    return address?.family === 'ipv6' && isLinkLocal(address);
  }

  /** Packets go to the same address, whatever link-local one stands beside it. */
  sameAddress(a: NextHopId, b: NextHopId): boolean {
    if (a === b) return true;
    const [left, right] = [this.address(a), this.address(b)];
    return left !== null && right !== null && ipEquals(left, right);
  }

  /** A third party is told of it (RFC 4271 5.1.3). */
  name(id: NextHopId): void {
    const row = this.#rows[id]!;
    if (row.named || row.address === null) return;
    row.named = true;
    this.#countNamed(row, 1);
    this.#news.push(row.address);
  }

  /** While attribute sets with it exist, with a link-local address beside it or without. */
  isNamed(address: IpAddress): boolean {
    return this.#named.has(toHex(ipToBytes(address)));
  }

  #countNamed({ key, octets }: NextHopRow, change: number): void {
    const address = octets.length === 32 ? key.slice(0, 32) : key;
    const count = (this.#named.get(address) ?? 0) + change;
    if (count > 0) this.#named.set(address, count);
    else this.#named.delete(address);
  }

  /** Those that were named for the first time since the last call. */
  takeNamed(): readonly IpAddress[] {
    if (this.#news.length === 0) return this.#news;
    const news = this.#news;
    this.#news = [];
    return news;
  }

  /** One more user that is no attribute set; ends with `release`. */
  hold(id: NextHopId): void {
    this.#rows[id]!.uses++;
  }

  /** Takes a new state; returns the next hops that it changes. */
  setState(address: IpAddress, reachable: boolean, cost: number): Iterable<NextHopId> {
    const state = this.#states.get(toHex(ipToBytes(address)));
    if (state === undefined || (state.reachable === reachable && state.cost === cost)) return [];
    state.reachable = reachable;
    state.cost = cost;
    return state.nextHops;
  }

  /** Interned next hops that this address stands for. */
  idsOf(address: IpAddress): Iterable<NextHopId> {
    return this.#states.get(toHex(ipToBytes(address)))?.nextHops ?? [];
  }

  /** What is known of an address; null: nobody asked for it. */
  stateOf(address: IpAddress): Reachability | null {
    return this.#states.get(toHex(ipToBytes(address))) ?? null;
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** About: objects and keys. */
  get bytes(): number {
    return this.#byKey.size * ROW_OCTETS;
  }

  #add(key: string, octets: Uint8Array): NextHopId {
    const id = this.#free.pop() ?? (this.#rows.length as NextHopId);
    const address = ipFromBytes(octets, 0, octets.length === 4 ? 4 : 16);
    this.#rows[id] = { key, octets, address, state: null, uses: 1, paths: 0, named: false };
    this.#byKey.set(key, id);
    return id;
  }

  #track(id: NextHopId, row: NextHopRow, address: IpAddress): void {
    if (this.#interest === null) return;
    const key = toHex(ipToBytes(address));
    const known = this.#states.get(key);
    row.state = known ?? this.#begin(key, address, this.#interest);
    row.state.nextHops.add(id);
  }

  #begin(key: string, address: IpAddress, interest: NextHopInterest): AddressState {
    const { reachable, cost } = interest.track(address);
    const state: AddressState = { key, address, reachable, cost, nextHops: new Set() };
    this.#states.set(key, state);
    return state;
  }

  #untrack(id: NextHopId, row: NextHopRow, state: AddressState): void {
    row.state = null;
    state.nextHops.delete(id);
    if (state.nextHops.size > 0) return;
    this.#states.delete(state.key);
    this.#interest?.untrack(state.address);
  }
}

function sameOctets(octets: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
  if (octets.length !== length) return false;
  for (let i = 0; i < length; i++) if (octets[i] !== bytes[start + i]) return false;
  return true;
}

/** A link-local next hop is on the link of the session that brought it: nothing to resolve. */
const isTracked = (row: NextHopRow): row is NextHopRow & { readonly address: IpAddress } =>
  row.address !== null && !(row.address.family === 'ipv6' && isLinkLocal(row.address));
