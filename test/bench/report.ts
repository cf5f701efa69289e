// The figures as text and as JSON: medians with their range, and how bgpd compares. Pure.

import type { BenchmarkResult, Metric } from './benchmark.js';
import type { Machine } from './machine.js';
import { type Spread, spread } from './statistics.js';

const LABEL_WIDTH = 34;
const COLUMN_WIDTH = 38;

export const number = (value: number): string => {
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
};

const cell = ({ median, min, max }: Spread, unit: string): string =>
  Number.isNaN(median) ? 'not measured' : `${number(median)} ${unit} (${number(min)} - ${number(max)})`;

export const spreadOf = (result: BenchmarkResult, contestant: string, metric: Metric): Spread =>
  spread((result.figures.get(contestant) ?? []).map((figures) => figures[metric.key] ?? Number.NaN));

/** Above 1: bgpd's value is the larger one, whichever is better. Empty where one of them is 0 or was not measured. */
const ratio = (ours: Spread, theirs: Spread): string => {
  const value = ours.median / theirs.median;
  return Number.isFinite(value) && value > 0 ? `x ${number(value)}` : '';
};

const verdict = (metric: Metric, ours: Spread | undefined): string => {
  if (metric.aim === undefined || ours === undefined || Number.isNaN(ours.median)) return '';
  const reached = metric.better === 'lower' ? ours.median <= metric.aim : ours.median >= metric.aim;
  const bound = metric.better === 'lower' ? 'at most' : 'at least';
  return `aim ${bound} ${number(metric.aim)}: ${reached ? 'reached' : 'MISSED'}`;
};

const row = (result: BenchmarkResult, metric: Metric): string => {
  const spreads = result.contestants.map(({ name }) => spreadOf(result, name, metric));
  const ours = result.contestants[0]?.program === 'bgpd' ? spreads[0] : undefined;
  const cells = spreads.map((value) => cell(value, metric.unit).padEnd(COLUMN_WIDTH));
  const ratios = ours === undefined ? [] : spreads.slice(1).map((value) => ratio(ours, value).padEnd(10));
  return `  ${metric.label.padEnd(LABEL_WIDTH)}${cells.join('')}${ratios.join('')}${verdict(metric, ours)}`.trimEnd();
};

const heads = (result: BenchmarkResult): string => {
  const names = result.contestants.map(({ name }) => name.padEnd(COLUMN_WIDTH)).join('');
  const compared = result.contestants.length > 1 && result.contestants[0]?.program === 'bgpd';
  return `  ${''.padEnd(LABEL_WIDTH)}${names}${compared ? 'bgpd / other' : ''}`.trimEnd();
};

export const resultText = (result: BenchmarkResult): string => {
  const { benchmark, contestants, figures } = result;
  const repetitions = figures.get(contestants[0]?.name ?? '')?.length ?? 0;
  return [
    `${benchmark.name}: ${benchmark.description.join('\n  ')}`,
    `  median (lowest - highest) of ${repetitions} runs, the daemons in turn`,
    heads(result),
    ...benchmark.metrics.map((metric) => row(result, metric)),
    '',
  ].join('\n');
};

export const machineText = (machine: Machine): string =>
  [
    `machine: ${machine.processor}, ${machine.processors} processors, ${number(machine.memoryGiB)} GiB, Linux ${machine.kernel}`,
    `programs: bgpd ${machine.bgpd} on Node ${machine.node}, ${machine.bird === null ? 'no BIRD' : `BIRD ${machine.bird}`}${machine.frr === null ? '' : `, FRR ${machine.frr}`}`,
    machine.pinned
      ? 'the daemon has processor 0, what makes the load has processor 1'
      : 'daemon and load share one processor',
    `load average before the start: ${number(machine.loadAverage)}${machine.urgent ? ', daemons and load go before the rest' : ''}`,
    '',
  ].join('\n');

const spreadsByMetric = (result: BenchmarkResult, name: string): Readonly<Record<string, Spread>> =>
  Object.fromEntries(result.benchmark.metrics.map((metric) => [metric.key, spreadOf(result, name, metric)]));

/** Everything measured, every repetition included. */
export const resultsJson = (machine: Machine, results: readonly BenchmarkResult[]): string => {
  const benchmarks = results.map((result) => ({
    name: result.benchmark.name,
    metrics: result.benchmark.metrics,
    contestants: result.contestants.map(({ name }) => ({
      name,
      summary: spreadsByMetric(result, name),
      runs: result.figures.get(name),
    })),
  }));
  return `${JSON.stringify({ machine, benchmarks }, null, 2)}\n`;
};
