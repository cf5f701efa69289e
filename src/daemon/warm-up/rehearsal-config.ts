// What the rehearsal runs with: a speaker that reflects, and clients on addresses of the loopback. Data only.

import { formatIp, ipv4 } from '../../base/ip.js';
import type { Config, PeerConfig } from '../../config/types.js';
import { encodeOpen } from '../../wire/open.js';
import { configuredPeer } from '../peers/session-setup.js';
import { ASN, inventedConfig, inventedOpen, LOCAL, POLICIES } from './invented-peers.js';

/** Of the loopback, whose addresses nobody else has to be reached at. */
export const SPEAKER_ADDRESS = ipv4(0x7f570001);
const CLIENT_ADDRESSES = 0x7f570100;

export interface RehearsalClient {
  readonly config: PeerConfig;
  readonly address: string;
  /** Octets. */
  readonly open: Uint8Array;
}

/** Peers like `like`, as far as they can be on the loopback. */
export const rehearsalClients = (like: PeerConfig, count: number): readonly RehearsalClient[] =>
  Array.from({ length: count }, (_, index) => {
    const address = ipv4(CLIENT_ADDRESSES + 1 + index);
    const config = { ...inventedConfig(like, index), ...ON_LOOPBACK, name: `warm-up ${index}`, address };
    return {
      config,
      address: formatIp(address),
      open: encodeOpen(inventedOpen(configuredPeer(config), index)),
    };
  });

const ON_LOOPBACK = {
  interface: null,
  localAddress: null,
  passive: true,
  enabled: true,
  multihop: null,
  password: null,
  tcpAo: [],
  ttlSecurity: null,
  strictRole: false,
  via: null,
} as const satisfies Partial<PeerConfig>;

/** The daemon's configuration without what reaches beyond the speaker. */
export const rehearsalConfig = (config: Config, clients: readonly RehearsalClient[]): Config => ({
  ...config,
  asn: ASN,
  confederation: null,
  routeReflector: LOCAL.routeReflector,
  optimalRouteReflection: [],
  pools: [],
  originate: [],
  peers: clients.map((client) => client.config),
  dynamicPeers: [],
  policies: { ...config.policies, ...POLICIES },
  rpki: { caches: [] },
  calico: null,
});
