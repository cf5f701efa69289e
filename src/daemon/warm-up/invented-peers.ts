// The invented peers of the warm-up: sessions, profiles and policies from the very functions that the real ones come from,
// since code is compiled for objects that were made in the same place. No socket, no RIB.

import { ipv4 } from '../../base/ip.js';
import type { Config, PeerConfig } from '../../config/types.js';
import { localOpen } from '../../fsm/capabilities.js';
import { negotiate } from '../../fsm/negotiate.js';
import type { NegotiatedSession } from '../../fsm/types.js';
import type { OpenMessage } from '../../wire/types.js';
import {
  configuredPeer,
  type LocalIdentity,
  type Policies,
  type RibView,
  type RunningPeerConfig,
  ribView,
  sessionConfig,
} from '../peers/session-setup.js';

export const ASN = 64512;
/** As large as most: small numbers are compiled to other code. */
export const ROUTER_ID = 0xc0000201;
export const LOCAL: LocalIdentity = {
  asn: ASN,
  confederation: null,
  routerId: ROUTER_ID,
  restart: { restarting: false, forwarding: false },
  routeReflector: { clusterId: ROUTER_ID, clientToClient: true },
  vantages: [],
};
const ACCEPT = { match: [], edits: [], action: 'accept' } as const;
const LONG = { kind: 'prefixLength', range: { min: 24, max: 128 } } as const;
/** Of both forms that policies are compiled to: what has met one form only is compiled for that one. */
export const POLICIES: Policies = { all: [ACCEPT], long: [{ ...ACCEPT, match: [LONG] }] };
/** The subnet that the peers are in, too. */
export const HOSTS = new Map([['eth0', [{ ...ipv4(ROUTER_ID), length: 24 }]]]);
const PORTS = { localPort: 179, remotePort: 179, role: 'passive' } as const;

export interface InventedPeer {
  readonly session: NegotiatedSession;
  readonly view: RibView;
}

/** What the peers are to be like: null without configured ones. */
export function modelPeer(config: Config): PeerConfig | null {
  const like = config.peers[0] ?? config.dynamicPeers[0]?.template;
  if (like === undefined) return null;
  return { ...like, name: 'warm-up', address: ipv4(0xc0000202), interface: null, asn: ASN };
}

/** Null with settings that no invented peer can meet. */
export function inventedPeer(like: PeerConfig, index: number): InventedPeer | null {
  const peer = configuredPeer(inventedConfig(like, index));
  const agreed = negotiate(sessionConfig(LOCAL, peer), inventedOpen(peer, index));
  if (!agreed.ok) return null;
  const { session } = agreed;
  const transport = { localAddress: ipv4(ROUTER_ID), remoteAddress: peer.address, ...PORTS };
  return { session, view: ribView(LOCAL, peer, session, transport, POLICIES, HOSTS) };
}

/** What the peer of this index says in its OPEN. */
export const inventedOpen = (peer: RunningPeerConfig, index: number): OpenMessage =>
  localOpen({
    ...sessionConfig(LOCAL, peer),
    localAsn: typeof peer.asn === 'number' ? peer.asn : ASN,
    routerId: 0xc0000300 + index,
  });

/** Every third is external. */
export function inventedConfig(like: PeerConfig, index: number): PeerConfig {
  const asn = index % 3 === 0 ? ASN + 1 + index : ASN;
  const policy = index % 6 === 1 ? ['long'] : ['all'];
  return {
    ...like,
    // What two equal peers cannot both be.
    role: null,
    localAs: null,
    asn,
    address: ipv4(0xc0000200 + index),
    routeReflectorClient: asn === ASN,
    families: ['ipv4-unicast', 'ipv6-unicast'],
    import: policy,
    export: policy,
    // The policy behind it is the configuration's.
    advertise: 'all',
  };
}
