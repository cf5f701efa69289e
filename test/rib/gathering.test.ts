// Entries of passes that follow each other become one: each member is sent the same octets as one by one.

import test from 'ava';
import fc from 'fast-check';
import type { PeerId } from '../../src/base/ids.js';
import { Gathering } from '../../src/rib/export/gathering.js';
import { type PacketEntry, partsFor } from '../../src/rib/export/packet-queue.js';

const PEERS = [2, 3, 4] as PeerId[];
let stamp = 0;

/** Octets that no other entry has, some of them of one peer's own routes. */
const entryOf = (epoch: number, length: number, own: number, at: number): PacketEntry => {
  const bytes = Uint8Array.from({ length }, () => stamp++ % 251);
  const start = Math.min(at, length);
  const skips = own === 0 ? null : new Map([[PEERS[own - 1]!, [start, length]]]);
  const prefixes = [Int32Array.of(epoch), Int32Array.of(epoch + 100, epoch + 200)] as const;
  return { bytes, skips, only: null, prefixes, epoch };
};

const sentTo = (entries: readonly PacketEntry[], peer: PeerId): readonly number[] =>
  entries.flatMap((entry) => partsFor(entry, peer).flatMap((part) => [...part]));

const entries = fc
  .array(
    fc.record({ length: fc.integer({ min: 1, max: 30 }), own: fc.nat({ max: 3 }), at: fc.nat({ max: 30 }) }),
    {
      minLength: 1,
      maxLength: 8,
    },
  )
  .map((all) => all.map(({ length, own, at }, epoch) => entryOf(epoch, length, own, at)));

const private1 = new Map([[PEERS[0]!, Uint8Array.of(9)]]);

test('joined, every member is sent what it would be sent one by one', (t) => {
  const property = fc.property(entries, fc.boolean(), (each, closed) => {
    if (closed) each[each.length - 1] = { ...each.at(-1)!, only: private1 };
    const gathering = new Gathering();
    for (const entry of each) gathering.add(entry);
    const joined = gathering.take()!;
    t.deepEqual(
      [gathering.take(), gathering.bytes, gathering.oldestEpoch],
      [null, 0, Number.POSITIVE_INFINITY],
    );
    for (const peer of PEERS) t.deepEqual(sentTo([joined], peer), sentTo(each, peer));
    for (const family of [0, 1] as const)
      t.deepEqual(
        [...joined.prefixes[family]],
        each.flatMap(({ prefixes }) => [...prefixes[family]]),
      );
    t.is(joined.epoch, 0);
  });
  fc.assert(property, { numRuns: 200 });
});

test('due: at once when no pass follows, for what is large, for what waits long, and behind what is for one alone', (t) => {
  const gathering = new Gathering();
  t.false(gathering.isDue(false), 'nothing there');
  const small = entryOf(1, 10, 0, 0);
  gathering.add(small);
  t.deepEqual([gathering.isDue(true), gathering.isDue(false)], [false, true]);
  gathering.add(entryOf(2, 128 * 1024, 0, 0));
  t.true(gathering.isDue(true), 'worth a write');
  t.is(gathering.oldestEpoch, 1);
  gathering.take();
  gathering.add({ ...small, only: private1 });
  t.true(gathering.isDue(true), 'nothing may come behind it');
  gathering.take();
  for (let pass = 0; pass < 7; pass++) gathering.add(pass % 2 === 0 ? small : null);
  t.false(gathering.isDue(true));
  gathering.add(null);
  t.true(gathering.isDue(true), 'waited long enough');
});
