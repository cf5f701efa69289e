// The table of VRPs against lists that are searched from end to end, under random answers of several caches.

import test from 'ava';
import fc from 'fast-check';
import { type Prefix, prefixContains, prefixFromWords, prefixWords } from '../../src/base/prefix.js';
import { CacheRecords } from '../../src/rpki/cache-records.js';
import type { Vrp } from '../../src/rpki/types.js';
import { VrpTable } from '../../src/rpki/vrp-table.js';
import { anyPrefix, prefix } from '../policy/routes.js';

const vrp = (to: Prefix, maxLength: number, asn: number): Vrp => {
  const [w0, w1, w2, w3] = prefixWords(to);
  const family = to.address.family === 'ipv4' ? 0 : 1;
  return { family, w0, w1, w2, w3, length: to.length, maxLength, asn };
};
const state = (table: VrpTable, to: Prefix, asn: number): string => {
  const { family, w0, w1, w2, w3, length } = vrp(to, 0, 0);
  return table.validate(family, w0, w1, w2, w3, length, asn);
};
const keyOf = (record: Vrp): string => JSON.stringify(record);

/** RFC 6811 2, read word for word. */
function naiveState(records: readonly Vrp[], route: Prefix, asn: number): string {
  const covering = records.filter(({ family, w0, w1, w2, w3, length }) =>
    prefixContains(prefixFromWords(family === 0 ? 'ipv4' : 'ipv6', w0, w1, w2, w3, length), route),
  );
  if (covering.length === 0) return 'notFound';
  const matched = covering.some((r) => r.asn === asn && asn !== 0 && route.length <= r.maxLength);
  return matched ? 'valid' : 'invalid';
}

test('the examples of origin validation', (t) => {
  const table = new VrpTable();
  table.setCounting(1, () => undefined);
  const records = new CacheRecords(table, 0);
  records.begin(true);
  records.record(true, vrp(prefix('10.0.0.0/16'), 20, 65001));
  records.record(true, vrp(prefix('10.0.0.0/16'), 16, 65002));
  records.record(true, vrp(prefix('10.9.0.0/16'), 24, 0));
  records.record(true, vrp(prefix('2001:db8::/32'), 48, 65003));
  t.is(state(table, prefix('10.0.0.0/16'), 65001), 'notFound');
  records.commit(() => undefined);
  t.is(state(table, prefix('10.0.0.0/16'), 65001), 'valid');
  t.is(state(table, prefix('10.0.16.0/20'), 65001), 'valid');
  t.is(state(table, prefix('10.0.16.0/21'), 65001), 'invalid');
  t.is(state(table, prefix('10.0.16.0/20'), 65002), 'invalid');
  t.is(state(table, prefix('10.9.1.0/24'), 0), 'invalid');
  t.is(state(table, prefix('10.0.0.0/15'), 65001), 'notFound');
  t.is(state(table, prefix('2001:db8:1::/48'), 65003), 'valid');
  t.is(state(table, prefix('2001:db8:1::/49'), 65003), 'invalid');
  t.deepEqual(table.counts(), [3, 1]);
});

const anyVrp = fc
  .tuple(anyPrefix, fc.nat({ max: 128 }), fc.integer({ min: 0, max: 3 }))
  .map(([to, extra, asn]) => {
    const longest = to.address.family === 'ipv4' ? 32 : 128;
    return vrp(to, Math.min(longest, to.length + (extra % 9)), asn);
  });

const answer = fc.record({
  cache: fc.integer({ min: 0, max: 2 }),
  whole: fc.boolean(),
  records: fc.array(fc.tuple(fc.boolean(), anyVrp), { maxLength: 12 }),
  end: fc.constantFrom<'commit' | 'rollback' | 'forget'>('commit', 'commit', 'commit', 'rollback', 'forget'),
  counting: fc.integer({ min: 0, max: 7 }),
});

test('under any answers the table says what a search of the lists says, and names what changed', (t) => {
  fc.assert(
    fc.property(
      fc.array(answer, { maxLength: 8 }),
      fc.array(fc.tuple(anyPrefix, fc.integer({ min: 0, max: 3 })), { minLength: 1, maxLength: 12 }),
      (answers, probes) => {
        const table = new VrpTable();
        const caches = [0, 1, 2].map((bit) => new CacheRecords(table, bit));
        const model = [0, 1, 2].map(() => new Map<string, Vrp>());
        let counting = 0;
        const inForce = (): Vrp[] =>
          model.flatMap((records, bit) => ((counting >> bit) & 1 ? [...records.values()] : []));
        for (const { cache, whole, records, end, counting: next } of answers) {
          const before = new Map(inForce().map((record) => [keyOf(record), record]));
          const changed = new Set<string>();
          const note = (row: number) => void changed.add(keyOf(table.vrp(row)));
          const said = new Map(whole ? [] : model[cache]);
          caches[cache]!.begin(whole);
          for (const [announce, record] of records) {
            const known = said.has(keyOf(record));
            const code = caches[cache]!.record(announce, record);
            t.is(code, known === announce ? (announce ? 7 : 6) : null);
            if (code !== null) continue;
            if (announce) said.set(keyOf(record), record);
            else said.delete(keyOf(record));
          }
          if (end === 'commit') model[cache] = said;
          if (end === 'forget') model[cache] = new Map();
          if (end === 'rollback') caches[cache]!.rollback();
          else caches[cache]![end](note);
          counting = next;
          table.setCounting(next, note);
          const after = new Map(inForce().map((record) => [keyOf(record), record]));
          for (const key of [...before.keys(), ...after.keys()]) {
            if (before.has(key) !== after.has(key)) t.true(changed.has(key), key);
          }
          table.compact();
          for (const [to, asn] of probes) {
            t.is(state(table, to, asn), naiveState([...after.values()], to, asn));
          }
          t.is(table.counts()[0] + table.counts()[1], after.size);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('a table of many records is looked up in few steps, and shrinks', (t) => {
  const table = new VrpTable();
  const records = new CacheRecords(table, 0);
  table.setCounting(1, () => undefined);
  const many = (from: number) =>
    Array.from({ length: 50_000 }, (_, i) =>
      vrp(prefixFromWords('ipv4', ((i + from) << 8) >>> 0, 0, 0, 0, 24), 24, i),
    );
  for (const from of [0, 100_000]) {
    records.begin(true);
    for (const record of many(from)) records.record(true, record);
    records.commit(() => undefined);
    table.compact();
  }
  t.deepEqual(table.counts(), [50_000, 0]);
  t.is(state(table, prefixFromWords('ipv4', (100_007 << 8) >>> 0, 0, 0, 0, 24), 7), 'valid');
  t.is(state(table, prefixFromWords('ipv4', 7 << 8, 0, 0, 0, 24), 7), 'notFound');
});
