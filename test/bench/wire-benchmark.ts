// `wire`: the codec without sockets. A full table's UPDATEs through framer, decoder and attribute interning, and packed
// again, in a process of its own.

import { join } from 'node:path';
import { findProgram, run } from '../support/command.js';
import type { Figures, LocalBenchmark, Metric } from './benchmark.js';
import { daemonCommand, type Machine } from './machine.js';
import { median } from './statistics.js';
import type { WireFigures, WireJob } from './wire-process.js';

const PREFIXES = 1_000_000;
const ROUNDS = 9;
const MIB = 2 ** 20;
const TIMEOUT_MS = 120_000;
const PROGRAM = join(import.meta.dirname, 'wire-process.js');

const TABLE = { prefixes: PREFIXES, perUpdate: 6 } as const;
/** Full messages: hundreds of prefixes with the same attributes. */
const FULL = { prefixes: PREFIXES, perUpdate: 600 } as const;

type Load = Pick<WireJob, 'prefixes' | 'perUpdate'>;

const execute = async (machine: Machine, job: WireJob, wrapper: readonly string[]) => {
  const inner = [...wrapper, process.execPath, PROGRAM, JSON.stringify(job)];
  const [command, args] = daemonCommand(machine, inner[0] ?? '', inner.slice(1));
  const result = await run(command, args, { timeout: TIMEOUT_MS });
  if (result.status !== 0) throw new Error(`${job.work}: ${result.stderr.trim() || result.status}`);
  return { figures: JSON.parse(result.stdout) as WireFigures, stderr: result.stderr };
};

/** The number in front of an event of `perf stat -x,`; NaN where the processor does not count it. */
export const parsePerfCount = (text: string, event: string): number => {
  const line = text.split('\n').find((candidate) => candidate.split(',')[2] === event);
  return line === undefined ? Number.NaN : Number(line.split(',')[0]);
};

const INSTRUCTIONS = 'instructions:u';

/** A run with more rounds minus one with less: start and compilation cancel out. NaN without perf. */
const instructionsPerPrefix = async (
  machine: Machine,
  load: Load,
  work: WireJob['work'],
): Promise<number> => {
  const perf = findProgram('perf');
  if (perf === null) return Number.NaN;
  const wrapper = [perf, 'stat', '-x,', '-e', INSTRUCTIONS, '--'];
  const counts: number[] = [];
  for (const rounds of [ROUNDS, 2 * ROUNDS]) {
    const { stderr } = await execute(machine, { ...load, work, rounds }, wrapper);
    counts.push(parsePerfCount(stderr, INSTRUCTIONS));
    if (Number.isNaN(counts[0])) return Number.NaN;
  }
  return ((counts[1] ?? Number.NaN) - (counts[0] ?? Number.NaN)) / (ROUNDS * load.prefixes);
};

const measureLoad = async (machine: Machine, name: string, load: Load): Promise<Figures> => {
  const figures: Record<string, number> = {};
  for (const work of ['decode', 'encode'] as const) {
    const { figures: found } = await execute(machine, { ...load, work, rounds: ROUNDS }, []);
    figures[`${name}-${work}`] = load.prefixes / 1e6 / median(found.seconds);
    figures[`${name}-${work}-heap`] = found.heapOctets / load.prefixes;
    figures[`${name}-${work}-instructions`] = await instructionsPerPrefix(machine, load, work);
    if (work === 'decode') figures[`${name}-memory`] = found.tableOctets / MIB;
  }
  return figures;
};

const metricsOf = (name: string): readonly Metric[] => [
  { key: `${name}-decode`, label: `${name}: decode, intern`, unit: 'M NLRI/s', better: 'higher', aim: 5 },
  { key: `${name}-encode`, label: `${name}: pack`, unit: 'M NLRI/s', better: 'higher', aim: 8 },
  {
    key: `${name}-decode-instructions`,
    label: `${name}: decode, instructions`,
    unit: 'instructions/NLRI',
    better: 'lower',
  },
  {
    key: `${name}-encode-instructions`,
    label: `${name}: pack, instructions`,
    unit: 'instructions/NLRI',
    better: 'lower',
  },
  { key: `${name}-decode-heap`, label: `${name}: decode, garbage`, unit: 'octets/NLRI', better: 'lower' },
  { key: `${name}-encode-heap`, label: `${name}: pack, garbage`, unit: 'octets/NLRI', better: 'lower' },
  { key: `${name}-memory`, label: `${name}: attribute tables`, unit: 'MiB', better: 'lower' },
];

export const WIRE: LocalBenchmark = {
  name: 'wire',
  description: [
    `${PREFIXES} prefixes, about ${TABLE.perUpdate} to an UPDATE as in a full table, and in full UPDATEs: octets to attribute sets`,
    'and prefixes, and back; a second of processor time, all threads; instructions per NLRI where perf can count them',
  ],
  repetitions: 3,
  metrics: [...metricsOf('table'), ...metricsOf('full')],
  run: async (machine) => ({
    ...(await measureLoad(machine, 'table', TABLE)),
    ...(await measureLoad(machine, 'full', FULL)),
  }),
};
