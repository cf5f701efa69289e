// `bgpctl show neighbors`: sessions as a table. One neighbor is `show-neighbor.ts`.

import type { PeerDetail } from '../../api/model/types.js';
import { type CommandContext, type ExitCode, show } from '../command.js';
import { formatDuration, formatNumber } from '../format.js';
import { joinBlocks, left, type Paint, type Row, renderTable, right } from '../tables.js';
import { neighborText } from './show-neighbor.js';
import { addressCell, neighborTotal, peerRemarks, stateCell } from './show-summary.js';

/** All neighbors, or the page of one by name or address. */
export const showNeighbors = (context: CommandContext, name: string | undefined): Promise<ExitCode> =>
  name === undefined
    ? show<NeighborList>(context, '/v1/neighbors', neighborsText)
    : show<PeerDetail>(context, `/v1/neighbors/${encodeURIComponent(name)}`, neighborText);

export interface NeighborList {
  readonly neighbors: readonly PeerDetail[];
}

const COLUMNS = [
  left('Neighbor'),
  left('Address'),
  right('AS'),
  left('Type'),
  left('Group'),
  left('State'),
  right('Since'),
  right('Hold'),
  right('Msgs in'),
  right('Msgs out'),
  right('Flaps'),
];

export const neighborsText = ({ neighbors }: NeighborList, paint: Paint): string =>
  joinBlocks([
    neighbors.length === 0 ? [] : renderTable(COLUMNS, neighbors.map(neighborRow), paint),
    [neighborTotal(neighbors)],
  ]);

const neighborRow = (peer: PeerDetail): Row => ({
  cells: [
    peer.name,
    addressCell(peer),
    String(peer.asn),
    peer.dynamic ? `${peer.type} dyn` : peer.type,
    peer.group ?? '-',
    stateCell(peer),
    formatDuration(peer.sinceSeconds),
    formatNumber(peer.holdTime),
    String(totalMessages(peer.counters.received)),
    String(totalMessages(peer.counters.sent)),
    String(peer.counters.flaps),
  ],
  remarks: peerRemarks(peer),
});

const totalMessages = (counts: PeerDetail['counters']['received']): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);
