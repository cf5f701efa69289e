// Thousands of our messages, of every kind, as an independent dissector (tshark) reads them, field by field. Without
// tshark the test says so and passes, unless CI is set.

import test from 'ava';
import { Framer } from '../../src/wire/framer.js';
import { UpdatePacker } from '../../src/wire/update-packer.js';
import { dissect } from './dissect.js';
import { dissectorSamples } from './dissector-samples.js';

const { CI } = process.env;
const SEED = 20;
const MESSAGES = 10_000;
/** Differences shown before the test gives up. */
const SHOWN = 3;

test('tshark reads our messages as we meant them', (t) => {
  t.timeout(60_000);
  const samples = dissectorSamples(MESSAGES, SEED);
  const rows = dissect(samples.map(({ frame }) => frame));
  if (rows === null) {
    t.falsy(CI, 'tshark is missing');
    t.log('tshark is not installed: nothing compared');
    return;
  }
  t.is(rows.length, samples.length);
  let different = 0;
  for (const [i, { expected }] of samples.entries()) {
    if (!t.deepEqual(rows[i], expected, `message ${i}`) && ++different === SHOWN) return;
  }
});

test('tshark reads every message of a packed chunk', (t) => {
  const packer = new UpdatePacker({ maxMessage: 4096, asn4: true });
  packer.unreach(0);
  for (let i = 0; i < 2000; i++) packer.prefix(i << 8, 0, 0, 0, 24);
  const updates: Uint8Array[] = [];
  new Framer().push(packer.take(), (_type, frame) => updates.push(frame) > 0);
  const rows = dissect(updates);
  if (rows === null) {
    t.falsy(CI, 'tshark is missing');
    t.log('tshark is not installed: nothing compared');
    return;
  }
  t.true(updates.length > 1);
  t.deepEqual(
    rows.flatMap((row) => row.malformed ?? []),
    [],
  );
  t.is(rows.flatMap((row) => row.withdrawn ?? []).length, 2000);
});
