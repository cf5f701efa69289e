// Peer groups into peers: what the peer says wins over its group, the group over the defaults. Checks nothing.

import { formatIp } from '../base/ip.js';
import { DEFAULT_DYNAMIC_LIMIT, DEFAULT_SESSION, DEFAULT_TIMERS } from './defaults.js';
import type { DynamicPeerSection, PeerGroupSection, PeerSection } from './schema-peers.js';
import type { DynamicPeerConfig, PeerConfig } from './types.js';

type SessionSettings = Omit<PeerConfig, 'name' | 'group' | 'address' | 'interface' | 'asn'>;

/** The name of a peer that was given none: its address. */
export const peerName = (peer: PeerSection): string => peer.name ?? addressText(peer);

export const addressText = ({ address }: PeerSection): string =>
  address.interface === null
    ? formatIp(address.address)
    : `${formatIp(address.address)}%${address.interface}`;

/** Null when neither the peer nor its group says which AS the peer is in. */
export function mergePeer(peer: PeerSection, group: PeerGroupSection): PeerConfig | null {
  const asn = peer.asn ?? group.asn;
  if (asn === undefined) return null;
  return {
    name: peerName(peer),
    group: peer.group ?? null,
    address: peer.address.address,
    interface: peer.address.interface,
    asn,
    ...mergeSettings(peer, group),
  };
}

/** Peers of a range are never dialled, hence `passive`. */
export const mergeDynamicPeer = (range: DynamicPeerSection, group: PeerGroupSection): DynamicPeerConfig => ({
  range: range.range,
  group: range.group,
  limit: range.limit ?? DEFAULT_DYNAMIC_LIMIT,
  template: {
    ...mergeSettings({}, group),
    asn: group.asn ?? null,
    group: range.group,
    passive: true,
  },
});

function mergeSettings(peer: PeerGroupSection, group: PeerGroupSection): SessionSettings {
  const pick = <K extends keyof SessionSettings & keyof PeerGroupSection>(key: K): SessionSettings[K] =>
    (peer[key] ?? group[key] ?? DEFAULT_SESSION[key]) as SessionSettings[K];
  return {
    description: pick('description'),
    port: pick('port'),
    localAddress: pick('localAddress'),
    passive: pick('passive'),
    enabled: pick('enabled'),
    multihop: pick('multihop'),
    families: pick('families'),
    timers: mergeTimers(peer.timers ?? {}, group.timers ?? {}),
    routeReflectorClient: pick('routeReflectorClient'),
    clusterId: pick('clusterId'),
    nextHopSelf: pick('nextHopSelf'),
    asSets: pick('asSets'),
    import: pick('import'),
    export: pick('export'),
    advertise: pick('advertise'),
    via: pick('via'),
  };
}

type TimersSection = NonNullable<PeerGroupSection['timers']>;

const mergeTimers = (peer: TimersSection, group: TimersSection): PeerConfig['timers'] => ({
  hold: peer.hold ?? group.hold ?? DEFAULT_TIMERS.hold,
  keepalive: peer.keepalive ?? group.keepalive ?? DEFAULT_TIMERS.keepalive,
  connectRetry: peer.connectRetry ?? group.connectRetry ?? DEFAULT_TIMERS.connectRetry,
  delayOpen: peer.delayOpen ?? group.delayOpen ?? DEFAULT_TIMERS.delayOpen,
});
