// A listing of a large table: in order, a bounded time a turn, while the table changes under it.

import test from 'ava';
import { NONE, type PrefixId } from '../../src/base/ids.js';
import { formatPrefix } from '../../src/base/prefix.js';
import { TableListing } from '../../src/daemon/status/table-listing.js';
import { PrefixTable } from '../../src/rib/tables/prefix-table.js';
import { prefixOf } from '../../src/rib/views.js';
import { FAKE_ROUTES } from '../support/fake-status.js';

const PATH = 5;

class Tables {
  readonly prefixes = [new PrefixTable(false, 1), new PrefixTable(true, 2)] as const;
  time = 0;

  /** Of odd numbers, spread over the address space. */
  add(number: number): PrefixId {
    const [four, six] = this.prefixes;
    const word = Math.imul(number, 0x9e3779b1) >>> 0;
    const id = number % 4 === 1 ? four.findOrAdd(word, 0, 0, 0, 32) : six.findOrAdd(word, 0, 0, number, 128);
    (number % 4 === 1 ? four : six).head[id] = PATH;
    return id;
  }

  listing(limit: number, routesEach = 1): TableListing {
    const route = FAKE_ROUTES[0]!;
    return new TableListing({
      rib: this,
      families: [0, 1],
      limit,
      // Every look at the clock takes 1.5 ms.
      now: () => (this.time += 1.5),
      choice: {
        count: () => routesEach,
        tell: (family, id) =>
          new Array(routesEach).fill({ ...route, prefix: formatPrefix(prefixOf(this, family, id)) }),
      },
    });
  }

  sorted(family: 0 | 1): readonly string[] {
    const { w0, w3, rows } = this.prefixes[family];
    const live = Array.from({ length: rows }, (_, id) => id as PrefixId).filter(
      (id) => this.prefixes[family].isLive(id) && this.prefixes[family].head[id] !== NONE,
    );
    live.sort((a, b) => w0[a]! - w0[b]! || (family === 0 ? 0 : w3[a]! - w3[b]!));
    return live.map((id) => formatPrefix(prefixOf(this, family, id)));
  }
}

function filled(count: number): Tables {
  const tables = new Tables();
  for (let i = 0; i < count; i++) tables.add(2 * i + 1);
  return tables;
}

const prefixes = (listing: TableListing): readonly string[] =>
  [...listing.routes].map(({ prefix }) => prefix);

test('a turn ends when its time is over, and the whole comes in order', (t) => {
  const tables = filled(20_000);
  const listing = tables.listing(30_000);
  let turns = 1;
  for (let before = tables.time; listing.more(); before = tables.time) {
    t.true(tables.time - before <= 6, 'milliseconds');
    turns++;
  }
  t.true(turns > 50, `${turns} turns`);
  t.is(listing.total, 20_000);
  t.deepEqual(prefixes(listing), [...tables.sorted(0), ...tables.sorted(1)]);
});

for (const [limit, each] of [
  [1, 1],
  [7, 1],
  [10_001, 1],
  [12_000, 1],
  [9, 2],
] as const) {
  test(`the lowest ${limit} routes, ${each} a prefix`, (t) => {
    const tables = filled(20_000);
    const listing = tables.listing(limit, each);
    while (listing.more());
    const all = [...tables.sorted(0), ...tables.sorted(1)].flatMap((prefix) => new Array(each).fill(prefix));
    t.is(listing.total, 20_000 * each);
    t.deepEqual(prefixes(listing), all.slice(0, limit));
  });
}

test('what comes and goes while others are looked at: in order all the same, nothing twice, nothing that has gone', (t) => {
  const tables = filled(20_000);
  const [four] = tables.prefixes;
  const listing = tables.listing(30_000);
  t.true(listing.more());
  const gone = tables.add(1);
  const moved = tables.add(5);
  four.remove(gone);
  four.remove(moved);
  // The first one's row comes back as another prefix, the second one's prefix under a new row.
  tables.add(40_001);
  while (listing.more());
  four.head[tables.add(5)] = PATH;
  const shown = prefixes(listing);
  const now = [...tables.sorted(0), ...tables.sorted(1)];
  t.is(new Set(shown).size, shown.length);
  t.deepEqual(
    shown,
    now.filter((prefix) => shown.includes(prefix)),
  );
  t.true(shown.length >= 19_998);
  t.false(shown.includes('158.55.121.177/32'), 'number 1');
});

test('an empty table', (t) => {
  const listing = new Tables().listing(10);
  while (listing.more());
  t.is(listing.total, 0);
  t.deepEqual(prefixes(listing), []);
});
