// What becomes of a prefix for the members of a group: octets compared, split horizon, counts and lists.

import test from 'ava';
import type { PeerId } from '../../src/base/ids.js';
import { NONE } from '../../src/base/ids.js';
import { AttrSets } from '../../src/rib/tables/attr-sets.js';
import { NextHops } from '../../src/rib/tables/next-hops.js';
import { GroupTally } from '../../src/rib/what-if/tally.js';
import { Told, type Verdict, verdictFor } from '../../src/rib/what-if/told.js';
import { encodeBlock, NO_ATTRIBUTES } from '../../src/wire/block.js';

const A = 16 as PeerId;
const B = 17 as PeerId;
const C = 18 as PeerId;

/** Attributes known by one number, and what this host alone knows of them. */
type Row = readonly [source: PeerId, med: number, metric?: number];

/** Each side has a table of its own, with ids that mean nothing to the other. */
function told(rows: readonly Row[], shift: number): Told {
  const attrSets = new AttrSets(new NextHops(null), 7);
  const intern = (med: number, metric: number | null) => {
    const local = { weight: null, metric, interface: null };
    const block = encodeBlock({ ...NO_ATTRIBUTES, origin: 0, med, local });
    return attrSets.intern(block, 0, block.length);
  };
  for (let i = 0; i < shift; i++) intern(1000 + i, null);
  const list = new Told(attrSets);
  for (const [source, med, metric = null] of rows) list.add(intern(med, metric), source);
  return list;
}

const ROWS: readonly (readonly [
  title: string,
  before: readonly Row[],
  after: readonly Row[],
  ofC: Verdict,
  ofA: Verdict,
])[] = [
  ['nothing', [], [], 'none', 'none'],
  ['it comes', [], [[A, 1]], 'announced', 'none'],
  ['it goes', [[A, 1]], [], 'withdrawn', 'none'],
  ['it stays', [[A, 1]], [[A, 1]], 'same', 'none'],
  ['other attributes', [[A, 1]], [[A, 2]], 'changed', 'none'],
  ['other attributes that nobody is told', [[A, 1, 5]], [[A, 1, 6]], 'same', 'none'],
  ['only one of them has such', [[A, 1, 5]], [[A, 1]], 'same', 'none'],
  ['another source of the same', [[A, 1]], [[B, 1]], 'same', 'announced'],
  ['its own is the best now', [[B, 1]], [[A, 1]], 'same', 'withdrawn'],
  ['another source of something else', [[A, 1]], [[B, 2]], 'changed', 'announced'],
  [
    'paths in another order',
    [
      [A, 1],
      [B, 2],
    ],
    [
      [B, 2],
      [A, 1],
    ],
    'same',
    'same',
  ],
  [
    'one path more',
    [[B, 1]],
    [
      [B, 1],
      [A, 2],
    ],
    'changed',
    'same',
  ],
  [
    'as many, one of them another',
    [
      [A, 1],
      [B, 2],
    ],
    [
      [A, 1],
      [B, 3],
    ],
    'changed',
    'changed',
  ],
];

for (const [title, before, after, ofC, ofA] of ROWS) {
  test(`told: ${title}`, (t) => {
    const [left, right] = [told(before, 0), told(after, 3)];
    t.is(verdictFor(left, right, C), ofC);
    t.is(verdictFor(left, right, NONE), ofC);
    t.is(verdictFor(left, right, A), ofA);
    const tally = new GroupTally([A, C], 10);
    tally.record(0, () => '10.0.0.0/8', left, right);
    for (const [member, verdict] of [
      [A, ofA],
      [C, ofC],
    ] as const) {
      const counts = tally.of(member, 0);
      t.deepEqual(tally.of(member, 1), { before: 0, announced: 0, withdrawn: 0, changed: 0 });
      t.is(counts.before, verdict === 'none' || verdict === 'announced' ? 0 : 1);
      for (const kind of ['announced', 'withdrawn', 'changed'] as const)
        t.is(counts[kind], Number(verdict === kind));
      const isChange = verdict !== 'none' && verdict !== 'same';
      t.deepEqual(
        tally.changesOf(member).map(({ kind, prefix }) => [kind, prefix]),
        isChange ? [[verdict, '10.0.0.0/8']] : [],
      );
    }
  });
}

test('all are counted, as many as wanted are named', (t) => {
  const tally = new GroupTally([C], 2);
  for (let i = 0; i < 5; i++) tally.record(0, () => `10.${i}.0.0/16`, told([], 0), told([[A, i]], 0));
  for (let i = 0; i < 3; i++) tally.record(1, () => `fd00:${i}::/32`, told([[A, i]], 0), told([], 0));
  t.is(tally.of(C, 0).announced, 5);
  t.is(tally.of(C, 1).withdrawn, 3);
  t.deepEqual(
    tally.changesOf(C).map(({ prefix }) => prefix),
    ['10.0.0.0/16', '10.1.0.0/16', 'fd00:0::/32', 'fd00:1::/32'],
  );
});
