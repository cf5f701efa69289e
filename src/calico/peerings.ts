// Which peers this node has: the mesh, the BGPPeers that mean it, and the mirror images of those that mean others.
// An explicit peering wins over a mirrored one, one for all nodes over one for some, and any of them over the mesh.

import type { AddressFamily } from '../base/family.js';
import { formatIp, type IpAddress } from '../base/ip.js';
import { type Cluster, type ClusterNode, type Named, nodesMatching, nodesOfPeer } from './cluster.js';
import type { BgpPeerSpec, SecretRef } from './resources/bgp-peer.js';
import type { CalicoProblem, ObjectRef, PeerIntent } from './types.js';
import { workloadPeerings } from './workload-peers.js';

/** A peer before its policies and secrets are looked up. */
export type Peering = Omit<PeerIntent, 'import' | 'export' | 'password' | 'advertise'> & {
  readonly filters: readonly string[];
  readonly secret: SecretRef | null;
  /** The other end is a workload of this node. */
  readonly isLocalWorkload: boolean;
};

export interface Peerings {
  readonly peerings: readonly Peering[];
  readonly problems: readonly CalicoProblem[];
}

/** One end of a peering as the other end sees it. */
interface Remote {
  readonly address: IpAddress;
  readonly port: number | null;
  readonly asn: number;
  readonly clusterId: number | null;
  /** False for nodes that a selector chose: Calico orders only those that are named by address. */
  readonly isNodeByAddress: boolean;
}

interface Emitted {
  readonly peerings: Map<string, Peering>;
  readonly problems: CalicoProblem[];
}

export function peeringsOf(cluster: Cluster, self: ClusterNode): Peerings {
  const out: Emitted = { peerings: new Map(), problems: [] };
  const isGlobal = ({ spec }: Named<BgpPeerSpec>): boolean =>
    spec.node === null && spec.nodeSelector === null;
  for (const peer of cluster.peers.filter(isGlobal)) emitAll(out, cluster, self, peer, 'Global');
  for (const peer of cluster.peers.filter((each) => !isGlobal(each))) {
    if (nodesOfPeer(cluster, peer.spec).includes(self)) emitAll(out, cluster, self, peer, 'Node');
  }
  for (const peer of cluster.peers) emitMirrors(out, cluster, self, peer);
  emitWorkloads(out, cluster, self);
  emitMesh(out, cluster, self);
  return { peerings: [...out.peerings.values()], problems: out.problems };
}

function emitAll(
  out: Emitted,
  cluster: Cluster,
  self: ClusterNode,
  { name, spec }: Named<BgpPeerSpec>,
  prefix: 'Global' | 'Node',
): void {
  const remotes = remotesOf(cluster, spec);
  if (spec.peerIP !== null && remotes.length === 0) out.problems.push(withoutAsn(name));
  for (const remote of remotes) {
    emit(out, self, prefix, { kind: 'BGPPeer', name }, spec, spec.localASNumber, remote);
  }
}

function remotesOf(cluster: Cluster, spec: BgpPeerSpec): readonly Remote[] {
  const { peerSelector, peerIP, asNumber } = spec;
  if (peerSelector !== null) {
    return nodesMatching(cluster, peerSelector).flatMap((node) => [
      ...nodeAsRemote(node, 'ipv4', null),
      ...nodeAsRemote(node, 'ipv6', null),
    ]);
  }
  if (peerIP === null) return [];
  const node = cluster.nodeByAddress.get(formatIp(peerIP.address));
  const asn = asNumber ?? node?.asn;
  if (asn === undefined) return [];
  const meant = node?.asn === asn ? node : undefined;
  return [
    {
      address: peerIP.address,
      port: peerIP.port ?? meant?.listenPort ?? null,
      asn,
      clusterId: meant?.clusterId ?? null,
      isNodeByAddress: node !== undefined,
    },
  ];
}

const withoutAsn = (name: string): CalicoProblem => ({
  severity: 'refused',
  object: { kind: 'BGPPeer', name },
  path: ['spec', 'asNumber'],
  message: 'is missing, and peerIP is the address of no node',
  remedy: 'give the AS number of the peer',
});

function nodeAsRemote(node: ClusterNode, family: AddressFamily, asn: number | null): Remote[] {
  const at = node.addresses[family];
  if (at === null) return [];
  const { listenPort: port, clusterId } = node;
  return [{ address: at.address, port, asn: asn ?? node.asn, clusterId, isNodeByAddress: false }];
}

/** The other end of a BGPPeer between nodes is configured by the same object, unless it says reversePeering: Manual. */
function emitMirrors(
  out: Emitted,
  cluster: Cluster,
  self: ClusterNode,
  { name, spec }: Named<BgpPeerSpec>,
): void {
  if (spec.reversePeering === 'Manual') return;
  const families = familiesMeant(cluster, self, spec);
  if (families.length === 0) return;
  for (const node of nodesOfPeer(cluster, spec)) {
    for (const family of families) {
      for (const remote of nodeAsRemote(node, family, spec.localASNumber)) {
        emit(out, self, 'Node', { kind: 'BGPPeer', name }, spec, null, remote);
      }
    }
  }
}

/** The families in which the remote end of a BGPPeer is this node. */
function familiesMeant(cluster: Cluster, self: ClusterNode, spec: BgpPeerSpec): readonly AddressFamily[] {
  if (spec.peerSelector !== null) {
    return nodesMatching(cluster, spec.peerSelector).includes(self) ? ['ipv4', 'ipv6'] : [];
  }
  if (spec.peerIP === null || (spec.asNumber ?? self.asn) !== self.asn) return [];
  const { address, port } = spec.peerIP;
  if (cluster.nodeByAddress.get(formatIp(address)) !== self) return [];
  const isOtherPort = port !== null && self.listenPort !== null && port !== self.listenPort;
  return isOtherPort ? [] : [address.family];
}

function emitWorkloads(out: Emitted, cluster: Cluster, self: ClusterNode): void {
  for (const peering of workloadPeerings(cluster, self)) {
    const text = formatIp(peering.address);
    const taken = out.peerings.get(text);
    if (taken === undefined) out.peerings.set(text, peering);
    else if (peering.object !== null)
      problem(out, peering.object, `workload ${text} is left out: ${taken.name} has its address`);
  }
}

function emit(
  out: Emitted,
  self: ClusterNode,
  prefix: 'Global' | 'Node',
  object: ObjectRef,
  spec: BgpPeerSpec,
  localAsn: number | null,
  remote: Remote,
): void {
  const text = formatIp(remote.address);
  const own = self.addresses[remote.address.family]?.address ?? null;
  if (own === null) {
    // A selector means both families where both ends have them.
    if (spec.peerSelector === null) {
      problem(out, object, `peer ${text} is left out: node ${self.name} has no address of its family`);
    }
    return;
  }
  if (formatIp(own) === text) return;
  const taken = out.peerings.get(text);
  if (taken !== undefined) {
    if (taken.port !== remote.port)
      problem(out, object, `peer ${text} is left out: ${taken.name} has its address on another port`);
    return;
  }
  const effectiveAsn = localAsn ?? self.asn;
  const isPassive = prefix === 'Global' && remote.isNodeByAddress && text > formatIp(own);
  out.peerings.set(text, {
    ...remoteOf(prefix, remote),
    object,
    localAsn,
    localAddress: spec.sourceAddress === 'None' ? null : own,
    passive: isPassive,
    isLocalWorkload: false,
    secret: spec.password?.secretKeyRef ?? null,
    ttlSecurity: spec.ttlSecurity === 0 ? null : spec.ttlSecurity,
    restartTime: spec.maxRestartTime,
    keepalive: spec.keepaliveTime,
    allowOwnAs: spec.numAllowedLocalASNumbers ?? 0,
    nextHop: nextHopOf(spec, remote.asn !== effectiveAsn),
    routeReflectorClient: isClient(self, remote, effectiveAsn),
    via: spec.reachableBy?.family === remote.address.family ? spec.reachableBy : null,
    filters: spec.filters ?? [],
  });
}

/** As part of the name of a peer. */
export const addressName = (address: string): string => address.replaceAll(/[.:]/g, '_');

const remoteOf = (
  prefix: 'Global' | 'Node' | 'Mesh',
  { address, port, asn }: Remote,
): Pick<Peering, 'name' | 'address' | 'port' | 'asn'> => ({
  name: `${prefix}_${addressName(formatIp(address))}${port === null ? '' : `_port_${port}`}`,
  address,
  port,
  asn,
});

function problem(out: Emitted, object: ObjectRef, message: string): void {
  out.problems.push({ severity: 'degraded', object, path: ['spec'], message, remedy: '' });
}

function nextHopOf(spec: BgpPeerSpec, isExternal: boolean): PeerIntent['nextHop'] {
  if (spec.keepOriginalNextHop === true && isExternal) return 'keep';
  return ({ Auto: 'auto', Self: 'self', Keep: 'keep' } as const)[spec.nextHopMode ?? 'Auto'];
}

/** Reflectors of one cluster are plain peers of each other. */
const isClient = (self: ClusterNode, remote: Remote, ownAsn: number): boolean =>
  self.clusterId !== null && remote.asn === ownAsn && remote.clusterId !== self.clusterId;

/** Every node with every other, without the reflectors. Of two nodes the one with the lesser address as text dials. */
function emitMesh(out: Emitted, cluster: Cluster, self: ClusterNode): void {
  const { nodeToNodeMeshEnabled, nodeMeshPassword, nodeMeshMaxRestartTime } = cluster.config;
  if (nodeToNodeMeshEnabled === false || self.clusterId !== null) return;
  for (const node of cluster.nodes.values()) {
    if (node === self || node.clusterId !== null) continue;
    for (const family of ['ipv4', 'ipv6'] as const) {
      const own = self.addresses[family]?.address ?? null;
      for (const remote of own === null ? [] : nodeAsRemote(node, family, null)) {
        const text = formatIp(remote.address);
        if (own === null || out.peerings.has(text) || text === formatIp(own)) continue;
        out.peerings.set(text, {
          ...MESH,
          ...remoteOf('Mesh', { ...remote, port: null }),
          port: remote.port,
          localAddress: own,
          passive: text > formatIp(own),
          secret: nodeMeshPassword?.secretKeyRef ?? null,
          restartTime: nodeMeshMaxRestartTime,
        });
      }
    }
  }
}

const MESH = {
  isLocalWorkload: false,
  object: null,
  localAsn: null,
  ttlSecurity: null,
  keepalive: null,
  allowOwnAs: 0,
  nextHop: 'auto',
  routeReflectorClient: false,
  via: null,
  filters: [],
} as const satisfies Partial<Peering>;
