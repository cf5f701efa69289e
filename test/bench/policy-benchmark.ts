// `policy`: what a policy costs for a route, without RIB and sockets, each policy in a process of its own.

import { join } from 'node:path';
import { run } from '../support/command.js';
import type { Figures, LocalBenchmark } from './benchmark.js';
import { daemonCommand, type Machine } from './machine.js';
import { median } from './statistics.js';

const CASES = [
  ['prefixes-10', 'prefix list of 10'],
  ['prefixes-1000', 'prefix list of 1,000'],
  ['prefixes-10000', 'prefix list of 10,000'],
  ['communities', 'any of 100 communities, 6 on the route'],
  ['as-path', 'AS path expression, 4 ASes'],
  ['source', 'source alone'],
] as const;

const ROUNDS = 15;
const TIMEOUT_MS = 120_000;
const PROGRAM = join(import.meta.dirname, 'policy-process.js');

const measure = async (machine: Machine, name: string): Promise<Figures> => {
  const [command, args] = daemonCommand(machine, process.execPath, [PROGRAM, name, String(ROUNDS)]);
  const result = await run(command, args, { timeout: TIMEOUT_MS });
  if (result.status !== 0) throw new Error(`${name}: ${result.stderr.trim() || result.status}`);
  const found = JSON.parse(result.stdout) as { nanoseconds: number[]; heapOctets: number };
  return { [name]: median(found.nanoseconds), [`${name}-heap`]: found.heapOctets };
};

export const POLICY: LocalBenchmark = {
  name: 'policy',
  description: [
    '100,000 routes with 1,000 attribute sets through a compiled policy of one term and a reject behind it;',
    'where no term looks at the prefix the RIB asks once for each attribute set, not for each route.',
  ],
  repetitions: 1,
  metrics: CASES.flatMap(([key, label]) => [
    { key, label, unit: 'ns', better: 'lower' } as const,
    { key: `${key}-heap`, label: `${label}: garbage`, unit: 'octets/NLRI', better: 'lower' } as const,
  ]),
  run: async (machine) => {
    const figures: Record<string, number> = {};
    for (const [key] of CASES) Object.assign(figures, await measure(machine, key));
    return figures;
  },
};
