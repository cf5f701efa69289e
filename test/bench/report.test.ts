// The text that a run prints, and what is read from /proc.

import test from 'ava';
import type { Benchmark, Figures } from './benchmark.js';
import { BGPD, BIRD } from './contestants.js';
import { parseCpuSeconds, parseMiB } from './process-usage.js';
import { resultText } from './report.js';

const JOB: Benchmark = {
  name: 'job',
  description: ['a job'],
  repetitions: 3,
  sessions: [],
  contestants: [BGPD, BIRD],
  metrics: [
    { key: 'time', label: 'time', unit: 'ms', better: 'lower', aim: 5 },
    { key: 'rate', label: 'rate', unit: 'routes/s', better: 'higher', aim: 2000 },
    { key: 'size', label: 'size', unit: 'MiB', better: 'lower' },
  ],
  run: () => Promise.reject(new Error('not run here')),
};

const runs = (...times: readonly number[]): readonly Figures[] =>
  times.map((time) => ({ time, rate: time * 500, size: 80 }));

const lineOf = (text: string, label: string): string =>
  (text.split('\n').find((line) => line.trim().startsWith(label)) ?? '').replaceAll(/ {2,}/g, '  ').trim();

test('medians with their range, how bgpd compares, whether the aim is reached', (t) => {
  const figures = new Map([
    ['bgpd', runs(4, 2, 3)],
    ['BIRD', runs(6, 6, 6)],
  ]);
  const text = resultText({ benchmark: JOB, contestants: [BGPD, BIRD], figures });
  t.is(
    lineOf(text, 'time'),
    'time  3.00 ms (2.00 - 4.00)  6.00 ms (6.00 - 6.00)  x 0.500  aim at most 5.00: reached',
  );
  t.regex(lineOf(text, 'rate'), /1,500 routes\/s \(1,000 - 2,000\).*aim at least 2,000: MISSED$/);
  t.regex(lineOf(text, 'size'), /x 1\.00$/);
  t.regex(text, /of 3 runs/);
});

test('one program alone is compared with nothing', (t) => {
  const text = resultText({ benchmark: JOB, contestants: [BIRD], figures: new Map([['BIRD', runs(6)]]) });
  t.is(lineOf(text, 'time'), 'time  6.00 ms (6.00 - 6.00)');
});

test('what a machine cannot measure is said so', (t) => {
  const figures = new Map([['bgpd', [{ time: Number.NaN, rate: 1, size: 1 }]]]);
  t.is(lineOf(resultText({ benchmark: JOB, contestants: [BGPD], figures }), 'time'), 'time  not measured');
});

test('usage as /proc tells it', (t) => {
  t.is(parseCpuSeconds(['1500000000 12 3\n', '250000000 1 1\n']), 1.75);
  const status = 'Name:\tbird\nVmHWM:\t   20480 kB\nVmRSS:\t   10240 kB\n';
  t.is(parseMiB(status, 'VmRSS'), 10);
  t.is(parseMiB(status, 'VmHWM'), 20);
});
