// `bgpctl show summary`: the node, its RIB and one line a neighbor.

import type { PeerPrefixCounts, PeerSummary, Summary } from '../../api/model/types.js';
import { FAMILY_NAMES } from '../../base/family.js';
import { type CommandContext, type ExitCode, show } from '../command.js';
import { formatCount, formatDuration, formatTime } from '../format.js';
import {
  type Cell,
  joinBlocks,
  left,
  type Paint,
  type Row,
  renderTable,
  right,
  type TonedText,
  toned,
} from '../tables.js';

export const showSummary = (context: CommandContext): Promise<ExitCode> =>
  show<Summary>(context, '/v1/summary', summaryText);

export const summaryText = (summary: Summary, paint: Paint): string =>
  joinBlocks([
    nodeLines(summary, paint),
    ribLines(summary, paint),
    neighborLines(summary.peers, paint),
    [neighborTotal(summary.peers)],
  ]);

const connectionLine = ({
  accepted,
  unknown,
  limited,
  subnetLimited,
  errors,
}: Summary['connections']): string =>
  `Connections: ${accepted} taken, ${unknown} of strangers, ${limited + subnetLimited} too many, ${errors} failed`;

function nodeLines(summary: Summary, paint: Paint): readonly string[] {
  const { config, clusterId } = summary;
  const cluster = clusterId === null ? '' : `, cluster id ${clusterId}`;
  const lines = [
    `bgpd ${summary.version} on ${paint('strong', summary.node)}: AS ${summary.asn}, router id ${summary.routerId}${cluster}`,
    `Up ${formatDuration(summary.uptimeSeconds)} since ${formatTime(summary.startedAt)}; kernel backend ${summary.kernelBackend}`,
    `Configuration ${config.generation} of ${config.file}, loaded ${formatTime(config.loadedAt)}`,
    connectionLine(summary.connections),
  ];
  if (config.lastError !== null) lines.push(paint('bad', `Last reload failed: ${config.lastError}`));
  if (config.needsRestart.length > 0)
    lines.push(paint('warn', `In force after a restart only: ${config.needsRestart.join(', ')}`));
  return lines;
}

function ribLines({ rib, attributeSets, updateGroups }: Summary, paint: Paint): readonly string[] {
  const columns = [left('Family'), right('Prefixes'), right('Best'), right('Local'), right('Paths')];
  const rows = FAMILY_NAMES.map((family): Row => {
    const { prefixes, best, local, paths } = rib[family];
    return { cells: [family, ...[prefixes, best, local, paths].map(String)] };
  });
  return [
    ...renderTable(columns, rows, paint),
    `${formatCount(attributeSets, 'attribute set')}, ${formatCount(updateGroups, 'update group')}`,
  ];
}

const COLUMNS = [
  left('Neighbor'),
  left('Address'),
  right('AS'),
  left('State'),
  right('Since'),
  right('v4 in'),
  right('used'),
  right('out'),
  right('v6 in'),
  right('used'),
  right('out'),
];

function neighborLines(peers: readonly PeerSummary[], paint: Paint): readonly string[] {
  if (peers.length === 0) return [];
  return renderTable(COLUMNS, peers.map(neighborRow), paint);
}

const neighborRow = (peer: PeerSummary): Row => ({
  cells: [
    peer.name,
    addressCell(peer),
    String(peer.asn),
    stateCell(peer),
    formatDuration(peer.sinceSeconds),
    ...countCells(peer.prefixes['ipv4-unicast']),
    ...countCells(peer.prefixes['ipv6-unicast']),
  ],
  remarks: peerRemarks(peer),
});

const countCells = ({ negotiated, received, accepted, advertised }: PeerPrefixCounts): readonly Cell[] =>
  negotiated ? [received, accepted, advertised].map(String) : ['-', '-', '-'];

/** A dynamic peer is named by its address: not twice. */
export const addressCell = ({ name, address }: PeerSummary): string => (name === address ? '' : address);

export function stateCell({ state, enabled }: PeerSummary): TonedText {
  if (state === 'Established') return toned('good', state);
  return enabled ? toned('bad', state) : toned('dim', `${state} (off)`);
}

/** Why it is not Established, and what surprises. */
export const peerRemarks = ({ reason, notes, enabled, restart }: PeerSummary): readonly TonedText[] => [
  ...(restart === null ? [] : [toned('warn', restartText(restart))]),
  ...(reason === null ? [] : [toned(enabled ? 'bad' : 'dim', reason)]),
  ...notes.map((note) => toned('warn', note)),
];

function restartText({ state, stalePaths, secondsLeft }: NonNullable<PeerSummary['restart']>): string {
  const head = state === 'away' ? 'restarting' : 'back from a restart';
  return `${head}, ${formatCount(stalePaths, 'stale path')}, ${Math.ceil(secondsLeft)} s left`;
}

export function neighborTotal(peers: readonly PeerSummary[]): string {
  const up = peers.filter(({ state }) => state === 'Established').length;
  return peers.length === 0 ? 'No neighbors' : `${formatCount(peers.length, 'neighbor')}, ${up} Established`;
}
