// Costs that a peer cannot drive up: time and memory for the worst messages that fit, and every vector cut anywhere.

import test from 'ava';
import { writeU16 } from '../../src/base/bytes.js';
import { decodeBlock, encodeBlock } from '../../src/wire/block.js';
import { Framer } from '../../src/wire/framer.js';
import { MESSAGE } from '../../src/wire/iana.js';
import { frameOf } from '../../src/wire/message.js';
import { decodeNotification, describeNotification } from '../../src/wire/notification.js';
import { decodeOpen } from '../../src/wire/open.js';
import { decodeRouteRefresh } from '../../src/wire/route-refresh.js';
import type { DecodeContext } from '../../src/wire/types.js';
import { UpdateDecoder } from '../../src/wire/update.js';
import { CONTEXT, readCases } from './case-file.js';

const LARGEST = 65535;

const repeat = (octets: readonly number[], room: number): number[] =>
  Array.from({ length: Math.floor(room / octets.length) }, () => octets).flat();

const attribute = (flags: number, code: number, value: readonly number[]): number[] => [
  flags | 0x10,
  code,
  value.length >>> 8,
  value.length & 255,
  ...value,
];

const PLAIN = [...attribute(0x40, 1, [0]), ...attribute(0x40, 2, []), ...attribute(0x40, 3, [10, 0, 0, 1])];

const update = (attributes: readonly number[], nlri: readonly number[]): Uint8Array => {
  const body = Uint8Array.from([0, 0, 0, 0, ...attributes, ...nlri]);
  writeU16(body, 2, attributes.length);
  return frameOf(MESSAGE.update, body);
};

const INTERNAL: DecodeContext = { ...CONTEXT, sessionType: 'ibgp' };
const ROOM = LARGEST - 19 - 4 - 100;

/** One AS number to a segment makes the most segments. */
const SEGMENT = [2, 1, 0, 0, 0xfd, 0xe9];
const NARROW_SEGMENT = [2, 1, 0x5b, 0xa0];
const ENDPOINT = [0, 8, 0, 8, 6, 6, 0, 0, 0, 0, 0, 0];

const WORST: readonly [name: string, context: DecodeContext, frame: () => Uint8Array][] = [
  ['prefixes of no length', CONTEXT, () => update(PLAIN, repeat([0], ROOM))],
  [
    'one attribute again and again',
    CONTEXT,
    () => update([...PLAIN, ...repeat([0x80, 4, 1, 0], ROOM)], [8, 10]),
  ],
  [
    'all attributes in the worst order',
    CONTEXT,
    () =>
      update(
        Array.from({ length: 215 }, (_, i) => attribute(0xc0, 255 - i, repeat([1], 290))).flat(),
        [8, 10],
      ),
  ],
  [
    'AS_PATH of short segments',
    CONTEXT,
    () => update([...attribute(0x40, 2, repeat(SEGMENT, ROOM)), ...PLAIN], [8, 10]),
  ],
  [
    'AS4_PATH beside an AS_PATH of short segments',
    { ...CONTEXT, asn4: false },
    () =>
      update(
        [
          ...attribute(0x40, 2, repeat(NARROW_SEGMENT, ROOM / 2)),
          ...attribute(0xc0, 17, repeat(SEGMENT, ROOM / 2)),
          ...attribute(0x40, 1, [0]),
          ...attribute(0x40, 3, [10, 0, 0, 1]),
        ],
        [8, 10],
      ),
  ],
  [
    'communities',
    CONTEXT,
    () => update([...PLAIN, ...attribute(0xc0, 8, repeat([1, 2, 3, 4], ROOM))], [8, 10]),
  ],
  [
    'AIGP of empty TLVs',
    INTERNAL,
    () =>
      update(
        [...PLAIN, ...attribute(0x40, 5, [0, 0, 0, 1]), ...attribute(0x80, 26, repeat([9, 0, 3], ROOM))],
        [8, 10],
      ),
  ],
  [
    'tunnels',
    INTERNAL,
    () =>
      update(
        [...PLAIN, ...attribute(0x40, 5, [0, 0, 0, 1]), ...attribute(0xc0, 23, repeat(ENDPOINT, ROOM))],
        [8, 10],
      ),
  ],
];

/** Far above what any of them takes; quadratic work on 65535 octets would take seconds. */
const LIMIT_MS = 250;
/** A block grows by at most the 4-octet AS numbers; there is room for two of them. */
const SCRATCH_LIMIT = 2 * (2 * LARGEST + 64);

for (const [name, context, make] of WORST) {
  test(`65535 octets of ${name} cost little time and memory`, (t) => {
    const frame = make();
    t.true(frame.length > 60_000 && frame.length <= LARGEST, String(frame.length));
    const decoder = new UpdateDecoder(context);
    decoder.decode(frame);
    const start = process.hrtime.bigint();
    const view = decoder.decode(frame);
    for (const { blockStart, blockEnd } of view.runs) {
      if (blockEnd > 0) encodeBlock(decodeBlock(view.scratch.subarray(blockStart, blockEnd)));
    }
    const milliseconds = Number(process.hrtime.bigint() - start) / 1e6;
    t.true(milliseconds < LIMIT_MS, `${milliseconds} ms`);
    t.is(view.reset, null);
    t.true(view.scratch.length <= SCRATCH_LIMIT, `${view.scratch.length} octets`);
    t.true(view.verdicts.length <= 16);
  });
}

test('an OPEN of the smallest capabilities costs little', (t) => {
  const capabilities = repeat([200, 0], 4096 - 29 - 6);
  const length = capabilities.length;
  const inner = length + 3;
  const parameters = [255, 255, inner >>> 8, inner & 255, 2, length >>> 8, length & 255, ...capabilities];
  const body = Uint8Array.from([4, 0xfd, 0xe9, 0, 90, 10, 0, 0, 1, ...parameters]);
  const frame = frameOf(MESSAGE.open, body);
  t.true(frame.length <= 4096);
  const result = decodeOpen(frame);
  t.true(result.ok && result.open.capabilities.length === length / 2);
});

/** Any octets get a verdict; an exception fails the test. */
function verdictOf(frame: Uint8Array, context: DecodeContext): boolean {
  switch (frame[18]) {
    case MESSAGE.open:
      return typeof decodeOpen(frame).ok === 'boolean';
    case MESSAGE.notification:
      return describeNotification(decodeNotification(frame)).length > 0;
    case MESSAGE.routeRefresh:
      return typeof decodeRouteRefresh(frame).ok === 'boolean';
    default:
      return Array.isArray(new UpdateDecoder(context).decode(frame).runs);
  }
}

for (const folder of ['wire', 'malformed'] as const) {
  test(`${folder}: every vector cut at each offset, as its header says and as a stream that ends`, (t) => {
    let cuts = 0;
    for (const { frame, context, maxMessage } of readCases(folder)) {
      for (let length = 19; length < frame.length; length++) {
        const cut = frame.slice(0, length);
        writeU16(cut, 16, length);
        t.true(verdictOf(cut, context));
        const framer = new Framer(maxMessage);
        let frames = 0;
        const error = framer.push(frame.subarray(0, length), () => ++frames > 0);
        t.true(error === null || error.code === 1);
        cuts++;
      }
    }
    t.true(cuts > 1500, String(cuts));
  });
}
