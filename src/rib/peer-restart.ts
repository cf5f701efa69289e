// Graceful restart of a peer as the RIB sees it (RFC 4724 4.2): the session is gone and its source stays, with paths that are
// stale until they are told again. Works on the rounds of `sources.ts`; who sweeps what is over is the caller.

import { FAMILY_INDEXES, type FamilyIndex } from '../base/family.js';
import { NONE } from '../base/ids.js';
import type { AdjRibIn } from './adj-rib-in.js';
import { beginRound, endRounds, type RefreshState, type RibPeer, type Source } from './sources.js';

/** Whether the routes of a family stay, by family index. */
export type KeptFamilies = readonly [boolean, boolean];

/** The session ended. What was stale already was not told again in it: it has had its time. */
export function lose({ refresh }: Source, kept: KeptFamilies): void {
  for (const family of FAMILY_INDEXES) {
    if (refresh.restarting[family]) endRounds(refresh, family);
    beginRound(refresh, family);
    if (!kept[family]) endRounds(refresh, family);
    refresh.restarting[family] = kept[family];
  }
}

/** True when paths may have to go. */
export function endRestart({ refresh }: Source, family: FamilyIndex): boolean {
  if (!refresh.restarting[family]) return false;
  refresh.restarting[family] = false;
  endRounds(refresh, family);
  return true;
}

/** A path of a peer that restarts, which has not told it again. */
export const isStalePath = (
  { refresh }: { readonly refresh: RefreshState },
  family: FamilyIndex,
  round: number,
): boolean => refresh.restarting[family] && round !== refresh.round[family];

/** One look at every path of the family. */
export function countStale(paths: AdjRibIn, source: Source, family: FamilyIndex): number {
  if (!source.refresh.restarting[family]) return 0;
  let count = 0;
  for (let path = 0; path < paths.rows; path++) {
    if (paths.peer[path] === source.id && paths.received[path] !== NONE) {
      count += Number(isStalePath(source, family, paths.round[path]!));
    }
  }
  return count;
}

/** The one who is back is the one who left, as far as anything was made of it: its routes can stay as they are. */
export const isSamePeer = (before: RibPeer, after: RibPeer): boolean => identity(before) === identity(after);

const identity = ({ address, asn, routerId, peerType, localAsn, clusterId }: RibPeer): string =>
  JSON.stringify([address, asn, routerId, peerType, localAsn, clusterId]);
