// The metrics of peers: totals over all, and series per peer with label `peer`, its configured name.

import { FAMILY_NAMES } from '../../base/family.js';
import type { SessionState } from '../../fsm/types.js';
import type { PeerDetail, PeerPrefixCounts } from '../model/types.js';
import { flag, type MetricRow, type Sample, sample, single } from './metric-rows.js';

/** The order of RFC 4271 section 8; the number is the value of `bgpd_peer_state`. */
const STATES = ['Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established'] as const;
const STATE_NUMBERS = {
  Idle: 0,
  Connect: 1,
  Active: 2,
  OpenSent: 3,
  OpenConfirm: 4,
  Established: 5,
} satisfies Record<SessionState, number>;

const MESSAGE_TYPES = ['open', 'update', 'notification', 'keepalive', 'routeRefresh'] as const;

const uptime = (peer: PeerDetail): number => (peer.state === 'Established' ? peer.sinceSeconds : 0);

/** A metric with one sample a peer. */
const perPeer = (
  type: 'gauge' | 'counter',
  name: string,
  help: string,
  read: (peer: PeerDetail) => number,
): MetricRow => ({
  name,
  help,
  type,
  labelNames: ['peer'],
  samples: ({ peers }) => peers.map((peer) => sample(read(peer), { peer: peer.name })),
});

/** One sample a peer and negotiated family. */
const perFamily = (name: string, help: string, read: (counts: PeerPrefixCounts) => number): MetricRow => ({
  name,
  help,
  type: 'gauge',
  labelNames: ['peer', 'family'],
  samples: ({ peers }) =>
    peers.flatMap((peer) =>
      FAMILY_NAMES.filter((family) => peer.prefixes[family].negotiated).map((family) =>
        sample(read(peer.prefixes[family]), { peer: peer.name, family }),
      ),
    ),
});

/** Several samples a peer. */
const fromPeer = (
  type: 'gauge' | 'counter',
  name: string,
  help: string,
  labelNames: readonly string[],
  read: (peer: PeerDetail) => readonly Sample[],
): MetricRow => ({
  name,
  help,
  type,
  labelNames: ['peer', ...labelNames],
  samples: ({ peers }) =>
    peers.flatMap((peer) =>
      read(peer).map(({ value, labels }) => sample(value, { peer: peer.name, ...labels })),
    ),
});

const messageSamples = ({ counters }: PeerDetail): readonly Sample[] =>
  MESSAGE_TYPES.flatMap((type) => [
    sample(counters.received[type], { type, direction: 'received' }),
    sample(counters.sent[type], { type, direction: 'sent' }),
  ]);

/** RFC 8212 asks for policies on eBGP sessions only. */
const missingPolicySamples = ({ type, policies }: PeerDetail): readonly Sample[] =>
  type !== 'ebgp'
    ? []
    : [
        sample(flag(policies.import === null), { direction: 'import' }),
        sample(flag(policies.export === null), { direction: 'export' }),
      ];

export const PEER_METRICS: readonly MetricRow[] = [
  {
    name: 'bgpd_peers',
    help: 'Peers by session type and state, all peers counted.',
    type: 'gauge',
    labelNames: ['type', 'state'],
    samples: ({ peerSummaries }) =>
      (['ibgp', 'confed', 'ebgp'] as const).flatMap((type) =>
        STATES.map((state) =>
          sample(peerSummaries.filter((peer) => peer.type === type && peer.state === state).length, {
            type,
            state,
          }),
        ),
      ),
  },
  single(
    'gauge',
    'bgpd_peers_without_series',
    'Peers beyond the peer budget: counted in bgpd_peers, without series of their own.',
    (snapshot) => snapshot.peersWithoutSeries,
  ),
  fromPeer(
    'gauge',
    'bgpd_peer_info',
    'Always 1; the labels describe the peer.',
    ['address', 'asn', 'type', 'group', 'dynamic'],
    ({ address, asn, type, group, dynamic }) => [
      sample(1, { address, asn: String(asn), type, group: group ?? '', dynamic: String(dynamic) }),
    ],
  ),
  perPeer(
    'gauge',
    'bgpd_peer_state',
    'Session state: 0 Idle, 1 Connect, 2 Active, 3 OpenSent, 4 OpenConfirm, 5 Established.',
    (peer) => STATE_NUMBERS[peer.state],
  ),
  perPeer('gauge', 'bgpd_peer_established', 'Whether the session is Established.', (peer) =>
    flag(peer.state === 'Established'),
  ),
  perPeer('gauge', 'bgpd_peer_enabled', 'Whether the configuration wants the session up.', (peer) =>
    flag(peer.enabled),
  ),
  perPeer('gauge', 'bgpd_peer_uptime_seconds', 'Seconds in Established, 0 in other states.', uptime),
  perFamily(
    'bgpd_peer_prefixes_received',
    'Prefixes the peer advertises to us now.',
    (counts) => counts.received,
  ),
  perFamily(
    'bgpd_peer_prefixes_accepted',
    'Prefixes of the peer that the import policies accept.',
    (counts) => counts.accepted,
  ),
  perFamily(
    'bgpd_peer_prefixes_advertised',
    'Prefixes advertised to the peer now.',
    (counts) => counts.advertised,
  ),
  fromPeer(
    'counter',
    'bgpd_peer_messages_total',
    'BGP messages by type and direction since the peer was made.',
    ['type', 'direction'],
    messageSamples,
  ),
  fromPeer(
    'counter',
    'bgpd_peer_bytes_total',
    'Octets of BGP messages by direction since the peer was made.',
    ['direction'],
    ({ counters }) => [
      sample(counters.bytesReceived, { direction: 'received' }),
      sample(counters.bytesSent, { direction: 'sent' }),
    ],
  ),
  perPeer(
    'gauge',
    'bgpd_peer_queued_bytes',
    'Octets to send that the kernel has not taken yet.',
    (peer) => peer.queuedBytes,
  ),
  perPeer(
    'gauge',
    'bgpd_peer_keepalive_lateness_seconds',
    'How far behind its time a KEEPALIVE of the session was sent at worst.',
    ({ counters }) => counters.keepaliveLateSeconds,
  ),
  perPeer(
    'counter',
    'bgpd_peer_flaps_total',
    'Times the session left Established.',
    ({ counters }) => counters.flaps,
  ),
  perPeer(
    'counter',
    'bgpd_peer_established_total',
    'Times the session reached Established.',
    ({ counters }) => counters.established,
  ),
  perPeer(
    'gauge',
    'bgpd_peer_stale_paths',
    'Paths of a peer in graceful restart that it has not told again yet.',
    ({ restart }) => restart?.stalePaths ?? 0,
  ),
  fromPeer(
    'counter',
    'bgpd_peer_graceful_restarts_total',
    'Graceful restarts of the peer: begun (away), back in time (back), too long (expired).',
    ['event'],
    ({ restarts }) => [
      sample(restarts.away, { event: 'away' }),
      sample(restarts.back, { event: 'back' }),
      sample(restarts.expired, { event: 'expired' }),
    ],
  ),
  fromPeer(
    'gauge',
    'bgpd_peer_policy_missing',
    'Whether an eBGP peer has no policy for the direction, so that RFC 8212 denies all routes.',
    ['direction'],
    missingPolicySamples,
  ),
  fromPeer(
    'counter',
    'bgpd_peer_malformed_attributes_total',
    'Malformed path attributes by RFC 7606 verdict.',
    ['verdict'],
    ({ verdicts }) => Object.entries(verdicts).map(([verdict, count]) => sample(count, { verdict })),
  ),
  fromPeer(
    'gauge',
    'bgpd_peer_blame',
    'Always 1 for a peer that is not Established; the labels say why and whose fault it is.',
    ['kind', 'fault'],
    ({ blame }) => (blame === null ? [] : [sample(1, { kind: blame.kind, fault: blame.fault })]),
  ),
  fromPeer(
    'counter',
    'bgpd_peer_excess_routes_total',
    'Routes of the peer beyond a limit: not used (AS_PATH, communities) or not taken (prefixes).',
    ['limit'],
    ({ excess }) => [
      sample(excess.asPathLength, { limit: 'maxAsPathLength' }),
      sample(excess.communities, { limit: 'maxCommunities' }),
      sample(excess.prefixes, { limit: 'maxPrefix' }),
    ],
  ),
  fromPeer(
    'gauge',
    'bgpd_peer_prefix_limit',
    'The limit of maxPrefix, where there is one.',
    ['family', 'action'],
    ({ prefixLimits }) =>
      FAMILY_NAMES.flatMap((family) => {
        const limit = prefixLimits[family];
        return limit === null ? [] : [sample(limit.limit, { family, action: limit.action })];
      }),
  ),
  fromPeer(
    'counter',
    'bgpd_peer_loops_total',
    'Routes of the peer refused as loops, by the attribute that showed it.',
    ['attribute'],
    ({ loops }) => [
      sample(loops.asPath, { attribute: 'AS_PATH' }),
      sample(loops.originatorId, { attribute: 'ORIGINATOR_ID' }),
      sample(loops.clusterList, { attribute: 'CLUSTER_LIST' }),
    ],
  ),
];
