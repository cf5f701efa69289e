// The tables under the RIB against plain collections: prefixes, dirty list, quarantine, paths, what was told.

import test from 'ava';
import fc from 'fast-check';
import { type AttrSetId, NONE, type PathId, type PeerId, type PrefixId } from '../../src/base/ids.js';
import { AdjRibOut } from '../../src/rib/export/adj-rib-out.js';
import { AdjRibIn } from '../../src/rib/import/adj-rib-in.js';
import { AttrSets } from '../../src/rib/tables/attr-sets.js';
import { DirtyList } from '../../src/rib/tables/dirty-list.js';
import { type NextHopId, NextHops } from '../../src/rib/tables/next-hops.js';
import { PrefixTable } from '../../src/rib/tables/prefix-table.js';
import { Quarantine } from '../../src/rib/tables/quarantine.js';
import { blockOf } from './routes.js';

type Words = readonly [w0: number, w1: number, w2: number, w3: number, length: number];

/** Few values, so that prefixes come again, share words and collide. */
const word = fc.constantFrom(0, 1, 0x0a000000, 0x0a000100, 0x80000000, 0xffffffff);
const words = (ipv6: boolean): fc.Arbitrary<Words> =>
  ipv6
    ? fc.tuple(word, word, word, word, fc.constantFrom(0, 48, 64, 128))
    : fc.tuple(word, fc.constant(0), fc.constant(0), fc.constant(0), fc.nat({ max: 32 }));

for (const ipv6 of [false, true]) {
  test(`prefix table as a map, ${ipv6 ? 'IPv6' : 'IPv4'}`, (t) => {
    const steps = fc.array(fc.tuple(fc.boolean(), words(ipv6)), { maxLength: 400, size: 'max' });
    const property = fc.property(steps, fc.integer(), (history, seed) => {
      const table = new PrefixTable(ipv6, seed);
      const model = new Map<string, PrefixId>();
      for (const [add, prefix] of history) {
        const key = prefix.join();
        if (add) {
          const id = table.findOrAdd(...prefix);
          if (model.has(key) ? model.get(key) !== id : [...model.values()].includes(id)) return false;
          model.set(key, id);
        } else if (model.has(key)) {
          table.remove(model.get(key)!);
          model.delete(key);
        }
        table.trim();
        if (table.find(...prefix) !== (model.get(key) ?? NONE)) return false;
      }
      const all = [...model].every(
        ([key, id]) =>
          table.find(...(key.split(',').map(Number) as unknown as Words)) === id && table.isLive(id),
      );
      return all && table.size === model.size;
    });
    t.notThrows(() => fc.assert(property, { numRuns: 100 }));
  });
}

test('a prefix whose id is used again starts anew', (t) => {
  const table = new PrefixTable(true, 1);
  const id = table.findOrAdd(1, 2, 3, 4, 128);
  table.head[id] = table.best[id] = table.bestSource[id] = table.bestAttrs[id] = 7;
  table.markDirty(id);
  table.remove(id);
  t.false(table.isLive(id));
  t.is(table.findOrAdd(5, 6, 7, 8, 64), id);
  t.deepEqual(
    [table.head, table.best, table.bestSource, table.bestAttrs].map((column) => column[id]),
    [NONE, NONE, NONE, NONE],
  );
  t.false(table.isDirty(id));
  t.deepEqual([table.w0[id], table.w3[id], table.length[id]], [5, 8, 64]);
});

test('thousands of prefixes: every one is found, and rows do not grow when they come and go', (t) => {
  const table = new PrefixTable(false, 3);
  const round = (): void => {
    for (let i = 0; i < 5000; i++) table.findOrAdd(0x0a000000 + i * 256, 0, 0, 0, 24);
    for (let i = 0; i < 5000; i++) t.not(table.find(0x0a000000 + i * 256, 0, 0, 0, 24), NONE);
    for (let i = 0; i < 5000; i++) table.remove(table.find(0x0a000000 + i * 256, 0, 0, 0, 24) as PrefixId);
  };
  round();
  const { rows, bytes } = table;
  round();
  t.deepEqual([table.rows, table.bytes, table.size], [rows, bytes, 0]);
});

test('a large table gets wider little by little: what came and went meanwhile is found, what went is not', (t) => {
  const table = new PrefixTable(false, 5);
  const model = new Map<number, PrefixId>();
  const wordOf = (n: number): number => Math.imul(n, 0x9e3779b1) >>> 0;
  let wrong = 0;
  const check = (n: number): void => {
    if (table.find(wordOf(n), 0, 0, 0, 32) !== (model.get(n) ?? NONE)) wrong++;
  };
  // Past 65,536 slots twice, one removal after every four prefixes, old and new ones in turn.
  for (let n = 0; n < 100_000; n++) {
    model.set(n, table.findOrAdd(wordOf(n), 0, 0, 0, 32));
    if (n % 4 === 0) {
      const gone = n % 8 === 0 ? n >>> 1 : n;
      if (model.has(gone)) table.remove(model.get(gone)!);
      model.delete(gone);
      check(gone);
    }
    check(n >>> 2);
    if (table.findOrAdd(wordOf(n), 0, 0, 0, 32) !== (model.get(n) ?? NONE)) {
      if (model.has(n)) wrong++;
      model.set(n, table.find(wordOf(n), 0, 0, 0, 32) as PrefixId);
    }
  }
  for (let n = 0; n < 100_000; n++) check(n);
  t.deepEqual([wrong, table.size, new Set(model.values()).size], [0, model.size, model.size]);
  for (const id of model.values()) table.remove(id);
  for (let n = 0; n < 100_000; n++) if (table.find(wordOf(n), 0, 0, 0, 32) !== NONE) wrong++;
  t.deepEqual([wrong, table.size], [0, 0]);
});

test('dirty list: first come, first taken, each once', (t) => {
  const property = fc.property(
    fc.array(fc.option(fc.nat({ max: 600 }), { freq: 3 }), { maxLength: 2000, size: 'max' }),
    (history) => {
      const table = new PrefixTable(false, 1);
      for (let i = 0; i <= 600; i++) table.findOrAdd(i, 0, 0, 0, 32);
      const list = new DirtyList(table);
      const model: number[] = [];
      for (const step of history) {
        if (step === null) {
          if (list.take() !== (model.shift() ?? NONE)) return false;
        } else {
          list.add(step as PrefixId);
          if (!model.includes(step)) model.push(step);
        }
        if (list.size !== model.length) return false;
      }
      return model.every((prefix) => list.take() === prefix) && list.take() === NONE;
    },
  );
  t.notThrows(() => fc.assert(property, { numRuns: 60 }));
});

test('quarantine: until all know of the end, and the last end counts', (t) => {
  const table = new PrefixTable(false, 1);
  const quarantine = new Quarantine([table, new PrefixTable(true, 1)]);
  const [a, b, c] = [1, 2, 3].map((w0) => table.findOrAdd(w0, 0, 0, 0, 32)) as [PrefixId, PrefixId, PrefixId];
  quarantine.add(0, a, 5);
  quarantine.add(0, b, 6);
  quarantine.add(0, c, 6);
  quarantine.add(0, a, 7);
  quarantine.release(7, (_family, prefix) => prefix !== c);
  t.deepEqual(
    [a, b, c].map((id) => table.isLive(id)),
    [true, false, true],
  );
  t.is(quarantine.size, 1, 'one that is in use again has left');
  quarantine.release(Number.POSITIVE_INFINITY, () => true);
  t.deepEqual([table.isLive(a), quarantine.size], [false, 0]);
});

test('paths: chains per prefix as lists, rows used again', (t) => {
  const steps = fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 5 }), fc.nat({ max: 5 })), {
    maxLength: 300,
    size: 'max',
  });
  const property = fc.property(steps, (history) => {
    const table = new PrefixTable(false, 1);
    const prefixes = Array.from({ length: 6 }, (_, i) => table.findOrAdd(i, 0, 0, 0, 32));
    const paths = new AdjRibIn();
    const model = new Map<string, PathId>();
    for (const [add, p, peer] of history) {
      const prefix = prefixes[p]!;
      const key = `${p} ${peer}`;
      const found = paths.find(table.head[prefix]!, peer as PeerId);
      if (found !== (model.get(key) ?? NONE)) return false;
      if (add && found === NONE) model.set(key, paths.add(table, prefix, peer as PeerId));
      if (!add && found !== NONE) {
        paths.remove(table, found as PathId);
        model.delete(key);
      }
    }
    return paths.size === model.size && paths.rows <= 36;
  });
  t.notThrows(() => fc.assert(property, { numRuns: 100 }));
});

test('next hops are found again, also where one took the row of another that left', (t) => {
  const step = fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 40 }), fc.constantFrom(4, 16, 32));
  const property = fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
    const nextHops = new NextHops(null);
    const model = new Map<string, { readonly id: NextHopId; uses: number }>();
    for (const [use, last, length] of steps) {
      const octets = Uint8Array.from({ length }, (_, i) => (i === length - 1 ? last : 9));
      const key = `${length} ${last}`;
      const known = model.get(key);
      if (use) {
        const id = nextHops.use(Uint8Array.of(7, length, ...octets), 1);
        if (known !== undefined && known.id !== id) return false;
        if ([...model].some(([other, row]) => other !== key && row.id === id)) return false;
        model.set(key, { id, uses: (known?.uses ?? 0) + 1 });
      } else if (known !== undefined) {
        nextHops.release(known.id);
        if (--known.uses === 0) model.delete(key);
      }
    }
    return nextHops.size === model.size;
  });
  t.notThrows(() => fc.assert(property, { numRuns: 200 }));
});

test('what was told: counts per member and references', (t) => {
  const sets = new AttrSets(new NextHops(null), 1);
  const out = new AdjRibOut();
  const [x, y] = [1, 2].map((med) => {
    const block = blockOf({ med });
    return sets.intern(block, 0, block.length);
  }) as [AttrSetId, AttrSetId];
  const [p, q] = [3, 200] as [PrefixId, PrefixId];
  const [a, b] = [2, 3] as [PeerId, PeerId];
  t.deepEqual([out.attrsOf(q), out.sourceOf(q)], [NONE, NONE]);
  out.set(sets, p, x, a);
  out.set(sets, q, x, b);
  t.deepEqual([out.size, out.sizeFor(a), out.sizeFor(b), sets.refs(x)], [2, 1, 1, 2]);
  out.set(sets, p, y, b);
  t.deepEqual([out.size, out.sizeFor(a), out.sizeFor(b), sets.refs(x), sets.refs(y)], [2, 2, 0, 1, 1]);
  out.set(sets, p, NONE, a);
  t.deepEqual([out.size, out.attrsOf(p), out.sourceOf(p), sets.refs(y)], [1, NONE, NONE, 0]);
  out.clear(sets);
  sets.sweep();
  t.deepEqual([out.size, sets.size], [0, 0]);
});
