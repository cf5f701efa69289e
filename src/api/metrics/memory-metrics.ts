// The metrics of memory: what the RIB holds, by what it is for, and the limits with their alarms. The process as a whole
// is in the metrics that every Node process has.

import { FAMILY_NAMES } from '../../base/family.js';
import type { LimitStatus, MemoryReport } from '../model/types.js';
import { flag, type MetricRow, type Sample, sample } from './metric-rows.js';

const GROUP_PARTS = ['adjRibOut', 'memo', 'pending', 'queue', 'catchUps'] as const;

function partSamples({
  tables,
  attributeSets,
  nextHops,
  work,
  updateGroups,
}: MemoryReport): readonly Sample[] {
  const none = { family: '' };
  return [
    ...FAMILY_NAMES.flatMap((family) => [
      sample(tables[family].prefixes.bytes, { part: 'prefixes', family }),
      sample(tables[family].paths.bytes, { part: 'paths', family }),
    ]),
    sample(attributeSets.columnBytes, { part: 'attributeColumns', ...none }),
    sample(attributeSets.arenaBytes, { part: 'attributeBlocks', ...none }),
    sample(nextHops.bytes, { part: 'nextHops', ...none }),
    sample(work.bytes, { part: 'work', ...none }),
    ...GROUP_PARTS.map((part) =>
      sample(
        updateGroups.reduce((sum, group) => sum + group[part], 0),
        { part, ...none },
      ),
    ),
  ];
}

const perLimit = (name: string, help: string, read: (limit: LimitStatus) => number): MetricRow => ({
  name,
  help,
  type: 'gauge',
  labelNames: ['limit'],
  samples: ({ memory }) => memory.limits.map((limit) => sample(read(limit), { limit: limit.name })),
});

export const MEMORY_METRICS: readonly MetricRow[] = [
  {
    name: 'bgpd_rib_memory_bytes',
    help: 'Octets that the RIB and the update groups hold, by what they are for.',
    type: 'gauge',
    labelNames: ['part', 'family'],
    samples: ({ memory }) => partSamples(memory),
  },
  perLimit('bgpd_limit', 'A configured limit; memory in octets.', ({ limit }) => limit),
  perLimit('bgpd_limit_used', 'What is in use of it.', ({ used }) => used),
  perLimit(
    'bgpd_limit_exceeded',
    'Whether the limit is exceeded: an alarm, nothing is refused.',
    ({ exceeded }) => flag(exceeded),
  ),
];
