// `failover`, `audit`: the kernel layer alone on the real kernel, at sizes that hurt.

import { join } from 'node:path';
import { runInNamespace } from '../../kernel/namespace.js';
import type { Figures, LocalBenchmark } from '../benchmark.js';

const script = join(import.meta.dirname, 'kernel-process.js');
const TIMEOUT_MS = 900_000;

async function measured(job: string, count: number): Promise<Figures> {
  const { code, output } = await runInNamespace(script, [job, String(count)], TIMEOUT_MS);
  if (code !== 0) throw new Error(`${job}: ${output.slice(-500)}`);
  return JSON.parse(output) as Figures;
}

const ROUTES = 100_000;

export const FAILOVER: LocalBenchmark = {
  name: 'failover',
  description: [
    `${ROUTES} routes over two next hops, one of which is lost: until the kernel sends nothing to it any more,`,
    'and until every route was told; with nexthop groups and with routes that carry their next hops',
  ],
  namespaces: true,
  repetitions: 1,
  metrics: [
    { key: 'onLoad', label: 'groups: load', unit: 'ms', better: 'lower' },
    { key: 'onSwitch', label: 'groups: traffic moved', unit: 'ms', better: 'lower' },
    { key: 'onDone', label: 'groups: every route told', unit: 'ms', better: 'lower' },
    { key: 'onCpu', label: 'groups: processor time', unit: 'ms', better: 'lower' },
    { key: 'onWrites', label: 'groups: routes written', unit: 'routes', better: 'lower' },
    { key: 'leanLoad', label: 'groups, compat mode 0: load', unit: 'ms', better: 'lower' },
    { key: 'leanSwitch', label: 'groups, compat mode 0: traffic moved', unit: 'ms', better: 'lower' },
    { key: 'leanDone', label: 'groups, compat mode 0: every route told', unit: 'ms', better: 'lower' },
    { key: 'leanCpu', label: 'groups, compat mode 0: processor time', unit: 'ms', better: 'lower' },
    { key: 'leanWrites', label: 'groups, compat mode 0: routes written', unit: 'routes', better: 'lower' },
    { key: 'offLoad', label: 'plain: load', unit: 'ms', better: 'lower' },
    { key: 'offSwitch', label: 'plain: traffic moved', unit: 'ms', better: 'lower' },
    { key: 'offDone', label: 'plain: every route told', unit: 'ms', better: 'lower' },
    { key: 'offCpu', label: 'plain: processor time', unit: 'ms', better: 'lower' },
    { key: 'offWrites', label: 'plain: routes written', unit: 'routes', better: 'lower' },
  ],
  run: () => measured('failover', ROUTES),
};

export const AUDIT: LocalBenchmark = {
  name: 'audit',
  description: [`${ROUTES} routes of ours compared with the kernel in slices; once a minute by default`],
  namespaces: true,
  repetitions: 1,
  metrics: [
    { key: 'cpu', label: 'processor time of one audit (one a minute)', unit: 'ms', better: 'lower' },
    { key: 'duration', label: 'one audit takes', unit: 'ms', better: 'lower' },
    { key: 'latest', label: 'another task waits at most', unit: 'ms', better: 'lower' },
    { key: 'rest', label: 'processor time a second, at rest', unit: 'ms', better: 'lower' },
    { key: 'found', label: 'differences found', unit: 'routes', better: 'lower' },
  ],
  run: () => measured('audit', ROUTES),
};
