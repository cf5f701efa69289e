// Catalogues: every number has one prefix, and every prefix its number.

import test from 'ava';
import fc from 'fast-check';
import type { FamilyIndex } from '../../../src/base/family.js';
import { NlriCursor } from '../../../src/wire/nlri.js';
import { UpdateDecoder } from '../../../src/wire/update.js';
import { type Catalogue, hostCatalogue, tableCatalogue } from './catalogue.js';
import { newPacker } from './load-feed.js';

const COUNT = 3_000_000;

const CATALOGUES = [
  ['hosts, IPv4', hostCatalogue(0, COUNT)],
  ['hosts, IPv6', hostCatalogue(1, COUNT)],
  ['table, IPv4', tableCatalogue(0, COUNT)],
  ['table, IPv6', tableCatalogue(1, COUNT)],
] as const;

interface Words {
  readonly words: readonly [number, number, number, number];
  readonly length: number;
}

/** As the project's own decoder reads it from a withdrawal. */
const prefixOf = (catalogue: Catalogue, id: number): Words => {
  const packer = newPacker();
  packer.unreach(catalogue.family);
  catalogue.pack(packer, id);
  const families = [true, true] as const;
  const decoder = new UpdateDecoder({
    asn4: true,
    sessionType: 'ibgp',
    families,
    addPath: [false, false],
  });
  const view = decoder.decode(packer.take());
  const cursor = new NlriCursor();
  cursor.open(view.frame, view.runs[0]!);
  cursor.next();
  return { words: [cursor.w0, cursor.w1, cursor.w2, cursor.w3], length: cursor.length };
};

const octets = ({ words }: Words, family: FamilyIndex): readonly number[] =>
  family === 0 ? [words[0]] : words;

for (const [name, catalogue] of CATALOGUES) {
  test(`${name}: the number of a number's prefix is that number`, (t) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: COUNT - 1 }), (id) => {
        const { words, length } = prefixOf(catalogue, id);
        return (
          catalogue.idOf(...words, length) === id &&
          catalogue.idOf(...words, length - 1) === -1 &&
          (words[0] >>> 24 !== 127 || catalogue.family === 1)
        );
      }),
    );
    t.pass();
  });

  test(`${name}: prefixes do not overlap and ascend`, (t) => {
    let last = -1n;
    for (let id = COUNT - 2000; id < COUNT; id += 1) {
      const prefix = prefixOf(catalogue, id);
      const bits = catalogue.family === 0 ? 32 : 128;
      const first = octets(prefix, catalogue.family).reduce((sum, one) => sum * 2n ** 32n + BigInt(one), 0n);
      t.true(first > last, `number ${id}`);
      last = first + 2n ** BigInt(bits - prefix.length) - 1n;
    }
  });

  test(`${name}: what is outside has no number`, (t) => {
    const { words, length } = prefixOf(catalogue, 5);
    const smaller = {
      ...catalogue,
      ...(name.startsWith('hosts') ? hostCatalogue : tableCatalogue)(catalogue.family, 5),
    };
    t.is(smaller.idOf(...words, length), -1);
    t.is(catalogue.idOf(0x01020304, 0, 0, 0, 32), -1);
    t.is(
      catalogue.idOf(0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, catalogue.family === 0 ? 32 : 128),
      -1,
    );
  });
}
