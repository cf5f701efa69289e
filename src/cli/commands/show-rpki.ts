// `bgpctl show rpki`: the caches, what they have told, and which of them count.

import type { CacheStatus, RpkiStatus } from '../../api/model/types.js';
import { type CommandContext, type ExitCode, show } from '../command.js';
import { formatCount, formatDuration, formatNumber } from '../format.js';
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

export const showRpki = (context: CommandContext): Promise<ExitCode> =>
  show<RpkiStatus>(context, '/v1/rpki', rpkiText);

export const rpkiText = ({ caches, records }: RpkiStatus, paint: Paint): string =>
  joinBlocks([
    renderFields(
      [
        ['Caches', formatCount(caches.length, 'cache')],
        ['IPv4', `${formatCount(records['ipv4-unicast'], 'record')} in force`],
        ['IPv6', `${formatCount(records['ipv6-unicast'], 'record')} in force`],
      ],
      paint,
    ),
    cacheLines(caches, paint),
  ]);

function cacheLines(caches: readonly CacheStatus[], paint: Paint): readonly string[] {
  if (caches.length === 0) return ['No caches: every route is notFound.'];
  const columns = [
    ...[left('Cache'), right('Preference'), left('State'), right('Version'), right('Serial')],
    ...[right('Records'), left('In force'), right('Updated')],
  ];
  return renderTable(columns, caches.map(cacheRow), paint);
}

const cacheRow = (cache: CacheStatus): Row => ({
  cells: [
    cache.name,
    String(cache.preference),
    toned(cache.state === 'down' ? 'bad' : cache.state === 'synced' ? 'good' : 'warn', cache.state),
    formatNumber(cache.version),
    formatNumber(cache.serial),
    String(cache.records),
    cache.counts ? 'yes' : 'no',
    cache.updatedSecondsAgo === null ? 'never' : formatDuration(cache.updatedSecondsAgo),
  ],
  remarks: cache.lastError === null ? [] : [toned('warn', cache.lastError)],
});
