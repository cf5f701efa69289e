// `bgpctl show alarms`: what somebody has to look at now.

import type { AlarmStatus } from '../../api/model/types.js';
import { type CommandContext, type ExitCode, show } from '../command.js';
import { formatDuration } from '../format.js';
import { joinBlocks, left, type Paint, type Row, renderTable, right, toned } from '../tables.js';

export const showAlarms = (context: CommandContext): Promise<ExitCode> =>
  show<{ readonly alarms: readonly AlarmStatus[] }>(context, '/v1/alarms', alarmsText);

const COLUMNS = [left('Alarm'), left('Subject'), right('For'), left('What')];

export const alarmsText = ({ alarms }: { readonly alarms: readonly AlarmStatus[] }, paint: Paint): string =>
  joinBlocks([alarms.length === 0 ? ['no alarms'] : renderTable(COLUMNS, alarms.map(alarmRow), paint)]);

const alarmRow = ({ name, subject, detail, sinceSeconds }: AlarmStatus): Row => ({
  cells: [toned('bad', name), subject, formatDuration(sinceSeconds), detail],
});
