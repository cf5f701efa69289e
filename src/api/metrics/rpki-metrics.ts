// The metrics of the RPKI caches and of what they told.

import { FAMILY_NAMES } from '../../base/family.js';
import type { CacheStatus } from '../model/types.js';
import { flag, type MetricRow, sample } from './metric-rows.js';

const perCache = (name: string, help: string, read: (cache: CacheStatus) => number | null): MetricRow => ({
  name,
  help,
  type: 'gauge',
  labelNames: ['cache'],
  samples: ({ rpki }) =>
    rpki.caches.flatMap((cache) => {
      const value = read(cache);
      return value === null ? [] : [sample(value, { cache: cache.name })];
    }),
});

export const RPKI_METRICS: readonly MetricRow[] = [
  {
    name: 'bgpd_rpki_records',
    help: 'Validated ROA payloads in force.',
    type: 'gauge',
    labelNames: ['family'],
    samples: ({ rpki }) => FAMILY_NAMES.map((family) => sample(rpki.records[family], { family })),
  },
  perCache('bgpd_rpki_cache_synced', 'Whether all that the cache has to say has arrived.', ({ state }) =>
    flag(state === 'synced'),
  ),
  perCache('bgpd_rpki_cache_in_force', 'Whether the records of the cache count.', ({ counts }) =>
    flag(counts),
  ),
  perCache('bgpd_rpki_cache_records', 'Records that the cache has told.', ({ records }) => records),
  perCache('bgpd_rpki_cache_serial', 'Serial number of the last complete answer.', ({ serial }) => serial),
  perCache(
    'bgpd_rpki_cache_age_seconds',
    'Time since the last complete answer.',
    ({ updatedSecondsAgo }) => updatedSecondsAgo,
  ),
];
