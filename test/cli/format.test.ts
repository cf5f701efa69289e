import test from 'ava';
import fc from 'fast-check';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatList,
  formatMilliseconds,
  formatNumber,
  formatTime,
  orDash,
  printable,
} from '../../src/cli/format.js';

const table = <T>(
  name: string,
  format: (value: T) => string,
  rows: readonly (readonly [T, string])[],
): void => {
  for (const [value, expected] of rows) {
    test(`${name} ${JSON.stringify(value)} is ${expected}`, (t) => t.is(format(value), expected));
  }
};

table('duration', formatDuration, [
  [0, '00:00:00'],
  [12.9, '00:00:12'],
  [72, '00:01:12'],
  [86_399, '23:59:59'],
  [86_400, '1d00h'],
  [183_900, '2d03h'],
  [400 * 86_400 + 5 * 3600, '400d05h'],
  [-3, '00:00:00'],
]);

table('milliseconds', formatMilliseconds, [
  [0, '0 ms'],
  [0.25, '0.25 ms'],
  [1.86651, '1.867 ms'],
  [25, '25 ms'],
  [1000, '1 s'],
  [2500, '2.5 s'],
]);

table('bytes', formatBytes, [
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [151_234, '147.7 KiB'],
  [5 * 1024 ** 3, '5.0 GiB'],
  [3 * 1024 ** 5, '3072.0 TiB'],
]);

table('time', formatTime, [
  ['2026-01-01T08:00:00.000Z', '2026-01-01 08:00:00 UTC'],
  ['2026-01-01T08:00:00Z', '2026-01-01 08:00:00 UTC'],
  ['yesterday', 'yesterday'],
]);

table('number', formatNumber, [
  [0, '0'],
  [null, '-'],
]);

table('text', orDash, [
  ['', '-'],
  [null, '-'],
  ['x', 'x'],
]);

table('control characters', printable, [
  ['plain text, näive 漢字', 'plain text, näive 漢字'],
  ['\u001b[2Jgone\n', '\\x1b[2Jgone\\x0a'],
  ['bell\u0007 csi\u009b del\u007f', 'bell\\x07 csi\\x9b del\\x7f'],
]);

test('counts and lists', (t) => {
  t.is(formatCount(1, 'neighbor'), '1 neighbor');
  t.is(formatCount(0, 'neighbor'), '0 neighbors');
  t.is(formatCount(2, 'batch', 'batches'), '2 batches');
  t.is(formatList(['a', 'b']), 'a, b');
  t.is(formatList(['a', 'b'], ' '), 'a b');
  t.is(formatList([]), '-');
});

test('a duration never has more than nine characters within 27 years', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 9999 * 86_400 }), (seconds) => formatDuration(seconds).length <= 9),
  );
  t.pass();
});

test('printable text holds no control character and keeps the rest', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const shown = printable(text);
      return !/\p{Cc}/u.test(shown) && (/\p{Cc}/u.test(text) || shown === text);
    }),
  );
  t.pass();
});
