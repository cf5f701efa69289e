// Optimal route reflection (RFC 9107): each group of clients is told what is nearest to it.

import test from 'ava';
import type { Vantage } from '../../src/rib/export/vantage.js';
import { Neighbour, type NeighbourOptions, neighbourOptions } from './neighbour.js';
import { address, prefix, sequence } from './routes.js';
import { TestRib } from './test-rib.js';

const TARGETS = ['10.1.0.0/24', '10.2.0.0/24'];

const vantage = (name: string, costs: Readonly<Record<string, number>>): Vantage => ({
  name,
  costs: Object.entries(costs).map(([text, cost]) => ({ prefix: prefix(text), cost })),
});

const WEST = vantage('west', { '192.0.2.0/24': 50, '192.0.2.1/32': 1 });
const EAST = vantage('east', { '192.0.2.0/24': 50, '192.0.2.2/32': 1 });
const NOWHERE = vantage('nowhere', {});

function network() {
  const world = new TestRib({ reflector: true, tracksNextHops: true });
  world.setLink('192.0.2.1', true, 10);
  world.setLink('192.0.2.2', true, 20);
  const client = (n: number, options: Partial<NeighbourOptions> = {}): Neighbour =>
    new Neighbour(world, neighbourOptions(n, 'ibgpClient', options)).up();
  const [a, b] = [client(1), client(2)];
  for (const [i, teller] of [a, b].entries()) {
    const nextHop = address(`192.0.2.${i + 1}`);
    teller.announce(TARGETS, { nextHop, asPath: sequence(65001), localPref: 100 });
  }
  return { world, client, a, b };
}

function hopsOf(world: TestRib, neighbour: Neighbour): readonly number[] {
  world.settle();
  neighbour.pullAll();
  return [...neighbour.told.values()].map((text) => JSON.parse(text).nextHop.word & 0xff);
}

test('each vantage has its own best path; without one it is ours; what no table names is the same', (t) => {
  const { world, client } = network();
  const clients = [null, WEST, EAST, NOWHERE].map((from, i) => client(10 + i, { vantage: from }));
  t.deepEqual(
    clients.map((one) => hopsOf(world, one)),
    [
      [1, 1],
      [1, 1],
      [2, 2],
      [1, 1],
    ],
  );
  t.is(world.rib.groups.size, 4);
});

test('another vantage sends what differs; a path that goes gives way to the other one', (t) => {
  const { world, client, a, b } = network();
  const east = client(10, { vantage: EAST });
  t.deepEqual(hopsOf(world, east), [2, 2]);
  b.withdraw([TARGETS[0]!]);
  t.deepEqual(hopsOf(world, east).toSorted(), [1, 2]);
  east.change({ vantage: WEST });
  t.deepEqual(hopsOf(world, east), [1, 1]);
  a.withdraw(TARGETS);
  t.deepEqual(hopsOf(world, east), [2]);
  // The best path of all is the same before and after: only the east has something to hear.
  b.announce([TARGETS[0]!], { nextHop: address('192.0.2.2'), asPath: sequence(65001), localPref: 100 });
  t.deepEqual(hopsOf(world, east), [2, 2]);
});

test('the best of the east is told also when it is not the best of all that changed', (t) => {
  const { world, client, b } = network();
  const east = client(10, { vantage: EAST });
  t.deepEqual(hopsOf(world, east), [2, 2]);
  world.bestChanges.length = 0;
  const fields = { nextHop: address('192.0.2.2'), asPath: sequence(65001), localPref: 100 };
  b.announce(TARGETS, { ...fields, communities: [5] });
  world.settle();
  east.pullAll();
  t.deepEqual(
    [...east.told.values()].map((text) => JSON.parse(text).communities),
    [[5], [5]],
  );
  t.deepEqual(world.bestChanges, []);
});
