// The page of one neighbor: session, capabilities, policies, counters, last end.

import type { PeerDetail } from '../../api/model/types.js';
import { FAMILY_NAMES } from '../../base/family.js';
import { formatBytes, formatCount, formatDuration, formatList, formatTime, orDash } from '../format.js';
import {
  type Cell,
  type Field,
  joinBlocks,
  left,
  type Paint,
  type Row,
  renderFields,
  renderTable,
  right,
  toned,
} from '../tables.js';
import { capabilityRows } from './capability-rows.js';
import { peerRemarks, stateCell } from './show-summary.js';

export const neighborText = (peer: PeerDetail, paint: Paint): string =>
  joinBlocks([
    headLines(peer, paint),
    renderFields(sessionFields(peer), paint),
    prefixLines(peer, paint),
    capabilityLines(peer, paint),
    messageLines(peer, paint),
    renderFields(historyFields(peer), paint),
  ]);

function headLines(peer: PeerDetail, paint: Paint): readonly string[] {
  const { text, tone } = stateCell(peer);
  const about = peer.description === null ? '' : ` (${peer.description})`;
  return [
    `Neighbor ${paint('strong', peer.name)}${about}: ${paint(tone, text)} for ${formatDuration(peer.sinceSeconds)}`,
    ...blameLines(peer),
    ...peerRemarks(peer).map((remark) => `    ${paint(remark.tone, remark.text)}`),
  ];
}

/** Whose fault it is, and what was seen. */
function blameLines({ blame }: PeerDetail): readonly string[] {
  if (blame === null) return [];
  const since = blame.since === '' ? '' : ` since ${formatTime(blame.since)}`;
  return [
    `    Fault: ${blame.fault} (${blame.kind})${since}`,
    ...blame.evidence.map((line) => `    Evidence: ${line}`),
  ];
}

function sessionFields(peer: PeerDetail): readonly Field[] {
  const cluster = peer.clusterId === null ? '' : ` of cluster ${peer.clusterId}`;
  const client = peer.routeReflectorClient ? `, route reflector client${cluster}` : '';
  const group = peer.group === null ? '-' : peer.group;
  return [
    ['Session', `${peer.type}, AS ${peer.localAsn} to AS ${peer.asn}${client}`],
    ...(peer.kind.length === 0 ? [] : [['Kind', peer.kind.join(', ')] as const]),
    ['Addresses', `${orDash(peer.localAddress)} to ${peer.address}`],
    ['Router id', orDash(peer.routerId)],
    ['Group', peer.dynamic ? `${group} (dynamic)` : group],
    ['Timers', timers(peer)],
    ['Pauses', pauses(peer)],
    ['Security', securityCell(peer)],
    ['Prefix limits', prefixLimitCell(peer)],
    ['Import policies', policyCell(peer, peer.policies.import)],
    ['Export policies', policyCell(peer, peer.policies.export)],
    ['Update group', peer.updateGroup === null ? '-' : String(peer.updateGroup)],
  ];
}

function timers({ holdTime, keepaliveTime }: PeerDetail): string {
  if (holdTime === null) return '-';
  return holdTime === 0
    ? 'none (hold time 0)'
    : `hold ${holdTime} s, keepalive ${orDash(text(keepaliveTime))} s`;
}

function pauses({ timers, sendHoldTime }: PeerDetail): string {
  const { connectRetry, delayOpen, minRouteAdvertisement, idleHold, idleHoldMax, idleHoldForget } = timers;
  const optional = [
    ...(delayOpen === 0 ? [] : [`delay open ${delayOpen} s`]),
    ...(minRouteAdvertisement === 0 ? [] : [`route advertisement ${minRouteAdvertisement} s`]),
    ...(sendHoldTime === null ? [] : [sendHoldTime === 0 ? 'no send hold' : `send hold ${sendHoldTime} s`]),
  ];
  const errors = `after errors ${idleHold} to ${idleHoldMax} s, forgotten after ${idleHoldForget} s`;
  return [`connect retry ${connectRetry} s`, ...optional, errors].join(', ');
}

/** Where keys come from, never what they are. */
function securityCell({ security: { password, tcpAo, ttlSecurity } }: PeerDetail): string {
  return formatList([
    ...(password === null ? [] : [`TCP-MD5 (${password})`]),
    ...tcpAo.map(
      ({ sendId, receiveId, algorithm, key }) => `TCP-AO ${sendId}/${receiveId} ${algorithm} (${key})`,
    ),
    ...(ttlSecurity === null ? [] : [`GTSM within ${ttlSecurity === 1 ? '1 hop' : `${ttlSecurity} hops`}`]),
  ]);
}

function prefixLimitCell({ prefixLimits }: PeerDetail): Cell {
  const limits = FAMILY_NAMES.flatMap((family) => {
    const limit = prefixLimits[family];
    if (limit === null) return [];
    const dropped = limit.dropped === 0 ? '' : `, ${limit.dropped} dropped`;
    return [{ level: limit.level, text: `${family} ${limit.limit}, then ${limit.action}${dropped}` }];
  });
  const shown = formatList(limits.map(({ text }) => text));
  return limits.some(({ level }) => level !== 'below') ? toned('warn', shown) : shown;
}

const text = (value: number | null): string | null => (value === null ? null : String(value));

/** RFC 8212: an eBGP peer without a policy passes nothing. */
function policyCell({ type }: PeerDetail, policies: readonly string[] | null): Cell {
  if (policies !== null) return policies.length === 0 ? 'empty' : policies.join(', ');
  return type === 'ebgp' ? toned('warn', 'none: all routes denied (RFC 8212)') : 'none: all routes accepted';
}

function prefixLines({ prefixes }: PeerDetail, paint: Paint): readonly string[] {
  const columns = [left('Family'), right('Received'), right('Accepted'), right('Advertised')];
  const rows = FAMILY_NAMES.map((family): Row => {
    const { negotiated, received, accepted, advertised } = prefixes[family];
    return {
      cells: [family, ...(negotiated ? [received, accepted, advertised].map(String) : ['-', '-', '-'])],
    };
  });
  return renderTable(columns, rows, paint);
}

function capabilityLines({ capabilities }: PeerDetail, paint: Paint): readonly string[] {
  const columns = [left('Capability'), left('Ours'), left('Theirs'), left('In force')];
  return renderTable(columns, capabilityRows(capabilities), paint);
}

const MESSAGES = [
  ['OPEN', 'open'],
  ['UPDATE', 'update'],
  ['KEEPALIVE', 'keepalive'],
  ['NOTIFICATION', 'notification'],
  ['ROUTE-REFRESH', 'routeRefresh'],
] as const;

function messageLines({ counters }: PeerDetail, paint: Paint): readonly string[] {
  const rows = MESSAGES.map(
    ([name, key]): Row => ({ cells: [name, String(counters.received[key]), String(counters.sent[key])] }),
  );
  const bytes: Row = {
    cells: ['Octets', formatBytes(counters.bytesReceived), formatBytes(counters.bytesSent)],
  };
  return renderTable([left('Messages'), right('Received'), right('Sent')], [...rows, bytes], paint);
}

const LOOPS = [
  ['AS_PATH', 'asPath'],
  ['ORIGINATOR_ID', 'originatorId'],
  ['CLUSTER_LIST', 'clusterList'],
  ['ONLY_TO_CUSTOMER', 'onlyToCustomer'],
] as const;

const EXCESSES = [
  ['AS_PATH length', 'asPathLength'],
  ['communities', 'communities'],
  ['prefixes', 'prefixes'],
] as const;

function restartCell(
  { mode, restartTime, staleTime }: PeerDetail['gracefulRestart'],
  { away, back, expired }: PeerDetail['restarts'],
): string {
  if (mode === 'off') return 'off';
  const past =
    away === 0 ? '' : `; the peer was away ${formatCount(away, 'time')}, back ${back}, too long ${expired}`;
  return `${mode}, peers wait ${restartTime} s, stale at most ${staleTime} s${past}`;
}

function historyFields({
  gracefulRestart,
  restarts,
  counters,
  lastUp,
  lastDown,
  queuedBytes,
  verdicts,
  loops,
  excess,
}: PeerDetail): readonly Field[] {
  const malformed = Object.entries(verdicts).map(([verdict, count]) => `${verdict} ${count}`);
  const refused = LOOPS.filter(([, key]) => loops[key] > 0).map(([name, key]) => `${name} ${loops[key]}`);
  const beyond = EXCESSES.filter(([, key]) => excess[key] > 0).map(([name, key]) => `${name} ${excess[key]}`);
  return [
    [
      'Established',
      `${formatCount(counters.established, 'time')}, lost ${formatCount(counters.flaps, 'time')}`,
    ],
    ['Last up', lastUp === null ? '-' : formatTime(lastUp)],
    [
      'Last down',
      lastDown === null ? '-' : `${formatTime(lastDown.at)}: ${lastDown.reason} (fault: ${lastDown.fault})`,
    ],
    ['Graceful restart', restartCell(gracefulRestart, restarts)],
    ['Queued to send', formatBytes(queuedBytes)],
    [
      'Keepalives late',
      counters.keepaliveLateSeconds < 0.001 ? '-' : `${counters.keepaliveLateSeconds.toFixed(3)} s at worst`,
    ],
    ['Malformed attributes', formatList(malformed)],
    ['Loops refused', formatList(refused)],
    ['Beyond limits', formatList(beyond)],
  ];
}
