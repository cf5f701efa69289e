// Peers as the API shows them.

import type {
  PeerBlameStatus,
  PeerDetail,
  PeerPrefixCounts,
  PeerSummary,
  PrefixLimitStatus,
} from '../../api/model/types.js';
import { FAMILY_NAMES, type FamilyIndex, type FamilyName, familyIndex } from '../../base/family.js';
import { formatIp } from '../../base/ip.js';
import { localCapabilities } from '../../fsm/capabilities.js';
import type { NegotiatedSession } from '../../fsm/types.js';
import { formatCapability } from '../../wire/capability.js';
import { afiSafiOf } from '../../wire/iana.js';
import { formatRouterId } from '../../wire/text.js';
import type { AddPathMode, Capability } from '../../wire/types.js';
import type { BgpPeer } from '../peers/bgp-peer.js';
import { kindPhrases } from '../peers/peer-kind-text.js';
import { kindOf, kindOfSession, localAsnFor } from '../peers/peer-specials.js';
import { isUnfound, type RunningPeerConfig } from '../peers/session-setup.js';
import type { Speaker } from '../speaker.js';

export interface StatusClock {
  now(): number;
  wallClock(): number;
}

export function peerSummary(speaker: Speaker, peer: BgpPeer, clock: StatusClock): PeerSummary {
  const { config, session } = peer;
  const { state, since } = peer.driver;
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
    blame: state === 'Established' ? null : blameOf(peer),
    restart: restartStatus(speaker, peer),
    notes: notesOf(peer),
  };
}

function restartStatus(speaker: Speaker, { restart, ribId }: BgpPeer): PeerSummary['restart'] {
  const progress = restart.progress();
  if (progress === null || ribId === null) return null;
  return { ...progress, stalePaths: speaker.rib.restarts.staleCount(ribId) };
}

const TYPES = { internal: 'ibgp', confed: 'confed', external: 'ebgp' } as const;

/** 0 where every AS will do and nobody has come yet. */
function configuredAsn({ config, local }: BgpPeer): number {
  if (config.asn === 'internal') return localAsnFor(local, config);
  return typeof config.asn === 'number' ? config.asn : 0;
}

export function peerDetail(speaker: Speaker, peer: BgpPeer, clock: StatusClock): PeerDetail {
  const { config, session } = peer;
  const status = peer.driver.status();
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
    capabilities: session === null ? capabilitiesRefused(peer) : capabilitiesOf(session),
    policies: { import: config.import, export: config.export },
    kind: kindPhrases(config),
    routeReflectorClient: config.routeReflectorClient,
    clusterId: clusterId === null ? null : formatRouterId(clusterId),
    counters: status.counters,
    lastDown: failureOf(peer),
    lastUp: peer.establishedAt === null ? null : new Date(peer.establishedAt).toISOString(),
    restarts: { ...peer.restart.counts },
    gracefulRestart: config.gracefulRestart,
    queuedBytes: status.queuedBytes,
    updateGroup: ribId === null ? null : (speaker.rib.groups.of(ribId)?.id ?? null),
    verdicts: Object.fromEntries(peer.verdicts),
    loops: peer.loops,
    excess: peer.excess,
    security: securityOf(peer),
    prefixLimits: prefixLimits(speaker, peer),
    timers: config.timers,
    sendHoldTime: session?.sendHoldTime ?? null,
  };
}

const capabilitiesOf = (session: NegotiatedSession): PeerDetail['capabilities'] => ({
  local: session.localCapabilities.map(formatCapability),
  peer: session.peerCapabilities.map(formatCapability),
  inForce: inForce(session),
});

/** Of an OPEN that was refused: both sides can be seen beside each other, and nothing is in force. */
function capabilitiesRefused(peer: BgpPeer): PeerDetail['capabilities'] {
  const reason = peer.driver.status().lastDown?.reason;
  const open = reason?.kind === 'notificationSent' ? reason.open : undefined;
  if (open === undefined) return { local: [], peer: [], inForce: [] };
  return {
    local: localCapabilities(peer.sessionConfig).map(formatCapability),
    peer: open.capabilities.map(formatCapability),
    inForce: [],
  };
}

/** Of an interface peer that has not been found: `%eth1`. */
export function peerAddress({ config }: BgpPeer): string {
  const address = isUnfound(config) ? '' : formatIp(config.address);
  return config.interface === null ? address : `${address}%${config.interface}`;
}

function prefixCounts(speaker: Speaker, peer: BgpPeer): Readonly<Record<FamilyName, PeerPrefixCounts>> {
  const { ribId } = peer;
  const session = peer.session ?? peer.restart.away?.session ?? null;
  if (ribId === null || session === null) return NO_PREFIXES;
  const group = speaker.rib.groups.of(ribId);
  const one = (family: FamilyIndex): PeerPrefixCounts => {
    const { received, accepted } = speaker.rib.sources.count(ribId, family);
    const advertised = group?.advertised(ribId, family) ?? 0;
    return { negotiated: session.families.includes(family), received, accepted, advertised };
  };
  return { 'ipv4-unicast': one(0), 'ipv6-unicast': one(1) };
}

const NONE_COUNTED: PeerPrefixCounts = { negotiated: false, received: 0, accepted: 0, advertised: 0 };
const NO_PREFIXES = { 'ipv4-unicast': NONE_COUNTED, 'ipv6-unicast': NONE_COUNTED } as const;

/** Why a peer is not Established. */
export const peerReason = (peer: BgpPeer): string => blameOf(peer).text;

/** Whose fault it is, as of now: the kernel may have counted more since the last failure. */
export function blameOf(peer: BgpPeer): PeerBlameStatus {
  peer.judge();
  const { current } = peer.blame;
  if (current === null)
    return { kind: 'connecting', fault: 'unknown', text: 'connecting', evidence: [], since: '' };
  const { kind, fault, text, evidence, since } = current;
  return { kind, fault, text, evidence, since: new Date(since).toISOString() };
}

function failureOf({ blame }: BgpPeer): PeerDetail['lastDown'] {
  if (blame.failure === null) return null;
  const { at, text, kind, fault, evidence } = blame.failure;
  return { at: new Date(at).toISOString(), reason: text, kind, fault, evidence };
}

/** What protects the session, without its keys. */
const securityOf = ({ config }: BgpPeer): PeerDetail['security'] => ({
  password: config.password?.origin ?? null,
  tcpAo: config.tcpAo.map(({ sendId, receiveId, algorithm, key }) => ({
    sendId,
    receiveId,
    algorithm,
    key: key.origin,
  })),
  ttlSecurity: config.ttlSecurity,
});

function prefixLimits(
  speaker: Speaker,
  { config, ribId, prefixLimits: limits }: BgpPeer,
): PeerDetail['prefixLimits'] {
  const of = (name: FamilyName): PrefixLimitStatus | null => {
    const configured = config.maxPrefix[name];
    if (configured === null) return null;
    const family = familyIndex(name);
    const dropped = ribId === null ? 0 : speaker.rib.sources.get(ribId).dropped[family];
    return { ...configured, level: limits.level(family), dropped };
  };
  return { 'ipv4-unicast': of(FAMILY_NAMES[0]), 'ipv6-unicast': of(FAMILY_NAMES[1]) };
}

function notesOf(peer: BgpPeer): readonly string[] {
  const missing = peer.missingPolicies;
  if (missing.length === 0 && peer.config.advertise !== 'originated') return unmetNotes(peer);
  const policies = missing.map(
    (direction) => `RFC 8212: no ${direction} policy for this eBGP peer, so no route is ${VERB[direction]}`,
  );
  const told = peer.config.advertise === 'originated' ? [...policies, WITHHELD] : policies;
  return [...told, ...unmetNotes(peer)];
}

/** By session: both sides have said what they have, and that stays. */
const unmetBySession = new WeakMap<NegotiatedSession, readonly string[]>();

function unmetNotes({ config, session }: BgpPeer): readonly string[] {
  if (session === null) return NO_NOTES;
  let unmet = unmetBySession.get(session);
  if (unmet === undefined) {
    unmet = unmetOf(config, session);
    unmetBySession.set(session, unmet);
  }
  return unmet;
}

const NO_NOTES: readonly string[] = [];

const WITHHELD = 'advertise: originated: what other peers tell us is not passed on to it';

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
    .map((capability) =>
      formatCapability(capability.kind === 'addPath' ? addPathInForce(session) : capability),
    );
}

/** Of the families and directions that we offered, those that the peer offered the other way. */
function addPathInForce({ sendsPathIds, decode, families }: NegotiatedSession): Capability {
  const rows = families.flatMap((family) => {
    const mode = (decode.addPath[family] ? 1 : 0) + (sendsPathIds[family] ? 2 : 0);
    return mode === 0 ? [] : [{ ...afiSafiOf(family), mode: mode as AddPathMode }];
  });
  return { kind: 'addPath', families: rows };
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
    case 'addPath':
      return session.sendsPathIds.includes(true) || session.decode.addPath.includes(true);
    case 'extendedNextHop':
      return session.extendedNextHop;
    default:
      return session.peerCapabilities.some(({ kind }) => kind === capability.kind);
  }
}
