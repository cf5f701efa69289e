// Addresses: what is one and what is none, RFC 5952 text, octets, order.

import test from 'ava';
import fc from 'fast-check';
import {
  compareIp,
  formatIp,
  type IpAddress,
  type Ipv6Words,
  ipEquals,
  ipFromBytes,
  ipToBytes,
  ipv4,
  ipv6,
  isLinkLocal,
  isLoopback,
  isMulticast,
  isUnspecified,
  parseIp,
} from '../../src/base/ip.js';

const u32 = fc.oneof(
  fc.nat({ max: 0xffffffff }),
  fc.constantFrom(0, 1, 0xffff, 0x10000, 0xffff0000, 0xffffffff),
);
const anyIp: fc.Arbitrary<IpAddress> = fc.oneof(
  u32.map(ipv4),
  fc.tuple(u32, u32, u32, u32).map((words) => ipv6(words as Ipv6Words)),
);

const parse = (text: string): IpAddress => {
  const ip = parseIp(text);
  if (ip === null) throw new Error(`${text} is no address`);
  return ip;
};

const CANONICAL: readonly (readonly [text: string, rfc5952: string])[] = [
  ['0.0.0.0', '0.0.0.0'],
  ['255.255.255.255', '255.255.255.255'],
  ['10.0.0.254', '10.0.0.254'],
  ['::', '::'],
  ['::1', '::1'],
  ['1::', '1::'],
  ['0:0:0:0:0:0:0:1', '::1'],
  // RFC 5952 1 and 4: leading zeros, case, the longest run, the first of equal runs, no run of one.
  ['2001:0db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:DB8::1', '2001:db8::1'],
  ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
  ['1:0:0:2:3:4:5:6', '1::2:3:4:5:6'],
  ['1:2:3:4:5:6:0:0', '1:2:3:4:5:6::'],
  ['0:0:1:2:3:4:5:6', '::1:2:3:4:5:6'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
  ['fe80::a:B', 'fe80::a:b'],
  ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
  ['::ffff:c000:201', '::ffff:192.0.2.1'],
  ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304'],
];

test('text to address to RFC 5952 text', (t) => {
  for (const [text, canonical] of CANONICAL) t.is(formatIp(parse(text)), canonical, text);
});

const NO_ADDRESS = [
  '',
  ' ',
  '1',
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.256',
  '01.2.3.4',
  '1.2.3.04',
  '1.2.3.-4',
  '+1.2.3.4',
  '1.2.3.4 ',
  '0x1.2.3.4',
  '1..2.3',
  '10.0.0.0/8',
  ':',
  ':::',
  '1:',
  ':1',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7:8::',
  '1:2:3:4::5:6:7:8',
  '::12345',
  '::g',
  '::1%eth0',
  '::1.2.3',
  '1.2.3.4::',
  '::1.2.3.4:5',
  '1:2:3:4:5:6:7:1.2.3.4',
  '::-1',
];

test('what is no address', (t) => {
  for (const text of NO_ADDRESS) t.is(parseIp(text), null, JSON.stringify(text));
});

test('parse(format(x)) = x, and octets there and back', (t) => {
  const property = fc.property(anyIp, (ip) => {
    const bytes = ipToBytes(ip);
    return ipEquals(parse(formatIp(ip)), ip) && ipEquals(ipFromBytes(bytes, 0, bytes.length as 4 | 16), ip);
  });
  t.notThrows(() => fc.assert(property, { numRuns: 1000 }));
});

test('octets in network order, from any offset', (t) => {
  t.deepEqual(ipToBytes(parse('1.2.3.4')), Uint8Array.of(1, 2, 3, 4));
  t.deepEqual([...ipToBytes(parse('ff01:203::80'))], [0xff, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80]);
  t.is(formatIp(ipFromBytes(Uint8Array.of(9, 255, 0, 0, 1), 1, 4)), '255.0.0.1');
});

test('the order is that of the octets, IPv4 first', (t) => {
  const property = fc.property(anyIp, anyIp, (a, b) => {
    const [x, y] = [ipToBytes(a), ipToBytes(b)];
    const expected = x.length - y.length || Buffer.compare(x, y);
    return Math.sign(compareIp(a, b)) === Math.sign(expected);
  });
  t.notThrows(() => fc.assert(property, { numRuns: 1000 }));
});

test('kinds of addresses', (t) => {
  const kinds = [isLinkLocal, isUnspecified, isLoopback, isMulticast];
  const rows: readonly (readonly [text: string, kind: number])[] = [
    ['169.253.255.255', -1],
    ['169.254.0.0', 0],
    ['169.254.255.255', 0],
    ['169.255.0.0', -1],
    ['fe7f::', -1],
    ['fe80::', 0],
    ['febf::1', 0],
    ['fec0::', -1],
    ['0.0.0.0', 1],
    ['::', 1],
    ['127.0.0.1', 2],
    ['127.255.255.255', 2],
    ['128.0.0.0', -1],
    ['::1', 2],
    ['1::1', -1],
    ['223.255.255.255', -1],
    ['224.0.0.5', 3],
    ['239.255.255.255', 3],
    ['240.0.0.0', -1],
    ['ff02::1', 3],
    ['feff::1', -1],
  ];
  for (const [text, kind] of rows) {
    t.deepEqual(
      kinds.map((is) => is(parse(text))),
      kinds.map((_, i) => i === kind),
      text,
    );
  }
});
