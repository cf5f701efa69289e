// `bgpctl show config`: what of the configuration is in force since when, and what of the file is not and why.

import type { ConfigReport, ObjectStatus, PendingChange, RollbackStatus } from '../../api/model/types.js';
import { type CommandContext, type ExitCode, show } from '../command.js';
import { formatTime } from '../format.js';
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

export const showConfig = (context: CommandContext): Promise<ExitCode> =>
  show<ConfigReport>(context, '/v1/config', configText);

export const configText = (config: ConfigReport, paint: Paint): string =>
  joinBlocks([
    renderFields(
      [
        ['File', config.file],
        ['Generation', `${config.generation}, loaded ${formatTime(config.loadedAt)}`],
        ...(config.lastError === null ? [] : [['Last error', config.lastError] as const]),
        ...(config.needsRestart.length === 0
          ? []
          : [['After a restart', config.needsRestart.join(', ')] as const]),
        ...(config.pending === null ? [] : pendingFields(config.pending)),
        ...(config.lastRollback === null ? [] : rollbackFields(config.lastRollback)),
      ],
      paint,
    ),
    renderTable([left('Object'), right('Generation'), left('State')], config.objects.map(objectRow), paint),
  ]);

const pendingFields = ({ file, deadline, save, waitingFor }: PendingChange) =>
  [
    ['To be confirmed', `${file}, else rolled back ${formatTime(deadline)}${save ? '; then saved' : ''}`],
    ...(waitingFor.length === 0 ? [] : [['Not back yet', waitingFor.join(', ')] as const]),
  ] as const;

const rollbackFields = ({ at, file, reason }: RollbackStatus) =>
  [
    ['Rolled back', `${file}, ${formatTime(at)}`],
    ['', reason],
  ] as const;

const objectRow = ({ object, generation, error }: ObjectStatus): Row => ({
  cells: [
    object,
    generation === 0 ? '-' : String(generation),
    error === null
      ? toned('good', 'in force')
      : toned('bad', generation === 0 ? 'left out' : 'as it was when it was good'),
  ],
  remarks: error === null ? [] : [toned('bad', error)],
});
