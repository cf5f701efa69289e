// The shared queue: every member gets every entry appended since it joined, in order; entries go when all have passed.

import test from 'ava';
import fc from 'fast-check';
import type { PeerId } from '../../src/base/ids.js';
import { type PacketEntry, PacketQueue, partsFor, type Reader } from '../../src/rib/export/packet-queue.js';

const NO_PREFIXES = [new Int32Array(0), new Int32Array(0)] as const;

const entry = (epoch: number, fields: Partial<PacketEntry> = {}): PacketEntry => ({
  bytes: new Uint8Array(10),
  skips: null,
  only: null,
  prefixes: NO_PREFIXES,
  epoch,
  ...fields,
});

type Step =
  | { readonly kind: 'append' }
  | { readonly kind: 'join' | 'leave' | 'next'; readonly member: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('append') }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom('join', 'leave', 'next', 'next'),
      member: fc.nat({ max: 3 }),
    }),
  },
) as fc.Arbitrary<Step>;

/** A list per member. */
class Lists {
  readonly lists = new Map<number, PacketEntry[]>();
  readonly readers = new Map<number, Reader>();

  append(what: PacketEntry): void {
    for (const list of this.lists.values()) list.push(what);
  }

  get longest(): number {
    return Math.max(0, ...[...this.lists.values()].map(({ length }) => length));
  }

  get oldest(): number {
    return Math.min(...[...this.lists.values()].map((list) => list[0]?.epoch ?? Number.POSITIVE_INFINITY));
  }
}

function apply(queue: PacketQueue, lists: Lists, what: Step, epoch: number): boolean {
  if (what.kind === 'append') {
    const appended = entry(epoch);
    queue.append(appended);
    lists.append(appended);
    return true;
  }
  const peer = what.member as PeerId;
  const list = lists.lists.get(what.member);
  switch (what.kind) {
    case 'join':
      if (list !== undefined) return true;
      lists.readers.set(what.member, queue.join(peer));
      lists.lists.set(what.member, []);
      return true;
    case 'leave': {
      const missed = queue.leave(peer);
      lists.lists.delete(what.member);
      return missed.length === (list?.length ?? 0) && missed.every((one, i) => one === list![i]);
    }
    case 'next':
      if (list === undefined) return true;
      if (queue.owes(lists.readers.get(what.member)!) !== list.length > 0) return false;
      return queue.next(lists.readers.get(what.member)!) === (list.shift() ?? null);
  }
}

test('as a list of its own for every member', (t) => {
  const property = fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (history) => {
    const queue = new PacketQueue();
    const lists = new Lists();
    for (const [epoch, what] of history.entries()) {
      if (!apply(queue, lists, what, epoch)) return false;
      if (queue.oldestEpoch !== lists.oldest) return false;
      if ((queue.bytes === 0) !== (lists.longest === 0)) return false;
      const slowest = queue.slowest();
      const behind = [...lists.lists].filter(([, list]) => list.length > 0 && list.length === lists.longest);
      if (slowest.join() !== behind.map(([member]) => member).join()) return false;
    }
    return true;
  });
  t.notThrows(() => fc.assert(property, { numRuns: 300 }));
});

test('nothing is kept for nobody, and small entries have their cost', (t) => {
  const queue = new PacketQueue();
  const peer = 2 as PeerId;
  queue.append(entry(1));
  t.is(queue.bytes, 0);
  const reader = queue.join(peer);
  for (let i = 0; i < 100; i++) queue.append(entry(2, { bytes: new Uint8Array(1) }));
  t.true(queue.bytes > 100 * 256);
  while (queue.next(reader) !== null);
  t.deepEqual([queue.bytes, queue.slowest()], [0, []]);
});

test('parts: all, around the own stretch, and what is for one member alone', (t) => {
  const bytes = Uint8Array.of(0, 1, 2, 3, 4, 5);
  const [a, b, c, d] = [2, 3, 4, 5] as [PeerId, PeerId, PeerId, PeerId];
  const shared = entry(1, {
    bytes,
    skips: new Map([
      [a, [0, 2]],
      [b, [2, 6]],
      [c, [2, 4]],
    ]),
    only: new Map([[b, Uint8Array.of(9)]]),
  });
  const parts = (peer: PeerId) => partsFor(shared, peer).map((part) => [...part]);
  t.deepEqual(parts(a), [[2, 3, 4, 5]]);
  t.deepEqual(parts(b), [[0, 1], [9]]);
  t.deepEqual(parts(c), [
    [0, 1],
    [4, 5],
  ]);
  t.deepEqual(parts(d), [[0, 1, 2, 3, 4, 5]]);
  const own = entry(1, { bytes, skips: new Map([[a, [0, 6]]]) });
  t.deepEqual(partsFor(own, a), []);
});
