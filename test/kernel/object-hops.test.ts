// Routes that only name a nexthop object: what is filled in, above all while a listing runs.

import test from 'ava';
import { ObjectHops } from '../../src/kernel/next-hops/object-hops.js';
import type { KernelNexthop, KernelRoute } from '../../src/kernel/types.js';
import { ip, prefix } from './bench.js';

const hop = (address: string) => ({ gateway: ip(address), ifindex: 2, onlink: false, weight: 1 });

const single = (id: number, address: string): KernelNexthop => ({
  id,
  protocol: 4,
  hop: hop(address),
  members: null,
});

const group: KernelNexthop = {
  id: 9,
  protocol: 4,
  hop: null,
  members: [
    { id: 1, weight: 3 },
    { id: 2, weight: 1 },
  ],
};

const route = (object: number, family: 4 | 6): KernelRoute => ({
  prefix: prefix(family === 4 ? '10.66.0.0/24' : '2001:db8:66::/64'),
  table: 254,
  protocol: 4,
  metric: 0,
  scope: 0,
  type: 'unicast',
  nextHops: [],
  object,
});

const known = (): ObjectHops => {
  const objects = new ObjectHops();
  for (const each of [single(1, '10.0.0.1'), single(2, '10.0.0.2'), single(6, 'fe80::1'), group])
    objects.observe(each, true);
  return objects;
};

test('a route has the hops of its object, those of a group with their shares', (t) => {
  const objects = known();
  t.deepEqual(objects.expand(route(1, 4)).nextHops, [hop('10.0.0.1')]);
  t.deepEqual(objects.expand(route(6, 6)).nextHops, [hop('fe80::1')]);
  t.deepEqual(
    objects.expand(route(9, 4)).nextHops.map(({ weight }) => weight),
    [3, 1],
  );
  t.deepEqual(objects.expand(route(77, 4)).nextHops, []);
});

test('while a listing runs nothing is forgotten; at its end what nobody named is', (t) => {
  const objects = known();
  objects.beginListing();
  t.is(objects.expand(route(9, 4)).nextHops.length, 2, 'before anything was named');
  t.is(objects.expand(route(6, 6)).nextHops.length, 1);
  objects.observe(single(1, '10.0.0.1'), true);
  objects.observe(single(5, '10.0.0.5'), true);
  objects.endListing();
  t.is(objects.expand(route(1, 4)).nextHops.length, 1);
  t.is(objects.expand(route(5, 4)).nextHops.length, 1, 'told of meanwhile');
  t.is(objects.expand(route(2, 4)).nextHops.length, 0);
  t.is(objects.expand(route(6, 6)).nextHops.length, 0);
});

test('a change of an object that a route was filled in from asks for another look', (t) => {
  const objects = known();
  t.false(objects.observe(single(1, '10.0.0.7'), true));
  objects.expand(route(1, 4));
  t.true(objects.observe(single(1, '10.0.0.8'), true));
});
