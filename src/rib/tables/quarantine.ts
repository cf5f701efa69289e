// Prefixes without a path wait here until no member of any group still has to be told of their end: only then may their
// id mean another prefix.

import type { FamilyIndex } from '../../base/family.js';
import type { PrefixId } from '../../base/ids.js';
import type { PrefixTable } from './prefix-table.js';

export class Quarantine {
  readonly #tables: readonly [PrefixTable, PrefixTable];
  /** By family: the pass in which a prefix ended, oldest first. */
  readonly #ended = [new Map<PrefixId, number>(), new Map<PrefixId, number>()] as const;

  constructor(tables: readonly [PrefixTable, PrefixTable]) {
    this.#tables = tables;
  }

  get size(): number {
    return this.#ended[0].size + this.#ended[1].size;
  }

  /** The prefix ended in this pass. One that came back and ended again waits for its last end. */
  add(family: FamilyIndex, prefix: PrefixId, epoch: number): void {
    this.#ended[family].delete(prefix);
    this.#ended[family].set(prefix, epoch);
  }

  /** Forgets those that ended before `oldestEpoch` and are still `unused`; those in use again leave. */
  release(oldestEpoch: number, unused: (family: FamilyIndex, prefix: PrefixId) => boolean): void {
    for (const family of [0, 1] as const) {
      const ended = this.#ended[family];
      for (const [prefix, epoch] of ended) {
        if (epoch >= oldestEpoch) break;
        ended.delete(prefix);
        if (unused(family, prefix)) this.#tables[family].remove(prefix);
      }
    }
  }
}
