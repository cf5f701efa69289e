// A listing over the whole table in address order, a few milliseconds a turn: looks through all rows, keeps the lowest
// prefixes that match, and makes their routes when they are read. Nothing is kept ready for it while nobody asks.

import type { RouteListing, RouteStatus } from '../../api/model/types.js';
import type { FamilyIndex } from '../../base/family.js';
import { NONE, type PrefixId } from '../../base/ids.js';
import type { Rib } from '../../rib/core.js';
import { LowestPrefixes } from '../../rib/tables/lowest-prefixes.js';

/** Which routes of a prefix are asked for. */
export interface RouteChoice {
  /** How many there are; cheap. */
  count(family: FamilyIndex, prefix: PrefixId): number;
  tell(family: FamilyIndex, prefix: PrefixId): Iterable<RouteStatus>;
}

export interface ListingOptions {
  readonly rib: Pick<Rib, 'prefixes'>;
  readonly families: readonly FamilyIndex[];
  readonly choice: RouteChoice;
  /** Routes at most. */
  readonly limit: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Milliseconds a turn. */
const TURN = 2;
/** Rows between two looks at the clock. */
const ROWS_A_LOOK = 256;

interface FamilyRows {
  readonly family: FamilyIndex;
  readonly lowest: LowestPrefixes;
}

export class TableListing implements RouteListing {
  total = 0;
  readonly #options: ListingOptions;
  readonly #kept: FamilyRows[] = [];
  readonly #toDo: FamilyIndex[];
  #current: FamilyRows | null = null;
  #row = 0;

  constructor(options: ListingOptions) {
    this.#options = options;
    this.#toDo = [...options.families];
  }

  more(): boolean {
    const { now } = this.#options;
    const end = now() + TURN;
    while (this.#step()) if (now() >= end) return true;
    return false;
  }

  get routes(): Iterable<RouteStatus> {
    return this.#read();
  }

  #step(): boolean {
    this.#current ??= this.#nextFamily();
    if (this.#current === null) return false;
    const { family, lowest } = this.#current;
    if (this.#look(family, lowest) || lowest.order(ROWS_A_LOOK)) return true;
    this.#kept.push(this.#current);
    this.#current = null;
    return true;
  }

  #nextFamily(): FamilyRows | null {
    const family = this.#toDo.shift();
    if (family === undefined) return null;
    this.#row = 0;
    return { family, lowest: new LowestPrefixes(family === 1, Math.max(1, this.#room())) };
  }

  /** Prefixes that may still be shown: each has a route at least. */
  #room(): number {
    return this.#options.limit - this.#kept.reduce((sum, { lowest }) => sum + lowest.count, 0);
  }

  #look(family: FamilyIndex, lowest: LowestPrefixes): boolean {
    const { rib, choice } = this.#options;
    const table = rib.prefixes[family];
    const end = Math.min(table.rows, this.#row + ROWS_A_LOOK);
    if (this.#row >= end) return false;
    for (; this.#row < end; this.#row++) {
      const prefix = this.#row as PrefixId;
      if (!table.isLive(prefix) || table.head[prefix] === NONE) continue;
      const count = choice.count(family, prefix);
      if (count === 0) continue;
      this.total += count;
      const { w0, w1, w2, w3, length } = table;
      if (family === 0) lowest.offer(w0[prefix]!, 0, 0, 0, length[prefix]!);
      else lowest.offer(w0[prefix]!, w1[prefix]!, w2[prefix]!, w3[prefix]!, length[prefix]!);
    }
    return true;
  }

  *#read(): Generator<RouteStatus> {
    let left = this.#options.limit;
    for (const rows of this.#kept) {
      for (const prefix of this.#prefixes(rows)) {
        for (const route of this.#options.choice.tell(rows.family, prefix)) {
          if (left-- <= 0) return;
          yield route;
        }
      }
    }
  }

  /** Those that are still there. One that went and came under another id while others were looked at is kept twice. */
  *#prefixes({ family, lowest }: FamilyRows): Generator<PrefixId> {
    const { w0, w1, w2, w3, length } = lowest;
    const table = this.#options.rib.prefixes[family];
    let before: number = NONE;
    for (let i = 0; i < lowest.count; i++) {
      const row = lowest.row(i);
      const id =
        family === 0
          ? table.find(w0[row]!, 0, 0, 0, length[row]!)
          : table.find(w0[row]!, w1[row]!, w2[row]!, w3[row]!, length[row]!);
      if (id === NONE || id === before || table.head[id] === NONE) continue;
      before = id;
      yield id as PrefixId;
    }
  }
}
