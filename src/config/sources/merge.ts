// Peer groups into peers: what the peer says wins over its group, the group over the node, the node over the defaults.
// Checks nothing.

import { formatIp, type IpAddress, ipv6 } from '../../base/ip.js';
import {
  DEFAULT_DYNAMIC_IDLE,
  DEFAULT_DYNAMIC_LIMIT,
  DEFAULT_GRACEFUL_RESTART,
  DEFAULT_MAX_PREFIX,
  DEFAULT_SESSION,
  DEFAULT_TIMERS,
} from '../defaults.js';
import type { PeerAddress } from '../schema/fields.js';
import type {
  DynamicPeerSection,
  GracefulRestartSection,
  PeerGroupSection,
  PeerSection,
} from '../schema/schema-peers.js';
import type { DynamicPeerConfig, GracefulRestartConfig, PeerConfig, TimersConfig } from '../types.js';
import { NO_SECRETS, originOf, type Secrets } from './secrets.js';

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
export function mergePeer(
  peer: PeerSection,
  group: PeerGroupSection,
  secrets: Secrets = NO_SECRETS,
  node: GracefulRestartSection = {},
): PeerConfig | null {
  const asn = peer.asn ?? group.asn;
  if (asn === undefined) return null;
  return {
    name: peerName(peer),
    group: peer.group ?? null,
    ...placeOf(peer),
    asn,
    ...mergeSettings(peer, group, secrets, node),
  };
}

/** Peers of a range are never dialled, hence `passive`. */
export const mergeDynamicPeer = (
  range: DynamicPeerSection,
  group: PeerGroupSection,
  secrets: Secrets = NO_SECRETS,
  node: GracefulRestartSection = {},
): DynamicPeerConfig => ({
  range: range.range,
  group: range.group,
  limit: range.limit ?? DEFAULT_DYNAMIC_LIMIT,
  idleTime: range.idleTime ?? DEFAULT_DYNAMIC_IDLE,
  template: {
    ...mergeSettings({}, group, secrets, node),
    asn: group.asn ?? null,
    group: range.group,
    passive: true,
  },
});

function mergeSettings(
  peer: PeerGroupSection,
  group: PeerGroupSection,
  secrets: Secrets,
  node: GracefulRestartSection,
): SessionSettings {
  const pick = <K extends keyof SessionSettings & keyof PeerGroupSection>(key: K): SessionSettings[K] =>
    (peer[key] ?? group[key] ?? DEFAULT_SESSION[key]) as SessionSettings[K];
  return {
    description: pick('description'),
    port: pick('port'),
    localAddress: pick('localAddress'),
    passive: pick('passive'),
    enabled: pick('enabled'),
    multihop: pick('multihop'),
    ...mergeSecurity(peer, group, secrets),
    shutdownText: pick('shutdownText'),
    maxPrefix: mergeMaxPrefix(peer.maxPrefix ?? {}, group.maxPrefix ?? {}),
    maxAsPathLength: pick('maxAsPathLength'),
    maxCommunities: pick('maxCommunities'),
    families: pick('families'),
    gracefulRestart: mergeRestart(peer.gracefulRestart, group.gracefulRestart, node),
    timers: mergeTimers(peer.timers ?? {}, group.timers ?? {}),
    routeReflectorClient: pick('routeReflectorClient'),
    clusterId: pick('clusterId'),
    localAs: mergeLocalAs(peer.localAs ?? group.localAs),
    nextHop: nextHopOf(peer) ?? nextHopOf(group) ?? DEFAULT_SESSION.nextHop,
    allowOwnAs: pick('allowOwnAs'),
    removePrivateAs: pick('removePrivateAs'),
    overrideAs: pick('overrideAs'),
    routeServerClient: pick('routeServerClient'),
    ownBestPath: pick('ownBestPath'),
    role: pick('role'),
    strictRole: pick('strictRole'),
    extendedNextHop: pick('extendedNextHop'),
    extendedMessages: pick('extendedMessages'),
    addPath: { ...DEFAULT_SESSION.addPath, ...given(group.addPath), ...given(peer.addPath) },
    vantage: pick('vantage'),
    asSets: pick('asSets'),
    import: pick('import'),
    export: pick('export'),
    advertise: pick('advertise'),
    via: pick('via'),
  };
}

/** The first that says something about a key counts. */
export function mergeRestart(
  ...sections: readonly (GracefulRestartSection | undefined)[]
): GracefulRestartConfig {
  const pick = <K extends keyof GracefulRestartConfig>(key: K): GracefulRestartConfig[K] =>
    (sections.find((section) => section?.[key] !== undefined)?.[key] ??
      DEFAULT_GRACEFUL_RESTART[key]) as GracefulRestartConfig[K];
  return {
    mode: pick('mode'),
    restartTime: pick('restartTime'),
    staleTime: pick('staleTime'),
    notification: pick('notification'),
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

const mergeTimers = (peer: TimersSection, group: TimersSection): TimersConfig => {
  const pick = <K extends keyof TimersConfig>(key: K): TimersConfig[K] =>
    (peer[key] ?? group[key] ?? DEFAULT_TIMERS[key]) as TimersConfig[K];
  return {
    hold: pick('hold'),
    keepalive: pick('keepalive'),
    connectRetry: pick('connectRetry'),
    delayOpen: pick('delayOpen'),
    sendHold: pick('sendHold'),
    minRouteAdvertisement: pick('minRouteAdvertisement'),
    idleHold: pick('idleHold'),
    idleHoldMax: pick('idleHoldMax'),
    idleHoldForget: pick('idleHoldForget'),
    startJitter: pick('startJitter'),
  };
};

/** A key that could not be read is null here, and an error of the load. */
function mergeSecurity(
  peer: PeerGroupSection,
  group: PeerGroupSection,
  secrets: Secrets,
): Pick<PeerConfig, 'password' | 'tcpAo' | 'ttlSecurity'> {
  const password = peer.password ?? group.password;
  return {
    password: (password && secrets.get(originOf(password))) ?? null,
    tcpAo: (peer.tcpAo ?? group.tcpAo ?? []).flatMap(({ sendId, receiveId, algorithm, key }) => {
      const secret = secrets.get(originOf(key));
      return secret === undefined
        ? []
        : [{ sendId, receiveId, algorithm: algorithm ?? 'hmac-sha-1-96', key: secret }];
    }),
    ttlSecurity: peer.ttlSecurity ?? group.ttlSecurity ?? null,
  };
}

type MaxPrefixSection = NonNullable<PeerGroupSection['maxPrefix']>;

/** Family by family: what the peer says about one replaces what its group does. */
function mergeMaxPrefix(peer: MaxPrefixSection, group: MaxPrefixSection): PeerConfig['maxPrefix'] {
  const of = (family: keyof PeerConfig['maxPrefix']): PeerConfig['maxPrefix'][typeof family] => {
    const said = peer[family] ?? group[family];
    if (said === undefined) return null;
    return {
      limit: said.limit,
      warn: said.warn ?? DEFAULT_MAX_PREFIX.warn,
      action: said.action ?? DEFAULT_MAX_PREFIX.action,
      restart: said.restart ?? DEFAULT_MAX_PREFIX.restart,
    };
  };
  return { 'ipv4-unicast': of('ipv4-unicast'), 'ipv6-unicast': of('ipv6-unicast') };
}

type AddPathSection = PeerGroupSection['addPath'];

const given = (section: AddPathSection): Partial<PeerConfig['addPath']> => ({
  ...(section?.receive === undefined ? {} : { receive: section.receive }),
  ...(section?.send === undefined ? {} : { send: section.send }),
});
