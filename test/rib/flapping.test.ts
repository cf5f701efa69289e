// Peers that come and go hundreds of times: the ids, prefixes, attribute sets and groups of the RIB are given back.

import test from 'ava';
import { Neighbour, neighbourOptions } from './neighbour.js';
import { address, sequence } from './routes.js';
import { TestRib } from './test-rib.js';

const VIA = { nextHop: address('192.0.2.1'), asPath: sequence(65001) };
const FLAPS = 500;

test('what a peer leaves behind when it goes is used again when it comes', (t) => {
  const world = new TestRib();
  const { rib } = world;
  const witness = new Neighbour(world, neighbourOptions(1, 'ebgp')).up();
  const flapper = new Neighbour(world, neighbourOptions(2, 'ebgp'));
  const ids = new Set<number>();
  for (let round = 0; round < FLAPS; round++) {
    flapper.up();
    ids.add(flapper.id);
    const routes = Array.from({ length: 5 }, (_, i) => `10.${round % 200}.${i}.0/24`);
    flapper.announce(routes, { ...VIA, med: round });
    world.settle();
    witness.pullAll();
    t.deepEqual([...witness.told.keys()].sort(), routes);
    // Every other time it goes before anything was decided about its last words.
    if (round % 2 === 0) flapper.announce([`10.250.${round % 200}.0/24`], VIA);
    flapper.down();
    world.settle();
    witness.pullAll();
  }
  t.is(witness.told.size, 0);
  t.true(ids.size <= 2, `${ids.size} ids for one peer`);
  t.is(rib.sources.all().length, 5, 'the four local sources and the witness');
  t.is(rib.prefixes[0].occupied, 0);
  t.is(rib.paths[0].size, 0);
  t.is(rib.attrSets.size, 0);
  t.is(rib.groups.size, 1);
});
