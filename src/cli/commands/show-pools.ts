// `bgpctl show pools`: how packets to workloads on other hosts travel, pool by pool, and what stands in the way.

import type { PoolStatus } from '../../api/model/types.js';
import { type CommandContext, type ExitCode, show } from '../command.js';
import { joinBlocks, left, type Paint, type Row, renderTable, right, toned } from '../tables.js';

export const showPools = (context: CommandContext): Promise<ExitCode> =>
  show<{ readonly pools: readonly PoolStatus[] }>(context, '/v1/pools', poolsText);

const COLUMNS = [
  left('Pool'),
  left('Encapsulation'),
  left('Routes by'),
  left('Device'),
  right('Workloads'),
  right('Originated'),
  left('State'),
];

export const poolsText = ({ pools }: { readonly pools: readonly PoolStatus[] }, paint: Paint): string =>
  joinBlocks([pools.length === 0 ? ['no pools'] : renderTable(COLUMNS, pools.map(poolRow), paint)]);

function poolRow(pool: PoolStatus): Row {
  const { cidr, encapsulation, overlay, external, device, problem, workloads, originated } = pool;
  const state = problem === null ? toned('good', 'ok') : toned('bad', 'problem');
  const range = external ? `${cidr} (external)` : cidr;
  const writer = overlay === 'bgp' ? 'bgpd' : 'agent';
  return {
    cells: [range, encapsulation, writer, device ?? '-', String(workloads), String(originated), state],
    ...(problem === null ? {} : { remarks: [toned('bad', problem)] }),
  };
}
