// Order statistics against known answers and their definition.

import test from 'ava';
import fc from 'fast-check';
import { largestGap, median, percentile, spread } from './statistics.js';

const numbers = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1 });

test('median', (t) => {
  t.is(median([3, 1, 2]), 2);
  t.is(median([4, 1, 3, 2]), 2.5);
  t.is(median([7]), 7);
  t.true(Number.isNaN(median([])));
});

test('percentile by nearest rank', (t) => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  for (const [percent, value] of [
    [1, 1],
    [50, 50],
    [99, 99],
    [100, 100],
    [0, 1],
  ] as const) {
    t.is(percentile(hundred, percent), value, `p${percent}`);
  }
  t.is(percentile([5, 1], 50), 1);
  t.true(Number.isNaN(percentile([], 50)));
});

test('a percentile is one of the values, and as many values as asked for do not exceed it', (t) => {
  fc.assert(
    fc.property(numbers, fc.integer({ min: 1, max: 100 }), (values, percent) => {
      const found = percentile(values, percent);
      const below = values.filter((value) => value <= found).length;
      return values.includes(found) && below >= (percent / 100) * values.length;
    }),
  );
  t.pass();
});

test('spread', (t) => {
  t.deepEqual(spread([2, 9, 4]), { median: 4, min: 2, max: 9 });
});

test('the largest gap counts both ends and nothing outside', (t) => {
  t.is(largestGap([1000, 2000, 3500], 900, 4000), 1500);
  t.is(largestGap([1000], 0, 1100), 1000);
  t.is(largestGap([1000], 900, 3000), 2000);
  t.is(largestGap([100, 5000], 1000, 2000), 1000);
});
