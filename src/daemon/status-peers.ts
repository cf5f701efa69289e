// Peers as the API shows them.

import type { PeerDetail, PeerPrefixCounts, PeerSummary } from '../api/types.js';
import { FAMILY_NAMES, type FamilyName, familyIndex } from '../base/family.js';
import { formatIp } from '../base/ip.js';
import { describeDown } from '../fsm/describe.js';
import type { NegotiatedSession } from '../fsm/types.js';
import { formatCapability } from '../wire/capability.js';
import { afiSafiOf } from '../wire/iana.js';
import { formatRouterId } from '../wire/text.js';
import type { Capability } from '../wire/types.js';
import type { BgpPeer } from './bgp-peer.js';
import { kindPhrases } from './peer-kind-text.js';
import { kindOf, kindOfSession, localAsnFor } from './peer-specials.js';
import { isUnfound, type RunningPeerConfig } from './session-setup.js';
import type { Speaker } from './speaker.js';

export interface StatusClock {
  now(): number;
  wallClock(): number;
}

export function peerSummary(speaker: Speaker, peer: BgpPeer, clock: StatusClock): PeerSummary {
  const { config, session } = peer;
  const { state, since } = peer.driver.status();
  const kind = session === null ? kindOf(peer.local, config) : kindOfSession(session);
  return {
    name: config.name,
    address: peerAddress(peer),
    asn: session?.peerAsn ?? configuredAsn(peer),
    type: TYPES[kind ?? 'external'],
    dynamic: config.dynamic,
    state,
    sinceSeconds: Math.max(0, (clock.now() - since) / 1000),
    enabled: config.enabled,
    prefixes: prefixCounts(speaker, peer),
    reason: state === 'Established' ? null : peerReason(peer),
    notes: notesOf(peer),
  };
}

const TYPES = { internal: 'ibgp', confed: 'confed', external: 'ebgp' } as const;

/** 0: any, as nobody has come yet. */
function configuredAsn({ config, local }: BgpPeer): number {
  if (config.asn === 'internal') return localAsnFor(local, config);
  return typeof config.asn === 'number' ? config.asn : 0;
}

export function peerDetail(speaker: Speaker, peer: BgpPeer, clock: StatusClock): PeerDetail {
  const { config, session } = peer;
  const status = peer.driver.status();
  const wall = (at: number): string => new Date(clock.wallClock() - (clock.now() - at)).toISOString();
  const ribId = peer.ribId;
  const { routeReflector } = speaker.config;
  const clusterId = config.routeReflectorClient
    ? (config.clusterId ?? routeReflector?.clusterId ?? null)
    : null;
  return {
    ...peerSummary(speaker, peer, clock),
    description: config.description,
    group: config.group,
    localAsn: session?.localAsn ?? localAsnFor(peer.local, config),
    localAddress: status.transport === null ? null : formatIp(status.transport.localAddress),
    routerId: session === null ? null : formatRouterId(session.peerRouterId),
    holdTime: session?.holdTime ?? null,
    keepaliveTime: session?.keepaliveTime ?? null,
    capabilities: {
      local: (session?.localCapabilities ?? []).map(formatCapability),
      peer: (session?.peerCapabilities ?? []).map(formatCapability),
      inForce: session === null ? [] : inForce(session),
    },
    policies: { import: config.import, export: config.export },
    kind: kindPhrases(config),
    routeReflectorClient: config.routeReflectorClient,
    clusterId: clusterId === null ? null : formatRouterId(clusterId),
    counters: status.counters,
    lastDown:
      status.lastDown === null
        ? null
        : { at: wall(status.lastDown.at), reason: describeDown(status.lastDown.reason) },
    lastUp: peer.establishedAt === null ? null : new Date(peer.establishedAt).toISOString(),
    queuedBytes: status.queuedBytes,
    updateGroup: ribId === null ? null : (speaker.rib.groups.of(ribId)?.id ?? null),
    verdicts: Object.fromEntries(peer.verdicts),
    loops: peer.loops,
  };
}

/** Of an interface peer that has not been found: `%eth1`. */
export function peerAddress({ config }: BgpPeer): string {
  const address = isUnfound(config) ? '' : formatIp(config.address);
  return config.interface === null ? address : `${address}%${config.interface}`;
}

function prefixCounts(speaker: Speaker, peer: BgpPeer): Readonly<Record<FamilyName, PeerPrefixCounts>> {
  const one = (name: FamilyName): PeerPrefixCounts => {
    const family = familyIndex(name);
    const { ribId, session } = peer;
    if (ribId === null || session === null)
      return { negotiated: false, received: 0, accepted: 0, advertised: 0 };
    return {
      negotiated: session.families.includes(family),
      ...speaker.rib.sources.count(ribId, family),
      advertised: speaker.rib.groups.of(ribId)?.advertised(ribId, family) ?? 0,
    };
  };
  return { 'ipv4-unicast': one(FAMILY_NAMES[0]), 'ipv6-unicast': one(FAMILY_NAMES[1]) };
}

/** Why a peer is not Established. */
export function peerReason(peer: BgpPeer): string {
  if (!peer.config.enabled) return 'disabled in the configuration';
  if (isUnfound(peer.config))
    return `no router has been heard on ${peer.config.interface} yet${obstacleText(peer)}`;
  const { lastDown } = peer.driver.status();
  if (lastDown !== null) return describeDown(lastDown.reason);
  return peer.config.passive || peer.config.dynamic ? 'waiting for the peer to connect' : 'connecting';
}

const obstacleText = ({ obstacle }: BgpPeer): string => (obstacle === null ? '' : `: ${obstacle}`);

function notesOf(peer: BgpPeer): readonly string[] {
  const policies = peer.missingPolicies.map(
    (direction) => `RFC 8212: no ${direction} policy for this eBGP peer, so no route is ${VERB[direction]}`,
  );
  return peer.session === null ? policies : [...policies, ...unmetOf(peer.config, peer.session)];
}

/** What the configuration asks for and the peer does not have. */
function unmetOf(config: RunningPeerConfig, session: NegotiatedSession): readonly string[] {
  const lacks = (kind: Capability['kind']): boolean =>
    session.localCapabilities.some((capability) => capability.kind === kind) &&
    !session.peerCapabilities.some((capability) => capability.kind === kind);
  return [
    ...(lacks('extendedMessage') ? ['extendedMessages: the peer does not have them (RFC 8654)'] : []),
    ...(lacks('extendedNextHop') ? ['extendedNextHop: the peer does not have it (RFC 8950)'] : []),
    ...(lacks('role') ? [`role ${config.role}: the peer says none (RFC 9234)`] : []),
  ];
}

const VERB = { import: 'accepted from it', export: 'sent to it' } as const;

/** Of what we offered, what both sides have: in the words of our own capabilities, so that the columns line up. */
function inForce(session: NegotiatedSession): readonly string[] {
  return session.localCapabilities
    .filter((capability) => isInForce(session, capability))
    .map(formatCapability);
}

function isInForce(session: NegotiatedSession, capability: Capability): boolean {
  switch (capability.kind) {
    case 'multiprotocol':
      return session.families.some((family) => {
        const { afi, safi } = afiSafiOf(family);
        return afi === capability.afi && safi === capability.safi;
      });
    case 'fourOctetAs':
      return session.decode.asn4;
    case 'routeRefresh':
      return session.routeRefresh;
    case 'enhancedRouteRefresh':
      return session.enhancedRouteRefresh;
    case 'extendedMessage':
      return session.maxMessage > 4096;
    case 'extendedNextHop':
      return session.extendedNextHop;
    default:
      return session.peerCapabilities.some(({ kind }) => kind === capability.kind);
  }
}
