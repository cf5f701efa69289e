// `policy`: what a policy costs for a route, without RIB and sockets, each policy in a process of its own; and what BIRD's
// filters take for the same questions about the same routes.

import { join } from 'node:path';
import { run } from '../support/command.js';
import type { Figures, LocalBenchmark, Metric } from './benchmark.js';
import { daemonCommand, type Machine } from './machine.js';
import { birdPolicies } from './policy-bird.js';
import { POLICY_CASE_NAMES, POLICY_CASES, type PolicyCaseName, REMEMBERED } from './policy-cases.js';
import { median } from './statistics.js';

const ROUNDS = 15;
const TIMEOUT_MS = 120_000;
const PROGRAM = join(import.meta.dirname, 'policy-process.js');

type How = 'asked' | 'remembered';

const keyOf = (name: PolicyCaseName, how: How): string => (how === 'asked' ? name : `${name}-remembered`);

const measure = async (machine: Machine, name: PolicyCaseName, how: How): Promise<Figures> => {
  const [command, args] = daemonCommand(machine, process.execPath, [PROGRAM, name, String(ROUNDS), how]);
  const result = await run(command, args, { timeout: TIMEOUT_MS });
  if (result.status !== 0) throw new Error(`${name}: ${result.stderr.trim() || result.status}`);
  const found = JSON.parse(result.stdout) as { nanoseconds: number[]; heapOctets: number };
  const key = keyOf(name, how);
  return {
    [key]: median(found.nanoseconds),
    ...(how === 'asked' ? { [`${key}-heap`]: found.heapOctets } : {}),
  };
};

/** None where there is no BIRD. */
async function measureBird(machine: Machine): Promise<Figures> {
  if (machine.bird === null) return {};
  const found = await birdPolicies(machine, ROUNDS);
  return Object.fromEntries([...found].map(([name, value]) => [`${name}-bird`, value]));
}

const metric = (key: string, label: string, unit: Metric['unit'] = 'ns'): Metric => ({
  key,
  label,
  unit,
  better: 'lower',
});

function metricsOf(name: PolicyCaseName): readonly Metric[] {
  const { label, bird } = POLICY_CASES[name];
  const isRemembered = REMEMBERED.some((each) => each === name);
  return [
    metric(name, label),
    ...(bird === null ? [] : [metric(`${name}-bird`, `${label}: BIRD`)]),
    ...(isRemembered ? [metric(keyOf(name, 'remembered'), `${label}: remembered`)] : []),
    metric(`${name}-heap`, `${label}: garbage`, 'octets/NLRI'),
  ];
}

export const POLICY: LocalBenchmark = {
  name: 'policy',
  description: [
    '100,000 routes with 1,000 attribute sets, 4 ASes and 6 communities each, through a compiled policy of one term or three',
    'and a reject behind them.',
    'Remembered: asked by an update group, which asks once for each attribute set where no term looks at the prefix.',
    'BIRD: a pipe of the same routes is fed again, with the same conditions as filter and a reject behind them; what a pipe',
    'costs whose filter is a mere reject is taken off. Processor time on both sides.',
  ],
  repetitions: 1,
  metrics: POLICY_CASE_NAMES.flatMap(metricsOf),
  run: async (machine) => {
    const figures: Record<string, number> = {};
    for (const name of POLICY_CASE_NAMES) Object.assign(figures, await measure(machine, name, 'asked'));
    for (const name of REMEMBERED) Object.assign(figures, await measure(machine, name, 'remembered'));
    return { ...figures, ...(await measureBird(machine)) };
  },
};
