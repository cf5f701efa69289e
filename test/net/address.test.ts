// Addresses as node:net writes them.

import test from 'ava';
import { formatSocketAddress, parseSocketAddress } from '../../src/net/address.js';

const TABLE = [
  ['192.0.2.1', '192.0.2.1'],
  ['2001:db8::1', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1%eth0'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::1', '::1'],
  ['2001:db8::1%eth0', '2001:db8::1'],
  ['', null],
  ['%eth0', null],
  ['localhost', null],
] as const;

for (const [text, expected] of TABLE) {
  test(`"${text}" is ${expected ?? 'no address'}`, (t) => {
    const parsed = parseSocketAddress(text);
    t.is(parsed && formatSocketAddress(parsed), expected);
  });
}
