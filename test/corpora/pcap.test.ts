// Captures: both formats, both byte orders, link types; and TCP put together whatever happened to its segments.

import test from 'ava';
import fc from 'fast-check';
import { concatBytes, fromHex, toHex, writeU16, writeU32 } from '../../src/base/bytes.js';
import { KEEPALIVE } from '../../src/wire/message.js';
import { pcapOf } from '../wire/pcap.js';
import { readCapture } from './pcap/capture-file.js';
import { replayCapture } from './pcap/replay.js';
import { isSegment, type Segment, segmentOf } from './pcap/segment.js';
import { TcpStream } from './pcap/tcp-stream.js';
import { Report } from './report.js';

const hex = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array(0);

const packetsOf = (file: Uint8Array) => {
  const capture = readCapture(file);
  return capture.kind === 'packets' ? capture.packets : [];
};

/** The IP packet of one KEEPALIVE. */
const PACKET = packetsOf(pcapOf([KEEPALIVE]))[0]!.bytes;

function littleEndian(file: Uint8Array): Uint8Array {
  const copy = file.slice();
  const swap = (at: number, width: number): void => {
    copy.subarray(at, at + width).reverse();
  };
  for (const at of [0, 8, 12, 16, 20]) swap(at, 4);
  for (const at of [4, 6]) swap(at, 2);
  for (let at = 24; at < file.length; at += 16 + PACKET.length) {
    for (let word = 0; word < 16; word += 4) swap(at + word, 4);
  }
  return copy;
}

function block(type: number, body: Uint8Array): Uint8Array {
  const padded = (body.length + 3) & ~3;
  const octets = new Uint8Array(12 + padded);
  writeU32(octets, 0, type);
  writeU32(octets, 4, octets.length);
  octets.set(body, 8);
  writeU32(octets, 8 + padded, octets.length);
  return octets;
}

const word = (value: number): Uint8Array => {
  const octets = new Uint8Array(4);
  writeU32(octets, 0, value);
  return octets;
};

const SECTION = block(0x0a0d0d0a, hex('1a2b3c4d 0001 0000 ffffffffffffffff'));
const interfaceOf = (link: number): Uint8Array =>
  block(1, hex(`${link.toString(16).padStart(4, '0')} 0000 00000000`));
const enhanced = (id: number, packet: Uint8Array): Uint8Array =>
  block(6, concatBytes([word(id), word(0), word(0), word(packet.length), word(packet.length), packet]));

test('pcap in both byte orders, and pcapng with several interfaces, hold the same packets', (t) => {
  const twice = pcapOf([KEEPALIVE, KEEPALIVE]);
  const whole = packetsOf(twice).map(({ bytes }) => toHex(bytes));
  t.is(whole.length, 2);
  t.deepEqual(
    packetsOf(littleEndian(twice)).map(({ bytes }) => toHex(bytes)),
    whole,
  );
  const simple = block(3, concatBytes([word(PACKET.length), PACKET]));
  const file = concatBytes([
    SECTION,
    interfaceOf(101),
    interfaceOf(1),
    enhanced(0, PACKET),
    block(5, hex('00')),
    simple,
    enhanced(1, PACKET),
  ]);
  const packets = packetsOf(file);
  t.deepEqual(
    packets.map(({ link }) => link),
    [101, 101, 1],
  );
  for (const { bytes } of packets) t.is(toHex(bytes), toHex(PACKET));
});

test('a capture that is cut off gives what is whole; other files are refused', (t) => {
  const file = pcapOf([KEEPALIVE, KEEPALIVE]);
  for (let length = 24; length < file.length; length++) {
    const capture = readCapture(file.subarray(0, length));
    t.is(capture.kind, 'packets');
    if (capture.kind === 'packets') t.true(capture.packets.length <= 1);
  }
  t.is(readCapture(new Uint8Array(100)).kind, 'unknown');
  t.is(readCapture(new Uint8Array(3)).kind, 'unknown');
});

const ETHERNET = `${'00'.repeat(12)}`;

test('link types', (t) => {
  const packet = toHex(PACKET);
  const forms: readonly (readonly [link: number, text: string])[] = [
    [101, packet],
    [228, packet],
    [0, `02000000 ${packet}`],
    [1, `${ETHERNET} 0800 ${packet}`],
    [1, `${ETHERNET} 8100 0064 0800 ${packet}`],
    [1, `${ETHERNET} 88a8 0064 8100 0064 0800 ${packet}`],
    [113, `${'00'.repeat(14)} 0800 ${packet}`],
    [276, `0800 ${'00'.repeat(18)} ${packet}`],
    [104, `0f00 0800 ${packet}`],
    [9, `ff03 0021 ${packet}`],
    [9, `0021 ${packet}`],
    [1, `${ETHERNET} 0800 ${packet} ${'00'.repeat(6)}`],
  ];
  for (const [link, text] of forms) {
    const found = segmentOf({ link, bytes: hex(text) });
    if (!isSegment(found)) return t.fail(`${link} ${text.slice(0, 40)}: ${found}`);
    t.is(toHex(found.payload), toHex(KEEPALIVE));
    t.is(found.from, 'c0000201:179');
  }
  t.is(segmentOf({ link: 147, bytes: PACKET }), 'link type');
  t.is(segmentOf({ link: 1, bytes: hex(`${ETHERNET} 0806 0001`) }), null);
  t.is(segmentOf({ link: 101, bytes: PACKET.subarray(0, PACKET.length - 1) }), 'cut short');
});

test('IPv6 with extension headers; fragments and other ports are left out', (t) => {
  const tcp = PACKET.subarray(20);
  const head = hex(`60000000 0000 00 40 ${'20010db8'.padEnd(32, '0')} ${'20010db9'.padEnd(32, '0')}`);
  const packet = concatBytes([head, hex('2b00 000000000000 0600 000000000000'), tcp]);
  writeU16(packet, 4, packet.length - 40);
  const found = segmentOf({ link: 101, bytes: packet });
  t.true(isSegment(found) && toHex(found.payload) === toHex(KEEPALIVE));
  const fragment = packet.slice();
  fragment[40] = 44;
  t.is(segmentOf({ link: 101, bytes: fragment }), 'fragment');
  const other = PACKET.slice();
  writeU16(other, 20, 80);
  t.is(segmentOf({ link: 101, bytes: other }), null);
});

const segment = (sequence: number, payload: Uint8Array, flags: Partial<Segment> = {}): Segment => ({
  from: 'a',
  to: 'b',
  sequence: sequence >>> 0,
  syn: false,
  last: false,
  payload,
  ...flags,
});

test('whatever the order, with repetitions and overlaps, the stream is the same', (t) => {
  const cut = fc.record({ at: fc.nat(299), length: fc.integer({ min: 1, max: 40 }) });
  const histories = fc.record({
    start: fc.constantFrom(1, 0xffffff80, 0x7fffffc0),
    more: fc.array(cut, { maxLength: 20 }),
    order: fc.infiniteStream(fc.nat()),
  });
  const octets = Uint8Array.from({ length: 300 }, (_, i) => i);
  fc.assert(
    fc.property(histories, ({ start, more, order }) => {
      const basic = Array.from({ length: 20 }, (_, i) => ({ at: i * 15, length: 15 }));
      const shuffled = [...basic, ...more]
        .map((piece) => ({ piece, key: order.next().value ?? 0 }))
        .sort((a, b) => a.key - b.key);
      const stream = new TcpStream();
      const got: Uint8Array[] = [];
      const emit = (event: { kind: string; octets?: Uint8Array }): void => {
        if (event.kind === 'gap') throw new Error('a gap');
        if (event.octets !== undefined) got.push(event.octets);
      };
      stream.take(segment(start - 1, new Uint8Array(0), { syn: true }), emit);
      for (const { piece } of shuffled) {
        stream.take(segment(start + piece.at, octets.slice(piece.at, piece.at + piece.length)), emit);
      }
      stream.end(emit);
      return toHex(concatBytes(got)) === toHex(octets);
    }),
  );
  t.pass();
});

test('octets that the capture lost are a gap, and the messages behind it are read', (t) => {
  const file = pcapOf([KEEPALIVE, KEEPALIVE, KEEPALIVE]);
  const record = 16 + PACKET.length;
  const holed = concatBytes([file.subarray(0, 24 + record), file.subarray(24 + 2 * record)]);
  const report = new Report('holed');
  replayCapture(holed, report);
  t.deepEqual(report.failures, []);
  t.deepEqual(Object.fromEntries(report.counts), {
    messages: 2,
    'gaps in the capture': 1,
    packets: 2,
    connections: 1,
  });
});

test('what is wrong on the wire fails the replay', (t) => {
  const marker = 'ff'.repeat(16);
  for (const [text, failure] of [
    [`${marker}00130${'9'}`, /reset 1\/3/],
    [`${marker}0017 02 0009 0000`, /reset 3\/1/],
    [`${marker}001d 01 03 fde9 005a c0000209 00`, /reset 2\/1/],
  ] as const) {
    const report = new Report('bad');
    replayCapture(pcapOf([KEEPALIVE, hex(text)]), report);
    t.is(report.failed, 1, text);
    t.regex(report.failures[0] ?? '', failure);
  }
});
