// Peer groups into peers: what the peer says wins over its group, the group over the defaults. Checks nothing.

import { formatIp, type IpAddress, ipv6 } from '../base/ip.js';
import { DEFAULT_DYNAMIC_IDLE, DEFAULT_DYNAMIC_LIMIT, DEFAULT_SESSION, DEFAULT_TIMERS } from './defaults.js';
import type { PeerAddress } from './fields.js';
import type { DynamicPeerSection, PeerGroupSection, PeerSection } from './schema-peers.js';
import type { DynamicPeerConfig, PeerConfig } from './types.js';

type SessionSettings = Omit<PeerConfig, 'name' | 'group' | 'address' | 'interface' | 'asn'>;

const NOT_KNOWN: IpAddress = ipv6([0, 0, 0, 0]);

/** Where the peer is: of an interface peer only the interface is known. */
export const placeOf = ({ address, interface: name }: PeerSection): PeerAddress =>
  address ?? { address: NOT_KNOWN, interface: name ?? null };

/** The name of a peer that was given none: its address, or its interface. */
export const peerName = (peer: PeerSection): string => peer.name ?? addressText(peer);

export function addressText(peer: PeerSection): string {
  if (peer.address === undefined) return peer.interface ?? '';
  const { address, interface: zone } = peer.address;
  return zone === null ? formatIp(address) : `${formatIp(address)}%${zone}`;
}

/** Null when neither the peer nor its group says which AS the peer is in. */
export function mergePeer(peer: PeerSection, group: PeerGroupSection): PeerConfig | null {
  const asn = peer.asn ?? group.asn;
  if (asn === undefined) return null;
  return {
    name: peerName(peer),
    group: peer.group ?? null,
    ...placeOf(peer),
    asn,
    ...mergeSettings(peer, group),
  };
}

/** Peers of a range are never dialled, hence `passive`. */
export const mergeDynamicPeer = (range: DynamicPeerSection, group: PeerGroupSection): DynamicPeerConfig => ({
  range: range.range,
  group: range.group,
  limit: range.limit ?? DEFAULT_DYNAMIC_LIMIT,
  idleTime: range.idleTime ?? DEFAULT_DYNAMIC_IDLE,
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
    localAs: mergeLocalAs(peer.localAs ?? group.localAs),
    nextHop: nextHopOf(peer) ?? nextHopOf(group) ?? DEFAULT_SESSION.nextHop,
    allowOwnAs: pick('allowOwnAs'),
    removePrivateAs: pick('removePrivateAs'),
    overrideAs: pick('overrideAs'),
    routeServerClient: pick('routeServerClient'),
    role: pick('role'),
    strictRole: pick('strictRole'),
    extendedNextHop: pick('extendedNextHop'),
    extendedMessages: pick('extendedMessages'),
    asSets: pick('asSets'),
    import: pick('import'),
    export: pick('export'),
  };
}

/** As a whole: half of it from the group and half from the peer would be a third thing. */
const mergeLocalAs = (section: PeerGroupSection['localAs']): PeerConfig['localAs'] =>
  section === undefined
    ? null
    : {
        asn: section.asn,
        noPrepend: section.noPrepend ?? false,
        replaceAs: section.replaceAs ?? false,
        dualAs: section.dualAs ?? false,
      };

/** `nextHopSelf` is short for `nextHop: self` and `nextHop: auto`. */
const nextHopOf = ({ nextHop, nextHopSelf }: PeerGroupSection): PeerConfig['nextHop'] | undefined =>
  nextHop ?? (nextHopSelf === undefined ? undefined : nextHopSelf ? 'self' : 'auto');

type TimersSection = NonNullable<PeerGroupSection['timers']>;

const mergeTimers = (peer: TimersSection, group: TimersSection): PeerConfig['timers'] => ({
  hold: peer.hold ?? group.hold ?? DEFAULT_TIMERS.hold,
  keepalive: peer.keepalive ?? group.keepalive ?? DEFAULT_TIMERS.keepalive,
  connectRetry: peer.connectRetry ?? group.connectRetry ?? DEFAULT_TIMERS.connectRetry,
  delayOpen: peer.delayOpen ?? group.delayOpen ?? DEFAULT_TIMERS.delayOpen,
});
