// The UPDATE decoder against hostile input, and its promises about reuse and bounds.

import test from 'ava';
import fc from 'fast-check';
import { toHex, writeU16 } from '../../src/base/bytes.js';
import { decodeBlock, encodeBlock } from '../../src/wire/block.js';
import { MESSAGE } from '../../src/wire/iana.js';
import { frameOf } from '../../src/wire/message.js';
import { NlriCursor } from '../../src/wire/nlri.js';
import { decodeNotification, describeNotification, encodeNotification } from '../../src/wire/notification.js';
import { decodeOpen, encodeOpen } from '../../src/wire/open.js';
import { decodeRouteRefresh } from '../../src/wire/route-refresh.js';
import type { DecodeContext, UpdateView } from '../../src/wire/types.js';
import { UpdateDecoder } from '../../src/wire/update.js';
import { CONTEXT, readCases } from './case-file.js';

const context: fc.Arbitrary<DecodeContext> = fc.record({
  asn4: fc.boolean(),
  sessionType: fc.constantFrom('ibgp', 'ebgp'),
  families: fc.tuple(fc.boolean(), fc.boolean()),
  addPath: fc.tuple(fc.boolean(), fc.boolean()),
});

const updates = readCases('wire')
  .map(({ frame }) => frame)
  .filter((frame) => frame[18] === MESSAGE.update);
const others = readCases('wire')
  .map(({ frame }) => frame)
  .filter((frame) => frame[18] !== MESSAGE.update);

/** A valid message with some octets changed, removed or doubled; the header length is right. */
const mutated = (frames: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(
      fc.constantFrom(...frames),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat({ max: 9 })), {
        minLength: 1,
        maxLength: 5,
      }),
    )
    .map(([frame, changes]) => {
      const octets = [...frame];
      for (const [where, value, what] of changes) {
        const at = 19 + (where % Math.max(1, octets.length - 19));
        if (what === 0) octets.splice(at, 1);
        else if (what === 1) octets.splice(at, 0, value);
        else if (at < octets.length) octets[at] = value;
      }
      const bytes = Uint8Array.from(octets);
      writeU16(bytes, 16, bytes.length);
      return bytes;
    });

/** Everything a view promises to its readers. */
function inspect(view: UpdateView): string | null {
  if (view.reset !== null)
    return view.runs.length === 0 && view.reset.code === 3 ? null : 'runs beside a reset';
  let unreachDone = false;
  const cursor = new NlriCursor();
  for (const run of view.runs) {
    if (run.kind === 'reach') unreachDone = true;
    else if (unreachDone) return 'a withdrawal behind a reach';
    cursor.open(view.frame, run);
    let prefixes = 0;
    while (cursor.next()) {
      if (cursor.length > (run.family === 0 ? 32 : 128)) return 'a prefix too long';
      prefixes++;
    }
    if (prefixes === 0) return 'an empty run';
    if (run.kind === 'unreach') continue;
    const block = view.scratch.slice(run.blockStart, run.blockEnd);
    // The Partial bit of attributes with a field of their own is not part of the decoded form.
    const plain = toHex(encodeBlock(decodeBlock(block)));
    if (plain !== toHex(encodeBlock(decodeBlock(encodeBlock(decodeBlock(block)))))) return 'not canonical';
    if (plain.length !== block.length * 2) return 'a block of another length';
  }
  return null;
}

test('random octets in an UPDATE never throw and never break the view', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 4, maxLength: 200 }), context, (body, given) => {
      t.is(inspect(new UpdateDecoder(given).decode(frameOf(MESSAGE.update, body))), null);
    }),
    { numRuns: 2000 },
  );
});

test('attributes of random flags, codes and values never throw and never break the view', (t) => {
  const attribute = fc
    .tuple(
      fc.constantFrom(0x40, 0x80, 0xc0, 0xe0, 0x50, 0x90, 0xd0, 0x4f),
      fc.oneof(fc.integer({ min: 1, max: 35 }), fc.integer({ min: 0, max: 255 })),
      fc.uint8Array({ maxLength: 40 }),
    )
    .map(([flags, code, value]) =>
      (flags & 0x10) === 0 ? [flags, code, value.length, ...value] : [flags, code, 0, value.length, ...value],
    );
  fc.assert(
    fc.property(fc.array(attribute, { maxLength: 12 }), context, (attributes, given) => {
      const octets = attributes.flat();
      const body = Uint8Array.from([0, 0, octets.length >>> 8, octets.length & 255, ...octets, 24, 10, 0, 0]);
      t.is(inspect(new UpdateDecoder(given).decode(frameOf(MESSAGE.update, body))), null);
    }),
    { numRuns: 2000 },
  );
});

test('mutated UPDATEs never throw and never break the view', (t) => {
  fc.assert(
    fc.property(mutated(updates), context, (frame, given) => {
      t.is(inspect(new UpdateDecoder(given).decode(frame)), null);
    }),
    { numRuns: 5000 },
  );
});

test('mutated OPEN, NOTIFICATION and ROUTE-REFRESH never throw', (t) => {
  fc.assert(
    fc.property(mutated(others), (frame) => {
      const open = decodeOpen(frame);
      if (open.ok) t.true(encodeOpen(open.open).length >= 29);
      else t.is(open.notification.code, 2);
      t.is(typeof decodeRouteRefresh(frame).ok, 'boolean');
      const notification = decodeNotification(frame);
      t.notRegex(describeNotification(notification), /[\p{Cc}\p{Cf}]/u);
      const again = encodeNotification(notification);
      if (frame.length >= 21) t.is(toHex(again.slice(19)), toHex(frame.slice(19)));
      else t.is(again.length, 21);
    }),
    { numRuns: 2000 },
  );
});

test('frames shorter than an UPDATE are refused', (t) => {
  for (let length = 0; length < 23; length++) {
    t.is(new UpdateDecoder(CONTEXT).decode(new Uint8Array(length)).reset?.subcode, 1);
  }
});

test('the view and its runs are the same objects each time', (t) => {
  const decoder = new UpdateDecoder({ ...CONTEXT, sessionType: 'ibgp' });
  const frame = updates.find((update) => update.length > 160)!;
  const first = decoder.decode(frame);
  const run = first.runs[0];
  t.truthy(run);
  const second = decoder.decode(frame);
  t.is(second, first);
  t.is(second.runs[0], run);
});

test('verdicts and their evidence are bounded', (t) => {
  const repeated = Array.from({ length: 900 }, () => [0x80, 4, 1, 0]).flat();
  const body = Uint8Array.from([0, 0, repeated.length >>> 8, repeated.length & 255, ...repeated, 8, 10]);
  const view = new UpdateDecoder(CONTEXT).decode(frameOf(MESSAGE.update, body));
  t.true(view.verdicts.length <= 16);
  t.is(view.runs[0]?.kind, 'unreach');
  const long = new Uint8Array(4000);
  long.set([0, 0, 15, 134, 0x90, 4, 15, 130]);
  const evidence = new UpdateDecoder(CONTEXT).decode(frameOf(MESSAGE.update, long.slice(0, 3980)));
  t.true(evidence.verdicts.every(({ bytes }) => bytes.length <= 256));
  t.true(evidence.verdicts.length > 0);
});

test('the error data of a huge attribute fits into a NOTIFICATION', (t) => {
  const body = new Uint8Array(60000);
  writeU16(body, 2, body.length - 4);
  body.set([0x50, 200], 4);
  writeU16(body, 6, body.length - 8);
  const { reset } = new UpdateDecoder(CONTEXT).decode(frameOf(MESSAGE.update, body));
  t.is(reset?.subcode, 2);
  t.is(encodeNotification(reset!).length, 4096);
});

test('255 attributes in the worst order become one sorted block', (t) => {
  const codes = Array.from({ length: 200 }, (_, i) => 255 - i);
  const body = [
    ...codes.flatMap((code) => [0xc0, code, 1, code]),
    ...[0x40, 3, 4, 10, 0, 0, 1, 0x40, 2, 0, 0x40, 1, 1, 0],
  ];
  const frame = frameOf(
    MESSAGE.update,
    Uint8Array.from([0, 0, body.length >>> 8, body.length & 255, ...body, 8, 10]),
  );
  const view = new UpdateDecoder(CONTEXT).decode(frame);
  const run = view.runs[0]!;
  const { others: kept } = decodeBlock(view.scratch.slice(run.blockStart, run.blockEnd));
  t.deepEqual(
    kept.map(({ code }) => code),
    [...codes].reverse(),
  );
});
