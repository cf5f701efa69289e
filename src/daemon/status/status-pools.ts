// Pools as the API shows them: how packets of each travel, by whose routes, and what stands in the way.

import type { PoolStatus } from '../../api/model/types.js';
import { formatPrefix, prefixContains } from '../../base/prefix.js';
import type { PoolConfig } from '../../config/types.js';
import type { KernelStatus } from '../../kernel/types.js';
import { poolOf } from '../routes/overlay.js';
import type { Speaker } from '../speaker.js';

export function poolStatus(speaker: Speaker): readonly PoolStatus[] {
  const { pools } = speaker.config;
  const workloads = new Map<PoolConfig, number>();
  for (const { prefix } of speaker.kernel?.workloads() ?? []) {
    const pool = poolOf(pools, prefix);
    if (pool !== null) workloads.set(pool, (workloads.get(pool) ?? 0) + 1);
  }
  const status = speaker.kernel?.status() ?? null;
  return pools.map((pool) => statusOf(speaker, pool, status, workloads.get(pool) ?? 0));
}

function statusOf(
  { config }: Speaker,
  pool: PoolConfig,
  status: KernelStatus | null,
  workloads: number,
): PoolStatus {
  const { cidr, encapsulation, overlay, external } = pool;
  const device = deviceOf(pool, config.kernel);
  const problem = overlay === 'agent' || device === null ? null : problemOf(device, status);
  const services = config.originate.filter(({ prefix }) => prefixContains(cidr, prefix)).length;
  return {
    cidr: formatPrefix(cidr),
    encapsulation,
    overlay,
    external,
    device: overlay === 'agent' ? null : device,
    problem,
    workloads,
    originated: services,
  };
}

const deviceOf = ({ encapsulation }: PoolConfig, kernel: Speaker['config']['kernel']): string | null =>
  encapsulation === 'None'
    ? null
    : encapsulation.startsWith('IPIP')
      ? kernel.ipipDevice
      : kernel.vxlan.device;

/** Null: packets can travel. */
function problemOf(device: string, status: KernelStatus | null): string | null {
  if (status === null) return 'this node has no kernel backend';
  const tunnel = status.tunnels.find((each) => each.device === device);
  if (tunnel === undefined)
    return 'no address of this host is known for the tunnel: set kernel.vxlan.address';
  if (tunnel.ready) return null;
  return tunnel.problem ?? `${device} is being made`;
}

/** Remarks for whoever asks whether the node is ready. */
export const poolNotes = (speaker: Speaker): readonly string[] =>
  speaker.config.pools.every(({ encapsulation, overlay }) => encapsulation === 'None' || overlay === 'agent')
    ? []
    : poolStatus(speaker).flatMap(({ cidr, encapsulation, problem }) =>
        problem === null ? [] : [`pool ${cidr} (${encapsulation}): ${problem}`],
      );
