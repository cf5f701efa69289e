// From a peer's configuration (and what was negotiated) to what the lower layers want: session config, endpoint, the RIB's
// view of the peer, the export profile of its update group.

import { addressFamily, familyIndex } from '../../base/family.js';
import { type IpAddress, isUnspecified } from '../../base/ip.js';
import { asnForPolicies } from '../../config/schema/peer-kind.js';
import type {
  ConfederationConfig,
  DynamicPeerConfig,
  PeerAsn,
  PeerConfig,
  RouteReflectorConfig,
} from '../../config/types.js';
import type { NegotiatedSession, SessionConfig } from '../../fsm/types.js';
import type { PeerEndpoint, Transport } from '../../net/types.js';
import { exportPolicyOf, importPolicyOf } from '../../policy/defaults.js';
import type { PolicyConfig } from '../../policy/types.js';
import type { Vantage } from '../../rib/export/vantage.js';
import type { ExportProfile, PathChoice, PeerView } from '../../rib/hooks.js';
import type { PathLimits, RibPeer } from '../../rib/tables/sources.js';
import { afiSafiOf } from '../../wire/iana.js';
import type { AddPathMode, Capability } from '../../wire/types.js';
import { type HostAddresses, nextHopFor, subnetsSharedWith } from '../routes/host-addresses.js';
import {
  exportSpecials,
  importSpecials,
  isOnLink,
  kindOf,
  kindOfSession,
  localAsnFor,
  outerAsn,
  specialCapabilities,
} from './peer-specials.js';
import { hasMaxPrefix, mostPaths } from './prefix-limits.js';

/** A peer as it runs: configured, or made from a dynamic range with the AS of its OPEN. */
export type RunningPeerConfig = Omit<PeerConfig, 'asn'> & {
  /** Null where the OPEN settles it. */
  readonly asn: PeerAsn | null;
  readonly dynamic: boolean;
};

export interface LocalIdentity {
  /** In a confederation our member AS. */
  readonly asn: number;
  readonly confederation: ConfederationConfig | null;
  readonly routerId: number;
  /** Null when we do not reflect. */
  readonly routeReflector: RouteReflectorConfig | null;
  readonly restart: RestartState;
  /** That clients can name (RFC 9107). */
  readonly vantages: readonly Vantage[];
}

/** Where we stand after our own start, as OPENs say it (RFC 4724 3). */
export interface RestartState {
  /** We are back and have not heard everybody yet. */
  readonly restarting: boolean;
  /** What forwards the packets of our routes outlived our last end. */
  readonly forwarding: boolean;
}

export type Policies = Readonly<Record<string, PolicyConfig>>;

export const configuredPeer = (config: PeerConfig): RunningPeerConfig => ({ ...config, dynamic: false });

export const dynamicPeer = (
  range: DynamicPeerConfig,
  name: string,
  address: PeerConfig['address'],
  zone: string | null,
): RunningPeerConfig => ({ ...range.template, name, address, interface: zone, dynamic: true });

/** An interface peer that has not been found yet: nobody can be dialled. */
export const isUnfound = ({ address }: { readonly address: IpAddress }): boolean => isUnspecified(address);

export const sessionConfig = (local: LocalIdentity, peer: RunningPeerConfig): SessionConfig => ({
  localAsn: localAsnFor(local, peer),
  ...(peer.localAs?.dualAs ? { alternateAsn: outerAsn(local) } : {}),
  routerId: local.routerId,
  peerAsn: expectedAsn(local, peer),
  ...(peer.asn === 'external' ? { externalOnly: true } : {}),
  ...(local.confederation === null ? {} : { confederation: local.confederation.members }),
  ...(peer.strictRole ? { strictRole: true } : {}),
  ...(isOnLink(peer) ? { linkLocal: true } : {}),
  families: peer.families.map(familyIndex),
  passive: peer.passive || peer.dynamic || isUnfound(peer),
  holdTime: peer.timers.hold,
  keepaliveTime: peer.timers.keepalive,
  connectRetryTime: peer.timers.connectRetry,
  delayOpenTime: peer.timers.delayOpen,
  sendHoldTime: peer.timers.sendHold,
  idleHold: {
    first: peer.timers.idleHold,
    longest: peer.timers.idleHoldMax,
    forget: peer.timers.idleHoldForget,
  },
  refuseAsSets: peer.asSets === 'withdraw',
  extraCapabilities: [
    { kind: 'enhancedRouteRefresh' },
    ...specialCapabilities(local, peer),
    ...addPathCapability(peer),
    ...restartCapability(local.restart, peer),
  ],
});

/** Nothing where we do neither: mode 0 does not exist (RFC 7911 4). */
function addPathCapability({ addPath: { receive, send }, families }: RunningPeerConfig): Capability[] {
  const mode = ((receive ? 1 : 0) + (send === null ? 0 : 2)) as 0 | AddPathMode;
  if (mode === 0) return [];
  return [{ kind: 'addPath', families: families.map((name) => ({ ...afiSafiOf(familyIndex(name)), mode })) }];
}

/** Of a helper it names no family: nothing of ours is to be kept (RFC 4724 3). */
function restartCapability(
  { restarting, forwarding }: RestartState,
  { gracefulRestart, families }: RunningPeerConfig,
): Capability[] {
  const { mode, restartTime, notification } = gracefulRestart;
  if (mode === 'off') return [];
  const kept =
    mode === 'full' ? families.map((name) => ({ ...afiSafiOf(familyIndex(name)), forwarding })) : [];
  return [{ kind: 'gracefulRestart', restarting, notification, restartTime, families: kept }];
}

/** Null where every AS will do, as far as the OPEN alone can tell. */
function expectedAsn(local: LocalIdentity, peer: RunningPeerConfig): number | null {
  if (peer.asn === 'internal') return localAsnFor(local, peer);
  return peer.asn === 'external' ? null : peer.asn;
}

export const endpoint = (local: LocalIdentity, peer: RunningPeerConfig): PeerEndpoint => ({
  address: peer.address,
  interface: peer.interface,
  port: peer.port,
  localAddress: isOnLink(peer) ? null : peer.localAddress,
  ttl: peer.ttlSecurity === null ? distance(local, peer) : MOST_HOPS,
  // RFC 5082 3: sent with 255, it has lost one for each hop but the last.
  minTtl: peer.ttlSecurity === null ? null : MOST_HOPS + 1 - peer.ttlSecurity,
  password: peer.password,
  tcpAo: peer.tcpAo,
});

const MOST_HOPS = 255;

const distance = (local: LocalIdentity, peer: RunningPeerConfig): number | null =>
  peer.multihop ?? (kindOf(local, peer) === 'external' ? 1 : null);

/** What the RIB is told of a session: what comes from it, and how it is told. */
export interface RibView {
  readonly peer: RibPeer;
  readonly profile: ExportProfile;
}

export function ribView(
  local: LocalIdentity,
  peer: RunningPeerConfig,
  session: NegotiatedSession,
  transport: Transport,
  policies: Policies,
  hosts: HostAddresses,
): RibView {
  const self = ownAddresses(peer, session, transport, hosts);
  return {
    peer: ribPeer(local, peer, session, self, policies),
    profile: exportProfile(local, peer, session, { transport, self, hosts }, policies),
  };
}

function ribPeer(
  local: LocalIdentity,
  peer: RunningPeerConfig,
  session: NegotiatedSession,
  self: OwnAddresses,
  policies: Policies,
): RibPeer {
  const known = { ...peer, asn: asnForPolicies(kindOfSession(session), local.asn) };
  return {
    address: peer.address,
    asn: session.peerAsn,
    routerId: session.peerRouterId,
    peerType: peerType(peer, session),
    localAsn: local.asn,
    clusterId: clusterOf(local, peer),
    view: peerView(peer, session),
    self,
    importPolicy: importPolicyOf(known, local.asn, policies),
    special: importSpecials(local, peer, session),
    limits: pathLimits(peer),
  };
}

/** Null where nothing is limited: then nothing is looked at. */
function pathLimits(peer: RunningPeerConfig): PathLimits | null {
  const { maxPrefix, maxAsPathLength, maxCommunities } = peer;
  if (!hasMaxPrefix(maxPrefix) && maxAsPathLength === null && maxCommunities === null) return null;
  return {
    paths: mostPaths(maxPrefix),
    asPathLength: maxAsPathLength ?? Number.POSITIVE_INFINITY,
    communities: maxCommunities ?? Number.POSITIVE_INFINITY,
  };
}

interface SessionPlace {
  readonly transport: Transport;
  readonly self: OwnAddresses;
  readonly hosts: HostAddresses;
}

function exportProfile(
  local: LocalIdentity,
  peer: RunningPeerConfig,
  session: NegotiatedSession,
  { transport: { localAddress, remoteAddress }, self, hosts }: SessionPlace,
  policies: Policies,
): ExportProfile {
  const external = session.sessionType === 'ebgp';
  const near = external && (peer.multihop ?? 1) === 1;
  const shared = near ? subnetsSharedWith(localAddress, remoteAddress, hosts) : [];
  const known = { ...peer, asn: asnForPolicies(kindOfSession(session), local.asn) };
  const choice = (family: 0 | 1): PathChoice | null =>
    session.sendsPathIds[family] ? peer.addPath.send : null;
  return {
    peerType: peerType(peer, session),
    localAsn: session.localAsn,
    peerAsn: session.peerAsn,
    families: [hasFamily(session, 0), hasFamily(session, 1)],
    asn4: session.decode.asn4,
    maxMessage: session.maxMessage,
    nextHopSelf: self,
    alwaysNextHopSelf:
      peer.nextHop === 'self' || (peer.nextHop === 'auto' && external && !peer.routeServerClient),
    clusterId: clusterOf(local, peer),
    clientToClient: local.routeReflector?.clientToClient ?? true,
    addPath: [choice(0), choice(1)],
    vantage: local.vantages.find(({ name }) => name === peer.vantage) ?? null,
    ownBest: external && peer.routeServerClient && peer.ownBestPath,
    policy: exportPolicyOf(known, local.asn, policies),
    notVia: null,
    special: exportSpecials(local, peer, session, shared),
  };
}

const peerView = (peer: RunningPeerConfig, session: NegotiatedSession): PeerView => ({
  name: peer.name,
  group: peer.group,
  // Members of a confederation are one AS to everybody else.
  type: session.sessionType === 'ebgp' ? 'ebgp' : 'ibgp',
  asn: session.peerAsn,
  address: peer.address,
});

/** By family index: what stands for us as a next hop. */
type OwnAddresses = ExportProfile['nextHopSelf'];

function ownAddresses(
  peer: RunningPeerConfig,
  session: NegotiatedSession,
  transport: Transport,
  hosts: HostAddresses,
): OwnAddresses {
  const on = { interface: peer.interface, extended: session.extendedNextHop };
  const self = (family: 0 | 1): Uint8Array | null =>
    nextHopFor(addressFamily(family), transport.localAddress, hosts, on);
  return [self(0), self(1)];
}

export const peerType = (peer: RunningPeerConfig, session: NegotiatedSession): RibPeer['peerType'] => {
  if (session.sessionType !== 'ibgp') return session.sessionType;
  return peer.routeReflectorClient ? 'ibgpClient' : 'ibgp';
};

const clusterOf = (local: LocalIdentity, peer: RunningPeerConfig): number | null =>
  local.routeReflector === null ? null : (peer.clusterId ?? local.routeReflector.clusterId);

const hasFamily = (session: NegotiatedSession, family: 0 | 1): boolean => session.families.includes(family);
