// Takes a listing of routes to its end: at once where it is short, turn by turn where others have to have theirs.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RouteList, RouteListing } from './model/types.js';

/** The whole answer at once: for the few routes of one prefix. */
export function wholeList(listing: RouteListing): RouteList {
  while (listing.more());
  return { routes: [...listing.routes], total: listing.total };
}

/** Resolves when there is nothing more to look through; false as soon as nobody waits for it any more. */
export async function lookedThrough(listing: RouteListing, isWanted: () => boolean): Promise<boolean> {
  while (listing.more()) {
    await nextTurn();
    if (!isWanted()) return false;
  }
  return true;
}
