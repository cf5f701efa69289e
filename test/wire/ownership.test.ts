// What outlives a read is the reader's own: the octets of a socket come as a Buffer that the next read overwrites, and
// `slice` of a Buffer would share them.

import test from 'ava';
import { copyBytes, toHex } from '../../src/base/bytes.js';
import { decodeBlock } from '../../src/wire/block.js';
import { Framer } from '../../src/wire/framer.js';
import { MESSAGE } from '../../src/wire/iana.js';
import { decodeNotification } from '../../src/wire/notification.js';
import { decodeOpen } from '../../src/wire/open.js';
import { decodeRouteRefresh } from '../../src/wire/route-refresh.js';
import { UpdateDecoder } from '../../src/wire/update.js';
import { UpdatePacker } from '../../src/wire/update-packer.js';
import { type Case, readCases } from './case-file.js';

/** Everything that a decoder hands out to keep, as text. */
const texts = (value: unknown): string =>
  JSON.stringify(value, (_key, v) => (v instanceof Uint8Array ? toHex(v) : v));

/** What may be kept of a message; a view's octets are not. */
function keep({ context, frame: whole, maxMessage }: Case, octets: Uint8Array): unknown {
  let kept: unknown = null;
  const error = new Framer(maxMessage).push(octets, (type, frame) => {
    switch (type) {
      case MESSAGE.open:
        kept = decodeOpen(frame);
        break;
      case MESSAGE.notification:
        kept = decodeNotification(frame);
        break;
      case MESSAGE.routeRefresh:
        kept = decodeRouteRefresh(frame);
        break;
      case MESSAGE.update: {
        const view = new UpdateDecoder(context).decode(frame);
        const blocks = view.runs.map(({ blockStart, blockEnd }) =>
          blockEnd === 0 ? null : decodeBlock(view.scratch.subarray(blockStart, blockEnd)),
        );
        kept = { verdicts: view.verdicts, reset: view.reset, blocks };
        break;
      }
    }
    return true;
  });
  return { kept, error, whole: whole.length };
}

for (const folder of ['wire', 'malformed'] as const) {
  test(`${folder}: nothing that is kept changes when the buffer of the read is used again`, (t) => {
    const cases = readCases(folder);
    t.true(cases.length > 40);
    for (const input of cases) {
      const buffer = Buffer.from(input.frame);
      const kept = keep(input, buffer);
      const before = texts(kept);
      buffer.fill(0xa5);
      t.is(texts(kept), before, input.name);
      t.is(before, texts(keep(input, input.frame)), input.name);
    }
  });
}

test('attributes decoded from a Buffer are copies', (t) => {
  const update = readCases('wire').find(({ name }) => name === 'update-communities-of-all-kinds.case')!;
  const view = new UpdateDecoder(update.context).decode(update.frame);
  const run = view.runs[0]!;
  const block = Buffer.from(view.scratch.slice(run.blockStart, run.blockEnd));
  const attributes = decodeBlock(block);
  const before = texts(attributes);
  block.fill(0);
  t.is(texts(attributes), before);
});

test('a block given as a Buffer is not needed once its message is closed', (t) => {
  const update = readCases('wire').find(({ name }) => name === 'update-aigp.case')!;
  const view = new UpdateDecoder(update.context).decode(update.frame);
  const run = view.runs[0]!;
  const block = Buffer.from(view.scratch.slice(run.blockStart, run.blockEnd));
  const packer = new UpdatePacker({ maxMessage: 4096, asn4: true });
  packer.reach(0, block);
  block.fill(0);
  packer.prefix(0xcb007100, 0, 0, 0, 24);
  t.is(toHex(packer.take()), toHex(update.frame));
});

test('copies are plain arrays of their own', (t) => {
  const buffer = Buffer.from([1, 2, 3, 4]);
  const copy = copyBytes(buffer, 1, 3);
  t.false(Buffer.isBuffer(copy));
  buffer.fill(9);
  t.deepEqual([...copy], [2, 3]);
  t.deepEqual([...copyBytes(buffer)], [9, 9, 9, 9]);
  t.is(copyBytes(buffer, 4).length, 0);
});
