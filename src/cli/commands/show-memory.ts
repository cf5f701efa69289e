// `bgpctl show memory`: the process, the tables of the RIB, the update groups, the peers with most, the limits.

import type { LimitStatus, MemoryReport } from '../../api/model/types.js';
import { FAMILY_NAMES } from '../../base/family.js';
import { type CommandContext, type ExitCode, show } from '../command.js';
import { formatBytes } from '../format.js';
import {
  joinBlocks,
  left,
  type Paint,
  type Row,
  renderFields,
  renderTable,
  right,
  toned,
} from '../tables.js';

/** Peers that are shown, those with most paths. */
const MOST_PEERS = 10;

export const showMemory = (context: CommandContext): Promise<ExitCode> =>
  show<MemoryReport>(context, '/v1/memory', memoryText);

export const memoryText = (memory: MemoryReport, paint: Paint): string =>
  joinBlocks([
    renderFields(
      [
        ['Process', `${formatBytes(memory.process.rss)} resident`],
        ['Heap', `${formatBytes(memory.process.heapUsed)} of ${formatBytes(memory.process.heapTotal)}`],
        [
          'Buffers',
          `${formatBytes(memory.process.arrayBuffers)}, external ${formatBytes(memory.process.external)}`,
        ],
        ['RIB', formatBytes(memory.ribBytes)],
      ],
      paint,
    ),
    limitLines(memory.limits, paint),
    tableLines(memory, paint),
    groupLines(memory, paint),
    peerLines(memory, paint),
  ]);

function limitLines(limits: readonly LimitStatus[], paint: Paint): readonly string[] {
  if (limits.length === 0) return [];
  const amount = (name: LimitStatus['name'], value: number): string =>
    name === 'memory' ? formatBytes(value) : String(value);
  const rows = limits.map(
    ({ name, limit, used, exceeded }): Row => ({
      cells: [
        name,
        amount(name, limit),
        amount(name, used),
        exceeded ? toned('bad', 'exceeded') : toned('good', 'kept'),
      ],
    }),
  );
  return renderTable([left('Limit'), right('Set'), right('Used'), left('State')], rows, paint);
}

function tableLines(
  { tables, attributeSets, nextHops, work }: MemoryReport,
  paint: Paint,
): readonly string[] {
  const families = FAMILY_NAMES.flatMap((family): Row[] => [
    share(`${family} prefixes`, tables[family].prefixes),
    share(`${family} paths`, tables[family].paths),
  ]);
  const rows: Row[] = [
    ...families,
    share('attribute sets', { count: attributeSets.count, bytes: attributeSets.columnBytes }),
    { cells: ['attribute blocks', '-', formatBytes(attributeSets.arenaBytes)] },
    share('next hops', nextHops),
    { cells: ['to be decided', '-', formatBytes(work.bytes)] },
  ];
  return renderTable([left('Table'), right('In use'), right('Octets')], rows, paint);
}

const share = (name: string, { count, bytes }: { readonly count: number; readonly bytes: number }): Row => ({
  cells: [name, String(count), formatBytes(bytes)],
});

function groupLines({ updateGroups }: MemoryReport, paint: Paint): readonly string[] {
  if (updateGroups.length === 0) return [];
  const columns = [
    ...[right('Update group'), right('Members'), right('Adj-RIB-Out'), right('Memo')],
    ...[right('Pending'), right('Queue'), right('Catch-ups')],
  ];
  const rows = updateGroups.map(
    ({ id, members, adjRibOut, memo, pending, queue, catchUps }): Row => ({
      cells: [
        ...[String(id), String(members)],
        ...[adjRibOut, memo, pending, queue, catchUps].map((bytes) => formatBytes(bytes)),
      ],
    }),
  );
  return renderTable(columns, rows, paint);
}

function peerLines({ peers }: MemoryReport, paint: Paint): readonly string[] {
  if (peers.length === 0) return [];
  const most = [...peers]
    .sort((a, b) => b.paths - a.paths || b.queuedBytes - a.queuedBytes)
    .slice(0, MOST_PEERS);
  const rows = most.map(
    ({ name, paths, queuedBytes }): Row => ({ cells: [name, String(paths), formatBytes(queuedBytes)] }),
  );
  const more = peers.length - most.length;
  return [
    ...renderTable([left('Neighbor'), right('Paths'), right('Queued to send')], rows, paint),
    ...(more > 0 ? [`and ${more} more (--json shows all)`] : []),
  ];
}
