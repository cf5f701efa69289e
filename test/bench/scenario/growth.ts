// How cost grows with size: one line for each daemon and size. Pure.

import { number, spreadOf } from '../report.js';
import type { ScenarioResult } from './scenario-benchmark.js';
import { sizeText } from './scenario-benchmark.js';

const COLUMNS = ['converge', 'median', 'p99', 'cpu', 'each', 'peak', 'late', 'api'] as const;
const WIDTH = 14;

/** Medians; a column that the scenario does not have is left out. */
export const growthText = (results: readonly ScenarioResult[]): string => {
  const [first] = results;
  if (first === undefined) return '';
  const metrics = first.result.benchmark.metrics.filter(({ key }) => COLUMNS.some((name) => name === key));
  const names = [...new Set(results.flatMap(({ result }) => result.contestants.map(({ name }) => name)))];
  const head = metrics.map(({ key, unit }) => `${key} ${unit}`.padStart(WIDTH)).join('');
  const lines = names.flatMap((name) =>
    results
      .filter(({ result }) => result.contestants.some((one) => one.name === name))
      .map(({ plan, result }) => {
        const cells = metrics.map((metric) => {
          const { median } = spreadOf(result, name, metric);
          return (Number.isNaN(median) ? '-' : number(median)).padStart(WIDTH);
        });
        return `  ${name.padEnd(8)}${sizeText(plan).padEnd(50)}${cells.join('')}`;
      }),
  );
  return [`${first.plan.kind}: how cost grows, medians`, `  ${''.padEnd(58)}${head}`, ...lines, ''].join(
    '\n',
  );
};
