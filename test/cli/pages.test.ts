// Every page of `bgpctl` against its text in fixtures/cli.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { diffText } from '../../src/cli/commands/config-diff.js';
import { alarmsText } from '../../src/cli/commands/show-alarms.js';
import { calicoText } from '../../src/cli/commands/show-calico.js';
import { configText } from '../../src/cli/commands/show-config.js';
import { driftText } from '../../src/cli/commands/show-drift.js';
import { kernelText } from '../../src/cli/commands/show-kernel.js';
import { memoryText } from '../../src/cli/commands/show-memory.js';
import { neighborText } from '../../src/cli/commands/show-neighbor.js';
import { neighborsText } from '../../src/cli/commands/show-neighbors.js';
import { poolsText } from '../../src/cli/commands/show-pools.js';
import { pathsText, routesText } from '../../src/cli/commands/show-routes.js';
import { summaryText } from '../../src/cli/commands/show-summary.js';
import { plain } from '../../src/cli/tables.js';
import { FAKE_PREVIEW } from '../support/fake-preview.js';
import {
  FAKE_ALARMS,
  FAKE_CALICO,
  FAKE_KERNEL,
  FAKE_MEMORY,
  FAKE_PEERS,
  FAKE_POOLS,
  FAKE_ROUTES,
  fakeSummary,
} from '../support/fake-status.js';

const [established, down, denied] = FAKE_PEERS;
const quietKernel = {
  ...FAKE_KERNEL,
  state: 'starting',
  links: [],
  workloads: 1,
  workloadRoutes: [],
  fib: { ...FAKE_KERNEL.fib, adoptedStale: 0, problems: [], problemCount: 0, refusals: [], refusedCount: 0 },
  gateways: { lost: [], lostCount: 0, losses: 0 },
  tunnels: [],
  drift: { ...FAKE_KERNEL.drift, recent: [], fights: [] },
  nextHopObjects: null,
  counters: { ...FAKE_KERNEL.counters, errors: {}, latency: { bounds: [1], counts: [0], sum: 0, count: 0 } },
} as const;

const failedReload = {
  ...fakeSummary([{ ...down!, enabled: false, reason: 'administratively down: enabled is false' }]),
  clusterId: '244.0.0.1',
  config: {
    ...fakeSummary().config,
    lastError: '/etc/bgpd/bgpd.yaml:12:5: peers[3].asn: missing',
    needsRestart: ['listen', 'kernel.backend'],
  },
};

const NO_CHANGES = { added: [], changed: [], removed: [] } as const;
const emptyDiff = {
  ...FAKE_PREVIEW,
  objects: NO_CHANGES,
  calico: null,
  changes: [],
  needsRestart: [],
  warnings: [],
  notes: [],
  peers: [],
  peersWithoutSession: { count: 0, names: [] },
  kernel: null,
  guard: { ...FAKE_PREVIEW.guard, reasons: [] },
} as const;

const pendingConfig = {
  ...fakeSummary().config,
  pending: {
    file: '/root/next.yaml',
    appliedAt: '2026-01-02T10:00:00.000Z',
    deadline: '2026-01-02T10:01:00.000Z',
    save: true,
    waitingFor: ['rr-1'],
  },
  lastRollback: {
    at: '2026-01-01T09:00:00.000Z',
    file: '/root/first.yaml',
    reason:
      'the session of peer tor-a dropped: hold timer expired: the peer sent nothing within the hold time',
  },
  objects: [{ object: 'peers tor-a', generation: 2, error: null }],
} as const;

const PAGES: Readonly<Record<string, string>> = {
  summary: summaryText(fakeSummary(), plain),
  'summary-failed-reload': summaryText(failedReload, plain),
  'summary-no-neighbors': summaryText(fakeSummary([]), plain),
  neighbors: neighborsText({ neighbors: FAKE_PEERS }, plain),
  'neighbor-established': neighborText(established!, plain),
  'neighbor-down': neighborText(down!, plain),
  'neighbor-denied': neighborText(denied!, plain),
  routes: routesText({ routes: FAKE_ROUTES, total: FAKE_ROUTES.length }, plain),
  'routes-limited': routesText({ routes: FAKE_ROUTES.slice(0, 1), total: 52_311 }, plain),
  'routes-none': routesText({ routes: [], total: 0 }, plain),
  paths: pathsText({ routes: FAKE_ROUTES.slice(1, 3), total: 2 }, plain),
  kernel: kernelText(FAKE_KERNEL, plain),
  drift: driftText(FAKE_KERNEL, plain),
  memory: memoryText(FAKE_MEMORY, plain),
  calico: calicoText(FAKE_CALICO, plain),
  pools: poolsText({ pools: FAKE_POOLS }, plain),
  'pools-none': poolsText({ pools: [] }, plain),
  'config-pending': configText(pendingConfig, plain),
  'config-diff': diffText(FAKE_PREVIEW, plain),
  'config-diff-none': diffText(emptyDiff, plain),
  alarms: alarmsText({ alarms: FAKE_ALARMS }, plain),
  'alarms-none': alarmsText({ alarms: [] }, plain),
  'kernel-quiet': kernelText(quietKernel, plain),
};

const folder = join(import.meta.dirname, '..', '..', '..', 'fixtures', 'cli');

for (const [name, page] of Object.entries(PAGES)) {
  test(`${name} is as in its fixture`, (t) => {
    t.is(page, readFileSync(join(folder, `${name}.txt`), 'utf8'));
  });

  test(`${name} fits 120 columns`, (t) => {
    for (const line of page.split('\n')) t.true(line.length <= 120, line);
  });
}

test('colours mark what is wrong', (t) => {
  const text = summaryText(fakeSummary(), (tone, words) => `<${tone}>${words}</>`);
  t.regex(text, /<good>Established<\/>/);
  t.regex(text, /<bad>Active<\/>/);
  t.regex(text, /<bad>connection refused by 172\.18\.203\.3/);
  t.regex(text, /<warn>no import policy/);
});
