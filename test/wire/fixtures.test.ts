// Every vector of fixtures/wire and fixtures/malformed: decoded whole, decoded octet by octet, encoded again, and cut
// off at each offset.

import test from 'ava';
import { bytesEqual, toHex, writeU16 } from '../../src/base/bytes.js';
import { ATTRIBUTE_ROWS } from '../../src/wire/attributes/table.js';
import { decodeBlock, encodeBlock } from '../../src/wire/block.js';
import { Framer } from '../../src/wire/framer.js';
import { MESSAGE } from '../../src/wire/iana.js';
import { KEEPALIVE } from '../../src/wire/message.js';
import { NlriCursor } from '../../src/wire/nlri.js';
import { decodeNotification, encodeNotification } from '../../src/wire/notification.js';
import { decodeOpen, encodeOpen } from '../../src/wire/open.js';
import { decodeRouteRefresh, encodeRouteRefresh } from '../../src/wire/route-refresh.js';
import type { DecodeContext, Notification, UpdateView } from '../../src/wire/types.js';
import { UpdateDecoder } from '../../src/wire/update.js';
import { UpdatePacker } from '../../src/wire/update-packer.js';
import { type Case, readCases } from './case-file.js';
import { present, presentNotification } from './presentation.js';

const wire = readCases('wire');
const malformed = readCases('malformed');

/** What the framer hands out when the octets arrive in chunks of `size`. */
function frames(input: Case, size: number): { frames: Uint8Array[]; error: Notification | null } {
  const framer = new Framer(input.maxMessage);
  const found: Uint8Array[] = [];
  for (let at = 0; at < input.frame.length; at += size) {
    const error = framer.push(
      input.frame.subarray(at, at + size),
      (_type, frame) => found.push(frame.slice()) > 0,
    );
    if (error !== null) return { frames: found, error };
  }
  return { frames: found, error: null };
}

for (const input of wire) {
  test(`wire ${input.name}: decoded whole and octet by octet`, (t) => {
    for (const size of [input.frame.length, 1, 7]) {
      const cut = frames(input, size);
      t.is(cut.error, null);
      t.deepEqual(cut.frames.map(toHex), [toHex(input.frame)]);
      t.deepEqual(present(cut.frames[0]!, input.context), input.expected as object);
    }
  });

  test(`wire ${input.name}: ${input.oneWay === null ? 'encodes to the same octets' : 'encodes otherwise'}`, (t) => {
    const encoded = encode(input);
    if (input.oneWay === null) t.is(toHex(encoded), toHex(input.frame));
    else t.not(toHex(encoded), toHex(input.frame), input.oneWay);
  });
}

function encode(input: Case): Uint8Array {
  const { frame } = input;
  switch (frame[18]) {
    case MESSAGE.open: {
      const result = decodeOpen(frame);
      return result.ok ? encodeOpen(result.open) : new Uint8Array(0);
    }
    case MESSAGE.update:
      return pack(new UpdateDecoder(input.context).decode(frame), input.context);
    case MESSAGE.notification:
      return encodeNotification(decodeNotification(frame));
    case MESSAGE.routeRefresh: {
      const result = decodeRouteRefresh(frame);
      return result.ok ? encodeRouteRefresh(result.message) : new Uint8Array(0);
    }
    default:
      return KEEPALIVE;
  }
}

function pack(view: UpdateView, context: DecodeContext): Uint8Array {
  const packer = new UpdatePacker({ maxMessage: 4096, asn4: context.asn4, addPath: context.addPath });
  const cursor = new NlriCursor();
  for (const run of view.runs) {
    if (run.kind === 'unreach') packer.unreach(run.family);
    else packer.reach(run.family, view.scratch.slice(run.blockStart, run.blockEnd));
    cursor.open(view.frame, run);
    while (cursor.next()) {
      const { w0, w1, w2, w3, length } = cursor;
      if (run.addPath) packer.path(cursor.pathId, w0, w1, w2, w3, length);
      else packer.prefix(w0, w1, w2, w3, length);
    }
  }
  if (view.endOfRib !== null) packer.endOfRib(view.endOfRib);
  return packer.take();
}

for (const input of malformed) {
  test(`malformed ${input.name}`, (t) => {
    for (const size of [input.frame.length, 1]) {
      const cut = frames(input, size);
      const outcome =
        cut.error === null
          ? present(cut.frames[0]!, input.context)
          : { reset: presentNotification(cut.error) };
      t.deepEqual(outcome, input.expected as object);
    }
  });
}

test('every attribute that has a row has a malformed case, with the verdict of its row', (t) => {
  const told = malformed.flatMap(
    ({ expected }) => (expected as { verdicts?: readonly string[] }).verdicts ?? [],
  );
  for (const { code, onMalformed } of ATTRIBUTE_ROWS) {
    const found = told.filter((verdict) => verdict.startsWith(`${onMalformed} ${code} `));
    t.true(found.length > 0, `attribute ${code}: ${onMalformed}`);
  }
});

test('a block that came from the wire survives decode and encode', (t) => {
  let blocks = 0;
  for (const { frame, context } of [...wire, ...malformed].filter(
    (input) => input.frame[18] === MESSAGE.update,
  )) {
    const view = new UpdateDecoder(context).decode(frame);
    for (const run of view.runs.filter(({ kind }) => kind === 'reach')) {
      const block = view.scratch.slice(run.blockStart, run.blockEnd);
      t.is(toHex(encodeBlock(decodeBlock(block))), toHex(block));
      blocks++;
    }
  }
  t.true(blocks > 20);
});

/** The message cut off at `length`, its header adjusted so that the framer accepts it. */
function cutFrame(frame: Uint8Array, length: number): Uint8Array {
  const cut = frame.slice(0, length);
  writeU16(cut, 16, length);
  return cut;
}

for (const { name, frame, context } of wire) {
  if (frame[18] === MESSAGE.update) {
    test(`wire ${name}: cut off anywhere it is refused, or ends at a whole prefix`, (t) => {
      const decoder = new UpdateDecoder(context);
      const whole = decoder.decode(frame).runs.map((run) => run.start);
      for (let length = 19; length < frame.length; length++) {
        const view = decoder.decode(cutFrame(frame, length));
        const last = view.runs.at(-1);
        const wholePrefixes = last !== undefined && last.end === length && whole.includes(last.start);
        const nlriGone = whole.includes(length);
        t.true(view.reset !== null || wholePrefixes || nlriGone, `cut at ${length}`);
      }
    });
  }
  if (frame[18] === MESSAGE.open) {
    test(`wire ${name}: cut off anywhere it is refused`, (t) => {
      for (let length = 19; length < frame.length; length++) {
        t.false(decodeOpen(cutFrame(frame, length)).ok, `cut at ${length}`);
      }
    });
  }
}

test('a decoder is clean again after any message', (t) => {
  const updates = [...malformed, ...wire].filter(({ frame }) => frame[18] === MESSAGE.update);
  for (const { context } of updates.slice(0, 3)) {
    const reused = new UpdateDecoder(context);
    for (const { frame } of updates) {
      if (frame.length !== ((frame[16]! << 8) | frame[17]!)) continue;
      const fresh = new UpdateDecoder(context).decode(frame);
      const again = reused.decode(frame);
      t.deepEqual(again.runs, fresh.runs);
      t.deepEqual(again.verdicts, fresh.verdicts);
      t.deepEqual(again.reset, fresh.reset);
      t.is(again.endOfRib, fresh.endOfRib);
      for (const run of fresh.runs) {
        const range = [run.blockStart, run.blockEnd] as const;
        t.true(bytesEqual(again.scratch.slice(...range), fresh.scratch.slice(...range)));
      }
    }
  }
});
