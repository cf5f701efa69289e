// Figures of the scenarios: histogram, lateness, sizes, and the order of a shuffled table.

import test from 'ava';
import fc from 'fast-check';
import { percentile } from '../statistics.js';
import { Histogram } from './histogram.js';
import { keepaliveLateness } from './lateness.js';
import { deliveriesOf, SCENARIO_KINDS, speakersOf, witnessesOf } from './plan.js';
import { partlyShuffled, randomFrom } from './random.js';
import { plansOf } from './scenario-benchmark.js';

test('a percentile of the histogram is that of the values, at most a hundredth of a millisecond more', (t) => {
  const times = fc.array(fc.double({ min: 0, max: 1999, noNaN: true }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(times, fc.integer({ min: 1, max: 100 }), (values, percent) => {
      const histogram = new Histogram();
      for (const value of values) histogram.add(value);
      const exact = percentile(values, percent);
      const found = histogram.percentile(percent);
      return found >= exact - 1e-9 && found <= exact + 0.010_001 && histogram.max === Math.max(...values);
    }),
  );
  t.true(Number.isNaN(new Histogram().percentile(50)));
});

test('what is longer than the histogram reaches is its maximum', (t) => {
  const histogram = new Histogram();
  for (const value of [1, 5000]) histogram.add(value);
  t.is(histogram.max, 5000);
  t.is(histogram.count, 2);
  t.true(histogram.percentile(100) >= 2000);
});

test('keepalives are late by what the longest pause has beyond a second', (t) => {
  const cases = [
    [[[0, 1000, 2000, 3000]], 500, 3100, 0],
    [[[0, 1000, 2400, 3000]], 500, 3100, 400],
    [
      [
        [0, 1000],
        [0, 900, 1950],
      ],
      500,
      2000,
      50,
    ],
    [[[0]], 500, 2600, 1600],
    [[[]], 500, 2600, 1100],
    [[], 0, 5000, 0],
  ] as const;
  for (const [times, from, until, late] of cases) {
    t.is(keepaliveLateness(times, from, until), late, JSON.stringify(times));
  }
});

test('a partly shuffled order holds every number once', (t) => {
  const order = partlyShuffled(10_000, 0.3, randomFrom(7));
  t.deepEqual(
    [...order].sort((a, b) => a - b),
    [...Array(10_000).keys()],
  );
  const moved = order.filter((value, index) => value !== index).length;
  t.true(moved > 2000 && moved < 3100, `${moved} moved`);
});

test('every scenario has speakers of their own addresses, whose routes are all routes once', (t) => {
  for (const kind of SCENARIO_KINDS) {
    for (const family of [0, 1] as const) {
      const options = { family, repetitions: null, program: null, sizes: {}, brief: true, grow: false };
      const [plan] = plansOf(kind, options);
      if (plan === undefined) return t.fail(kind);
      const speakers = [...speakersOf(plan), ...witnessesOf(plan)];
      t.is(new Set(speakers.map(({ text }) => text)).size, speakers.length);
      const routes = speakers.reduce((sum, { first, end }) => sum + end - first, 0);
      const receivers = speakersOf(plan).filter(({ role }) => role === 'client');
      const wanted = receivers.reduce((sum, { first, end }) => sum + routes - (end - first), 0);
      t.is(deliveriesOf(plan), wanted, kind);
    }
  }
});

test('growing sizes, and sizes from the command line', (t) => {
  const options = { family: 0, repetitions: null, program: null, brief: false } as const;
  const grown = plansOf('reflector', { ...options, sizes: {}, grow: true });
  t.deepEqual(
    grown.map(({ clients }) => clients),
    [100, 300, 1000, 3000],
  );
  const asked = plansOf('reflector', { ...options, sizes: { clients: 7 }, grow: false });
  t.deepEqual(
    asked.map(({ clients, perClient }) => [clients, perClient]),
    [[7, 100]],
  );
  const table = plansOf('transit', { ...options, sizes: {}, grow: true });
  t.deepEqual(
    table.map(({ routes }) => routes),
    [100_000, 300_000, 1_000_000, 2_000_000],
  );
});
