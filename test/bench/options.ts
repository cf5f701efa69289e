// The command line of `npm run bench`. Pure.

import { parseArgs } from 'node:util';
import type { FamilyIndex } from '../../src/base/family.js';
import type { Sizes } from './scenario/scenario-benchmark.js';

export interface BenchOptions {
  readonly help: boolean;
  /** Benchmarks to run; all when empty. */
  readonly names: readonly string[];
  /** Null: each benchmark's own number. */
  readonly repetitions: number | null;
  readonly jsonFile: string | null;
  /** Daemons and load go before everything else on the machine. */
  readonly urgent: boolean;
  /** Null: all. */
  readonly program: Program | null;
  /** Of the scenarios. */
  readonly family: FamilyIndex;
  /** Each scenario in several sizes. */
  readonly grow: boolean;
  /** Instead of the scenarios' own. */
  readonly sizes: Partial<Sizes>;
}

const PROGRAMS = ['bgpd', 'bird', 'frr', 'gobgp'] as const;
type Program = (typeof PROGRAMS)[number];

export type ParsedOptions =
  | { readonly ok: true; readonly options: BenchOptions }
  | { readonly ok: false; readonly problem: string };

export const HELP = `npm run bench -- [OPTIONS] [NAME...]

Measures bgpd and other daemons at the same jobs, in network namespaces of its own.

NAME                workload, path, fib, start, wire, policy, failover, audit, and the scenarios
                    transit, reflector, churn, reconnect, fanout, sessions, busy;
                    default: all, the scenarios once and small;
                    only when named: fib200k, fib500k, feeds, interfaces
--reps N            repetitions with each daemon; default: 3, start 7
--program PROGRAM   only bgpd, bird, frr or gobgp
--family 4|6        of the scenarios; default 4
--grow              the scenarios in growing sizes, with a table of how cost grows
--clients N --per-client N --routes N --rate N --seconds N
                    sizes of the scenarios
--urgent            daemons and load go before everything else on this machine (root)
--json FILE         also write all figures to a file
--help`;

const OPTIONS = {
  help: { type: 'boolean' },
  reps: { type: 'string' },
  program: { type: 'string' },
  urgent: { type: 'boolean' },
  json: { type: 'string' },
  family: { type: 'string' },
  grow: { type: 'boolean' },
  clients: { type: 'string' },
  'per-client': { type: 'string' },
  routes: { type: 'string' },
  rate: { type: 'string' },
  seconds: { type: 'string' },
} as const;

const COUNTS = {
  clients: 'clients',
  'per-client': 'perClient',
  routes: 'routes',
  rate: 'rate',
  seconds: 'seconds',
} as const satisfies Readonly<Record<string, keyof Sizes>>;

const SIZE_OPTIONS = ['clients', 'per-client', 'routes', 'rate', 'seconds'] as const;

const isCount = (value: number): boolean => Number.isInteger(value) && value > 0;

const refuse = (problem: string): ParsedOptions => ({ ok: false, problem });

export const parseBenchOptions = (args: readonly string[], known: readonly string[]): ParsedOptions => {
  let parsed: ReturnType<
    typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true; args: string[] }>
  >;
  try {
    parsed = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
  const { values, positionals } = parsed;
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined) return refuse(`no benchmark ${unknown}; there are ${known.join(', ')}`);
  for (const option of ['reps', ...SIZE_OPTIONS] as const) {
    const value = values[option];
    if (value !== undefined && !isCount(Number(value))) {
      return refuse(`--${option} wants a whole number above 0, not ${value}`);
    }
  }
  const repetitions = values.reps === undefined ? null : Number(values.reps);
  const program = PROGRAMS.find((name) => name === values.program) ?? null;
  if (program === null && values.program !== undefined) {
    return refuse(`--program wants one of ${PROGRAMS.join(', ')}, not ${values.program}`);
  }
  const { family = '4' } = values;
  if (family !== '4' && family !== '6') return refuse(`--family wants 4 or 6, not ${family}`);
  const sizes = Object.fromEntries(
    SIZE_OPTIONS.flatMap((option) => {
      const value = values[option];
      return value === undefined ? [] : [[COUNTS[option], Number(value)]];
    }),
  );
  return {
    ok: true,
    options: {
      help: values.help === true,
      urgent: values.urgent === true,
      names: positionals,
      repetitions,
      jsonFile: values.json ?? null,
      program,
      family: family === '4' ? 0 : 1,
      grow: values.grow === true,
      sizes,
    },
  };
};
