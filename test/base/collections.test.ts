// Bitset against Set; hashes that spread and that the seed moves.

import test from 'ava';
import fc from 'fast-check';
import { Bitset } from '../../src/base/bitset.js';
import {
  addressFamily,
  FAMILY_INDEXES,
  familyIndex,
  familyName,
  familyOfAddress,
} from '../../src/base/family.js';
import { hashBytes, hashPrefix, mix32 } from '../../src/base/hash.js';

const index = fc.oneof(fc.nat({ max: 100 }), fc.constantFrom(31, 32, 63, 511, 512, 513, 1023, 5000, 70000));

test('bitset as a set: adds, deletes, order, next', (t) => {
  const steps = fc.array(fc.tuple(fc.constantFrom('add', 'add', 'delete', 'clear'), index), {
    maxLength: 200,
    size: 'max',
  });
  const property = fc.property(steps, index, (history, from) => {
    const bits = new Bitset();
    const set = new Set<number>();
    for (const [what, at] of history) {
      if (what === 'clear' && at > 90) {
        bits.clear();
        set.clear();
      } else if (what === 'add') {
        if (bits.add(at) === set.has(at)) return false;
        set.add(at);
      } else if (bits.delete(at) !== set.delete(at)) return false;
      if (bits.size !== set.size || bits.has(at) !== set.has(at)) return false;
    }
    const sorted = [...set].sort((a, b) => a - b);
    const next = sorted.find((at) => at >= from) ?? -1;
    return JSON.stringify([...bits]) === JSON.stringify(sorted) && bits.next(from) === next;
  });
  t.notThrows(() => fc.assert(property, { numRuns: 300 }));
});

test('bitset: what was never added is not in it, however far', (t) => {
  const bits = new Bitset();
  const { bytes } = bits;
  t.false(bits.has(1 << 30));
  t.false(bits.delete(1 << 30));
  t.is(bits.next(1 << 30), -1);
  t.is(bits.bytes, bytes);
});

/** The most of `values` that fall into one of 256 slots. */
function fullest(values: Iterable<number>): number {
  const slots = new Uint32Array(256);
  for (const value of values) slots[value & 255]!++;
  return Math.max(...slots);
}

test('hashes of neighbouring prefixes spread over the slots', (t) => {
  const lengths = [24, 26, 32] as const;
  for (const length of lengths) {
    const step = 2 ** (32 - length);
    const hashes = Array.from({ length: 4096 }, (_, i) =>
      hashPrefix((0x0a000000 + i * step) >>> 0, 0, 0, 0, length, 99),
    );
    t.true(fullest(hashes) < 40, `/${length}: 16 on average`);
  }
  const ipv6 = Array.from({ length: 4096 }, (_, i) => hashPrefix(0x20010db8, 0, 0, i, 128, 99));
  t.true(fullest(ipv6) < 40);
});

test('hashes of octets: every octet, the length and the seed count, the place does not', (t) => {
  const property = fc.property(
    fc.uint8Array({ minLength: 1, maxLength: 20 }),
    fc.nat(),
    fc.integer(),
    (bytes, at, seed) => {
      const hash = hashBytes(bytes, 0, bytes.length, seed);
      const changed = bytes.slice();
      changed[at % bytes.length]! ^= 1 + (at % 255);
      const moved = new Uint8Array(bytes.length + 3);
      moved.set(bytes, 3);
      return (
        hash >>> 0 === hash &&
        hashBytes(moved, 3, moved.length, seed) === hash &&
        hashBytes(changed, 0, changed.length, seed) !== hash
      );
    },
  );
  t.notThrows(() => fc.assert(property, { numRuns: 500 }));
  const zeros = new Uint8Array(64);
  const byLength = new Set(Array.from({ length: 64 }, (_, n) => hashBytes(zeros, 0, n, 1)));
  t.is(byLength.size, 64);
  const bySeed = new Set(Array.from({ length: 64 }, (_, seed) => hashPrefix(1, 2, 3, 4, 64, seed)));
  t.is(bySeed.size, 64);
});

test('mix32 is a permutation: no two of many inputs meet', (t) => {
  const seen = new Set<number>();
  for (let i = 0; i < 50_000; i++) seen.add(mix32(i * 85_899));
  t.is(seen.size, 50_000);
});

test('families: names and indexes', (t) => {
  for (const family of FAMILY_INDEXES) {
    t.is(familyIndex(familyName(family)), family);
    t.is(familyOfAddress(addressFamily(family)), family);
  }
});
