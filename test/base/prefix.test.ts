// Prefixes: canonical form, text, containment, words.

import test from 'ava';
import fc from 'fast-check';
import { type Ipv6Words, ipv4, ipv6 } from '../../src/base/ip.js';
import {
  comparePrefix,
  formatPrefix,
  hostPrefix,
  makePrefix,
  maskWord,
  maxLength,
  type Prefix,
  parsePrefix,
  prefixContains,
  prefixContainsIp,
  prefixEquals,
  prefixFromWords,
  prefixWords,
} from '../../src/base/prefix.js';

const u32 = fc.oneof(fc.nat({ max: 0xffffffff }), fc.constantFrom(0, 0x80000000, 0xffffffff, 0x0a000000));
const anyPrefix: fc.Arbitrary<Prefix> = fc
  .record({ ipv6: fc.boolean(), words: fc.tuple(u32, u32, u32, u32), length: fc.nat({ max: 128 }) })
  .map(({ ipv6: wide, words, length }) =>
    wide ? makePrefix(ipv6(words as Ipv6Words), length) : makePrefix(ipv4(words[0]), length % 33),
  );

const bitsOf = (prefix: Prefix): string =>
  prefixWords(prefix)
    .slice(0, prefix.address.family === 'ipv4' ? 1 : 4)
    .map((word) => word.toString(2).padStart(32, '0'))
    .join('');

const parse = (text: string): Prefix => {
  const prefix = parsePrefix(text);
  if (prefix === null) throw new Error(`${text} is no prefix`);
  return prefix;
};

test('parse(format(x)) = x, and words there and back', (t) => {
  const property = fc.property(anyPrefix, (prefix) => {
    const [w0, w1, w2, w3] = prefixWords(prefix);
    const again = prefixFromWords(prefix.address.family, w0, w1, w2, w3, prefix.length);
    return prefixEquals(parse(formatPrefix(prefix)), prefix) && prefixEquals(again, prefix);
  });
  t.notThrows(() => fc.assert(property, { numRuns: 1000 }));
});

test('host bits are zero and the network bits stay', (t) => {
  const property = fc.property(u32, u32, u32, u32, fc.nat({ max: 128 }), (a, b, c, d, length) => {
    const whole = bitsOf({ address: ipv6([a, b, c, d]), length: 128 });
    const made = bitsOf(makePrefix(ipv6([a, b, c, d]), length));
    return made === whole.slice(0, length) + '0'.repeat(128 - length);
  });
  t.notThrows(() => fc.assert(property, { numRuns: 1000 }));
});

test('containment is a common start of bits', (t) => {
  const property = fc.property(anyPrefix, anyPrefix, fc.nat({ max: 128 }), (a, b, cut) => {
    const wider = makePrefix(a.address, Math.min(cut, maxLength(a.address.family)));
    return [b, wider].every((outer) => {
      const expected =
        outer.address.family === a.address.family &&
        outer.length <= a.length &&
        bitsOf(a).startsWith(bitsOf(outer).slice(0, outer.length));
      return prefixContains(outer, a) === expected;
    });
  });
  t.notThrows(() => fc.assert(property, { numRuns: 1000 }));
});

test('text that is a prefix, and text that is none', (t) => {
  const rows: readonly (readonly [text: string, canonical: string | null])[] = [
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['10.0.0.1', '10.0.0.1/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8::/32', '2001:db8::/32'],
    ['::1', '::1/128'],
    ['::/0', '::/0'],
    ['10.0.0.1/8', null],
    ['2001:db8::1/64', null],
    ['10.0.0.0/33', null],
    ['::/129', null],
    ['10.0.0.0/', null],
    ['10.0.0.0/-1', null],
    ['10.0.0.0/8.0', null],
    ['10.0.0.0/8/8', null],
    ['10.0.0.0/ 8', null],
    ['10.0.0.0/0008', null],
    ['/8', null],
    ['', null],
  ];
  for (const [text, canonical] of rows) {
    const prefix = parsePrefix(text);
    t.is(prefix === null ? null : formatPrefix(prefix), canonical, JSON.stringify(text));
  }
});

test('an address is inside what holds its host prefix', (t) => {
  const rows: readonly (readonly [prefix: string, address: string, inside: boolean])[] = [
    ['10.65.0.0/16', '10.65.255.255', true],
    ['10.65.0.0/16', '10.66.0.0', false],
    ['0.0.0.0/0', '255.255.255.255', true],
    ['0.0.0.0/0', '::', false],
    ['::/0', '0.0.0.0', false],
    ['2001:db8::/33', '2001:db8:7fff::1', true],
    ['2001:db8::/33', '2001:db8:8000::', false],
  ];
  for (const [outer, inner, inside] of rows) {
    const { address } = parse(inner);
    t.is(prefixContainsIp(parse(outer), address), inside, `${inner} in ${outer}`);
    t.is(prefixContains(parse(outer), hostPrefix(address)), inside);
  }
});

test('masks', (t) => {
  for (let bits = -5; bits <= 40; bits++) {
    const ones = Math.min(Math.max(bits, 0), 32);
    t.is(maskWord(bits).toString(2).padStart(32, '0'), '1'.repeat(ones) + '0'.repeat(32 - ones));
  }
});

test('order: family, address, then length', (t) => {
  const sorted = [
    '0.0.0.0/0',
    '10.0.0.0/8',
    '10.0.0.0/16',
    '10.1.0.0/16',
    '255.0.0.0/8',
    '::/0',
    '::/1',
    '8000::/1',
  ];
  const shuffled = [3, 1, 7, 0, 5, 2, 6, 4].map((i) => parse(sorted[i]!));
  t.deepEqual(shuffled.sort(comparePrefix).map(formatPrefix), sorted);
});
