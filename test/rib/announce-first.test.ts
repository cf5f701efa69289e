// Make before break at peers: what a pass announces goes before what it withdraws, and everybody ends up with the same.

import test from 'ava';
import fc from 'fast-check';
import {
  AGGREGATE_SOURCE,
  type AttrSetId,
  KERNEL_SOURCE,
  NONE,
  type PeerId,
  type PrefixId,
} from '../../src/base/ids.js';
import { type PacketEntry, partsFor } from '../../src/rib/export/packet-queue.js';
import { PendingChanges } from '../../src/rib/export/pending-changes.js';
import { AttrSets } from '../../src/rib/tables/attr-sets.js';
import { NextHops } from '../../src/rib/tables/next-hops.js';
import { PrefixTable } from '../../src/rib/tables/prefix-table.js';
import { UpdatePacker } from '../../src/wire/update-packer.js';
import { Neighbour, neighbourOptions } from './neighbour.js';
import { address, blockOf, prefix, sequence, splitMessages } from './routes.js';
import { TestRib } from './test-rib.js';

const LOCAL = blockOf({ asPath: [] });

/** `+` and `-` with the third octet of 10.1.x.0/24, in the order in which they are sent. */
function said(parts: readonly Uint8Array[]): readonly string[] {
  return parts.flatMap(splitMessages).flatMap((message) => {
    const withdrawn = (message[19]! << 8) | message[20]!;
    const attributes = (message[21 + withdrawn]! << 8) | message[22 + withdrawn]!;
    const nlri = message.subarray(23 + withdrawn + attributes);
    return [...octets(message.subarray(21, 21 + withdrawn), '-'), ...octets(nlri, '+')];
  });
}

function octets(nlri: Uint8Array, sign: '+' | '-'): readonly string[] {
  return Array.from({ length: nlri.length / 4 }, (_, i) => `${sign}${nlri[i * 4 + 3]}`);
}

class Packing {
  readonly attrSets = new AttrSets(new NextHops(null), 1);
  readonly tables = [new PrefixTable(false, 1), new PrefixTable(true, 1)] as const;
  readonly pending = new PendingChanges(this.attrSets, this.tables);
  readonly #packer = new UpdatePacker({ maxMessage: 4096, asn4: true });

  /** `attributes` null: withdrawn. */
  add(octet: number, attributes: number | null, source: number): void {
    const id = this.tables[0].findOrAdd(((10 << 24) | (1 << 16) | (octet << 8)) >>> 0, 0, 0, 0, 24);
    const attrs = attributes === null ? NONE : this.#attrs(attributes);
    this.pending.add(0, id as PrefixId, attrs, source as PeerId);
  }

  #attrs(med: number): AttrSetId {
    const block = blockOf({ med, nextHop: address('192.0.2.1') });
    return this.attrSets.intern(block, 0, block.length);
  }

  pack(): PacketEntry {
    return this.pending.pack(this.#packer, 1);
  }
}

test('an aggregate goes before the withdrawals around it, whoever they came from and in whatever order', (t) => {
  const packing = new Packing();
  packing.add(1, null, KERNEL_SOURCE);
  packing.add(2, 7, KERNEL_SOURCE);
  packing.add(3, null, 9);
  packing.add(4, 7, AGGREGATE_SOURCE);
  packing.add(5, null, KERNEL_SOURCE);
  const entry = packing.pack();
  t.deepEqual(said(partsFor(entry, 8 as PeerId)), ['+2', '+4', '-1', '-5', '-3']);
  t.deepEqual(
    said(partsFor(entry, 9 as PeerId)),
    ['+2', '+4', '-1', '-5'],
    'the source hears nothing of its own',
  );
});

test('what changes twice in a pass ends as it was said last', (t) => {
  for (const [first, second] of [
    [7, null],
    [null, 7],
  ] as const) {
    const packing = new Packing();
    packing.add(1, first, 9);
    packing.add(2, null, 10);
    packing.add(1, second, 10);
    const order = said(partsFor(packing.pack(), 8 as PeerId)).filter((each) => each.endsWith('1'));
    t.is(order.at(-1), second === null ? '-1' : '+1');
  }
});

test('every member is sent all that is not its own, each once, announcements first', (t) => {
  const change = fc.record({
    octet: fc.nat({ max: 255 }),
    attributes: fc.option(fc.nat({ max: 3 })),
    source: fc.integer({ min: 1, max: 12 }),
  });
  const history = fc.uniqueArray(change, { selector: ({ octet }) => octet, maxLength: 60 });
  const property = fc.property(fc.array(history, { minLength: 1, maxLength: 3 }), (passes) => {
    const packing = new Packing();
    for (const changes of passes) {
      for (const { octet, attributes, source } of changes) packing.add(octet, attributes, source);
      const entry = packing.pack();
      for (let member = 1; member <= 13; member++) {
        const order = said(partsFor(entry, member as PeerId));
        const wanted = changes
          .filter(({ source }) => source !== member)
          .map(({ octet, attributes }) => `${attributes === null ? '-' : '+'}${octet}`);
        t.deepEqual([...order].sort(), wanted.sort());
        t.is(
          order.map((each) => each[0]).join(''),
          order
            .map((each) => each[0])
            .sort()
            .join(''),
          '+ sorts before -',
        );
      }
    }
  });
  t.notThrows(() => fc.assert(property, { numRuns: 200 }));
});

test('an UPDATE that withdraws and announces is passed on the other way round', (t) => {
  const world = new TestRib({ reflector: true });
  const [a, b] = [1, 2].map((n) => new Neighbour(world, neighbourOptions(n, 'ibgpClient')).up());
  const via = { nextHop: address('192.0.2.1'), asPath: sequence(65001), localPref: 100 };
  a!.announce(['10.1.1.0/24', '10.1.2.0/24'], via);
  world.rib.applyLocal(KERNEL_SOURCE, prefix('10.1.3.0/24'), LOCAL);
  world.settle();
  b!.pullAll();
  a!.withdraw(['10.1.1.0/24', '10.1.2.0/24']);
  world.rib.applyLocal(KERNEL_SOURCE, prefix('10.1.3.0/24'), null);
  world.rib.applyLocal(AGGREGATE_SOURCE, prefix('10.1.0.0/24'), LOCAL);
  world.settle();
  const parts: Uint8Array[] = [];
  for (let next = world.rib.pull(b!.id); next !== null; next = world.rib.pull(b!.id)) parts.push(...next);
  t.deepEqual(said(parts), ['+0', '-1', '-2', '-3']);
});
