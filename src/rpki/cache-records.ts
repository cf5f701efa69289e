// What one cache says, as it comes in: nothing counts before its End of Data (RFC 8210 5.8), and what contradicts the
// records that are there is refused. Then the table takes it all at once.

import { RTR_ERROR, type Vrp } from './types.js';
import type { VrpTable } from './vrp-table.js';

export class CacheRecords {
  readonly #table: VrpTable;
  readonly #cache: number;
  /** By row: what the answer says of it, in the order it came. */
  readonly #incoming = new Map<number, boolean>();
  #whole = false;

  /** `cache` is the number of its bit. */
  constructor(table: VrpTable, cache: number) {
    this.#table = table;
    this.#cache = cache;
  }

  /** An answer begins; `whole`: what it does not say is gone. */
  begin(whole: boolean): void {
    this.#incoming.clear();
    this.#whole = whole;
  }

  /** An error code of RFC 8210 12, or null. */
  record(announce: boolean, vrp: Vrp): number | null {
    const row = this.#table.rowOf(vrp);
    const said = this.#incoming.get(row) ?? (!this.#whole && this.#table.has(row, this.#cache));
    if (said === announce) return announce ? RTR_ERROR.duplicateAnnouncement : RTR_ERROR.unknownWithdrawal;
    this.#incoming.set(row, announce);
    return null;
  }

  /** Rows whose change makes a difference go to `changed`. */
  commit(changed: (row: number) => void): void {
    if (this.#whole) {
      for (const row of [...this.#table.rowsOf(this.#cache)]) {
        if (this.#incoming.get(row) !== true) this.#set(row, false, changed);
      }
    }
    for (const [row, says] of this.#incoming) this.#set(row, says, changed);
    this.#incoming.clear();
  }

  rollback(): void {
    this.#incoming.clear();
  }

  /** The cache says nothing any more. */
  forget(changed: (row: number) => void): void {
    this.#incoming.clear();
    for (const row of [...this.#table.rowsOf(this.#cache)]) this.#set(row, false, changed);
  }

  #set(row: number, says: boolean, changed: (row: number) => void): void {
    if (this.#table.set(row, this.#cache, says)) changed(row);
  }
}
