// Attribute sets: equal octets, equal id; references; ids and memory are used again.

import test from 'ava';
import fc from 'fast-check';
import type { AttrSetId } from '../../src/base/ids.js';
import { formatIp } from '../../src/base/ip.js';
import { AttrSets } from '../../src/rib/tables/attr-sets.js';
import { ByteArena } from '../../src/rib/tables/byte-arena.js';
import { type NextHopId, NextHops } from '../../src/rib/tables/next-hops.js';
import { address, blockOf, sequence } from './routes.js';

const fresh = (seed = 1) => {
  const nextHops = new NextHops(null);
  return { nextHops, sets: new AttrSets(nextHops, seed) };
};

const intern = (sets: AttrSets, block: Uint8Array): AttrSetId => sets.intern(block, 0, block.length);

const HOP = address('192.0.2.1');
/** Blocks of many lengths, all different. */
const block = (n: number): Uint8Array =>
  blockOf({ nextHop: HOP, med: n, communities: Array.from({ length: n % 150 }, (_, i) => i) });

test('equal octets have one id, wherever they stand', (t) => {
  const { sets } = fresh();
  const one = block(1);
  const padded = new Uint8Array(one.length + 7);
  padded.set(one, 4);
  const id = intern(sets, one);
  t.is(sets.intern(padded, 4, 4 + one.length), id);
  t.not(intern(sets, block(2)), id);
  t.deepEqual(sets.block(id), one);
  t.is(sets.size, 2);
});

test('a set lives as long as somebody refers to it, and until the sweep', (t) => {
  const { sets, nextHops } = fresh();
  const freed: number[] = [];
  sets.onFree = (id) => freed.push(id);
  const id = intern(sets, block(1));
  sets.ref(id);
  sets.sweep();
  t.is(sets.size, 1);
  sets.unref(id);
  t.is(intern(sets, block(1)), id, 'found again before the sweep');
  sets.ref(id);
  sets.sweep();
  t.deepEqual([sets.size, sets.refs(id)], [1, 1]);
  sets.unref(id);
  sets.sweep();
  t.deepEqual([sets.size, nextHops.size, freed], [0, 0, [id]]);
});

test('one that nobody took is gone at the next sweep', (t) => {
  const { sets } = fresh();
  intern(sets, block(1));
  sets.sweep();
  t.is(sets.size, 0);
});

test('what is freed while sweeping is swept, too', (t) => {
  const { sets } = fresh();
  const [first, second] = [intern(sets, block(1)), intern(sets, block(2))];
  sets.ref(first);
  sets.ref(second);
  sets.onFree = (id) => {
    if (id === first) sets.unref(second);
  };
  sets.unref(first);
  sets.sweep();
  t.is(sets.size, 0);
});

test('rows, octets and slots are used again', (t) => {
  const { sets } = fresh();
  const round = (): number => {
    const ids = Array.from({ length: 500 }, (_, n) => intern(sets, block(n)));
    for (const id of ids) sets.ref(id);
    for (const id of ids) sets.unref(id);
    sets.sweep();
    return Math.max(...ids);
  };
  const highest = round();
  const bytes = sets.columnBytes + sets.arenaBytes;
  for (let i = 0; i < 5; i++) t.is(round(), highest);
  t.is(sets.columnBytes + sets.arenaBytes, bytes);
});

test('the columns that the decision reads', (t) => {
  const { sets, nextHops } = fresh();
  const full = intern(
    sets,
    blockOf({
      nextHop: HOP,
      origin: 1,
      asPath: [...sequence(65001, 65002), { kind: 'set', asns: [1, 2, 3] }],
      med: 0xffffffff,
      localPref: 0,
      originatorId: 0xfffffffe,
      clusterList: [1, 2],
    }),
  );
  const bare = intern(sets, blockOf({}));
  const row = (id: AttrSetId) => [
    sets.origin[id],
    sets.asPathLength[id],
    sets.neighbourAs[id],
    sets.med(id),
    sets.localPref(id),
    sets.hasLocalPref(id),
    sets.originatorId(id),
    sets.clusterListLength[id],
    sets.nextHopLength(id),
  ];
  t.deepEqual(row(full), [1, 3, 65001, 0xffffffff, 0, true, 0xfffffffe, 2, 4]);
  t.deepEqual(row(bare), [0, 0, 0, 0, 100, false, -1, 0, 0]);
  t.deepEqual(nextHops.address(sets.nextHop[full] as NextHopId), HOP);
  t.is(nextHops.address(sets.nextHop[bare] as NextHopId), null);
});

type Step = { readonly kind: 'ref' | 'unref'; readonly n: number } | { readonly kind: 'sweep' };

const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom('ref', 'unref'), n: fc.nat({ max: 40 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('sweep') }) },
  ) as fc.Arbitrary<Step>,
  { maxLength: 300, size: 'max' },
);

test('as a map of counts, whatever the order and the seed', (t) => {
  const property = fc.property(steps, fc.integer(), (history, seed) => {
    const { sets } = fresh(seed);
    const counts = new Map<number, number>();
    const ids = new Map<number, AttrSetId>();
    for (const step of history) {
      if (step.kind === 'sweep') sets.sweep();
      else if (step.kind === 'ref') {
        const id = intern(sets, block(step.n));
        if (counts.has(step.n) && ids.get(step.n) !== id) throw new Error('another id');
        ids.set(step.n, id);
        sets.ref(id);
        counts.set(step.n, (counts.get(step.n) ?? 0) + 1);
      } else if (counts.has(step.n)) {
        sets.unref(ids.get(step.n)!);
        const left = counts.get(step.n)! - 1;
        if (left > 0) counts.set(step.n, left);
        else counts.delete(step.n);
      }
    }
    sets.sweep();
    const same = [...counts].every(
      ([n, count]) =>
        sets.refs(ids.get(n)!) === count && Buffer.compare(sets.block(ids.get(n)!), block(n)) === 0,
    );
    return same && sets.size === counts.size;
  });
  t.notThrows(() => fc.assert(property, { numRuns: 100 }));
});

test('the arena keeps what it was given while it grows and frees', (t) => {
  const arena = new ByteArena(16);
  const piece = (n: number): Uint8Array => new Uint8Array((n * 7) % 200).fill(n);
  const offsets = Array.from({ length: 100 }, (_, n) => arena.store(piece(n), 0, piece(n).length));
  for (let n = 0; n < 100; n += 2) arena.free(offsets[n]!, piece(n).length);
  const { capacity } = arena;
  for (let n = 0; n < 100; n += 2) offsets[n] = arena.store(piece(n), 0, piece(n).length);
  t.is(arena.capacity, capacity, 'freed room is used again');
  for (let n = 0; n < 100; n++) t.deepEqual(arena.view(offsets[n]!, piece(n).length), piece(n));
});

test('next hops: tracked from the first path to the sweep after the last', (t) => {
  const log: string[] = [];
  const nextHops = new NextHops({
    track: (ip) => {
      log.push(`track ${formatIp(ip)}`);
      return { reachable: true, cost: 3 };
    },
    untrack: (ip) => log.push(`untrack ${formatIp(ip)}`),
  });
  const use = (text: string, linkLocal?: string): NextHopId => {
    const bytes = blockOf({
      nextHop: address(text),
      ...(linkLocal === undefined ? {} : { linkLocalNextHop: address(linkLocal) }),
    });
    return nextHops.use(bytes, 0);
  };
  const plain = use('2001:db8::1');
  const both = use('2001:db8::1', 'fe80::1');
  const local = use('fe80::1');
  t.deepEqual(log, []);
  for (const id of [plain, both, local]) nextHops.addPath(id);
  t.deepEqual(log.splice(0), ['track 2001:db8::1']);
  t.deepEqual(
    [plain, both, local].map((id) => nextHops.reachable(id)),
    [true, true, true],
  );
  t.deepEqual([...nextHops.setState(address('2001:db8::1'), true, 7)], [plain, both]);
  t.deepEqual([...nextHops.setState(address('2001:db8::1'), true, 7)], [], 'nothing new');
  t.deepEqual([...nextHops.setState(address('2001:db8::2'), true, 7)], [], 'nobody asked');
  t.is(nextHops.cost(both), 7);
  nextHops.removePath(plain);
  nextHops.removePath(both);
  nextHops.addPath(both);
  nextHops.sweep();
  t.deepEqual(log, [], 'a path came back before the sweep');
  nextHops.removePath(both);
  nextHops.sweep();
  t.deepEqual(log, ['untrack 2001:db8::1']);
  for (const id of [plain, both, local]) nextHops.release(id);
  t.is(nextHops.size, 0);
});

test('octets move together when few of many are left, and not again after that', (t) => {
  const { sets } = fresh();
  const ids = Array.from({ length: 2000 }, (_, n) => intern(sets, block(n)));
  for (const id of ids) sets.ref(id);
  for (const id of ids.slice(10)) sets.unref(id);
  const full = sets.arenaBytes;
  sets.trim();
  t.true(sets.arenaBytes < full / 4);
  for (const id of ids.slice(0, 10)) t.deepEqual(sets.block(id), block(ids.indexOf(id)));
  const { bytes } = sets;
  sets.trim();
  t.is(sets.bytes, bytes);
});
