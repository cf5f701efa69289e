// Prefixes that records cover, against a list that is searched from end to end; and how many of a large table are looked
// at when thousands of records change.

import test from 'ava';
import fc from 'fast-check';
import { type Prefix, prefixContains, prefixWords } from '../../src/base/prefix.js';
import { CoveredPrefixes } from '../../src/rpki/covered-prefixes.js';
import type { Vrp } from '../../src/rpki/types.js';
import { anyPrefix } from '../policy/routes.js';

const vrp = (to: Prefix): Vrp => {
  const [w0, w1, w2, w3] = prefixWords(to);
  const family = to.address.family === 'ipv4' ? 0 : 1;
  return { family, w0, w1, w2, w3, length: to.length, maxLength: to.length, asn: 1 };
};

test('covered is what is one of the records or inside one', (t) => {
  fc.assert(
    fc.property(
      fc.array(anyPrefix, { maxLength: 40 }),
      fc.array(anyPrefix, { maxLength: 20 }),
      (records, routes) => {
        const covered = new CoveredPrefixes(records.length);
        for (const record of records) covered.add(vrp(record));
        for (const route of [...routes, ...records]) {
          const { family, w0, w1, w2, w3, length } = vrp(route);
          const expected = records.some((record) => prefixContains(record, route));
          if (covered.covers(family, w0, w1, w2, w3, length) !== expected) return false;
        }
        return true;
      },
    ),
    { numRuns: 500 },
  );
  t.pass();
});

test('of ten thousand changed records no prefix beside them is meant', (t) => {
  const covered = new CoveredPrefixes(10_000);
  const record = (i: number): Vrp => ({
    family: 0,
    w0: (0x0a000000 + i * 512) >>> 0,
    w1: 0,
    w2: 0,
    w3: 0,
    length: 24,
    maxLength: 24,
    asn: 1,
  });
  for (let i = 0; i < 10_000; i++) covered.add(record(i));
  t.is(covered.size, 10_000);
  let meant = 0;
  for (let i = 0; i < 20_000; i++) {
    meant += Number(covered.covers(0, (0x0a000000 + i * 256) >>> 0, 0, 0, 0, 24));
  }
  t.is(meant, 10_000);
});
