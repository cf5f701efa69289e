// Which path rows still have to be visited because of what happened to their peer: its session ended, its import policy
// changed, policies know it by another name, or it has told all of its routes again. One pass over the rows, slice by
// slice, serves all such peers. What a visit does is the caller's.

import type { FamilyIndex } from '../../base/family.js';
import type { PathId, PeerId } from '../../base/ids.js';
import type { AdjRibIn } from '../import/adj-rib-in.js';

/** Rows that may be looked at, and paths that may be visited, for the cost of one decision. */
const ROWS = 16;
const VISITS = 2;

/** `renamed` is more than `changed`: what others make of its routes is due, too. */
export type SweepReason = 'left' | 'changed' | 'renamed';

export class PathSweep {
  readonly #paths: readonly [AdjRibIn, AdjRibIn];
  readonly #peers = new Map<PeerId, SweepReason>();
  /** Next row by family. */
  readonly #at: [number, number] = [0, 0];

  constructor(paths: readonly [AdjRibIn, AdjRibIn]) {
    this.#paths = paths;
  }

  /** Paths of the peer are due, for the weightiest of its reasons. A peer that left stays left. */
  add(peer: PeerId, reason: SweepReason): void {
    const before = this.#peers.get(peer);
    if (before !== 'left' && (before !== 'renamed' || reason === 'left')) this.#peers.set(peer, reason);
    this.#at[0] = this.#at[1] = 0;
  }

  get pending(): boolean {
    return this.#peers.size > 0;
  }

  /** Every row has been seen. */
  get complete(): boolean {
    return ([0, 1] as const).every((family) => this.#at[family] >= this.#paths[family].rows);
  }

  /** Visits the due paths of the next rows. */
  slice(budget: number, visit: (family: FamilyIndex, path: PathId, reason: SweepReason) => void): void {
    if (this.#peers.size === 0) return;
    for (const family of [0, 1] as const) {
      const { peer, rows } = this.#paths[family];
      const end = Math.min(rows, this.#at[family] + budget * ROWS);
      let room = budget * VISITS;
      let path = this.#at[family];
      for (; path < end && room > 0; path++) {
        const reason = this.#peers.get(peer[path]! as PeerId);
        if (reason === undefined) continue;
        visit(family, path as PathId, reason);
        room--;
      }
      this.#at[family] = path;
    }
  }

  /** Ends a complete sweep. The peers that left: no path names them any more. */
  finish(): readonly PeerId[] {
    const left = [...this.#peers].filter(([, reason]) => reason === 'left').map(([peer]) => peer);
    this.#peers.clear();
    return left;
  }
}
