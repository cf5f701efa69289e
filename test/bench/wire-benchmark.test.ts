// The table that the wire benchmark is fed with, and what perf says.

import test from 'ava';
import { Framer } from '../../src/wire/framer.js';
import { NlriCursor } from '../../src/wire/nlri.js';
import { UpdateDecoder } from '../../src/wire/update.js';
import { UpdatePacker } from '../../src/wire/update-packer.js';
import { makeTable, packGroups } from './full-table.js';
import { parsePerfCount } from './wire-benchmark.js';

test('a table is the same for the same seed, in the proportions that it claims', (t) => {
  const table = makeTable({ prefixes: 20_000, perUpdate: 6, seed: 3 });
  t.deepEqual(table, makeTable({ prefixes: 20_000, perUpdate: 6, seed: 3 }));
  t.notDeepEqual(table.words, makeTable({ prefixes: 20_000, perUpdate: 6, seed: 4 }).words);
  const mean = table.words.length / table.groups.length;
  t.true(mean > 5.5 && mean < 6.5, String(mean));
  const hosts24 = table.lengths.filter((length) => length === 24).length / table.lengths.length;
  t.true(hosts24 > 0.6 && hosts24 < 0.7, String(hosts24));
  for (const [i, word] of table.words.entries()) {
    const hostBits = word % 2 ** (32 - (table.lengths[i] ?? 0));
    if (hostBits !== 0) t.fail(`host bits in prefix ${i}`);
  }
});

test('a packed table is received whole', (t) => {
  const table = makeTable({ prefixes: 5_000, perUpdate: 6, seed: 3 });
  const packer = new UpdatePacker({ maxMessage: 4096, asn4: true });
  t.is(packGroups(packer, table, 0, Number.POSITIVE_INFINITY), table.groups.length);
  const decoder = new UpdateDecoder({
    asn4: true,
    sessionType: 'ibgp',
    families: [true, true],
    addPath: [false, false],
  });
  const cursor = new NlriCursor();
  const words: number[] = [];
  const error = new Framer().push(packer.take(), (_type, frame) => {
    const view = decoder.decode(frame);
    for (const run of view.runs) {
      cursor.open(frame, run);
      while (cursor.next()) words.push(cursor.w0);
    }
    return view.verdicts.length === 0;
  });
  t.is(error, null);
  t.deepEqual(words, [...table.words]);
});

test('what perf counts, and what it cannot', (t) => {
  t.is(parsePerfCount('123456,,instructions:u,1000,100.00,,\n', 'instructions:u'), 123456);
  t.true(Number.isNaN(parsePerfCount('<not supported>,,instructions:u,0,100.00,,\n', 'instructions:u')));
  t.true(Number.isNaN(parsePerfCount('', 'instructions:u')));
});
