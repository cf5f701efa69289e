// The metrics of the Calico resources: how many objects are in which state. Absent where none are configured.

import type { CalicoObjectStatus } from '../model/types.js';
import { type MetricRow, sample, single } from './metric-rows.js';

const STATES = [
  'applied',
  'degraded',
  'lastGood',
  'refused',
] as const satisfies readonly CalicoObjectStatus['state'][];

export const CALICO_METRICS: readonly MetricRow[] = [
  {
    name: 'bgpd_calico_objects',
    help: 'Calico resources by state: applied, degraded, lastGood (an earlier version is in force), refused.',
    type: 'gauge',
    labelNames: ['state'],
    samples: ({ calico }) =>
      calico === null
        ? []
        : STATES.map((state) =>
            sample(calico.objects.filter((object) => object.state === state).length, { state }),
          ),
  },
  single(
    'gauge',
    'bgpd_calico_file_problems',
    'Calico resource files or documents that can not be read, and objects that are missing.',
    ({ calico }) => (calico === null ? null : calico.problems.length),
  ),
];
