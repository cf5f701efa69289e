// The lowest of many prefixes, against a sorted array.

import test from 'ava';
import fc from 'fast-check';
import { LowestPrefixes } from '../../src/rib/tables/lowest-prefixes.js';

type Words = readonly [w0: number, w1: number, w2: number, w3: number, length: number];

const word = fc.oneof(fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xffffffff), fc.nat({ max: 0xffffffff }));

const words = (ipv6: boolean): fc.Arbitrary<Words> =>
  ipv6
    ? fc.tuple(word, word, word, word, fc.nat({ max: 128 }))
    : fc.tuple(word, fc.constant(0), fc.constant(0), fc.constant(0), fc.nat({ max: 32 }));

const byAddress = (a: Words, b: Words): number => {
  const differs = a.findIndex((each, i) => each !== b[i]);
  return differs < 0 ? 0 : a[differs]! - b[differs]!;
};

function kept(lowest: LowestPrefixes, ipv6: boolean): readonly Words[] {
  return Array.from({ length: lowest.count }, (_, i): Words => {
    const row = lowest.row(i);
    const rest = ipv6 ? ([lowest.w1[row]!, lowest.w2[row]!, lowest.w3[row]!] as const) : ([0, 0, 0] as const);
    return [lowest.w0[row]!, ...rest, lowest.length[row]!];
  });
}

for (const ipv6 of [false, true]) {
  test(`the lowest in order, ${ipv6 ? 'IPv6' : 'IPv4'}`, (t) => {
    const offered = fc.array(words(ipv6), { maxLength: 300, size: 'max' });
    const property = fc.property(
      offered,
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 1, max: 50 }),
      (prefixes, limit, slice) => {
        const lowest = new LowestPrefixes(ipv6, limit);
        for (const prefix of prefixes) lowest.offer(...prefix);
        while (lowest.order(slice));
        t.deepEqual(kept(lowest, ipv6), prefixes.toSorted(byAddress).slice(0, limit));
      },
    );
    t.notThrows(() => fc.assert(property, { numRuns: 200 }));
  });
}

test('putting into order goes in steps of the size asked for', (t) => {
  const lowest = new LowestPrefixes(false, 10);
  for (let i = 0; i < 25; i++) lowest.offer((i * 7) % 25, 0, 0, 0, 32);
  t.deepEqual([lowest.order(4), lowest.order(4), lowest.order(2)], [true, true, false]);
  t.deepEqual(
    kept(lowest, false).map(([w0]) => w0),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
});
