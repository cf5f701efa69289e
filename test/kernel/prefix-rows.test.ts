// PrefixRows against a Map.

import test from 'ava';
import fc from 'fast-check';
import { formatIp, ipv4, ipv6 } from '../../src/base/ip.js';
import { formatPrefix, makePrefix, prefixContainsIp } from '../../src/base/prefix.js';
import { PrefixRows } from '../../src/kernel/routes/prefix-rows.js';

// Few distinct words, so that the same prefixes come again and hashes meet.
const word = fc.constantFrom(0, 1, 0x0a000000, 0x0a000001, 0x0a0a0000, 0xffffffff);
const families = {
  ipv4: fc.tuple(word, fc.integer({ min: 0, max: 32 })).map(([w, n]) => makePrefix(ipv4(w), n)),
  ipv6: fc
    .tuple(word, word, word, word, fc.integer({ min: 0, max: 128 }))
    .map(([a, b, c, d, n]) => makePrefix(ipv6([a, b, c, d]), n)),
} as const;

for (const family of ['ipv4', 'ipv6'] as const) {
  test(`${family}: inserts, finds, removes and matches as a map does`, (t) => {
    const step = fc.record({ prefix: families[family], remove: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.integer(), (steps, seed) => {
        const rows = new PrefixRows(family, seed);
        const model = new Map<string, number>();
        for (const { prefix, remove } of steps) {
          const key = formatPrefix(prefix);
          if (!remove) model.set(key, rows.insert(prefix));
          else if (model.has(key)) {
            rows.remove(model.get(key)!);
            model.delete(key);
          }
          t.is(rows.find(prefix), model.get(key) ?? -1);
        }
        t.is(rows.size, model.size);
        t.deepEqual([...rows].map((row) => formatPrefix(rows.prefix(row))).sort(), [...model.keys()].sort());
        for (const { prefix } of steps) {
          const covering = [...rows.covering(prefix.address)].map((row) => rows.prefix(row));
          const lengths = covering.map((outer) => outer.length);
          t.deepEqual(
            lengths,
            lengths.toSorted((a, b) => b - a),
            formatIp(prefix.address),
          );
          const expected = [...rows].filter((row) => prefixContainsIp(rows.prefix(row), prefix.address));
          t.is(covering.length, expected.length);
        }
      }),
      { numRuns: 200 },
    );
  });
}

test('grows far beyond its first size', (t) => {
  const rows = new PrefixRows('ipv4', 1);
  for (let i = 0; i < 20_000; i++) t.is(rows.insert(makePrefix(ipv4(0x0a000000 + i), 32)), i);
  for (let i = 0; i < 20_000; i += 2) rows.remove(i);
  t.is(rows.size, 10_000);
  for (let i = 0; i < 20_000; i++)
    t.is(rows.find(makePrefix(ipv4(0x0a000000 + i), 32)), i % 2 === 0 ? -1 : i);
});
