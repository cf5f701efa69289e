// The scenarios as benchmarks: their sizes, what is reported of them, and the turns of the daemons.

import type { FamilyIndex } from '../../../src/base/family.js';
import type { BenchmarkResult, Figures, Metric } from '../benchmark.js';
import type { Machine } from '../machine.js';
import { announcesTable, changesRoutes, deliveriesOf, type ScenarioKind, type ScenarioPlan } from './plan.js';
import { isInstalled, RIVALS, type Rival } from './rivals.js';
import { type MeasuredFigures, runOnce } from './run.js';
import { ScenarioBed } from './scenario-bed.js';

export type Sizes = Pick<ScenarioPlan, 'clients' | 'perClient' | 'routes' | 'rate' | 'seconds'>;

export interface ScenarioOptions {
  readonly family: FamilyIndex;
  /** Null: as each scenario has it. */
  readonly repetitions: number | null;
  readonly program: Rival['program'] | null;
  /** Instead of the scenario's own. */
  readonly sizes: Partial<Sizes>;
  /** Small sizes, once: for a run of everything. */
  readonly brief: boolean;
  readonly grow: boolean;
}

const NOTHING: Sizes = { clients: 0, perClient: 0, routes: 0, rate: 0, seconds: 0 };
const TABLE: Sizes = { ...NOTHING, clients: 1, routes: 500_000 };
const MESH: Sizes = { ...NOTHING, clients: 200, perClient: 100 };
const CHURN: Sizes = { ...MESH, rate: 500, seconds: 10 };
const FANOUT: Sizes = { ...NOTHING, clients: 50, routes: 200_000 };
const SESSIONS: Sizes = { ...NOTHING, clients: 2000, perClient: 1, rate: 5, seconds: 20 };
const BUSY: Sizes = { ...NOTHING, clients: 1000, routes: 200_000 };

const CLIENTS = [100, 300, 1000, 3000] as const;
const ROUTES = [100_000, 300_000, 1_000_000, 2_000_000] as const;

interface SizesOf {
  readonly usual: readonly Sizes[];
  readonly brief: Sizes;
  readonly grown: readonly Sizes[];
}

const SIZES: Readonly<Record<ScenarioKind, SizesOf>> = {
  transit: {
    usual: [TABLE],
    brief: { ...TABLE, routes: 50_000 },
    grown: ROUTES.map((routes) => ({ ...TABLE, routes })),
  },
  reflector: {
    usual: [MESH, { ...MESH, clients: 1000 }],
    brief: { ...MESH, clients: 50, perClient: 20 },
    grown: CLIENTS.map((clients) => ({ ...MESH, clients })),
  },
  churn: {
    usual: [CHURN],
    brief: { ...CHURN, clients: 50, perClient: 20, seconds: 3 },
    grown: CLIENTS.map((clients) => ({ ...CHURN, clients, perClient: 10, rate: 50 })),
  },
  reconnect: {
    usual: [MESH],
    brief: { ...MESH, clients: 20, perClient: 20 },
    grown: CLIENTS.map((clients) => ({ ...MESH, clients })),
  },
  fanout: {
    usual: [FANOUT],
    brief: { ...FANOUT, clients: 20, routes: 20_000 },
    grown: CLIENTS.map((clients) => ({ ...FANOUT, clients, routes: 50_000 })),
  },
  sessions: {
    usual: [SESSIONS],
    brief: { ...SESSIONS, clients: 100, seconds: 3 },
    grown: CLIENTS.map((clients) => ({ ...SESSIONS, clients })),
  },
  busy: {
    usual: [BUSY],
    brief: { ...BUSY, clients: 20, routes: 20_000 },
    grown: CLIENTS.map((clients) => ({ ...BUSY, clients, routes: 100_000 })),
  },
};

const REPETITIONS = 3;
const TIMEOUT_MS = 300_000;

/** The first is what the scenario is about. */
const metricsOf = (kind: ScenarioKind): readonly Metric[] => [
  ...FIRST_METRICS[kind],
  { key: 'cpu', label: 'processor time', unit: 's', better: 'lower' },
  { key: 'each', label: 'the same for each route delivered', unit: 'ns', better: 'lower' },
  { key: 'peak', label: 'memory, highest', unit: 'MiB', better: 'lower' },
  { key: 'late', label: 'keepalives, latest', unit: 'ms', better: 'lower', aim: 50 },
  ...(kind === 'sessions' ? [] : API_METRICS),
  { key: 'busy', label: 'load generator, share of its CPU', unit: '%', better: 'lower' },
];

const CONVERGE_METRICS: readonly Metric[] = [
  { key: 'converge', label: 'until the last receiver has all', unit: 's', better: 'lower' },
];

const CHURN_METRICS: readonly Metric[] = [
  { key: 'median', label: 'change to receiver, p50', unit: 'ms', better: 'lower', aim: 1.5 },
  { key: 'p99', label: 'change to receiver, p99', unit: 'ms', better: 'lower', aim: 5 },
  { key: 'max', label: 'change to receiver, longest', unit: 'ms', better: 'lower' },
];

const counted = (value: number): string => value.toLocaleString('en-US');

const SESSION_METRICS: readonly Metric[] = [
  {
    key: 'established',
    label: 'start to the last session',
    unit: 's',
    better: 'lower',
    aim: 5,
  },
  { key: 'idleMemory', label: 'memory for an idle session', unit: 'KiB', better: 'lower', aim: 40 },
  { key: 'idleBusy', label: 'processor, sessions idle', unit: '%', better: 'lower' },
  // After 3,000 ms a session would have ended.
  { key: 'silence', label: 'longest silence of a session', unit: 'ms', better: 'lower', aim: 2000 },
  ...CHURN_METRICS.map(({ aim: _, ...metric }) => metric),
];

const API_METRICS: readonly Metric[] = [
  { key: 'api', label: 'API, longest wait', unit: 'ms', better: 'lower', aim: 100 },
];

const FIRST_METRICS: Readonly<Record<ScenarioKind, readonly Metric[]>> = {
  transit: CONVERGE_METRICS,
  reflector: CONVERGE_METRICS,
  churn: CHURN_METRICS,
  reconnect: CONVERGE_METRICS,
  fanout: CONVERGE_METRICS,
  sessions: SESSION_METRICS,
  busy: CONVERGE_METRICS,
};

export const sizeText = (plan: ScenarioPlan): string => {
  const family = plan.family === 0 ? 'IPv4' : 'IPv6';
  const clients = `${counted(plan.clients)} ${plan.clients === 1 ? 'receiver' : 'clients'}`;
  if (announcesTable(plan)) return `${family}, ${counted(plan.routes)} routes to ${clients}`;
  const mesh = `${family}, ${clients} x ${plan.perClient} host routes`;
  return changesRoutes(plan) ? `${mesh}, ${plan.rate} changes/s for ${plan.seconds} s` : mesh;
};

const WHAT: Readonly<Record<ScenarioKind, string>> = {
  transit: 'one eBGP peer announces a table, another one gets it; from the first octet to the last route',
  reflector: 'all clients announce at once; from the first octet to the last route at the last client',
  churn: 'routes go and come one at a time; from the write of a change to its read at each other client',
  reconnect: 'all clients close at once and return; from the close to the last route at the last client',
  fanout: 'one client announces a table, the others get it; from the first octet to the last route',
  sessions:
    'hold time 3 s: all come up while the daemon starts, are idle for ten seconds, then routes go and come',
  busy: 'as fanout, every session with a hold time of 3 s and still up in the end',
};

export const plansOf = (kind: ScenarioKind, options: ScenarioOptions): readonly ScenarioPlan[] => {
  const { usual, brief, grown } = SIZES[kind];
  const chosen = options.grow ? grown : options.brief ? [brief] : usual;
  const plans = chosen.map((sizes) => ({ ...sizes, ...options.sizes, kind, family: options.family }));
  const distinct = new Map(plans.map((plan) => [sizeText(plan), plan]));
  return [...distinct.values()];
};

const rivalsOf = (plan: ScenarioPlan, options: ScenarioOptions): readonly Rival[] =>
  RIVALS.filter(isInstalled).filter((rival) =>
    options.program === null ? deliveriesOf(plan) <= rival.mostDeliveries : rival.program === options.program,
  );

export interface ScenarioResult {
  readonly plan: ScenarioPlan;
  readonly result: BenchmarkResult;
  /** Runs that did not complete or were not verified: which and why. */
  readonly failures: readonly string[];
}

/** All daemons in turn. One that fails is out of the later repetitions. */
export const runScenario = async (
  plan: ScenarioPlan,
  options: ScenarioOptions,
  machine: Machine,
  progress: (text: string) => void,
): Promise<ScenarioResult> => {
  const rivals = rivalsOf(plan, options);
  const repetitions = options.repetitions ?? (options.brief ? 1 : REPETITIONS);
  const figures = new Map<string, Figures[]>(rivals.map(({ name }) => [name, []]));
  const failures: string[] = [];
  const failed = new Set<Rival>();
  const bed = await ScenarioBed.open(machine, plan.kind, plan);
  const attempt = async (rival: Rival, asking: boolean): Promise<MeasuredFigures | null> => {
    progress(`${plan.kind}, ${sizeText(plan)}: ${rival.name}${asking ? ', with API' : ''}`);
    try {
      return await runOnce(bed, plan, rival, { timeoutMs: TIMEOUT_MS, asking });
    } catch (error) {
      failed.add(rival);
      failures.push(`${plan.kind} with ${rival.name}: ${(error as Error).message}`);
      return null;
    }
  };
  try {
    for (let i = 0; i < repetitions; i += 1) {
      for (const rival of rivals.filter((one) => !failed.has(one))) {
        const found = await attempt(rival, false);
        if (found !== null) figures.get(rival.name)?.push(found);
      }
    }
    const askable = plan.kind === 'sessions' ? [] : rivals;
    for (const rival of askable.filter((one) => one.socket !== undefined && !failed.has(one))) {
      const found = await attempt(rival, true);
      if (found !== null) withApi(figures.get(rival.name) ?? [], found);
    }
  } finally {
    bed.close();
  }
  const contestants = rivals.filter(({ name }) => (figures.get(name)?.length ?? 0) > 0);
  return { plan, result: { benchmark: planText(plan, repetitions), contestants, figures }, failures };
};

/** The wait for the API comes from a run of its own: asking costs time that the other figures shall not contain. */
const withApi = (runs: Figures[], asked: MeasuredFigures): void => {
  for (const [index, run] of runs.entries()) runs[index] = { ...run, api: asked.api };
};

const planText = (plan: ScenarioPlan, repetitions: number) => ({
  name: plan.kind,
  description: [
    sizeText(plan),
    `${WHAT[plan.kind]};`,
    'every route and its attributes verified at every receiver',
  ],
  repetitions,
  metrics: metricsOf(plan.kind),
});
