// Columns of one family's FIB: what is wanted and what the kernel holds, per prefix, in typed arrays. Counts as it goes.
// Decides nothing.

import { Bitset } from '../../base/bitset.js';
import type { AddressFamily, FamilyIndex } from '../../base/family.js';
import { PrefixRows } from '../routes/prefix-rows.js';
import { NO_SET } from './next-hop-sets.js';

/** A write for the row is on its way; its outcome decides what is held. */
export const IN_FLIGHT = 1;
/** Adopted from the kernel and not wanted by anybody yet. */
export const STALE = 2;
/** Backing off: nothing is written before its time has come. */
export const WAITING = 4;
/** To be written again although held and wanted are equal. */
export const REWRITE = 8;
/** To be written again because of another source address. */
export const RESOURCE = 16;

/** A route that is not ours came to the place, and a write of ours may have landed on it (fib-yield.ts). */
export const YIELD = 32;

export const NO_GROUP = -1;

export class FibTable {
  readonly family: AddressFamily;
  readonly index: FamilyIndex;
  readonly rows: PrefixRows;
  /** Rows to look at. */
  readonly dirty = new Bitset();
  #wanted = new Int32Array(0);
  #held = new Int32Array(0);
  #metrics = new Uint32Array(0);
  #flags = new Uint8Array(0);
  wantedCount = 0;
  heldCount = 0;
  staleCount = 0;
  inFlightCount = 0;

  constructor(family: AddressFamily, seed: number) {
    this.family = family;
    this.index = family === 'ipv4' ? 0 : 1;
    this.rows = new PrefixRows(family, seed);
  }

  /** Room for every row in the columns; call after inserting one. */
  fit(): void {
    const capacity = this.rows.capacity;
    if (this.#flags.length >= capacity) return;
    const from = this.#flags.length;
    this.#wanted = grown(this.#wanted, capacity).fill(NO_GROUP, from);
    this.#held = grown(this.#held, capacity).fill(NO_SET, from);
    const metrics = new Uint32Array(capacity);
    metrics.set(this.#metrics);
    this.#metrics = metrics;
    const flags = new Uint8Array(capacity);
    flags.set(this.#flags);
    this.#flags = flags;
  }

  wanted(row: number): number {
    return this.#wanted[row]!;
  }

  setWanted(row: number, group: number): void {
    this.wantedCount += Number(group !== NO_GROUP) - Number(this.#wanted[row] !== NO_GROUP);
    this.#wanted[row] = group;
  }

  held(row: number): number {
    return this.#held[row]!;
  }

  /** By way of `holdRef` only, which counts the rows of nexthop objects. */
  setHeld(row: number, ref: number): void {
    this.heldCount += Number(ref !== NO_SET) - Number(this.#held[row] !== NO_SET);
    this.#held[row] = ref;
  }

  /** RTA_PRIORITY of the route that the kernel holds. */
  heldMetric(row: number): number {
    return this.#metrics[row]!;
  }

  setHeldMetric(row: number, metric: number): void {
    this.#metrics[row] = metric;
  }

  has(row: number, flag: number): boolean {
    return (this.#flags[row]! & flag) !== 0;
  }

  raise(row: number, flag: number): void {
    if (this.has(row, flag)) return;
    this.#flags[row]! |= flag;
    if (flag === STALE) this.staleCount++;
    if (flag === IN_FLIGHT) this.inFlightCount++;
  }

  lower(row: number, flag: number): void {
    if (!this.has(row, flag)) return;
    this.#flags[row]! &= ~flag;
    if (flag === STALE) this.staleCount--;
    if (flag === IN_FLIGHT) this.inFlightCount--;
  }

  /** Frees the row when nobody wants it, the kernel has nothing and nothing is owed. True when it was freed. */
  releaseIfIdle(row: number): boolean {
    const busy = this.has(row, IN_FLIGHT | YIELD);
    if (this.#wanted[row] !== NO_GROUP || this.#held[row] !== NO_SET || busy) return false;
    this.lower(row, STALE);
    this.#flags[row] = 0;
    this.dirty.delete(row);
    this.rows.remove(row);
    return true;
  }
}

function grown(column: Int32Array<ArrayBuffer>, capacity: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(capacity);
  larger.set(column);
  return larger;
}
