// `npm run bench`: runs the benchmarks, the daemons in turn, prints figures side by side. 0 when every run completed,
// 1 when one did not, 2 for a wrong command line.

import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { probePrivilege, userNamespaceCommand } from '../support/privilege.js';
import { Bed } from './bed.js';
import type { Benchmark, BenchmarkResult, Figures, LocalBenchmark } from './benchmark.js';
import type { Contestant } from './contestants.js';
import { FEEDS_MEMORY } from './feeds-benchmark.js';
import { FIB, FIB_200K, FIB_500K } from './fib-benchmark.js';
import { INTERFACE_LOAD } from './kernel/interface-benchmark.js';
import { AUDIT, FAILOVER } from './kernel/kernel-benchmarks.js';
import { PATH } from './kernel/path-benchmark.js';
import { describeMachine, type Machine, pinLoadSide, setUrgency } from './machine.js';
import { type BenchOptions, HELP, parseBenchOptions } from './options.js';
import { POLICY } from './policy-benchmark.js';
import { machineText, resultsJson, resultText } from './report.js';
import { growthText } from './scenario/growth.js';
import { SCENARIO_KINDS, type ScenarioKind } from './scenario/plan.js';
import {
  plansOf,
  runScenario,
  type ScenarioOptions,
  type ScenarioResult,
} from './scenario/scenario-benchmark.js';
import { START } from './start-benchmark.js';
import { WIRE } from './wire-benchmark.js';
import { WORKLOAD } from './workload-benchmark.js';

const BENCHMARKS: readonly (Benchmark | LocalBenchmark)[] = [
  WORKLOAD,
  PATH,
  FIB,
  FIB_200K,
  FIB_500K,
  START,
  WIRE,
  POLICY,
  FAILOVER,
  AUDIT,
  FEEDS_MEMORY,
  INTERFACE_LOAD,
];

/** Too large to run without being named. */
const LARGE: readonly string[] = [FIB_200K.name, FIB_500K.name, FEEDS_MEMORY.name, INTERFACE_LOAD.name];

const isLocal = (benchmark: Benchmark | LocalBenchmark): benchmark is LocalBenchmark =>
  !('sessions' in benchmark);

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const progress = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`${text}\n`);
};

const contestantsOf = (
  benchmark: Benchmark,
  options: BenchOptions,
  machine: Machine,
): readonly Contestant[] =>
  benchmark.contestants
    .filter(({ program }) => options.program === null || program === options.program)
    .filter(({ program }) => program !== 'bird' || machine.bird !== null);

const runOnce = async (bed: Bed, benchmark: Benchmark, contestant: Contestant): Promise<Figures> => {
  try {
    return await benchmark.run(bed, contestant);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${benchmark.name} did not complete with ${contestant.name}: ${reason}`);
  }
};

const runBenchmark = async (
  benchmark: Benchmark,
  options: BenchOptions,
  machine: Machine,
): Promise<BenchmarkResult> => {
  const contestants = contestantsOf(benchmark, options, machine);
  const repetitions = options.repetitions ?? benchmark.repetitions;
  const figures = new Map<string, Figures[]>(contestants.map(({ name }) => [name, []]));
  const bed = await Bed.open(machine, benchmark.name, benchmark.sessions);
  try {
    for (let i = 0; i < repetitions; i += 1) {
      for (const contestant of contestants) {
        progress(`${benchmark.name} ${i + 1}/${repetitions}: ${contestant.name}`);
        figures.get(contestant.name)?.push(await runOnce(bed, benchmark, contestant));
      }
    }
  } finally {
    bed.close();
  }
  return { benchmark, contestants, figures };
};

const runLocal = async (
  benchmark: LocalBenchmark,
  options: BenchOptions,
  machine: Machine,
): Promise<BenchmarkResult> => {
  const figures: Figures[] = [];
  for (let i = 0; i < (options.repetitions ?? benchmark.repetitions); i += 1) {
    progress(`${benchmark.name} ${i + 1}`);
    figures.push(await benchmark.run(machine));
  }
  return {
    benchmark,
    contestants: [{ name: 'bgpd', program: 'bgpd' }],
    figures: new Map([['bgpd', figures]]),
  };
};

/** All sizes of a scenario; a failure of another program is told, and is no failure of the run. */
const runSizes = async (
  kind: ScenarioKind,
  options: ScenarioOptions,
  machine: Machine,
): Promise<readonly ScenarioResult[]> => {
  const results: ScenarioResult[] = [];
  for (const plan of plansOf(kind, options)) {
    const found = await runScenario(plan, options, machine, progress);
    results.push(found);
    print(resultText(found.result));
    for (const failure of found.failures) print(`FAILED: ${failure}\n`);
  }
  if (options.grow) print(growthText(results));
  return results;
};

const runScenarios = async (options: BenchOptions, machine: Machine): Promise<readonly ScenarioResult[]> => {
  const kinds = SCENARIO_KINDS.filter((kind) => options.names.length === 0 || options.names.includes(kind));
  const results: ScenarioResult[] = [];
  for (const kind of kinds) {
    results.push(...(await runSizes(kind, { ...options, brief: options.names.length === 0 }, machine)));
  }
  return results;
};

const chosenBy = ({ names }: BenchOptions): readonly (Benchmark | LocalBenchmark)[] =>
  BENCHMARKS.filter(({ name }) => (names.length === 0 ? !LARGE.includes(name) : names.includes(name)));

const needsNetwork = (options: BenchOptions): boolean =>
  chosenBy(options).some((benchmark) => !isLocal(benchmark) || benchmark.namespaces === true) ||
  SCENARIO_KINDS.some((kind) => options.names.includes(kind));

const runAll = async (options: BenchOptions): Promise<number> => {
  const machine = await describeMachine(options.urgent);
  pinLoadSide(machine);
  if (machine.urgent) {
    setUrgency(process.pid, true);
    process.once('exit', () => setUrgency(process.pid, false));
  }
  print(machineText(machine));
  const chosen = chosenBy(options);
  const results: BenchmarkResult[] = [];
  let failures = 0;
  for (const benchmark of chosen) {
    try {
      const result = isLocal(benchmark)
        ? await runLocal(benchmark, options, machine)
        : await runBenchmark(benchmark, options, machine);
      results.push(result);
      print(resultText(result));
    } catch (error) {
      failures += 1;
      print(`FAILED: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
  const scenarios = await runScenarios(options, machine);
  results.push(...scenarios.map(({ result }) => result));
  failures += scenarios.filter(failedOurselves).length;
  if (options.jsonFile !== null) writeFileSync(options.jsonFile, resultsJson(machine, results));
  print(failures === 0 ? 'all benchmarks completed' : `${failures} did not complete`);
  return failures === 0 ? 0 : 1;
};

const failedOurselves = ({ failures }: ScenarioResult): boolean =>
  failures.some((failure) => failure.includes('with bgpd:'));

/** The same command line as root of a user namespace. */
const runInUserNamespace = (): Promise<number> => {
  const [command, args] = userNamespaceCommand(process.execPath, process.argv.slice(1));
  const child = spawn(command, args, { stdio: 'inherit' });
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
};

const main = async (): Promise<number> => {
  const names = [...BENCHMARKS.map(({ name }) => name), ...SCENARIO_KINDS];
  const parsed = parseBenchOptions(process.argv.slice(2), names);
  if (!parsed.ok) {
    process.stderr.write(`${parsed.problem}\n\n${HELP}\n`);
    return 2;
  }
  if (parsed.options.help) {
    print(HELP);
    return 0;
  }
  if (!needsNetwork(parsed.options)) return runAll(parsed.options);
  const privilege = probePrivilege();
  if (privilege.kind === 'root') return runAll(parsed.options);
  if (privilege.kind === 'userNamespace') return runInUserNamespace();
  process.stderr.write(`benchmarks need network namespaces: ${privilege.reason}\n`);
  return 1;
};

process.exitCode = await main();
