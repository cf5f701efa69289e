// MRT records that no router of ours writes, made here: the old tables, path ids, microseconds, and what is broken.

import test from 'ava';
import { concatBytes, fromHex, writeU16, writeU32 } from '../../src/base/bytes.js';
import { readBgp4mp } from './mrt/bgp4mp.js';
import { MRT, type MrtRecord, readMrt } from './mrt/records.js';
import { replayMrt } from './mrt/replay.js';
import { readTable } from './mrt/table-dump.js';
import { Report } from './report.js';

const hex = (text: string): Uint8Array => {
  const octets = fromHex(text);
  if (octets === null) throw new Error(`no hex: ${text}`);
  return octets;
};

function record(type: number, subtype: number, body: Uint8Array): Uint8Array {
  const head = new Uint8Array(12);
  writeU16(head, 4, type);
  writeU16(head, 6, subtype);
  writeU32(head, 8, body.length);
  return concatBytes([head, body]);
}

function replay(...records: readonly Uint8Array[]): Report {
  const report = new Report('made here');
  replayMrt(concatBytes(records), report);
  return report;
}

const MARKER = 'ff'.repeat(16);
/** ORIGIN, AS_PATH 65001 of two octets, NEXT_HOP. */
const NARROW = '40010100 40020402 01fde9 400304c0000201';
const WIDE = '40010100 4002060201 0000fde9 400304c0000201';
const TABLE_V1 = hex(`0000 0001 c6336400 18 01 00000000 c0000209 fde9 0012 ${NARROW}`);
const TABLE_V1_IPV6 = hex(
  `0000 0001 20010db8000100000000000000000000 30 01 00000000 20010db8000000000000000000000009 fde9 0023
   40010100 40020402 01fde9 800e 15 0002 01 10 20010db8000000000000000000000001 00`,
);
const PEERS = hex(
  'c0000201 0000 0002 00 01010101 c0000209 fde9 03 02020202 20010db8000000000000000000000009 0000fde9',
);
const UPDATE = hex(`${MARKER} 002f 02 0000 0014 ${WIDE} 18c63364`);
const UPDATE_NARROW = hex(`${MARKER} 002d 02 0000 0012 ${NARROW} 18c63364`);
const UPDATE_PATH_ID = hex(`${MARKER} 0033 02 0000 0014 ${WIDE} 00000007 18c63364`);
const session4 = '0000fde9 0000fde8 0000 0001 c0000209 c0000201';
const session2 = 'fde9 fde8 0000 0001 c0000209 c0000201';
const message = (session: string, frame: Uint8Array): Uint8Array => concatBytes([hex(session), frame]);

const cases: readonly (readonly [
  name: string,
  file: readonly Uint8Array[],
  counts: Record<string, number>,
])[] = [
  ['TABLE_DUMP of IPv4', [record(12, 1, TABLE_V1)], { routes: 1, records: 1 }],
  ['TABLE_DUMP of IPv6, MP_REACH_NLRI left whole', [record(12, 2, TABLE_V1_IPV6)], { routes: 1, records: 1 }],
  [
    'TABLE_DUMP_V2 with path ids',
    [
      record(13, 1, PEERS),
      record(
        13,
        8,
        hex(`00000000 18c63364 0002 0000 00000000 00000007 0014 ${WIDE} 0001 00000000 00000008 0014 ${WIDE}`),
      ),
    ],
    { routes: 2, records: 2 },
  ],
  [
    'TABLE_DUMP_V2 of IPv6, MP_REACH_NLRI cut to the next hop',
    [
      record(13, 1, PEERS),
      record(
        13,
        4,
        hex(
          '00000000 3020010db80001 0001 0001 00000000 0021 40010100 40020602010000fde9 800e11 10 20010db8000000000000000000000001',
        ),
      ),
    ],
    { routes: 1, records: 2 },
  ],
  [
    'BGP4MP, 2-octet AS numbers',
    [record(16, 1, message(session2, UPDATE_NARROW))],
    { messages: 1, records: 1 },
  ],
  ['BGP4MP, 4-octet AS numbers', [record(16, 4, message(session4, UPDATE))], { messages: 1, records: 1 }],
  ['BGP4MP with path ids', [record(16, 9, message(session4, UPDATE_PATH_ID))], { messages: 1, records: 1 }],
  [
    'BGP4MP_ET: microseconds before the rest',
    [record(17, 4, concatBytes([hex('000f4240'), message(session4, UPDATE)]))],
    { messages: 1, records: 1 },
  ],
  ['state changes', [record(16, 5, hex(`${session4} 0005 0006`))], { 'state changes': 1, records: 1 }],
  ['what is not BGP', [record(11, 0, hex('00'))], { 'records of type 11, not BGP': 1, records: 1 }],
  ['other families', [record(13, 6, hex('00'))], { 'records of RIB_GENERIC, not unicast': 1, records: 1 }],
];

for (const [name, file, counts] of cases) {
  test(name, (t) => {
    const report = replay(...file);
    t.deepEqual(report.failures, []);
    t.deepEqual(Object.fromEntries(report.counts), counts);
    t.is(report.explained.size, 0);
  });
}

const broken: readonly (readonly [name: string, file: readonly Uint8Array[], failure: RegExp])[] = [
  [
    'a file that ends inside a record',
    [record(16, 4, UPDATE).subarray(0, 40)],
    /ends inside the record at octet 0/,
  ],
  ['a table record that is too short', [record(12, 1, TABLE_V1.subarray(0, 30))], /broken TABLE_DUMP/],
  [
    'octets behind a table record',
    [record(13, 1, PEERS), record(13, 2, hex('00000000 18c63364 0000 00'))],
    /broken RIB/,
  ],
  [
    'attributes past their end',
    [record(12, 1, hex('0000 0001 c6336400 18 01 00000000 c0000209 fde9 0004 40010900'))],
    /run past/,
  ],
  [
    'a message that is not whole',
    [record(16, 4, message(session4, UPDATE.subarray(0, 30)))],
    /no whole message/,
  ],
  [
    'a peer that sends nonsense',
    [record(16, 4, message(session4, hex(`${MARKER} 0017 02 0009 0000`)))],
    /reset 3\/1/,
  ],
  [
    'flags that no router has',
    [record(12, 1, hex(`0000 0001 c6336400 18 01 00000000 c0000209 fde9 0012 80${NARROW.slice(2)}`))],
    /flags conflict/,
  ],
];

for (const [name, file, failure] of broken) {
  test(name, (t) => {
    const report = replay(...file);
    t.is(report.failed, 1);
    t.regex(report.failures[0] ?? '', failure);
  });
}

test('no octets make a reader throw or run past the end', (t) => {
  const bodies = [
    TABLE_V1,
    TABLE_V1_IPV6,
    PEERS,
    message(session4, UPDATE),
    message(session2, UPDATE_NARROW),
  ];
  let read = 0;
  for (const body of bodies) {
    for (let length = 0; length < body.length; length++) {
      for (const [type, subtype] of [
        [12, 1],
        [12, 2],
        [13, 1],
        [13, 2],
        [13, 8],
        [16, 1],
        [16, 4],
      ] as const) {
        const [found] = readMrt(record(type, subtype, body.subarray(0, length)));
        if (found?.kind !== 'record') return t.fail('no record');
        read += take(found);
      }
    }
  }
  t.true(read > 100);
});

const take = (found: MrtRecord): number => {
  const result = found.type === MRT.bgp4mp ? readBgp4mp(found) : readTable(found, []);
  return result.kind === 'broken' ? 1 : 0;
};
