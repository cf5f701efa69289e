// What another configuration would make of each peer: whether its session stays, why it does not, and what the RIB would
// know of it then. Asks the same functions as the reload itself; touches no peer.

import type { PeerId } from '../../base/ids.js';
import { formatIp } from '../../base/ip.js';
import { sessionKeys } from '../../config/diff.js';
import { negotiate } from '../../fsm/negotiate.js';
import type { NegotiatedSession } from '../../fsm/types.js';
import { sessionOutlives } from '../../net/session-change.js';
import type { Transport } from '../../net/types.js';
import { describeNotification } from '../../wire/notification-text.js';
import type { OpenMessage } from '../../wire/types.js';
import type { BgpPeer, PeerContext } from '../peers/bgp-peer.js';
import type { PeerPlan } from '../peers/peer-set.js';
import {
  endpoint,
  type LocalIdentity,
  type RibView,
  type RunningPeerConfig,
  ribView,
  sessionConfig,
} from '../peers/session-setup.js';
import { assumedSession } from './assumed-session.js';

/**
 * `stays`: the session is not touched. `resets`: it ends and comes back. `fails`: it ends and would not come back, as
 * both sides do not agree any more. `ends`: the peer is removed or switched off. `down`: it has no session now. `new`.
 */
export type Fate = 'stays' | 'resets' | 'fails' | 'ends' | 'down' | 'new';

export interface ForeseenPeer {
  readonly name: string;
  readonly address: string;
  readonly fate: Fate;
  /** Why a session does not stay. */
  readonly why: readonly string[];
  /** Of the session that is up, or of the routes that outlive it; null without. */
  readonly ribId: PeerId | null;
  /** What the RIB would know of it; null: nothing. Who is `down` has routes here and is told none. */
  readonly after: RibView | null;
}

export type ForeseenContext = Pick<PeerContext, 'local' | 'policies' | 'hostAddresses'>;

export function foresee({ known, added }: PeerPlan, context: ForeseenContext): readonly ForeseenPeer[] {
  return [
    ...known.map(({ peer, next }) => foreseeKnown(peer, next, context)),
    ...added.map((config) => foreseeNew(config, context)),
  ];
}

function foreseeKnown(peer: BgpPeer, next: RunningPeerConfig | null, context: ForeseenContext): ForeseenPeer {
  const { ribId, session, transport } = peer;
  const who = { name: peer.name, address: formatIp(peer.config.address), ribId };
  const gone = { ...who, after: null };
  if (next === null) return { ...gone, fate: 'ends', why: ['removed'] };
  if (session === null || transport === null) {
    return { ...who, fate: 'down', why: [], after: keptView(peer, next, context) };
  }
  if (!next.enabled) return { ...gone, fate: 'ends', why: ['disabled'] };
  if (staysUp(peer, next, context.local)) {
    return { ...who, fate: 'stays', why: [], after: viewOf(next, session, transport, context) };
  }
  const why = reasons(peer, next, context.local);
  const again = negotiate(sessionConfig(context.local, next), openOf(session));
  if (!again.ok) {
    const refusal = again.detail ?? describeNotification(again.notification);
    return { ...gone, fate: 'fails', why: [...why, refusal] };
  }
  const over = { ...transport, localAddress: next.localAddress ?? transport.localAddress };
  return { ...who, fate: 'resets', why, after: viewOf(next, again.session, over, context) };
}

/** Routes that wait for their peer to come back go by its new settings as long as it is the same kind of peer. */
function keptView(peer: BgpPeer, next: RunningPeerConfig, context: ForeseenContext): RibView | null {
  const { away } = peer.restart;
  if (away === null || !isSameKind(peer.config, next)) return null;
  return viewOf(next, away.session, away.transport, context);
}

const isSameKind = (now: RunningPeerConfig, next: RunningPeerConfig): boolean =>
  now.routeReflectorClient === next.routeReflectorClient &&
  now.asn === next.asn &&
  now.enabled === next.enabled;

/** As `BgpPeer.reconfigure` has it. */
function staysUp(peer: BgpPeer, next: RunningPeerConfig, local: LocalIdentity): boolean {
  const now = peer.config;
  return (
    isSameKind(now, next) &&
    sessionOutlives(
      sessionConfig(peer.local, now),
      sessionConfig(local, next),
      endpoint(peer.local, now),
      endpoint(local, next),
    )
  );
}

const IDENTITY = ['asn', 'confederation', 'routerId'] as const satisfies readonly (keyof LocalIdentity)[];

function reasons(peer: BgpPeer, next: RunningPeerConfig, local: LocalIdentity): readonly string[] {
  const keys: string[] = [...sessionKeys(settled(peer.config), settled(next))];
  for (const key of IDENTITY) {
    if (JSON.stringify(peer.local[key]) !== JSON.stringify(local[key])) keys.push(`our ${key}`);
  }
  return keys.map((key) => `${key} changes`);
}

/** A range that takes any AS has none to compare. */
const settled = ({ asn, dynamic: _dynamic, ...config }: RunningPeerConfig) =>
  asn === null ? config : { ...config, asn };

function viewOf(
  config: RunningPeerConfig,
  session: NegotiatedSession,
  transport: Transport,
  { local, policies, hostAddresses }: ForeseenContext,
): RibView {
  return ribView(local, config, session, transport, policies, hostAddresses());
}

/** What the peer said, as far as the session remembers it. */
const openOf = ({ peerAsn, peerRouterId, holdTime, peerCapabilities }: NegotiatedSession): OpenMessage => ({
  version: 4,
  asn: peerAsn,
  holdTime,
  routerId: peerRouterId,
  capabilities: peerCapabilities,
});

function foreseeNew(config: RunningPeerConfig, context: ForeseenContext): ForeseenPeer {
  const who = { name: config.name, address: formatIp(config.address), ribId: null, why: [] };
  const assumed = config.enabled ? assumedSession(config, context) : null;
  if (assumed === null) return { ...who, fate: 'new', after: null };
  return { ...who, fate: 'new', after: viewOf(config, assumed.session, assumed.transport, context) };
}
