// `bgpctl show calico`: each resource with its state, the generation it is in force since, and what is wrong with it.

import type { CalicoObjectStatus, CalicoStatus } from '../../api/model/types.js';
import { type CommandContext, type ExitCode, show } from '../command.js';
import {
  joinBlocks,
  left,
  type Paint,
  type Row,
  renderFields,
  renderTable,
  right,
  type Tone,
  toned,
} from '../tables.js';

export const showCalico = (context: CommandContext): Promise<ExitCode> =>
  show<CalicoStatus>(context, '/v1/calico', calicoText);

const STATES = {
  applied: ['good', 'applied'],
  degraded: ['warn', 'degraded'],
  lastGood: ['bad', 'last good'],
  refused: ['bad', 'refused'],
} as const satisfies Record<CalicoObjectStatus['state'], readonly [Tone, string]>;

export const calicoText = (calico: CalicoStatus, paint: Paint): string =>
  joinBlocks([
    renderFields(
      [
        ['Node', calico.node],
        ['Objects', summary(calico)],
      ],
      paint,
    ),
    calico.problems.map((problem) => paint('bad', problem)),
    objectLines(calico.objects, paint),
  ]);

function summary({ objects, otherResources }: CalicoStatus): string {
  const counts = Object.entries(STATES).flatMap(([state, [, text]]) => {
    const count = objects.filter((object) => object.state === state).length;
    return count === 0 ? [] : [`${count} ${text}`];
  });
  const others = otherResources === 0 ? [] : [`${otherResources} of other kinds`];
  return [...counts, ...others].join(', ') || 'none';
}

/** What is wrong comes first. */
const ORDER = Object.keys(STATES).reverse();

function objectLines(objects: readonly CalicoObjectStatus[], paint: Paint): readonly string[] {
  if (objects.length === 0) return [];
  const sorted = [...objects].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
  const rows = sorted.map(({ kind, name, state, generation, file, line, problems }): Row => {
    const [tone, text] = STATES[state];
    return {
      cells: [
        kind,
        name,
        toned(tone, text),
        generation === null ? '-' : String(generation),
        `${file}:${line}`,
      ],
      remarks: problems.map((problem) => toned(tone === 'good' ? 'dim' : tone, problem)),
    };
  });
  const columns = [left('Kind'), left('Name'), left('State'), right('Generation'), left('File')];
  return renderTable(columns, rows, paint);
}
