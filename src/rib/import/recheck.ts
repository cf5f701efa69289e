// Which prefixes have to be decided again because something changed that paths share: a next hop, the rules of the
// decision. It marks; the next passes decide.

import { type AttrSetId, NONE, type PrefixId } from '../../base/ids.js';
import type { AttrSets } from '../tables/attr-sets.js';
import type { DirtyList } from '../tables/dirty-list.js';
import type { NextHopId } from '../tables/next-hops.js';
import type { AdjRibIn } from './adj-rib-in.js';

/** Prefixes with a path over one of the next hops. */
export function markByNextHop(
  paths: readonly [AdjRibIn, AdjRibIn],
  attrSets: AttrSets,
  changed: ReadonlySet<NextHopId>,
  dirty: readonly [DirtyList, DirtyList],
): void {
  if (changed.size === 0) return;
  for (const family of [0, 1] as const) {
    const { accepted, prefix, rows } = paths[family];
    for (let path = 0; path < rows; path++) {
      const attrs = accepted[path]!;
      if (attrs === NONE || !changed.has(attrSets.nextHop[attrs as AttrSetId]! as NextHopId)) continue;
      dirty[family].add(prefix[path]! as PrefixId);
    }
  }
}

/** Every prefix with a path. */
export function markAll(paths: readonly [AdjRibIn, AdjRibIn], dirty: readonly [DirtyList, DirtyList]): void {
  for (const family of [0, 1] as const) {
    const { prefix, rows } = paths[family];
    for (let path = 0; path < rows; path++) {
      if (prefix[path] !== NONE) dirty[family].add(prefix[path]! as PrefixId);
    }
  }
}

/** Prefixes with more than one path. */
export function markChoices({ prefix, next, rows }: AdjRibIn, dirty: DirtyList): void {
  for (let path = 0; path < rows; path++) {
    if (prefix[path] !== NONE && next[path] !== NONE) dirty.add(prefix[path]! as PrefixId);
  }
}
