// The code points that IANA and the RFCs assign, with the names people read. No behaviour beyond look-up.

import type { FamilyIndex } from '../base/family.js';
import type { AfiSafi } from './types.js';

export const MESSAGE = { open: 1, update: 2, notification: 3, keepalive: 4, routeRefresh: 5 } as const;

export const AFI = { ipv4: 1, ipv6: 2, l2vpn: 25, bgpLs: 16388 } as const;

export const SAFI = {
  unicast: 1,
  multicast: 2,
  labeledUnicast: 4,
  multicastVpn: 5,
  vpls: 65,
  evpn: 70,
  bgpLs: 71,
  srPolicy: 73,
  vpn: 128,
  multicastOfVpn: 129,
  routeTarget: 132,
  flowSpec: 133,
  flowSpecVpn: 134,
} as const;

/** Stands in for an AS number that needs four octets (RFC 6793 4.2.2). */
export const AS_TRANS = 23456;

export const ATTRIBUTE = {
  origin: 1,
  asPath: 2,
  nextHop: 3,
  med: 4,
  localPref: 5,
  atomicAggregate: 6,
  aggregator: 7,
  communities: 8,
  originatorId: 9,
  clusterList: 10,
  mpReach: 14,
  mpUnreach: 15,
  extendedCommunities: 16,
  as4Path: 17,
  as4Aggregator: 18,
  tunnelEncapsulation: 23,
  ipv6ExtendedCommunities: 25,
  aigp: 26,
  largeCommunities: 32,
  onlyToCustomer: 35,
} as const;

/** Tunnel types of TUNNEL_ENCAP and of the Encapsulation extended community (RFC 9012 2, 4.1). */
export const TUNNEL_NAMES: Readonly<Record<number, string>> = {
  1: 'l2tpv3',
  2: 'gre',
  7: 'ip-in-ip',
  8: 'vxlan',
  9: 'nvgre',
  10: 'mpls',
  11: 'mpls-in-gre',
  12: 'vxlan-gpe',
  13: 'mpls-in-udp',
  14: 'ipv6-tunnel',
  15: 'sr-policy',
  19: 'geneve',
};

/** Of the tunnels above those that bgpd makes itself. */
export const TUNNEL_TYPE = { vxlan: 8 } as const;

/** Sub-TLVs of a tunnel (RFC 9012 3). */
export const TUNNEL_SUB_TLV = {
  encapsulation: 1,
  protocol: 2,
  color: 4,
  loadBalancingBlock: 5,
  egressEndpoint: 6,
  dsField: 7,
  udpDestinationPort: 8,
  embeddedLabelHandling: 9,
  labelStack: 10,
  prefixSid: 11,
} as const;

export const ATTRIBUTE_NAMES: Readonly<Record<number, string>> = {
  1: 'ORIGIN',
  2: 'AS_PATH',
  3: 'NEXT_HOP',
  4: 'MULTI_EXIT_DISC',
  5: 'LOCAL_PREF',
  6: 'ATOMIC_AGGREGATE',
  7: 'AGGREGATOR',
  8: 'COMMUNITIES',
  9: 'ORIGINATOR_ID',
  10: 'CLUSTER_LIST',
  14: 'MP_REACH_NLRI',
  15: 'MP_UNREACH_NLRI',
  16: 'EXTENDED_COMMUNITIES',
  17: 'AS4_PATH',
  18: 'AS4_AGGREGATOR',
  22: 'PMSI_TUNNEL',
  23: 'TUNNEL_ENCAP',
  25: 'IPV6_EXTENDED_COMMUNITIES',
  26: 'AIGP',
  29: 'BGP_LS',
  32: 'LARGE_COMMUNITY',
  35: 'ONLY_TO_CUSTOMER',
  40: 'BGP_PREFIX_SID',
  128: 'ATTR_SET',
};

export const CAPABILITY = {
  multiprotocol: 1,
  routeRefresh: 2,
  extendedNextHop: 5,
  extendedMessage: 6,
  role: 9,
  gracefulRestart: 64,
  fourOctetAs: 65,
  addPath: 69,
  enhancedRouteRefresh: 70,
  longLivedGracefulRestart: 71,
  fqdn: 73,
  softwareVersion: 75,
} as const;

/** NOTIFICATION error codes (RFC 4271 4.5, RFC 7313, RFC 9687). */
export const ERROR = {
  header: 1,
  open: 2,
  update: 3,
  holdTimerExpired: 4,
  fsm: 5,
  cease: 6,
  routeRefresh: 7,
  sendHoldTimerExpired: 8,
} as const;

export const HEADER_ERROR = { connectionNotSynchronized: 1, badMessageLength: 2, badMessageType: 3 } as const;

export const OPEN_ERROR = {
  unspecific: 0,
  unsupportedVersion: 1,
  badPeerAs: 2,
  badBgpIdentifier: 3,
  unsupportedOptionalParameter: 4,
  unacceptableHoldTime: 6,
  unsupportedCapability: 7,
  roleMismatch: 11,
} as const;

export const UPDATE_ERROR = {
  malformedAttributeList: 1,
  unrecognizedWellKnownAttribute: 2,
  missingWellKnownAttribute: 3,
  attributeFlagsError: 4,
  attributeLengthError: 5,
  invalidOrigin: 6,
  invalidNextHop: 8,
  optionalAttributeError: 9,
  invalidNetworkField: 10,
  malformedAsPath: 11,
} as const;

/** RFC 6608. */
export const FSM_ERROR = { unspecific: 0, openSent: 1, openConfirm: 2, established: 3 } as const;

/** RFC 4486, RFC 8538 (hard reset), RFC 9384 (BFD down). */
export const CEASE = {
  maximumPrefixesReached: 1,
  administrativeShutdown: 2,
  peerDeconfigured: 3,
  administrativeReset: 4,
  connectionRejected: 5,
  otherConfigurationChange: 6,
  connectionCollisionResolution: 7,
  outOfResources: 8,
  hardReset: 9,
  bfdDown: 10,
} as const;

/** RFC 7313 5. */
export const ROUTE_REFRESH_ERROR = { invalidMessageLength: 1 } as const;

/** RFC 2918, RFC 7313. */
export const ROUTE_REFRESH = { request: 0, beginning: 1, end: 2 } as const;

interface ErrorNames {
  readonly name: string;
  readonly subcodes: Readonly<Record<number, string>>;
}

export const ERROR_NAMES: Readonly<Record<number, ErrorNames>> = {
  1: {
    name: 'message header error',
    subcodes: { 1: 'connection not synchronized', 2: 'bad message length', 3: 'bad message type' },
  },
  2: {
    name: 'OPEN error',
    subcodes: {
      1: 'unsupported version number',
      2: 'bad peer AS',
      3: 'bad BGP identifier',
      4: 'unsupported optional parameter',
      5: 'authentication failure',
      6: 'unacceptable hold time',
      7: 'unsupported capability',
      11: 'role mismatch',
    },
  },
  3: {
    name: 'UPDATE error',
    subcodes: {
      1: 'malformed attribute list',
      2: 'unrecognized well-known attribute',
      3: 'missing well-known attribute',
      4: 'attribute flags error',
      5: 'attribute length error',
      6: 'invalid ORIGIN attribute',
      7: 'AS routing loop',
      8: 'invalid NEXT_HOP attribute',
      9: 'optional attribute error',
      10: 'invalid network field',
      11: 'malformed AS_PATH',
    },
  },
  4: { name: 'hold timer expired', subcodes: {} },
  5: {
    name: 'FSM error',
    subcodes: {
      1: 'unexpected message in OpenSent',
      2: 'unexpected message in OpenConfirm',
      3: 'unexpected message in Established',
    },
  },
  6: {
    name: 'Cease',
    subcodes: {
      1: 'maximum number of prefixes reached',
      2: 'administrative shutdown',
      3: 'peer deconfigured',
      4: 'administrative reset',
      5: 'connection rejected',
      6: 'other configuration change',
      7: 'connection collision resolution',
      8: 'out of resources',
      9: 'hard reset',
      10: 'BFD down',
    },
  },
  7: { name: 'ROUTE-REFRESH error', subcodes: { 1: 'invalid message length' } },
  8: { name: 'send hold timer expired', subcodes: {} },
};

/** Names of well-known communities (RFC 1997, 3765, 7999, 8326, 9494). */
export const WELL_KNOWN_COMMUNITIES: Readonly<Record<number, string>> = {
  4294901760: 'graceful-shutdown',
  4294901766: 'llgr-stale',
  4294901767: 'no-llgr',
  4294902426: 'blackhole',
  4294967041: 'no-export',
  4294967042: 'no-advertise',
  4294967043: 'no-export-subconfed',
  4294967044: 'no-peer',
};

/** SAFIs by the name that follows `ipv4-` or `ipv6-`. */
const SAFI_NAMES: Readonly<Record<number, string>> = {
  [SAFI.unicast]: 'unicast',
  [SAFI.multicast]: 'multicast',
  [SAFI.labeledUnicast]: 'labeled-unicast',
  [SAFI.multicastVpn]: 'mvpn',
  [SAFI.srPolicy]: 'sr-policy',
  [SAFI.vpn]: 'vpn',
  [SAFI.multicastOfVpn]: 'multicast-vpn',
  [SAFI.routeTarget]: 'route-target',
  [SAFI.flowSpec]: 'flowspec',
  [SAFI.flowSpecVpn]: 'flowspec-vpn',
};

/** Families whose name does not follow from AFI and SAFI, by `afi * 256 + safi`. */
const OTHER_FAMILY_NAMES: Readonly<Record<number, string>> = {
  [AFI.l2vpn * 256 + SAFI.vpls]: 'vpls',
  [AFI.l2vpn * 256 + SAFI.evpn]: 'evpn',
  [AFI.l2vpn * 256 + SAFI.flowSpecVpn]: 'l2vpn-flowspec',
  [AFI.bgpLs * 256 + SAFI.bgpLs]: 'link-state',
};

/** `ipv4-unicast`, `evpn` and the like; null for a family without a name here. None of them but unicast is routed. */
export function familyLabel(afi: number, safi: number): string | null {
  if (afi !== AFI.ipv4 && afi !== AFI.ipv6) return OTHER_FAMILY_NAMES[afi * 256 + safi] ?? null;
  const name = SAFI_NAMES[safi];
  return name === undefined ? null : `${afi === AFI.ipv4 ? 'ipv4' : 'ipv6'}-${name}`;
}

/** The routed family of an AFI/SAFI pair, or null when the daemon does not route it. */
export function familyOf(afi: number, safi: number): FamilyIndex | null {
  if (safi !== SAFI.unicast) return null;
  if (afi === AFI.ipv4) return 0;
  return afi === AFI.ipv6 ? 1 : null;
}

export const afiSafiOf = (family: FamilyIndex): AfiSafi => ({
  afi: family === 0 ? AFI.ipv4 : AFI.ipv6,
  safi: SAFI.unicast,
});
