// Memory comes back: tables that have been full get small again, ids that live on stay what they are, and what is counted
// is what there is.

import test from 'ava';
import { type AttrSetId, NONE, type PathId, type PeerId, type PrefixId } from '../../src/base/ids.js';
import { AdjRibOut } from '../../src/rib/export/adj-rib-out.js';
import { AdjRibIn } from '../../src/rib/import/adj-rib-in.js';
import { AttrSets } from '../../src/rib/tables/attr-sets.js';
import { ribMemory } from '../../src/rib/tables/memory.js';
import { NextHops } from '../../src/rib/tables/next-hops.js';
import { PrefixTable } from '../../src/rib/tables/prefix-table.js';
import { findPrefix } from '../../src/rib/views.js';
import { Neighbour, neighbourOptions } from './neighbour.js';
import { address, attributes, attributesText, blockOf, prefix } from './routes.js';
import { TestRib } from './test-rib.js';

const MANY = 20_000;
const PEER = 4 as PeerId;

/** Rows that stay, and how many octets of the full table may be left then. */
const SURVIVORS: readonly (readonly [what: string, rows: readonly number[], most: number])[] = [
  ['none', [], 0.01],
  ['the first', [0], 0.01],
  ['some early ones', [3, 500, 999], 0.15],
];

const tableOf = (rows: number): PrefixTable => {
  const table = new PrefixTable(true, 7);
  for (let i = 0; i < rows; i++) table.findOrAdd(i, i + 1, 0, i, 128);
  return table;
};

for (const [what, stay, most] of SURVIVORS) {
  test(`prefix table, ${what} stays`, (t) => {
    const table = tableOf(MANY);
    const full = table.bytes;
    for (let i = 0; i < MANY; i++) if (!stay.includes(i)) table.remove(i as PrefixId);
    table.trim();
    t.true(table.bytes <= full * most, `${table.bytes} of ${full}`);
    for (const i of stay) t.is<number, number>(table.find(i, i + 1, 0, i, 128), i);
    t.is(table.find(MANY - 1, MANY, 0, MANY - 1, 128), NONE);
    const again = Array.from({ length: 3000 }, (_, i) => table.findOrAdd(1 << 30, i, i, 5, 64));
    t.is(new Set([...again, ...stay]).size, 3000 + stay.length, 'no id is given twice');
    for (const i of stay) t.is<number, number>(table.find(i, i + 1, 0, i, 128), i);
  });

  test(`paths, ${what} stays`, (t) => {
    const table = tableOf(MANY);
    const paths = new AdjRibIn();
    for (let i = 0; i < MANY; i++) paths.add(table, i as PrefixId, PEER);
    const full = paths.bytes;
    for (let i = 0; i < MANY; i++) if (!stay.includes(i)) paths.remove(table, i as PathId);
    paths.trim();
    t.true(paths.bytes <= full * most, `${paths.bytes} of ${full}`);
    for (const i of stay) t.is<number, number>(paths.find(table.head[i]!, PEER), i);
    const again = Array.from({ length: 3000 }, (_, i) => paths.add(table, (5000 + i) as PrefixId, PEER));
    t.is(new Set([...again, ...stay]).size, 3000 + stay.length, 'no row is given twice');
    t.is(paths.size, 3000 + stay.length);
  });

  test(`attribute sets, ${what} stays`, (t) => {
    const sets = new AttrSets(new NextHops(null), 7);
    const block = (i: number): Uint8Array =>
      blockOf({ nextHop: address('192.0.2.1'), med: i, communities: [i] });
    const intern = (i: number): AttrSetId => {
      const id = sets.intern(block(i), 0, block(i).length);
      sets.ref(id);
      return id;
    };
    const ids = Array.from({ length: MANY }, (_, i) => intern(i));
    const full = sets.columnBytes + sets.arenaBytes;
    for (const [i, id] of ids.entries()) if (!stay.includes(i)) sets.unref(id);
    sets.trim();
    const left = sets.columnBytes + sets.arenaBytes;
    t.true(left <= full * Math.max(most, 0.05), `${left} of ${full}`);
    for (const i of stay) {
      t.deepEqual([...sets.block(ids[i]!)], [...block(i)]);
      t.is(intern(i), ids[i]!);
      t.is(sets.med(ids[i]!), i);
    }
    const again = Array.from({ length: 3000 }, (_, i) => intern(MANY + i));
    t.is(new Set([...again, ...stay.map((i) => ids[i]!)]).size, 3000 + stay.length, 'no id is given twice');
    t.is(sets.size, 3000 + stay.length);
  });

  test(`what was told, ${what} stays`, (t) => {
    const sets = new AttrSets(new NextHops(null), 7);
    const attrs = sets.intern(blockOf({}), 0, blockOf({}).length);
    const out = new AdjRibOut();
    for (let i = 0; i < MANY; i++) out.set(sets, i as PrefixId, attrs, PEER);
    const full = out.bytes;
    for (let i = 0; i < MANY; i++) if (!stay.includes(i)) out.set(sets, i as PrefixId, NONE, PEER);
    out.trim();
    t.true(out.bytes <= full * most, `${out.bytes} of ${full}`);
    for (const i of stay) t.is(out.attrsOf(i as PrefixId), attrs);
    t.is(out.attrsOf((MANY - 1) as PrefixId), NONE);
    out.set(sets, (MANY - 1) as PrefixId, attrs, PEER);
    t.is(out.size, stay.length + 1);
    t.is(sets.refs(attrs), stay.length + 1);
  });
}

test('a table whose last row lives is looked through again only when half of the rest has gone', (t) => {
  const table = tableOf(MANY);
  for (let i = 200; i < MANY - 1; i++) table.remove(i as PrefixId);
  const before = table.length;
  table.trim();
  t.is(table.length, before, 'nothing to give back');
  table.remove((MANY - 1) as PrefixId);
  table.trim();
  t.is(table.length, before, 'not tried again');
  for (let i = 50; i < 200; i++) table.remove(i as PrefixId);
  table.trim();
  t.true(table.length.length <= 64);
});

const HOSTS = Array.from({ length: MANY }, (_, i) => `10.${i >>> 16}.${(i >>> 8) & 255}.${i & 255}/32`);

/** A reflector with two clients, of which the first brings many routes in many attribute sets. */
function fullReflector(before: readonly string[] = [], after: readonly string[] = []) {
  const world = new TestRib({ reflector: true });
  const [source, listener] = [1, 2].map((n) => new Neighbour(world, neighbourOptions(n, 'ibgpClient')).up());
  const own = { nextHop: address('192.0.2.9'), localPref: 100 };
  if (before.length > 0) listener!.announce(before, own);
  for (let at = 0; at < MANY; at += 10) {
    source!.announce(HOSTS.slice(at, at + 10), { nextHop: address('192.0.2.1'), med: at, localPref: 100 });
  }
  if (after.length > 0) listener!.announce(after, own);
  world.settle();
  listener!.pullAll();
  source!.pullAll();
  return { world, source: source!, listener: listener! };
}

test('a peer with many routes goes: what the RIB holds goes with it, and the others go on', (t) => {
  const { world, source, listener } = fullReflector(['10.200.0.0/16']);
  const full = ribMemory(world.rib);
  t.is(full.tables[0].paths.count, MANY + 1);
  t.true(full.total > MANY * 50);
  source.down();
  world.settle();
  listener.pullAll();
  t.is(listener.told.size, 0);
  world.settle();
  const left = ribMemory(world.rib);
  t.deepEqual([left.tables[0].paths.count, left.tables[0].prefixes.count], [1, 1]);
  t.true(left.total < full.total / 5, `${left.total} of ${full.total}`);
  const third = new Neighbour(world, neighbourOptions(3, 'ibgpClient')).up();
  world.settle();
  third.pullAll();
  const expected = attributes({
    nextHop: address('192.0.2.9'),
    localPref: 100,
    originatorId: listener.options.routerId,
    clusterList: [listener.options.clusterId],
  });
  t.deepEqual([...third.told], [['10.200.0.0/16', attributesText(expected)]]);
});

test('where a route at the end of the tables stays, what was freed is used again', (t) => {
  const { world, source } = fullReflector([], ['10.200.0.0/16']);
  const full = ribMemory(world.rib);
  for (let flap = 0; flap < 5; flap++) {
    source.down();
    world.settle();
    source.up();
    for (let at = 0; at < MANY; at += 10) {
      source.announce(HOSTS.slice(at, at + 10), { nextHop: address('192.0.2.1'), med: at, localPref: 100 });
    }
    world.settle();
    source.pullAll();
  }
  const { tables, attributeSets } = ribMemory(world.rib);
  t.deepEqual(tables, full.tables);
  t.is(attributeSets.columnBytes, full.attributeSets.columnBytes);
  t.true(attributeSets.arenaBytes <= full.attributeSets.arenaBytes * 2);
});

test('prefixes that ended are forgotten as soon as the last member has heard of it, whatever else happens', (t) => {
  const { world, source, listener } = fullReflector();
  source.withdraw(HOSTS);
  world.settle();
  source.pullAll();
  t.true(findPrefix(world.rib, prefix(HOSTS[0]!)) !== NONE, 'the other member has not');
  listener.pullAll();
  t.true(world.workPending);
  world.settle();
  t.is(findPrefix(world.rib, prefix(HOSTS[0]!)), NONE);
  t.is(world.rib.prefixes[0].size, 0);
});

test('a stuck member is accounted for', (t) => {
  const { world, source } = fullReflector();
  source.announce(HOSTS, { nextHop: address('192.0.2.2'), localPref: 100 });
  world.settle();
  const [group] = ribMemory(world.rib).groups;
  t.is(group?.members, 2);
  t.true(group!.queue > MANY * 5, `${group!.queue} queued`);
  t.true(group!.adjRibOut >= MANY * 8);
  const { tables, attributeSets, nextHops, work, groups, total } = ribMemory(world.rib);
  const parts = [
    ...tables.flatMap(({ prefixes, paths }) => [prefixes.bytes, paths.bytes]),
    ...[attributeSets.columnBytes, attributeSets.arenaBytes, nextHops.bytes, work.bytes],
    ...groups.flatMap(({ adjRibOut, memo, pending, queue, catchUps }) => [
      adjRibOut,
      memo,
      pending,
      queue,
      catchUps,
    ]),
  ];
  t.is(
    total,
    parts.reduce((sum, part) => sum + part, 0),
  );
});
