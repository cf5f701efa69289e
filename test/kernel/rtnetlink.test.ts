// The rtnetlink codec: what a real kernel sent, what we send, and octets that nobody should send.

import test from 'ava';
import fc from 'fast-check';
import { toHex } from '../../src/base/bytes.js';
import { type IpAddress, ipv4, ipv6 } from '../../src/base/ip.js';
import { formatPrefix, makePrefix, type Prefix, prefixWords } from '../../src/base/prefix.js';
import type { RouteWrite } from '../../src/kernel/port.js';
import {
  decodeAnswer,
  decodeChange,
  listLinks,
  listRoutes,
  messagesIn,
  passesFilter,
} from '../../src/kernel/rtnetlink/messages.js';
import { LITTLE_ENDIAN, viewOf } from '../../src/kernel/rtnetlink/octets.js';
import { encodeWrites, followersIn } from '../../src/kernel/rtnetlink/route-encode.js';
import { RouteMemo } from '../../src/kernel/rtnetlink/route-memo.js';
import type { KernelNextHop } from '../../src/kernel/types.js';
import { prefix } from './bench.js';
import { changeText } from './change-text.js';
import { readAllSamples } from './samples.js';

const samples = readAllSamples();
const filter = { tables: [254], protocol: 12, neighbours: true };

const decodeAll = (bytes: Uint8Array): string[] => {
  const view = viewOf(bytes);
  return [...messagesIn(view)].map((span) => changeText(decodeChange(bytes, view, span)));
};

// The samples are little-endian, as the machine that made them.
(LITTLE_ENDIAN ? test : test.skip)('notifications of a real kernel', (t) => {
  t.true(samples.length > 70);
  for (const { cause, bytes, expected } of samples) t.deepEqual(decodeAll(bytes), [expected], cause);
});

(LITTLE_ENDIAN ? test : test.skip)('a sample cut short anywhere is no message', (t) => {
  for (const { cause, bytes } of samples) {
    for (let length = 0; length < bytes.length; length++)
      t.deepEqual(decodeAll(bytes.subarray(0, length)), [], `${cause} at ${length}`);
  }
});

(LITTLE_ENDIAN ? test : test.skip)(
  'a filter keeps links, addresses and forwarding routes of its tables',
  (t) => {
    const kept = samples.filter(({ bytes }) => {
      const view = viewOf(bytes);
      return [...messagesIn(view)].some((span) => passesFilter(view, span, filter));
    });
    const texts = kept.map(({ expected }) => expected);
    t.true(texts.some((text) => text.startsWith('+link')));
    t.true(texts.some((text) => text.startsWith('-address')));
    t.true(texts.some((text) => text.includes('blackhole')));
    t.true(texts.some((text) => text.startsWith('neighbour')));
    t.false(texts.some((text) => text.includes('table 255') || text.includes('table 1000')));
  },
);

(LITTLE_ENDIAN ? test : test.skip)('any octet of a sample changed: never an exception', (t) => {
  fc.assert(
    fc.property(
      fc.constantFrom(...samples),
      fc.nat(),
      fc.integer({ min: 0, max: 255 }),
      (sample, at, octet) => {
        const bytes = sample.bytes.slice();
        bytes[at % bytes.length] = octet;
        decodeAll(bytes);
        const view = viewOf(bytes);
        for (const span of messagesIn(view)) passesFilter(view, span, filter);
      },
    ),
    { numRuns: 2000 },
  );
  t.pass();
});

test('random octets: never an exception, never a read outside', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 16, max: 29 }), (noise, type) => {
      const bytes = new Uint8Array(noise.length + 16);
      bytes.set(noise, 16);
      const view = viewOf(bytes);
      view.setUint32(0, bytes.length, LITTLE_ENDIAN);
      view.setUint16(4, type, LITTLE_ENDIAN);
      for (const span of messagesIn(view)) {
        decodeChange(bytes, view, span);
        decodeAnswer(view, span);
        passesFilter(view, span, filter);
      }
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

(LITTLE_ENDIAN ? test : test.skip)('with a memo of the route before, every message says the same', (t) => {
  const memo = new RouteMemo();
  let alike = 0;
  fc.assert(
    fc.property(fc.constantFrom(...samples), fc.array(fc.nat(), { maxLength: 3 }), (sample, places) => {
      const bytes = sample.bytes.slice();
      // The same again, and then with a few octets changed: often it is the destination that changes.
      for (const at of [null, ...places, null]) {
        if (at !== null) bytes[16 + (at % (bytes.length - 16))]! ^= 1 << (at & 7);
        const view = viewOf(bytes);
        for (const span of messagesIn(view)) {
          const change = decodeChange(bytes, view, span, memo);
          t.deepEqual(change, decodeChange(bytes, view, span));
          if (change?.kind === 'route') alike++;
        }
      }
    }),
    { numRuns: 2000 },
  );
  t.true(alike > 1000);
});

/** Laid out after linux/rtnetlink.h and linux/mpls.h: the kernel that the other forms were captured from has no MPLS. */
const MPLS = {
  'a route of a label is nobody of ours': `38000000 1800 0506 07000000 00000000
    1c 14 00 00 fe 04 00 01 00000000
    0800 0100 00064100  0800 0400 03000000  0c00 1200 0200 0a0a0002 0000`,
  'an IPv4 route that pushes a label': `48000000 1800 0506 07000000 00000000
    02 18 00 00 fe 04 00 01 00000000
    0800 0100 0a170400  0600 1500 0100 0000  0c00 1680 0800 0100 00064100  0800 0500 0a0a0002  0800 0400 03000000`,
} as const;

(LITTLE_ENDIAN ? test : test.skip)(
  'MPLS: a route of a label is passed over, a route that pushes one is no way',
  (t) => {
    const decoded = Object.values(MPLS).map((hex) => {
      const bytes = Uint8Array.from(Buffer.from(hex.replace(/\s/g, ''), 'hex'));
      const view = viewOf(bytes);
      const [span] = [...messagesIn(view)];
      t.is(span?.end, bytes.length);
      return decodeChange(bytes, view, span!);
    });
    t.is(decoded[0], null);
    t.like(decoded[1], { kind: 'route', route: { type: 'other' } });
  },
);

const write = (kind: RouteWrite['kind'], target: Prefix, nextHops: readonly KernelNextHop[]): RouteWrite => {
  const [w0, w1, w2, w3] = prefixWords(target);
  const identity = { table: 254, protocol: 12, metric: 1024 };
  const { length } = target;
  return {
    kind,
    family: target.address.family,
    w0,
    w1,
    w2,
    w3,
    length,
    identity,
    nextHops,
    object: 0,
    source: null,
  };
};

const hop = (gateway: IpAddress | null, over: Partial<KernelNextHop> = {}): KernelNextHop => ({
  gateway,
  ifindex: 3,
  onlink: false,
  weight: 1,
  ...over,
});

const GOLDEN: readonly { readonly what: string; readonly write: RouteWrite; readonly hex: string }[] = [
  {
    what: 'add 10.66.0.0/26 via 10.10.0.2 dev 3',
    write: write('add', prefix('10.66.0.0/26'), [hop(ipv4(0x0a0a0002))]),
    hex: `44000000 1800 0506 07000000 00000000
          02 1a 00 00 fe 0c 00 01 00000000
          0800 0100 0a420000  0800 0f00 fe000000  0800 0600 00040000
          0800 0500 0a0a0002  0800 0400 03000000`,
  },
  {
    what: 'replace it by an onlink route via fe80::2: RTA_VIA',
    write: write('replace', prefix('10.66.0.0/26'), [hop(ipv6([0xfe800000, 0, 0, 2]), { onlink: true })]),
    hex: `54000000 1800 0501 07000000 00000000
          02 1a 00 00 fe 0c 00 01 04000000
          0800 0100 0a420000  0800 0f00 fe000000  0800 0600 00040000
          1600 1200 0a00 fe80000000000000 0000000000000002 0000  0800 0400 03000000`,
  },
  {
    what: 'remove it: any scope, any type, our protocol, table and metric only',
    write: write('remove', prefix('10.66.0.0/26'), []),
    hex: `34000000 1900 0500 07000000 00000000
          02 1a 00 00 fe 0c ff 00 00000000
          0800 0100 0a420000  0800 0f00 fe000000  0800 0600 00040000`,
  },
  {
    what: 'add with two next hops: RTA_MULTIPATH',
    write: write('add', prefix('10.66.0.0/26'), [
      hop(ipv4(0x0a0a0002)),
      hop(ipv4(0x0a0a0003), { weight: 5, onlink: true }),
    ]),
    hex: `58000000 1800 0506 07000000 00000000
          02 1a 00 00 fe 0c 00 01 00000000
          0800 0100 0a420000  0800 0f00 fe000000  0800 0600 00040000
          2400 0900  1000 00 00 03000000 0800 0500 0a0a0002  1000 04 04 03000000 0800 0500 0a0a0003`,
  },
  {
    what: 'put back the route of an agent: of link scope, through its device',
    write: {
      ...write('add', prefix('10.65.0.9/32'), [hop(null)]),
      identity: { table: 254, protocol: 80, metric: 1024 },
      form: { scope: 253, type: 'unicast' },
    },
    hex: `3c000000 1800 0506 07000000 00000000
          02 20 00 00 fe 50 fd 01 00000000
          0800 0100 0a410009  0800 0f00 fe000000  0800 0600 00040000  0800 0400 03000000`,
  },
];

(LITTLE_ENDIAN ? test : test.skip)('writes, octet for octet', (t) => {
  for (const { what, write: one, hex } of GOLDEN)
    t.is(toHex(encodeWrites([one], 7, 128, new WeakMap())), hex.replace(/\s/g, ''), what);
});

test('every so many writes ask for an acknowledgement, and the last', (t) => {
  const target = prefix('10.66.0.0/26');
  const hops = [hop(ipv4(0x0a0a0002))];
  const octets = encodeWrites(new Array(10).fill(write('add', target, hops)), 100, 4, new WeakMap());
  const spans = [...messagesIn(viewOf(octets))];
  t.deepEqual(
    spans.map((span) => span.sequence),
    [100, 101, 102, 103, 104, 105, 106, 107, 108, 109],
  );
  t.deepEqual(
    spans.flatMap((span, i) => ((span.flags & 4) !== 0 ? [i] : [])),
    [3, 7, 9],
  );
});

test('a write that follows another is a message of its own: both ask for an answer', (t) => {
  const target = prefix('10.66.0.0/26');
  const plain = write('add', target, [hop(ipv4(0x0a0a0002))]);
  const writes = [
    plain,
    plain,
    write('remove', target, []),
    { ...plain, follows: true as const },
    plain,
    plain,
  ];
  const octets = encodeWrites(writes, 1, 128, new WeakMap());
  t.deepEqual(
    [...messagesIn(viewOf(octets))].flatMap((span, i) => ((span.flags & 4) !== 0 ? [i] : [])),
    [2, 3, 5],
  );
  t.deepEqual(followersIn(writes), [3]);
});

const word = fc.integer({ min: 0, max: 0xffffffff });
const anyIp = fc.oneof(word.map(ipv4), fc.tuple(word, word, word, word).map(ipv6));
const anyHop = fc.record({
  gateway: anyIp,
  ifindex: fc.integer({ min: 1, max: 0x7fffffff }),
  onlink: fc.boolean(),
  weight: fc.integer({ min: 1, max: 256 }),
});
const anyPrefix = fc
  .tuple(anyIp, fc.nat())
  .map(([address, n]) => makePrefix(address, n % (address.family === 'ipv4' ? 33 : 129)));

test('what is written reads back the same', (t) => {
  fc.assert(
    fc.property(anyPrefix, fc.array(anyHop, { minLength: 1, maxLength: 5 }), (target, hops) => {
      const octets = encodeWrites([write('add', target, hops)], 1, 128, new WeakMap());
      const view = viewOf(octets);
      const [span] = [...messagesIn(view)];
      const change = span === undefined ? null : decodeChange(octets, view, span);
      if (change?.kind !== 'route') throw new Error('not a route');
      const single = hops.length === 1;
      t.is(formatPrefix(change.route.prefix), formatPrefix(target));
      t.deepEqual(change.route.nextHops, single ? [{ ...hops[0]!, weight: 1 }] : hops);
      t.deepEqual([change.route.table, change.route.protocol, change.route.metric], [254, 12, 1024]);
    }),
    { numRuns: 500 },
  );
});

test('a listing names its family, table and interface', (t) => {
  if (LITTLE_ENDIAN)
    t.is(
      toHex(listRoutes(9, 'ipv6', 254, 3)),
      `2c000000 1a00 0103 09000000 00000000 0a000000 00000000 00000000
       0800 0f00 fe000000 0800 0400 03000000`.replace(/\s/g, ''),
    );
  if (LITTLE_ENDIAN) {
    const links = '28000000 1200 0103 07000000 00000000 00000000000000000000000000000000 0800 1d00 08000000';
    t.is(toHex(listLinks(7)), links.replaceAll(' ', ''), 'without statistics');
  }
  t.is(listRoutes(9, 'ipv4', 0, 0).length, 28);
});
