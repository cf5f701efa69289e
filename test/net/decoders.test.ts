// Sessions that agreed on the same things share a decoder; others never do.

import test from 'ava';
import { decoderFor } from '../../src/net/decoders.js';
import type { DecodeContext } from '../../src/wire/types.js';

const CONTEXT: DecodeContext = {
  asn4: true,
  sessionType: 'ebgp',
  families: [true, true],
  addPath: [false, false],
  extendedNextHop: false,
  refuseAsSets: true,
};

test('one decoder for a context, another for each that differs', (t) => {
  t.is(decoderFor(CONTEXT), decoderFor({ ...CONTEXT }));
  const others: readonly Partial<DecodeContext>[] = [
    { asn4: false },
    { sessionType: 'ibgp' },
    { families: [true, false] },
    { addPath: [true, false] },
    { addPath: [false, true] },
    { extendedNextHop: true },
    { refuseAsSets: false },
    { aigp: true },
    { tunnelEncapsulation: true },
  ];
  const decoders = [CONTEXT, ...others.map((change) => ({ ...CONTEXT, ...change }))].map(decoderFor);
  t.is(new Set(decoders).size, decoders.length);
});
