// Both OPENs in, the agreed session or the NOTIFICATION that refuses it out (RFC 4271 6.2, RFC 5492, RFC 6286,
// RFC 6793, RFC 8654, RFC 9234). What is wrong in any session (AS 0, hold time 1) the wire layer has refused before.

import { writeU16, writeU32 } from '../base/bytes.js';
import { FAMILY_INDEXES, type FamilyIndex } from '../base/family.js';
import { formatCapability } from '../wire/capability.js';
import { AFI, AS_TRANS, afiSafiOf, ERROR, familyOf, OPEN_ERROR } from '../wire/iana.js';
import { roleMismatch, unsupportedCapability } from '../wire/notification.js';
import type { Capability, Notification, OpenMessage, SessionType } from '../wire/types.js';
import { findCapability, localCapabilities } from './capabilities.js';
import { agreeOnRestart } from './graceful-restart.js';
import type { NegotiatedSession, SessionConfig } from './types.js';

export type Negotiation =
  | { readonly ok: true; readonly session: NegotiatedSession }
  | {
      readonly ok: false;
      readonly notification: Notification;
      /** What the peer said, where the NOTIFICATION has no room for it. */
      readonly detail: string | null;
    };

/** RFC 9687 4, in seconds. */
export const sendHoldTime = (configured: number | null, holdTime: number): number =>
  configured ?? (holdTime === 0 ? 0 : Math.max(480, 2 * holdTime));

export function negotiate(config: SessionConfig, open: OpenMessage): Negotiation {
  const peerAsn = peerAsNumber(open);
  const refusal =
    refuseAs(config, open, peerAsn) ??
    refuseIdentifier(config, open, peerAsn) ??
    refuseFamilies(config, open);
  if (refusal !== null) return { ok: false, notification: refusal, detail: null };
  const detail = roleConflict(config, open, peerAsn);
  if (detail !== null) return { ok: false, notification: roleMismatch(), detail };
  return { ok: true, session: agree(config, open, peerAsn) };
}

const openError = (subcode: number, data: Uint8Array): Notification => ({ code: ERROR.open, subcode, data });

/** RFC 6793 4.1: the capability's AS number wins over the 2-octet field. */
const peerAsNumber = (open: OpenMessage): number =>
  findCapability(open.capabilities, 'fourOctetAs')?.asn ?? open.asn;

/** Data: the AS number as the peer wrote it, 4 octets from the capability or 2 from the fixed field. */
function refuseAs(config: SessionConfig, open: OpenMessage, peerAsn: number): Notification | null {
  const asn4 = findCapability(open.capabilities, 'fourOctetAs') !== undefined;
  // AS_TRANS without the capability names nobody.
  const nobody = !asn4 && peerAsn === AS_TRANS;
  const internal = config.externalOnly === true && typeOf(config, peerAsn) !== 'ebgp';
  if (!nobody && !internal && (config.peerAsn === null || config.peerAsn === peerAsn)) return null;
  const data = new Uint8Array(asn4 ? 4 : 2);
  if (asn4) writeU32(data, 0, peerAsn);
  else writeU16(data, 0, peerAsn);
  return openError(OPEN_ERROR.badPeerAs, data);
}

/** RFC 6286 2.2: not ours when the peer is internal. */
function refuseIdentifier(config: SessionConfig, open: OpenMessage, peerAsn: number): Notification | null {
  if (open.routerId !== config.routerId || peerAsn !== config.localAsn) return null;
  const data = new Uint8Array(4);
  writeU32(data, 0, open.routerId);
  return openError(OPEN_ERROR.badBgpIdentifier, data);
}

/** RFC 5492 5: the data lists the capabilities that we require and the peer did not send. */
function refuseFamilies(config: SessionConfig, open: OpenMessage): Notification | null {
  if (commonFamilies(config, open).length > 0) return null;
  return unsupportedCapability(
    config.families.map((family): Capability => ({ kind: 'multiprotocol', ...afiSafiOf(family) })),
  );
}

/** RFC 9234 4.2: provider 0, RS 1, RS-client 2, customer 3, peer 4; by our role, the role the other side must have. */
const COUNTERPART: readonly number[] = [3, 2, 1, 0, 4];

/** Null, or what is wrong between the two roles. */
function roleConflict(config: SessionConfig, open: OpenMessage, peerAsn: number): string | null {
  const ours = findCapability(config.extraCapabilities, 'role');
  if (ours === undefined || typeOf(config, peerAsn) !== 'ebgp') return null;
  const theirs = open.capabilities.filter((capability) => capability.kind === 'role');
  const [first] = theirs;
  if (first === undefined)
    return config.strictRole === true ? 'its OPEN says no role, and ours asks for one' : null;
  if (theirs.every(({ role }) => role === COUNTERPART[ours.role])) return null;
  const said = [...new Set(theirs.map(formatCapability))].join(' and ');
  return `its OPEN says ${said}, ours ${formatCapability(ours)}`;
}

/** RFC 5065 2: another member AS of our confederation is neither inside nor outside. */
const typeOf = ({ localAsn, confederation }: SessionConfig, peerAsn: number): SessionType => {
  if (peerAsn === localAsn) return 'ibgp';
  return confederation?.includes(peerAsn) ? 'confed' : 'ebgp';
};

function commonFamilies(config: SessionConfig, open: OpenMessage): readonly FamilyIndex[] {
  const offered = open.capabilities
    .filter((capability) => capability.kind === 'multiprotocol')
    .map(({ afi, safi }) => ({ family: familyOf(afi, safi) }));
  // RFC 4760 8: a peer that names no family at all speaks IPv4 unicast only.
  if (offered.length === 0) offered.push({ family: 0 });
  return FAMILY_INDEXES.filter(
    (index) => config.families.includes(index) && offered.some(({ family }) => family === index),
  );
}

function agree(config: SessionConfig, open: OpenMessage, peerAsn: number): NegotiatedSession {
  const local = localCapabilities(config);
  const both = (kind: Capability['kind']): boolean =>
    findCapability(local, kind) !== undefined && findCapability(open.capabilities, kind) !== undefined;
  const holdTime = Math.min(config.holdTime, open.holdTime);
  const families = commonFamilies(config, open);
  const pathIds = (family: FamilyIndex, to: readonly Capability[], from: readonly Capability[]): boolean =>
    families.includes(family) && carriesPathIds(to, from, family);
  const sessionType = typeOf(config, peerAsn);
  return {
    localAsn: config.localAsn,
    peerAsn,
    peerRouterId: open.routerId,
    sessionType,
    holdTime,
    keepaliveTime: Math.min(config.keepaliveTime ?? Number.POSITIVE_INFINITY, holdTime / 3),
    sendHoldTime: sendHoldTime(config.sendHoldTime, holdTime),
    families,
    routeRefresh: both('routeRefresh'),
    enhancedRouteRefresh: both('enhancedRouteRefresh'),
    maxMessage: both('extendedMessage') ? 65535 : 4096,
    decode: {
      asn4: both('fourOctetAs'),
      sessionType,
      families: [families.includes(0), families.includes(1)],
      addPath: [pathIds(0, local, open.capabilities), pathIds(1, local, open.capabilities)],
      extendedNextHop: takesExtendedNextHop(local),
      ...(config.linkLocal === true ? { linkLocalNextHop: true } : {}),
      refuseAsSets: config.refuseAsSets,
    },
    gracefulRestart: agreeOnRestart(local, open.capabilities, families),
    sendsPathIds: [pathIds(0, open.capabilities, local), pathIds(1, open.capabilities, local)],
    extendedNextHop:
      families.includes(0) && takesExtendedNextHop(local) && takesExtendedNextHop(open.capabilities),
    localCapabilities: local,
    peerCapabilities: open.capabilities,
  };
}

const RECEIVE = 1;
const SEND = 2;

/** RFC 7911 4: path ids go from one side to the other when the one said send and the other receive. */
const carriesPathIds = (
  to: readonly Capability[],
  from: readonly Capability[],
  family: FamilyIndex,
): boolean => (addPathMode(to, family) & RECEIVE) !== 0 && (addPathMode(from, family) & SEND) !== 0;

/** RFC 8950 4: the peer may use what we have announced; its own capability permits us, not it. */
const takesExtendedNextHop = (announced: readonly Capability[]): boolean =>
  announced
    .flatMap((capability) => (capability.kind === 'extendedNextHop' ? capability.families : []))
    .some(({ afi, safi, nextHopAfi }) => familyOf(afi, safi) === 0 && nextHopAfi === AFI.ipv6);

const addPathMode = (capabilities: readonly Capability[], family: FamilyIndex): number =>
  capabilities
    .flatMap((capability) => (capability.kind === 'addPath' ? capability.families : []))
    .find(({ afi, safi }) => familyOf(afi, safi) === family)?.mode ?? 0;
