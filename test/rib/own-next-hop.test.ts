// RFC 4271 5.1.3: a peer is not told its own address as the next hop of what others told.

import test from 'ava';
import type { AttrSetId, PeerId, PrefixId } from '../../src/base/ids.js';
import { Neighbour, type NeighbourOptions, neighbourOptions, SELF_IPV4 } from './neighbour.js';
import { address, prefix, sequence } from './routes.js';
import { TestRib } from './test-rib.js';

const ROUTE = '10.1.0.0/24';
const OTHER = '10.2.0.0/24';

const network = (kind: NeighbourOptions['peerType']) => {
  const world = new TestRib({ reflector: true });
  const up = (n: number): Neighbour =>
    new Neighbour(world, neighbourOptions(n, kind, { alwaysNextHopSelf: false })).up();
  return { world, up };
};

const hopOf = (world: TestRib, neighbour: Neighbour, text = ROUTE): string | null => {
  world.settle();
  neighbour.pullAll();
  const told = neighbour.told.get(text);
  return told === undefined
    ? null
    : [24, 16, 8, 0].map((bits) => (JSON.parse(told).nextHop.word >>> bits) & 255).join('.');
};

const via = (n: number) => ({ nextHop: address(`10.0.0.${n}`), asPath: sequence(65001) });
const within = (n: number) => ({ ...via(n), localPref: 100 });

test('a reflector withholds it from that client alone, and all others are told', (t) => {
  const { world, up } = network('ibgpClient');
  const [a, b, c] = [up(1), up(2), up(3)];
  a.announce([OTHER], within(1));
  t.deepEqual(
    [b, c].map((one) => hopOf(world, one, OTHER)),
    ['10.0.0.1', '10.0.0.1'],
  );
  t.is(world.rib.groups.size, 1, 'what the source itself is the next hop of splits nothing');
  a.announce([ROUTE], within(2));
  t.deepEqual(
    [a, b, c].map((one) => hopOf(world, one)),
    [null, null, '10.0.0.2'],
  );
  t.is(hopOf(world, b, OTHER), '10.0.0.1');
  t.is(world.rib.groups.size, 2);
  a.announce([ROUTE], within(1));
  t.is(hopOf(world, b), '10.0.0.1');
  for (const one of [a, b, c]) t.deepEqual(one.objections, []);
});

test('one that comes later is not told it either; who tells its own routes again shares the group', (t) => {
  const { world, up } = network('ibgpClient');
  const [a, c] = [up(1), up(3)];
  a.announce([ROUTE], within(2));
  t.is(hopOf(world, c), '10.0.0.2');
  const b = up(2);
  t.is(hopOf(world, b), null);
  a.withdraw([ROUTE]);
  b.announce([ROUTE], within(2));
  t.deepEqual(
    [a, b, c].map((one) => hopOf(world, one)),
    ['10.0.0.2', null, '10.0.0.2'],
  );
});

test('towards an external peer it becomes our address', (t) => {
  const { world, up } = network('ebgp');
  const [a, b, c] = [up(1), up(2), up(3)];
  a.announce([ROUTE], via(2));
  t.deepEqual(
    [b, c].map((one) => hopOf(world, one)),
    [SELF_IPV4.join('.'), '10.0.0.2'],
  );
  t.is(refusalOf(world, b), null);
});

test('what a client is not told says why', (t) => {
  const { world, up } = network('ibgpClient');
  const [a, b] = [up(1), up(2)];
  a.announce([ROUTE], within(2));
  t.is(hopOf(world, b), null);
  t.regex(refusalOf(world, b) ?? '', /its next hop is the peer itself/);
});

test('an IPv6 next hop counts with a link-local address beside it and without, as long as one of them is there', (t) => {
  const world = new TestRib({ reflector: true });
  const up = (n: number): Neighbour =>
    new Neighbour(world, neighbourOptions(n, 'ibgpClient', { address: `2001:db8::${n}` })).up();
  const [a, b, c] = [up(1), up(2), up(3)];
  const [first, second] = ['2001:db8:1::/48', '2001:db8:2::/48'];
  const told = () => {
    world.settle();
    for (const one of [b, c]) one.pullAll();
    return [b, c].map(({ told }) => [...told.keys()].toSorted());
  };
  const viaB = { nextHop: address('2001:db8::2'), asPath: sequence(65001), localPref: 100 };
  a.announce([first], { ...viaB, linkLocalNextHop: address('fe80::2') });
  t.deepEqual(told(), [[], [first]]);
  a.announce([second], viaB);
  t.deepEqual(told(), [[], [first, second]]);
  a.withdraw([first]);
  t.deepEqual(told(), [[], [second]]);
  for (const one of [a, b, c]) t.deepEqual(one.objections, []);
});

/** Why the group of the neighbour does not get the best path. */
function refusalOf(world: TestRib, neighbour: Neighbour): string | null {
  const { rib } = world;
  const table = rib.prefixes[0];
  const { address: at, length } = prefix(ROUTE);
  const row = at.family === 'ipv4' ? table.find(at.word, 0, 0, 0, length) : -1;
  const group = rib.groups.of(neighbour.id);
  if (group === null || row < 0) throw new Error('no group, or no prefix');
  const [source, attrs] = [table.bestSource[row] as PeerId, table.bestAttrs[row] as AttrSetId];
  return group.exporter.refusal(0, row as PrefixId, source, attrs);
}
