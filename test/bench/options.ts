// The command line of `npm run bench`. Pure.

import { parseArgs } from 'node:util';

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
  readonly program: 'bgpd' | 'bird' | null;
}

export type ParsedOptions =
  | { readonly ok: true; readonly options: BenchOptions }
  | { readonly ok: false; readonly problem: string };

export const HELP = `npm run bench -- [OPTIONS] [NAME...]

Measures bgpd and BIRD at the same jobs, in network namespaces of its own.

NAME                workload, fib, start, wire; default: all
--reps N            repetitions with each daemon; default: 3, start 7
--program PROGRAM   only bgpd or only bird
--urgent            daemons and load go before everything else on this machine (root)
--json FILE         also write all figures to a file
--help`;

const OPTIONS = {
  help: { type: 'boolean' },
  reps: { type: 'string' },
  program: { type: 'string' },
  urgent: { type: 'boolean' },
  json: { type: 'string' },
} as const;

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
  const repetitions = values.reps === undefined ? null : Number(values.reps);
  if (repetitions !== null && !(Number.isInteger(repetitions) && repetitions > 0)) {
    return refuse(`--reps wants a whole number above 0, not ${values.reps}`);
  }
  const program = values.program ?? null;
  if (program !== null && program !== 'bgpd' && program !== 'bird') {
    return refuse(`--program wants bgpd or bird, not ${program}`);
  }
  return {
    ok: true,
    options: {
      help: values.help === true,
      urgent: values.urgent === true,
      names: positionals,
      repetitions,
      jsonFile: values.json ?? null,
      program,
    },
  };
};
