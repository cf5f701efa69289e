// Prefixes without a path wait here until no member of any group still has to be told of their end: only then may their
// id mean another prefix.

import type { FamilyIndex } from '../base/family.js';
import type { PrefixId } from '../base/ids.js';
import type { PrefixTable } from './prefix-table.js';

interface Waiting {
  readonly family: FamilyIndex;
  readonly prefix: PrefixId;
  readonly epoch: number;
}

export class Quarantine {
  readonly #tables: readonly [PrefixTable, PrefixTable];
  #waiting: Waiting[] = [];

  constructor(tables: readonly [PrefixTable, PrefixTable]) {
    this.#tables = tables;
  }

  get size(): number {
    return this.#waiting.length;
  }

  add(family: FamilyIndex, prefix: PrefixId, epoch: number): void {
    if (this.#tables[family].quarantine(prefix)) this.#waiting.push({ family, prefix, epoch });
  }

  /** Forgets those that ended before `oldestEpoch` and are still `unused`; those in use again leave. */
  release(oldestEpoch: number, unused: (family: FamilyIndex, prefix: PrefixId) => boolean): void {
    let done = 0;
    for (const { family, prefix, epoch } of this.#waiting) {
      if (epoch >= oldestEpoch) break;
      done++;
      this.#tables[family].leaveQuarantine(prefix);
      if (unused(family, prefix)) this.#tables[family].remove(prefix);
    }
    if (done > 0) this.#waiting.splice(0, done);
  }
}
