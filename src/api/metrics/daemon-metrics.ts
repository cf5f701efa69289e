// The metrics of the daemon as a whole: RIB sizes, configuration, health, build.

import { FAMILY_NAMES } from '../../base/family.js';
import type { RibFamilyStatus } from '../model/types.js';
import { flag, type MetricRow, sample, single } from './metric-rows.js';

const perFamily = (name: string, help: string, read: (rib: RibFamilyStatus) => number): MetricRow => ({
  name,
  help,
  type: 'gauge',
  labelNames: ['family'],
  samples: ({ summary }) => FAMILY_NAMES.map((family) => sample(read(summary.rib[family]), { family })),
});

/** Seconds since the epoch, null for a text that is no time. */
function epochSeconds(iso: string): number | null {
  const milliseconds = Date.parse(iso);
  return Number.isNaN(milliseconds) ? null : milliseconds / 1000;
}

const RIB_METRICS: readonly MetricRow[] = [
  perFamily('bgpd_rib_prefixes', 'Prefixes in the RIB.', (rib) => rib.prefixes),
  perFamily('bgpd_rib_paths', 'Paths in the RIB, local ones included.', (rib) => rib.paths),
  perFamily('bgpd_rib_best_prefixes', 'Prefixes that have a best path.', (rib) => rib.best),
  perFamily(
    'bgpd_rib_multipath_prefixes',
    'Prefixes whose traffic several paths share.',
    (rib) => rib.multipath,
  ),
  perFamily('bgpd_rib_local_prefixes', 'Prefixes that this node originates.', (rib) => rib.local),
  single(
    'gauge',
    'bgpd_attribute_sets',
    'Distinct sets of path attributes.',
    ({ summary }) => summary.attributeSets,
  ),
  single(
    'gauge',
    'bgpd_update_groups',
    'Groups of peers that share their outgoing messages.',
    ({ summary }) => summary.updateGroups,
  ),
];

const ALARM_METRICS: readonly MetricRow[] = [
  {
    name: 'bgpd_alarms',
    help: 'Alarms that are raised now, by name.',
    type: 'gauge',
    labelNames: ['name'],
    samples: ({ alarms }) =>
      (['foreignOrigin'] as const).map((name) =>
        sample(alarms.filter((alarm) => alarm.name === name).length, { name }),
      ),
  },
];

const CONFIG_METRICS: readonly MetricRow[] = [
  single(
    'gauge',
    'bgpd_config_generation',
    'Successful loads of the configuration, the first included.',
    ({ summary }) => summary.config.generation,
  ),
  single(
    'gauge',
    'bgpd_config_last_reload_successful',
    'Whether the last load succeeded; 0 means that an older configuration stays in force.',
    ({ summary }) => flag(summary.config.lastError === null),
  ),
  single(
    'gauge',
    'bgpd_config_loaded_timestamp_seconds',
    'When the configuration in force was loaded, in seconds since the epoch.',
    ({ summary }) => epochSeconds(summary.config.loadedAt),
  ),
];

const CHANGE_METRICS: readonly MetricRow[] = [
  single(
    'gauge',
    'bgpd_config_pending',
    'Whether a change of the configuration waits for confirmation.',
    ({ summary }) => flag(summary.config.pending !== null),
  ),
  single(
    'gauge',
    'bgpd_config_pending_deadline_timestamp_seconds',
    'When the change that waits is rolled back, in seconds since the epoch; absent without one.',
    ({ summary: { config } }) => (config.pending === null ? null : epochSeconds(config.pending.deadline)),
  ),
  {
    name: 'bgpd_config_rollbacks_total',
    help: 'Changes of the configuration that were rolled back, by cause.',
    type: 'counter',
    labelNames: ['cause'],
    samples: ({ summary: { config } }) =>
      Object.entries(config.rollbacks).map(([cause, count]) => sample(count, { cause })),
  },
  single(
    'counter',
    'bgpd_config_guarded_total',
    'Changes of the configuration that were refused because they would withdraw too much.',
    ({ summary }) => summary.config.guarded,
  ),
];

const HEALTH_METRICS: readonly MetricRow[] = [
  single('gauge', 'bgpd_healthy', 'Whether /healthz says ok.', ({ health }) => flag(health.ok)),
  single('gauge', 'bgpd_ready', 'Whether /readyz says ok.', ({ readiness }) => flag(readiness.ok)),
  {
    name: 'bgpd_build_info',
    help: 'Always 1; the labels tell version and node.',
    type: 'gauge',
    labelNames: ['version', 'node', 'asn', 'router_id'],
    samples: ({ summary }) => [
      sample(1, {
        version: summary.version,
        node: summary.node,
        asn: String(summary.asn),
        router_id: summary.routerId,
      }),
    ],
  },
];

const CONNECTION_METRICS: readonly MetricRow[] = [
  {
    name: 'bgpd_connections_total',
    help: 'Incoming TCP connections by what became of them.',
    type: 'counter',
    labelNames: ['outcome'],
    samples: ({ summary: { connections } }) => [
      sample(connections.accepted, { outcome: 'accepted' }),
      sample(connections.unknown, { outcome: 'stranger' }),
      sample(connections.limited, { outcome: 'peer_rate' }),
      sample(connections.subnetLimited, { outcome: 'subnet_rate' }),
      sample(connections.errors, { outcome: 'error' }),
    ],
  },
];

export const DAEMON_METRICS: readonly MetricRow[] = [
  ...CONNECTION_METRICS,
  ...HEALTH_METRICS,
  ...CONFIG_METRICS,
  ...CHANGE_METRICS,
  ...RIB_METRICS,
  ...ALARM_METRICS,
];
