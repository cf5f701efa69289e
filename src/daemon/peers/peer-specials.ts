// What is special about a peer of an uncommon kind, from its configuration and what was negotiated: the AS that it knows
// us by, its capabilities, and what the RIB does otherwise with what it tells and is told.

import { isLinkLocal, isUnspecified } from '../../base/ip.js';
import type { Prefix } from '../../base/prefix.js';
import { type PeerKind, peerKind } from '../../config/schema/peer-kind.js';
import type { NegotiatedSession } from '../../fsm/types.js';
import { ROLES } from '../../policy/roles.js';
import type { ExportSpecials } from '../../rib/hooks.js';
import type { ImportSpecials } from '../../rib/tables/sources.js';
import { AFI, SAFI } from '../../wire/iana.js';
import type { AttributeEdits, Capability } from '../../wire/types.js';
import type { LocalIdentity, RunningPeerConfig } from './session-setup.js';

export const kindOf = (local: LocalIdentity, peer: RunningPeerConfig): PeerKind | null =>
  peerKind(peer.asn, peer.localAs, local);

export const kindOfSession = ({ sessionType }: NegotiatedSession): PeerKind =>
  (({ ibgp: 'internal', confed: 'confed', ebgp: 'external' }) as const)[sessionType];

/** The AS of our OPEN: RFC 7705 where the peer knows us by another, RFC 5065 towards the outside of a confederation. */
export function localAsnFor(local: LocalIdentity, peer: RunningPeerConfig): number {
  const kind = kindOf(local, peer);
  if (peer.localAs !== null && kind !== 'confed') return peer.localAs.asn;
  return kind === 'external' ? outerAsn(local) : local.asn;
}

/** What we are to those who are not in our confederation. */
export const outerAsn = ({ asn, confederation }: LocalIdentity): number => confederation?.identifier ?? asn;

/** An interface peer counts before its address is known. */
export const isOnLink = ({ address, interface: name }: RunningPeerConfig): boolean =>
  name !== null && address.family === 'ipv6' && (isLinkLocal(address) || isUnspecified(address));

/** Beyond those that every peer is told. */
export function specialCapabilities(local: LocalIdentity, peer: RunningPeerConfig): readonly Capability[] {
  const kind = kindOf(local, peer);
  const extended = peer.extendedNextHop ?? isOnLink(peer);
  const row = { afi: AFI.ipv4, safi: SAFI.unicast, nextHopAfi: AFI.ipv6 };
  return [
    ...(peer.extendedMessages ? [{ kind: 'extendedMessage' } as const] : []),
    ...(extended && peer.families.includes('ipv4-unicast')
      ? [{ kind: 'extendedNextHop', families: [row] } as const]
      : []),
    ...(peer.role === null || (kind !== 'external' && kind !== null)
      ? []
      : [{ kind: 'role', role: ROLES[peer.role].code } as const]),
  ];
}

/** Null: nothing is special. */
export function importSpecials(
  local: LocalIdentity,
  peer: RunningPeerConfig,
  session: NegotiatedSession,
): ImportSpecials | null {
  const external = session.sessionType === 'ebgp';
  const role = external && peer.role !== null ? ROLES[peer.role] : null;
  const { confederation } = local;
  const special: ImportSpecials = {
    alsoOurs: [
      ...(confederation === null ? [] : [confederation.identifier]),
      ...(peer.localAs === null ? [] : [peer.localAs.asn]),
    ],
    allowOwnAs: peer.allowOwnAs,
    onlyToCustomer: role?.accepts ?? 'any',
    edits: importEdits(peer, session, role?.marks === true),
  };
  const plain = special.alsoOurs.length === 0 && special.allowOwnAs === 0 && special.edits === null;
  return plain && special.onlyToCustomer === 'any' ? null : special;
}

/** RFC 7705 3.1: the AS that the peer knows us by is in the path. RFC 9234 5: and who told us, in ONLY_TO_CUSTOMER. */
function importEdits(
  { localAs }: RunningPeerConfig,
  session: NegotiatedSession,
  marks: boolean,
): AttributeEdits | null {
  const prepends = knownByOther(localAs, session) && localAs?.noPrepend === false;
  if (!prepends && !marks) return null;
  return {
    ...(prepends ? { prependAs: [session.localAsn] } : {}),
    ...(marks ? { onlyToCustomerIfAbsent: session.peerAsn } : {}),
  };
}

const knownByOther = (localAs: RunningPeerConfig['localAs'], session: NegotiatedSession): boolean =>
  session.sessionType === 'ebgp' && localAs?.asn === session.localAsn;

/** Null: nothing is special. */
export function exportSpecials(
  local: LocalIdentity,
  peer: RunningPeerConfig,
  session: NegotiatedSession,
  sharedSubnets: readonly Prefix[],
): ExportSpecials | null {
  const { extendedNextHop } = session;
  const external = session.sessionType === 'ebgp';
  if (!external && !extendedNextHop) return null;
  const role = external && peer.role !== null ? ROLES[peer.role] : null;
  const both = knownByOther(peer.localAs, session) && peer.localAs?.replaceAs === false;
  const special: ExportSpecials = {
    prependAs: both ? [session.localAsn, outerAsn(local)] : null,
    removePrivateAs: external ? peer.removePrivateAs : null,
    overrideAs: external && peer.overrideAs,
    confederation: external && local.confederation !== null,
    transparent: external && peer.routeServerClient,
    extendedNextHop,
    sharedSubnets: external && peer.nextHop === 'auto' ? sharedSubnets : [],
    onlyToCustomer: role && { refused: role.refuses, add: role.adds ? session.localAsn : null },
  };
  return isPlain(special) ? null : special;
}

const isPlain = (special: ExportSpecials): boolean =>
  special.sharedSubnets.length === 0 &&
  Object.entries(special).every(
    ([key, value]) => key === 'sharedSubnets' || value === null || value === false,
  );
