// The next hops that only one source leads to: when it goes, they go with it. Reads only.

import { NONE, type PeerId } from '../../base/ids.js';
import type { IpAddress } from '../../base/ip.js';
import type { NextHopId } from '../tables/next-hops.js';
import type { PathTables } from '../tables/path-changes.js';

/** Addresses of next hops that occur in accepted paths of `source` and in nobody else's. One look at every path. */
export function soleNextHops(
  { paths, attrSets, nextHops }: Pick<PathTables, 'paths' | 'attrSets' | 'nextHops'>,
  source: PeerId,
): readonly IpAddress[] {
  const sole = new Map<NextHopId, boolean>();
  for (const { rows, peer, accepted } of paths) {
    for (let row = 0; row < rows; row++) {
      const attrs = accepted[row]!;
      if (attrs === NONE) continue;
      const hop = attrSets.nextHop[attrs]! as NextHopId;
      const known = sole.get(hop);
      const mine = peer[row] === source;
      if (known === undefined || (known && !mine)) sole.set(hop, mine);
    }
  }
  const addresses: IpAddress[] = [];
  for (const [hop, isSole] of sole) {
    const address = isSole ? nextHops.address(hop) : null;
    if (address !== null) addresses.push(address);
  }
  return addresses;
}
