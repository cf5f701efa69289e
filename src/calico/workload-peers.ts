// Sessions with the workloads of this node that a BGPPeer chooses by its `localWorkloadSelector`: the workload dials, and
// the node is its router.

import { formatIp, type IpAddress } from '../base/ip.js';
import { type Cluster, type ClusterNode, type Named, nodesOfPeer, type Workload } from './cluster.js';
import { addressName, type Peering } from './peerings.js';
import type { BgpPeerSpec } from './resources/bgp-peer.js';
import { matchesSelector } from './selector/selector.js';

/** In the order of BGPPeers and workloads; an address may be there twice. */
export const workloadPeerings = (cluster: Cluster, self: ClusterNode): readonly Peering[] =>
  cluster.peers
    .filter(({ spec }) => spec.localWorkloadSelector !== null && nodesOfPeer(cluster, spec).includes(self))
    .flatMap((peer) =>
      workloadsOf(cluster, self, peer).flatMap(({ spec }) =>
        firstOfEachFamily(spec.ipNetworks ?? []).map((address) => peeringOf(peer, address)),
      ),
    );

function workloadsOf(
  { workloads }: Cluster,
  self: ClusterNode,
  { spec }: Named<BgpPeerSpec>,
): readonly Workload[] {
  const chosen = spec.localWorkloadSelector;
  if (chosen === null) return [];
  return workloads.filter(
    (workload) =>
      (workload.spec.node === self.name || workload.spec.node === self.kubernetesName) &&
      matchesSelector(chosen.selector, workload.labels),
  );
}

/** Calico peers with the first address of a family. */
const firstOfEachFamily = (addresses: readonly IpAddress[]): readonly IpAddress[] =>
  (['ipv4', 'ipv6'] as const).flatMap((wanted) => addresses.find(({ family }) => family === wanted) ?? []);

/** The address that a workload dials is on its own link, so none of the node's is asked for. */
const peeringOf = ({ name, spec }: Named<BgpPeerSpec>, address: IpAddress): Peering => ({
  name: `Local_Workload_${addressName(formatIp(address))}`,
  address,
  port: null,
  asn: spec.asNumber ?? 0,
  object: { kind: 'BGPPeer', name },
  localAsn: spec.localASNumber,
  localAddress: null,
  passive: true,
  isLocalWorkload: true,
  secret: spec.password?.secretKeyRef ?? null,
  ttlSecurity: spec.ttlSecurity === 0 ? null : spec.ttlSecurity,
  restartTime: spec.maxRestartTime,
  keepalive: spec.keepaliveTime,
  allowOwnAs: spec.numAllowedLocalASNumbers ?? 0,
  nextHop: ({ Auto: 'auto', Self: 'self', Keep: 'keep' } as const)[spec.nextHopMode ?? 'Auto'],
  routeReflectorClient: false,
  via: null,
  filters: spec.filters ?? [],
});
