// `bgpctl show drift`: where the kernel differed from what we wrote, why, whose doing it was, and how fast it was mended.

import type { KernelReport } from '../../api/model/types.js';
import { type CommandContext, type ExitCode, show } from '../command.js';
import { formatMilliseconds, formatTime } from '../format.js';
import { type Field, joinBlocks, left, type Paint, type Row, renderFields, renderTable } from '../tables.js';
import { fightLines } from './show-kernel.js';

export const showDrift = (context: CommandContext): Promise<ExitCode> =>
  show<KernelReport>(context, '/v1/kernel', driftText);

export const driftText = (kernel: KernelReport, paint: Paint): string =>
  joinBlocks([
    renderFields(summaryFields(kernel), paint),
    fightLines(kernel, paint),
    recentLines(kernel, paint),
  ]);

const CAUSES: Readonly<Record<keyof KernelReport['drift']['counts'], string>> = {
  deleted: 'Deleted by somebody',
  changed: 'Changed by somebody',
  taken: 'Replaced by a route that is not ours',
  linkLost: 'Lost with its link',
  missing: 'Missing, found by an audit',
  differs: 'Different, found by an audit',
  overrun: 'Found after events were lost (ENOBUFS)',
  overwrote: 'Overwritten by us and put back',
};

function summaryFields({ drift, audits }: KernelReport): readonly Field[] {
  const { counts, open, repair } = drift;
  const causes = Object.entries(CAUSES) as [keyof typeof CAUSES, string][];
  const last =
    audits.lastDuration === null ? '' : `, the last took ${formatMilliseconds(audits.lastDuration)}`;
  return [
    ...causes.map(([cause, text]): Field => [text, String(counts[cause])]),
    ['Not put right yet', String(open)],
    [
      'Repair',
      repair.count === 0
        ? 'none was needed'
        : `mean ${formatMilliseconds(repair.sum / repair.count)}, ${repair.count} mended`,
    ],
    ['Audits', audits.count === 0 ? 'none yet' : `${audits.count}${last}`],
  ];
}

function recentLines({ drift: { recent } }: KernelReport, paint: Paint): readonly string[] {
  if (recent.length === 0) return [];
  const rows = recent
    .toReversed()
    .map(({ prefix, cause, by, at }): Row => ({ cells: [formatTime(at), prefix, cause, by ?? ''] }));
  return renderTable([left('When'), left('Prefix'), left('Cause'), left('By')], rows, paint);
}
