// Update groups: shared packets, split horizon, joiners, slow and stuck members, and ids that are used again.

import test from 'ava';
import type { CompiledPolicy } from '../../src/rib/hooks.js';
import { Neighbour, type NeighbourOptions, neighbourOptions } from './neighbour.js';
import { ACCEPT, EVEN_PREFIXES } from './policies.js';
import { address, prefix, sequence } from './routes.js';
import { TestRib, type TestRibOptions } from './test-rib.js';

const VIA = { nextHop: address('192.0.2.1'), asPath: sequence(65001), localPref: 100 };

const hosts = (count: number, net = '10.1'): string[] =>
  Array.from({ length: count }, (_, i) => `${net}.${i >>> 8}.${i & 255}/32`);

interface Reflector {
  readonly world: TestRib;
  readonly clients: readonly Neighbour[];
}

function reflector(count: number, options: TestRibOptions = {}): Reflector {
  const world = new TestRib({ reflector: true, ...options });
  const clients = Array.from({ length: count }, (_, i) =>
    new Neighbour(world, neighbourOptions(i + 1, 'ibgpClient')).up(),
  );
  world.settle();
  for (const client of clients) client.pullAll();
  return { world, clients };
}

const tell = ({ world, clients }: Reflector): void => {
  world.settle();
  for (const client of clients) client.pullAll();
};

const ACCEPT_TOO: CompiledPolicy = { ...ACCEPT, key: 'accept, too' };

const otherPolicy = (policy: CompiledPolicy): Partial<NeighbourOptions> => ({ exportPolicy: policy });

const keys = (neighbour: Neighbour): readonly string[] => [...neighbour.told.keys()].sort();

test('the source of a route is skipped, and everybody else is sent the same octets', (t) => {
  const { world, clients } = reflector(3);
  const [a, b, c] = clients as [Neighbour, Neighbour, Neighbour];
  const before = [a, b, c].map(({ octets }) => octets);
  a.announce(['10.1.0.0/24'], VIA);
  b.announce(['10.1.1.0/24'], VIA);
  tell({ world, clients });
  t.deepEqual(keys(a), ['10.1.1.0/24']);
  t.deepEqual(keys(b), ['10.1.0.0/24']);
  t.deepEqual(keys(c), ['10.1.0.0/24', '10.1.1.0/24']);
  t.is(world.rib.groups.size, 1);
  t.is(a.octets - before[0]! + (b.octets - before[1]!), c.octets - before[2]!);
});

test('who becomes the source is withdrawn what it was told, and who stops being it is told', (t) => {
  const { world, clients } = reflector(3);
  const [a, b, c] = clients as [Neighbour, Neighbour, Neighbour];
  a.announce(['10.1.0.0/24'], VIA);
  tell({ world, clients });
  t.deepEqual(
    [a, b, c].map((client) => client.told.size),
    [0, 1, 1],
  );
  b.announce(['10.1.0.0/24'], { ...VIA, localPref: 200 });
  tell({ world, clients });
  t.deepEqual(
    [a, b, c].map((client) => client.told.size),
    [1, 0, 1],
  );
  b.withdraw(['10.1.0.0/24']);
  tell({ world, clients });
  t.deepEqual(
    [a, b, c].map((client) => client.told.size),
    [0, 1, 1],
  );
  t.deepEqual(
    [a, b, c].map((client) => client.needlessWithdrawals),
    [0, 0, 0],
  );
});

test('passes that follow each other are told at once; who comes, leaves or asks again in between misses nothing', (t) => {
  const { world, clients } = reflector(4);
  const [a, b, c, leaves] = clients as [Neighbour, Neighbour, Neighbour, Neighbour];
  const joins = new Neighbour(world, neighbourOptions(9, 'ibgpClient')).up();
  world.settle();
  for (const client of [b, c, leaves]) t.false(client.pull());
  world.awake.clear();
  a.announce(hosts(20), VIA);
  for (let pass = 0; pass < 4; pass++) t.true(world.run(1));
  t.deepEqual([b.pull(), world.awake.size], [false, 0], 'gathered, not told');
  joins.pullAll();
  t.is(joins.told.size, 4, 'catches up with what is gathered');
  world.rib.refresh(c.id, 0, false);
  leaves.down();
  world.settle();
  for (const client of [b, c, joins]) {
    t.true(world.awake.has(client.id));
    t.is(client.pullAll().told.size, 20);
  }
});

test('joiners that come together share one catch-up, and End-of-RIB comes after all routes', (t) => {
  const { world, clients } = reflector(1, {
    limits: { queueBytes: 1 << 20, slicePrefixes: 10 },
  });
  clients[0]!.announce(hosts(95), VIA);
  tell({ world, clients });
  const joiners = [2, 3, 4].map((n) => new Neighbour(world, neighbourOptions(n, 'ibgpClient')).up());
  const first = world.rib.pull(joiners[0]!.id)!;
  const second = world.rib.pull(joiners[1]!.id)!;
  t.is(second[0], first[0], 'the same chunk, not a copy');
  for (const joiner of joiners.slice(2)) {
    while (joiner.endOfRibs[0] === 0) t.true(joiner.pull());
    t.is(joiner.told.size, 95);
    t.false(joiner.pull());
    t.deepEqual(joiner.endOfRibs, [1, 1]);
  }
});

test('a joiner gets no withdrawals, nor routes of its own', (t) => {
  const { world, clients } = reflector(1);
  clients[0]!.announce(hosts(5), VIA);
  tell({ world, clients });
  const joiner = new Neighbour(world, neighbourOptions(2, 'ibgpClient')).up();
  joiner.announce(['10.1.0.0/32', '10.2.0.0/32'], { ...VIA, localPref: 200 });
  clients[0]!.withdraw(['10.1.0.1/32']);
  world.settle();
  joiner.pullAll();
  t.deepEqual(keys(joiner), ['10.1.0.2/32', '10.1.0.3/32', '10.1.0.4/32']);
  t.is(joiner.needlessWithdrawals, 0);
});

test('a slow member leaves the shared queue at the bound and comes back with the latest state only', (t) => {
  const limits = { queueBytes: 2000, slicePrefixes: 50 };
  const { world, clients } = reflector(3, { limits });
  const [a, slow, fast] = clients as [Neighbour, Neighbour, Neighbour];
  for (let med = 0; med < 100; med++) {
    a.announce(hosts(20), { ...VIA, med });
    world.settle();
    fast.pullAll();
  }
  a.withdraw(hosts(5));
  world.settle();
  fast.pullAll();
  const { messages } = slow;
  slow.pullAll();
  t.deepEqual(slow.told, fast.told);
  t.is(slow.told.size, 15);
  t.true(slow.messages - messages < 5, 'not every state in between');
  a.announce(['10.9.0.0/16'], VIA);
  tell({ world, clients });
  t.true(slow.told.has('10.9.0.0/16'), 'it is at the shared queue again');
});

test('members that are equally slow leave together and share what they catch up with', (t) => {
  const limits = { queueBytes: 20_000, slicePrefixes: 50 };
  const { world, clients } = reflector(6, { limits });
  const [a, fast, ...slow] = clients as [Neighbour, Neighbour, ...Neighbour[]];
  for (let med = 0; med < 40; med++) {
    a.announce(hosts(120), { ...VIA, med });
    world.settle();
    for (const client of [a, fast]) client.pullAll();
  }
  const chunks = slow.map((client) => world.rib.pull(client.id)![0]);
  t.is(new Set(chunks).size, 1, 'the same chunk, not a copy');
});

test('a stuck member costs bounded memory, at the shared queue and while it joins', (t) => {
  const limits = { queueBytes: 10_000, slicePrefixes: 50 };
  const { world, clients } = reflector(2, { limits });
  const [a] = clients as [Neighbour, Neighbour];
  const joining = [3, 4].map((n) => new Neighbour(world, neighbourOptions(n, 'ibgpClient')).up());
  a.announce(hosts(500), VIA);
  world.settle();
  joining[0]!.pull();
  let most = 0;
  for (let med = 0; med < 300; med++) {
    a.announce(hosts(50), { ...VIA, med });
    world.settle();
    if (med % 10 === 0) joining[0]!.pull();
    most = Math.max(most, world.rib.groups.of(a.id)!.queuedBytes);
    a.pullAll();
  }
  t.true(most < 4 * limits.queueBytes, `${most} octets`);
  for (const member of [clients[1]!, ...joining]) {
    t.is(member.pullAll().told.size, 500);
  }
  t.is(
    new Set(
      ['', ...joining, clients[1]!].slice(1).map((m) => JSON.stringify([...(m as Neighbour).told].sort())),
    ).size,
    1,
  );
});

type Stall = (slow: Neighbour) => void;

const STALLS: readonly (readonly [
  what: string,
  limits: NonNullable<TestRibOptions['limits']>,
  stall: Stall,
])[] = [
  ['at the shared queue', { queueBytes: 1 << 20, slicePrefixes: 10 }, () => {}],
  ['evicted at once', { queueBytes: 1, slicePrefixes: 10 }, () => {}],
  ['evicted late', { queueBytes: 5000, slicePrefixes: 10 }, () => {}],
  ['after a refresh', { queueBytes: 1 << 20, slicePrefixes: 10 }, (slow) => slow.refresh()],
  [
    'after a move to another group',
    { queueBytes: 1 << 20, slicePrefixes: 10 },
    (slow) => slow.change(otherPolicy(ACCEPT_TOO)),
  ],
];

for (const [what, limits, stall] of STALLS) {
  test(`a member that is slow gets the withdrawal before the id means another prefix: ${what}`, (t) => {
    const { world, clients } = reflector(3, { limits });
    const [a, slow, fast] = clients as [Neighbour, Neighbour, Neighbour];
    const elsewhere = new Neighbour(world, neighbourOptions(4, 'ibgpClient', otherPolicy(ACCEPT_TOO))).up();
    const pullFast = (): void => {
      world.settle();
      for (const neighbour of [a, fast, elsewhere]) neighbour.pullAll();
    };
    a.announce(['10.1.0.0/24'], VIA);
    pullFast();
    slow.pullAll();
    a.withdraw(['10.1.0.0/24']);
    for (let pass = 0; pass < 20; pass++) {
      a.announce([`10.2.${pass}.0/24`], { ...VIA, med: pass });
      pullFast();
    }
    stall(slow);
    for (let pass = 20; pass < 30; pass++) {
      a.announce([`10.2.${pass}.0/24`], { ...VIA, med: pass });
      pullFast();
    }
    slow.pullAll();
    world.settle();
    slow.pullAll();
    t.deepEqual([...slow.told].sort(), [...fast.told].sort());
  });
}

test('an id that ends twice waits for the second end', (t) => {
  const { world, clients } = reflector(3);
  const [a, slow, fast] = clients as [Neighbour, Neighbour, Neighbour];
  a.announce(['10.1.0.0/24'], VIA);
  tell({ world, clients });
  a.withdraw(['10.1.0.0/24']);
  world.settle();
  a.announce(['10.1.0.0/24'], VIA);
  tell({ world, clients });
  a.withdraw(['10.1.0.0/24']);
  for (const text of ['10.8.0.0/24', '10.9.0.0/24']) {
    world.settle();
    for (const client of [a, fast]) client.pullAll();
    a.announce([text], VIA);
  }
  world.settle();
  slow.refresh();
  t.deepEqual(keys(slow.pullAll()), ['10.8.0.0/24', '10.9.0.0/24']);
});

test('route refresh tells everything again, once, without another End-of-RIB', (t) => {
  const { world, clients } = reflector(2);
  const [a, b] = clients as [Neighbour, Neighbour];
  a.announce(hosts(30), VIA);
  tell({ world, clients });
  b.told.clear();
  b.refresh();
  t.true(world.awake.has(b.id));
  b.pullAll();
  t.is(b.told.size, 30);
  t.deepEqual(b.endOfRibs, [1, 1]);
});

test('a refresh is of one family; marked, it stands between BoRR and EoRR, and a new one begins anew', (t) => {
  const { world, clients } = reflector(2, { limits: { queueBytes: 1 << 20, slicePrefixes: 10 } });
  const [a, b] = clients as [Neighbour, Neighbour];
  a.announce(hosts(30), VIA);
  a.announce(['2001:db8:1::/48'], { nextHop: address('2001:db8::1'), localPref: 100 });
  tell({ world, clients });
  b.told.clear();
  b.refresh(1, true);
  b.pullAll();
  t.deepEqual(keys(b), ['2001:db8:1::/48']);
  t.deepEqual(b.marks, ['1/1', '1/2']);
  b.told.clear();
  b.marks.length = 0;
  b.refresh(0, true);
  b.pull();
  b.pull();
  t.deepEqual([b.marks, b.told.size], [['0/1'], 10]);
  b.refresh(0, true);
  b.pullAll();
  t.deepEqual([b.marks, b.told.size], [['0/1', '0/1', '0/2'], 30]);
  t.deepEqual(b.objections, []);
});

test('asked before End-of-RIB, a marked refresh begins after it', (t) => {
  const { world, clients } = reflector(1);
  const [a] = clients as [Neighbour];
  a.announce(hosts(30), VIA);
  world.settle();
  const late = new Neighbour(world, neighbourOptions(7, 'ibgpClient')).up();
  late.refresh(0, true);
  world.settle();
  late.pullAll();
  t.deepEqual([late.marks, late.told.size], [['0/1', '0/2'], 30]);
  t.deepEqual(late.objections, []);
});

test('a family that the session does not have is not refreshed', (t) => {
  const { world } = reflector(1);
  const narrow = new Neighbour(world, neighbourOptions(7, 'ibgpClient', { families: [true, false] })).up();
  world.settle();
  narrow.pullAll();
  narrow.refresh(1, true);
  t.deepEqual([narrow.pull(), narrow.marks], [false, []]);
});

test('a member that leaves in the middle leaves nothing behind', (t) => {
  const limits = { queueBytes: 300, slicePrefixes: 3 };
  const { world, clients } = reflector(3, { limits });
  const [a, leaves, stays] = clients as [Neighbour, Neighbour, Neighbour];
  const joins = new Neighbour(world, neighbourOptions(4, 'ibgpClient')).up();
  a.announce(hosts(40), VIA);
  world.settle();
  joins.pull();
  leaves.pull();
  joins.down();
  leaves.down();
  world.settle();
  t.is(stays.pullAll().told.size, 40);
  const group = world.rib.groups.of(a.id)!;
  a.pullAll();
  t.is(group.queuedBytes, 0);
  t.is(group.size, 2);
});

test('another export policy is a move: only what differs is withdrawn, and the old group goes with its last member', (t) => {
  const { world, clients } = reflector(2);
  const [a, b] = clients as [Neighbour, Neighbour];
  a.announce(['10.1.0.0/24', '10.1.1.0/24', '10.1.2.0/24'], VIA);
  tell({ world, clients });
  b.change(otherPolicy(EVEN_PREFIXES));
  t.is(world.rib.groups.size, 2);
  tell({ world, clients });
  t.deepEqual(keys(b), ['10.1.0.0/24', '10.1.2.0/24']);
  b.change(otherPolicy(a.options.exportPolicy));
  tell({ world, clients });
  t.is(world.rib.groups.size, 1);
  t.deepEqual(keys(b), ['10.1.0.0/24', '10.1.1.0/24', '10.1.2.0/24']);
  t.is(b.needlessWithdrawals, 0);
});

test('groups differ exactly where the octets would', (t) => {
  const base = neighbourOptions(1, 'ebgp');
  const rows: readonly (readonly [groups: number, change: Partial<NeighbourOptions>])[] = [
    [1, { address: '10.0.0.99', routerId: 99 }],
    [1, { asn: 65099 }],
    [2, { families: [true, false] }],
    [2, { asn4: false }],
    [2, { maxMessage: 65535 }],
    [2, { nextHopSelf: [null, null] }],
    [2, { alwaysNextHopSelf: false }],
    [2, { exportPolicy: EVEN_PREFIXES }],
    [1, { importPolicy: EVEN_PREFIXES }],
  ];
  for (const [groups, change] of rows) {
    const world = new TestRib();
    new Neighbour(world, base).up();
    new Neighbour(world, { ...base, ...change }).up();
    t.is(world.rib.groups.size, groups, JSON.stringify(Object.keys(change)));
  }
  t.is(prefix('10.0.0.0/8').length, 8);
});
