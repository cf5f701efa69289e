// NLRI: the cursor, the check and the writer against each other and against hostile octets.

import test from 'ava';
import fc from 'fast-check';
import type { FamilyIndex } from '../../src/base/family.js';
import { type Prefix, prefixWords } from '../../src/base/prefix.js';
import { checkNlri, NlriCursor, writeNlri } from '../../src/wire/nlri.js';
import type { NlriRun } from '../../src/wire/types.js';
import { prefixesOf } from './presentation.js';
import { ipv4Prefix, ipv6Prefix, u32 } from './samples.js';

const run = (family: FamilyIndex, end: number, addPath = false): NlriRun => ({
  kind: 'unreach',
  family,
  addPath,
  start: 0,
  end,
  blockStart: 0,
  blockEnd: 0,
});

function write(prefixes: readonly Prefix[], ids: readonly number[] = []): Uint8Array {
  const bytes = new Uint8Array(prefixes.length * 21);
  let at = 0;
  prefixes.forEach((prefix, i) => {
    if (ids.length > 0) {
      new DataView(bytes.buffer).setUint32(at, ids[i % ids.length]!);
      at += 4;
    }
    at = writeNlri(bytes, at, ...prefixWords(prefix), prefix.length);
  });
  return bytes.slice(0, at);
}

const CHECKS: readonly [string, string, FamilyIndex, boolean, ReturnType<typeof checkNlri>][] = [
  ['nothing', '', 0, false, null],
  ['default route', '00', 0, false, null],
  ['a host', '200a000001', 0, false, null],
  ['32 bits is the limit of IPv4', '210a00000100', 0, false, 'prefixTooLong'],
  ['128 bits is the limit of IPv6', `81${'00'.repeat(17)}`, 1, false, 'prefixTooLong'],
  ['an octet is missing', '180a00', 0, false, 'truncated'],
  ['all octets are missing', '18', 0, false, 'truncated'],
  ['path id', '0000000118 0a0000', 0, true, null],
  ['half a path id', '0000', 0, true, 'truncated'],
  ['a path id alone', '00000001', 0, true, 'truncated'],
  ['second one cut', '080a100a', 0, false, 'truncated'],
];

for (const [name, hex, family, addPath, expected] of CHECKS) {
  test(`check: ${name}`, (t) => {
    const bytes = Uint8Array.from(Buffer.from(hex.replace(/ /g, ''), 'hex'));
    t.is(checkNlri(bytes, 0, bytes.length, family, addPath), expected);
  });
}

for (const [family, arbitrary] of [
  [0, ipv4Prefix],
  [1, ipv6Prefix],
] as const) {
  test(`family ${family}: the cursor reads what the writer wrote`, (t) => {
    fc.assert(
      fc.property(fc.array(arbitrary, { maxLength: 20 }), (prefixes) => {
        const bytes = write(prefixes);
        t.is(checkNlri(bytes, 0, bytes.length, family, false), null);
        const cursor = new NlriCursor();
        cursor.open(bytes, run(family, bytes.length));
        for (const prefix of prefixes) {
          t.true(cursor.next());
          const { w0, w1, w2, w3, length } = cursor;
          t.deepEqual([w0, w1, w2, w3, length], [...prefixWords(prefix), prefix.length]);
        }
        t.false(cursor.next());
      }),
    );
  });
}

test('path ids are read in front of each prefix', (t) => {
  fc.assert(
    fc.property(fc.array(ipv4Prefix, { minLength: 1 }), fc.array(u32, { minLength: 1 }), (prefixes, ids) => {
      const bytes = write(prefixes, ids);
      t.is(checkNlri(bytes, 0, bytes.length, 0, true), null);
      const read = prefixesOf(bytes, run(0, bytes.length, true)).map((text) => Number(text.split(' ')[1]));
      t.deepEqual(
        read,
        prefixes.map((_, i) => ids[i % ids.length]),
      );
    }),
  );
});

test('a run that passed the check never reads past its end', (t) => {
  const cursor = new NlriCursor();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.boolean(), fc.boolean(), (bytes, ipv6, addPath) => {
      const family = ipv6 ? 1 : 0;
      if (checkNlri(bytes, 0, bytes.length, family, addPath) !== null) return;
      let octets = 0;
      cursor.open(bytes, run(family, bytes.length, addPath));
      while (cursor.next()) octets += 1 + Math.ceil(cursor.length / 8) + (addPath ? 4 : 0);
      t.is(octets, bytes.length);
    }),
    { numRuns: 1000 },
  );
});

test('the words of one prefix do not leak into the next', (t) => {
  const bytes = write([
    ...fc.sample(ipv6Prefix, 1),
    { address: { family: 'ipv6', words: [0, 0, 0, 0] }, length: 0 },
  ]);
  const cursor = new NlriCursor();
  cursor.open(bytes, run(1, bytes.length));
  cursor.next();
  cursor.next();
  t.deepEqual([cursor.w0, cursor.w1, cursor.w2, cursor.w3, cursor.length], [0, 0, 0, 0, 0]);
});

test('the words of an IPv6 run do not leak into an IPv4 run', (t) => {
  const cursor = new NlriCursor();
  const ipv6 = Uint8Array.of(128, ...new Array<number>(16).fill(255));
  cursor.open(ipv6, run(1, ipv6.length));
  t.true(cursor.next());
  t.is(cursor.w3, 0xffffffff);
  cursor.open(Uint8Array.of(8, 10), run(0, 2));
  t.true(cursor.next());
  t.deepEqual([cursor.w0, cursor.w1, cursor.w2, cursor.w3], [0x0a000000, 0, 0, 0]);
});
