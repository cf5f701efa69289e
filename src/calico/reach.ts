// What a peer outside the cluster is told of other nodes' routes. Every node that repeats them draws their traffic to
// itself; where each node tells of its own there is no need to, and a router that shares traffic among equal paths loops.

import { formatIp } from '../base/ip.js';
import { type Cluster, type ClusterNode, nodesOfPeer } from './cluster.js';
import type { Peering } from './peerings.js';

/** `auto`: `originated` where every other node tells the outside of its own routes, else `all`. */
export type AdvertiseSetting = 'auto' | 'originated' | 'all';

export interface Reach {
  readonly advertise: 'originated' | 'all';
  /** Why what was learned is withheld; null: it is not, or the operator said so. */
  readonly reason: string | null;
}

const ALL: Reach = { advertise: 'all', reason: null };
const REASON =
  'routes of other nodes are not told to it: every node of the cluster has a peer outside that it tells its own; calico.advertise: all has them told by each';

/** For each peering of the node, in their order. */
export function reachesOf(
  cluster: Cluster,
  self: ClusterNode,
  setting: AdvertiseSetting,
  peerings: readonly Peering[],
): readonly Reach[] {
  const isExternalTo = ({ asn, localAsn }: Peering): boolean => asn !== (localAsn ?? self.asn);
  // A node that nodes of another AS peer with is their router.
  const isNode = ({ address }: Peering): boolean => cluster.nodeByAddress.has(formatIp(address));
  const isRouter = self.clusterId !== null || peerings.some((each) => isNode(each) && isExternalTo(each));
  const everyone = setting === 'auto' && !isRouter && allTellTheOutside(cluster);
  return peerings.map((peering) => {
    const isExternal = isExternalTo(peering);
    // A workload has this node only to hear from.
    if (!isExternal || peering.isLocalWorkload) return ALL;
    if (setting === 'originated') return { advertise: 'originated', reason: null };
    return everyone ? { advertise: 'originated', reason: REASON } : ALL;
  });
}

/** Reflectors have no workloads to tell of. */
function allTellTheOutside(cluster: Cluster): boolean {
  const tellers = new Set(
    cluster.peers.flatMap(({ spec }) => {
      const { peerIP, asNumber } = spec;
      if (peerIP === null || asNumber === null || cluster.nodeByAddress.has(formatIp(peerIP.address)))
        return [];
      return nodesOfPeer(cluster, spec).filter(
        ({ asn, addresses }) =>
          (spec.localASNumber ?? asn) !== asNumber && addresses[peerIP.address.family] !== null,
      );
    }),
  );
  return [...cluster.nodes.values()].every((node) => node.clusterId !== null || tellers.has(node));
}
