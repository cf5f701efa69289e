// The framer: chunk borders, views, extended messages, stopping, and the cost of octet by octet arrival.

import test from 'ava';
import fc from 'fast-check';
import { concatBytes, toHex } from '../../src/base/bytes.js';
import { Framer } from '../../src/wire/framer.js';
import { MESSAGE } from '../../src/wire/iana.js';
import { frameOf, KEEPALIVE } from '../../src/wire/message.js';

const message = fc.oneof(
  fc.constant(KEEPALIVE),
  fc.uint8Array({ minLength: 4, maxLength: 300 }).map((body) => frameOf(MESSAGE.update, body)),
  fc.uint8Array({ minLength: 2, maxLength: 20 }).map((body) => frameOf(MESSAGE.notification, body)),
  fc.uint8Array({ minLength: 10, maxLength: 80 }).map((body) => frameOf(MESSAGE.open, body)),
);

test('messages come out as they went in, wherever the stream is cut', (t) => {
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 400 })),
      (sent, sizes) => {
        const stream = concatBytes(sent);
        const framer = new Framer();
        const received: string[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = sizes[i % Math.max(1, sizes.length)] ?? stream.length;
          // A fresh copy for each chunk: views into it must not be needed later.
          const chunk = stream.slice(at, at + size);
          t.is(
            framer.push(chunk, (type, frame) => received.push(`${type} ${toHex(frame)}`) > 0),
            null,
          );
          chunk.fill(0);
          at += size;
        }
        t.deepEqual(
          received,
          sent.map((frame) => `${frame[18]} ${toHex(frame)}`),
        );
      },
    ),
    { numRuns: 100 },
  );
});

test('whole messages in a chunk are views of it', (t) => {
  const chunk = concatBytes([KEEPALIVE, KEEPALIVE]);
  const offsets: number[] = [];
  new Framer().push(chunk, (_type, frame) => {
    t.is(frame.buffer, chunk.buffer);
    offsets.push(frame.byteOffset - chunk.byteOffset);
    return true;
  });
  t.deepEqual(offsets, [0, 19]);
});

test('false from the handler ends the framing', (t) => {
  const framer = new Framer();
  let seen = 0;
  const stop = (): boolean => {
    seen++;
    return false;
  };
  t.is(framer.push(concatBytes([KEEPALIVE, KEEPALIVE]), stop), null);
  t.is(framer.push(KEEPALIVE, stop), null);
  t.is(seen, 1);
});

test('an error is reported once, behind the messages before it', (t) => {
  const framer = new Framer();
  const bad = KEEPALIVE.slice();
  bad[18] = 77;
  let seen = 0;
  const count = (): boolean => ++seen > 0;
  const error = framer.push(concatBytes([KEEPALIVE, bad, KEEPALIVE]), count);
  t.deepEqual(error, { code: 1, subcode: 3, data: Uint8Array.of(77) });
  t.is(framer.push(KEEPALIVE, count), null);
  t.is(seen, 1);
});

test('a header error shows as soon as the header is there', (t) => {
  const bad = frameOf(MESSAGE.update, new Uint8Array(100));
  bad[16] = 0xff;
  const framer = new Framer();
  t.is(
    framer.push(bad.subarray(0, 18), () => true),
    null,
  );
  t.deepEqual(
    framer.push(bad.subarray(18, 19), () => true),
    {
      code: 1,
      subcode: 2,
      data: Uint8Array.of(0xff, 0x77),
    },
  );
});

test('extended messages are accepted from the moment they are allowed', (t) => {
  const large = frameOf(MESSAGE.update, new Uint8Array(60000));
  t.is(new Framer().push(large, () => true)?.subcode, 2);
  const framer = new Framer();
  const lengths: number[] = [];
  // The limit changes while a chunk is being cut, as it does when an OPEN arrives.
  const error = framer.push(concatBytes([KEEPALIVE, large]), (_type, frame) => {
    framer.maxMessage = 65535;
    return lengths.push(frame.length) > 0;
  });
  t.is(error, null);
  t.deepEqual(lengths, [19, 60019]);
});

test('random octets never throw, and end in an error or wait for more', (t) => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }), (chunks) => {
      const framer = new Framer();
      for (const chunk of chunks) {
        const error = framer.push(chunk, () => true);
        if (error !== null) t.is(error.code, 1);
      }
    }),
  );
});

test('a large message that arrives octet by octet is copied once', (t) => {
  const frame = frameOf(MESSAGE.update, new Uint8Array(65000));
  const framer = new Framer(65535);
  let frames = 0;
  const count = (): boolean => ++frames > 0;
  const start = process.hrtime.bigint();
  for (let round = 0; round < 4; round++) {
    for (let at = 0; at < frame.length; at++) framer.push(frame.subarray(at, at + 1), count);
  }
  const milliseconds = Number(process.hrtime.bigint() - start) / 1e6;
  t.is(frames, 4);
  // Copying the tail for every octet would move 8 GB here.
  t.true(milliseconds < 2000, `${milliseconds} ms`);
});
