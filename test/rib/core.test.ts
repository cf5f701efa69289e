// What the RIB does with updates, policies, next hops and sessions that come and go, one story at a time.

import test from 'ava';
import { type AttrSetId, KERNEL_SOURCE, type PrefixId, STATIC_SOURCE } from '../../src/base/ids.js';
import type { CompiledPolicy } from '../../src/rib/hooks.js';
import { explainPrefix, findPrefix, longestMatch, prefixOf } from '../../src/rib/views.js';
import { Neighbour, type NeighbourOptions, neighbourOptions } from './neighbour.js';
import { EVEN_PREFIXES, PREFERRED, REJECT } from './policies.js';
import { address, attributes, attributesText, blockOf, prefix, sequence } from './routes.js';
import { TestRib } from './test-rib.js';

const HOP = address('192.0.2.1');
const VIA = { nextHop: HOP, asPath: sequence(65001) };

const decodeTold = (neighbour: Neighbour, text: string) => JSON.parse(neighbour.told.get(text) ?? 'null');

test('a group can be built over prefixes whose best path is gone and not yet decided again', (t) => {
  const world = new TestRib();
  const from = new Neighbour(world, neighbourOptions(1, 'ebgp')).up();
  from.announce(['10.1.0.0/24', '10.1.1.0/24', '10.1.2.0/24'], VIA);
  world.settle();
  from.withdraw(['10.1.1.0/24', '10.1.0.0/24']);
  const late = new Neighbour(world, neighbourOptions(2, 'ebgp')).up();
  world.run(1);
  world.settle(1);
  t.deepEqual([...late.pullAll().told.keys()], ['10.1.2.0/24']);
});

test('a peer whose export changes is woken, even when its new group has nothing new to say', (t) => {
  const world = new TestRib();
  const from = new Neighbour(world, neighbourOptions(1, 'ibgp')).up();
  const exportPolicy = EVEN_PREFIXES;
  const already = new Neighbour(world, neighbourOptions(2, 'ebgp', { exportPolicy })).up();
  const moved = new Neighbour(world, neighbourOptions(3, 'ebgp')).up();
  from.announce(['10.1.0.0/24', '10.1.1.0/24'], { ...VIA, localPref: 100 });
  world.settle();
  for (const peer of [already, moved]) peer.pullAll();
  t.deepEqual([...moved.told.keys()], ['10.1.0.0/24', '10.1.1.0/24']);
  moved.change({ exportPolicy });
  world.settle();
  t.true(world.awake.has(moved.id));
  moved.pullAll();
  t.deepEqual([...moved.told.keys()], ['10.1.0.0/24']);
});

test('attributes that grow too long for a message withdraw the route instead of leaving the old one', (t) => {
  const world = new TestRib();
  const from = new Neighbour(world, neighbourOptions(1, 'ebgp')).up();
  const narrow = new Neighbour(world, neighbourOptions(2, 'ibgp', { maxMessage: 200 })).up();
  const wide = new Neighbour(world, neighbourOptions(3, 'ibgp')).up();
  const communities = Array.from({ length: 60 }, (_, i) => i);
  from.announce(['10.1.0.0/24'], VIA);
  world.settle();
  for (const peer of [narrow, wide]) t.is(peer.pullAll().told.size, 1);
  from.announce(['10.1.0.0/24'], { ...VIA, communities });
  world.settle();
  t.is(narrow.pullAll().told.size, 0);
  t.deepEqual(decodeTold(wide.pullAll(), '10.1.0.0/24').communities, communities);
  t.is(world.rib.groups.of(narrow.id)?.advertised(narrow.id, 0), 0);
});

test('LOCAL_PREF that import policy set goes to iBGP peers', (t) => {
  const world = new TestRib();
  const from = new Neighbour(world, neighbourOptions(1, 'ebgp', { importPolicy: PREFERRED })).up();
  const inside = new Neighbour(world, neighbourOptions(2, 'ibgp')).up();
  const outside = new Neighbour(world, neighbourOptions(3, 'ebgp')).up();
  from.announce(['10.1.0.0/24'], VIA);
  world.settle();
  t.is(decodeTold(inside.pullAll(), '10.1.0.0/24').localPref, 300);
  t.is(decodeTold(outside.pullAll(), '10.1.0.0/24').localPref, null);
});

test('a next hop is tracked once however many forms it has, and each form knows what is known', (t) => {
  const world = new TestRib({ tracksNextHops: true });
  const from = new Neighbour(world, neighbourOptions(1, 'ebgp')).up();
  const nextHop = address('2001:db8::1');
  const linkLocalNextHop = address('fe80::1');
  world.setLink('2001:db8::1', true, 5);
  from.announce(['2001:db8:1::/48'], { nextHop });
  world.settle();
  from.announce(['2001:db8:2::/48'], { nextHop, linkLocalNextHop });
  world.settle();
  t.deepEqual([...world.tracked], [['2001:db8::1', 1]]);
  const best = (text: string) => {
    const id = findPrefix(world.rib, prefix(text));
    return world.rib.prefixes[1].best[id]! >= 0;
  };
  t.deepEqual(['2001:db8:1::/48', '2001:db8:2::/48'].map(best), [true, true]);
  world.setLink('2001:db8::1', false, 0);
  world.settle();
  t.deepEqual(['2001:db8:1::/48', '2001:db8:2::/48'].map(best), [false, false]);
  from.withdraw(['2001:db8:1::/48']);
  world.settle();
  t.deepEqual([...world.tracked.keys()], ['2001:db8::1']);
  from.withdraw(['2001:db8:2::/48']);
  world.settle();
  t.is(world.tracked.size, 0);
});

test('a path that moves to a next hop nobody asked about before is never gone in between', (t) => {
  const world = new TestRib({ tracksNextHops: true });
  for (const hop of ['192.0.2.1', '192.0.2.2']) world.setLink(hop, true, 5);
  const from = new Neighbour(world, neighbourOptions(1, 'ebgp')).up();
  const to = new Neighbour(world, neighbourOptions(2, 'ibgp')).up();
  for (const hop of ['192.0.2.1', '192.0.2.2']) {
    from.announce(['10.1.0.0/24'], { nextHop: address(hop) });
    world.rib.run(1000);
    t.deepEqual(decodeTold(to.pullAll(), '10.1.0.0/24').nextHop, address(hop));
  }
});

test('bestChanged comes once when the source changes and the attributes do not', (t) => {
  const world = new TestRib();
  const [first, second] = [1, 2].map((n) => new Neighbour(world, neighbourOptions(n, 'ibgp')).up());
  const fields = { ...VIA, localPref: 100 };
  first!.announce(['10.1.0.0/24'], fields);
  world.settle();
  t.is(world.bestChanges.splice(0).length, 1);
  second!.announce(['10.1.0.0/24'], { ...fields, origin: 1 });
  world.settle();
  t.is(world.bestChanges.splice(0).length, 0, 'a second path that is not better');
  second!.withdraw(['10.1.0.0/24']);
  first!.withdraw(['10.1.0.0/24']);
  second!.announce(['10.1.0.0/24'], fields);
  world.settle();
  t.is(world.bestChanges.splice(0).length, 1, 'another source in the row of the first');
});

test('a session that ends takes its routes along, slice by slice, and its id is used again only then', (t) => {
  const world = new TestRib();
  const stays = new Neighbour(world, neighbourOptions(1, 'ebgp')).up();
  const goes = new Neighbour(world, neighbourOptions(2, 'ebgp')).up();
  const prefixes = Array.from({ length: 50 }, (_, i) => `10.1.${i}.0/24`);
  goes.announce(prefixes, VIA);
  world.settle();
  t.is(stays.pullAll().told.size, 50);
  const { id } = goes;
  goes.down();
  const again = new Neighbour(world, neighbourOptions(2, 'ebgp')).up();
  t.not(again.id, id);
  world.settle(1);
  t.is(stays.pullAll().told.size, 0);
  t.false(world.rib.sources.has(id));
  t.is(new Neighbour(world, neighbourOptions(3, 'ebgp')).up().id, id);
});

test('import loops are kept, not used, and explained', (t) => {
  const world = new TestRib({ reflector: true });
  const from = new Neighbour(world, neighbourOptions(1, 'ibgpClient', { importPolicy: EVEN_PREFIXES })).up();
  const table: readonly (readonly [prefix: string, fields: object, reason: RegExp])[] = [
    ['10.1.0.0/24', { asPath: sequence(65001, 65000) }, /AS_PATH contains our AS 65000/],
    ['10.1.2.0/24', { originatorId: 0x0a0000fe }, /ORIGINATOR_ID is our router id/],
    ['10.1.4.0/24', { clusterList: [1, 0x0a0000fd] }, /CLUSTER_LIST contains our cluster id/],
    ['10.1.5.0/24', {}, /refused/],
  ];
  for (const [text, fields] of table) from.announce([text], { ...VIA, localPref: 100, ...fields });
  world.settle();
  for (const [text, , reason] of table) {
    const [view] = explainPrefix(world.rib, 0, findPrefix(world.rib, prefix(text)) as never);
    t.false(view?.best);
    t.regex(view?.decision ?? '', reason);
  }
  t.deepEqual(world.rib.sources.count(from.id, 0), { received: 4, accepted: 0 });
});

test('another import policy is applied to what was learned before', (t) => {
  const world = new TestRib();
  const from = new Neighbour(world, neighbourOptions(1, 'ebgp', { importPolicy: REJECT })).up();
  const to = new Neighbour(world, neighbourOptions(2, 'ebgp')).up();
  from.announce(['10.1.0.0/24', '10.1.1.0/24'], VIA);
  world.settle();
  t.is(to.pullAll().told.size, 0);
  from.change({ importPolicy: EVEN_PREFIXES });
  world.settle();
  t.deepEqual([...to.pullAll().told.keys()], ['10.1.0.0/24']);
  t.deepEqual(world.rib.sources.count(from.id, 0), { received: 2, accepted: 1 });
});

test('a changed import policy is applied slice by slice, an unchanged one not at all', (t) => {
  const world = new TestRib();
  let evaluations = 0;
  const counting = (key: string): CompiledPolicy => ({
    ...EVEN_PREFIXES,
    key,
    evaluate: (route) => {
      evaluations++;
      return EVEN_PREFIXES.evaluate(route);
    },
  });
  const from = new Neighbour(world, neighbourOptions(1, 'ebgp', { importPolicy: counting('one') })).up();
  from.announce(
    Array.from({ length: 100 }, (_, i) => `10.1.${i}.0/24`),
    VIA,
  );
  world.settle();
  t.is(evaluations, 100);
  from.change({ importPolicy: counting('one') });
  world.settle();
  t.is(evaluations, 100);
  from.change({ importPolicy: counting('two') });
  t.is(evaluations, 100);
  world.run(10);
  t.true(evaluations > 100 && evaluations < 150, `${evaluations}`);
  world.settle(10);
  t.is(evaluations, 200);
});

test('why a group does not get a path', (t) => {
  const world = new TestRib();
  const from = new Neighbour(world, neighbourOptions(1, 'ibgp')).up();
  const refusal = (changes: Partial<NeighbourOptions>, fields: object): string | null => {
    const to = new Neighbour(world, neighbourOptions(2, 'ebgp', changes)).up();
    from.announce(['10.1.1.0/24'], { ...VIA, localPref: 100, ...fields });
    world.settle();
    const id = findPrefix(world.rib, prefix('10.1.1.0/24')) as PrefixId;
    const attrs = world.rib.prefixes[0].bestAttrs[id] as AttrSetId;
    const answer = world.rib.groups.of(to.id)!.exporter.refusal(0, id, from.id, attrs);
    t.is(answer === null, to.pullAll().told.size === 1);
    to.down();
    world.settle();
    return answer;
  };
  t.is(refusal({}, {}), null);
  t.regex(
    refusal({ peerType: 'ibgp', asn: 65000 }, {}) ?? '',
    /from ibgp sources are not sent to ibgp peers/,
  );
  t.regex(refusal({}, { communities: [0xffffff01] }) ?? '', /NO_EXPORT/);
  t.is(refusal({ exportPolicy: EVEN_PREFIXES }, {}), 'refused');
  t.is(refusal({ exportPolicy: REJECT }, {}), 'refused');
  t.regex(refusal({ nextHopSelf: [null, null] }, {}) ?? '', /no next hop address/);
  t.regex(refusal({ maxMessage: 60 }, {}) ?? '', /do not fit/);
});

test('local routes: our own next hop, and the kernel before the configuration before what is learned', (t) => {
  const world = new TestRib();
  const peer = new Neighbour(world, neighbourOptions(1, 'ebgp')).up();
  const local = prefix('10.65.0.1/32');
  peer.announce(['10.65.0.1/32'], { ...VIA, nextHop: address('10.0.0.1') });
  world.rib.applyLocal(STATIC_SOURCE, local, blockOf({ origin: 2 }));
  world.rib.applyLocal(KERNEL_SOURCE, local, blockOf({ origin: 0 }));
  world.settle();
  const expected = { origin: 0, asPath: sequence(65000), nextHop: address('10.0.0.254') };
  t.is(peer.pullAll().told.get('10.65.0.1/32'), attributesText(attributes(expected)));
  world.rib.applyLocal(KERNEL_SOURCE, local, null);
  world.settle();
  t.is(decodeTold(peer.pullAll(), '10.65.0.1/32').origin, 2);
  world.rib.applyLocal(STATIC_SOURCE, local, null);
  world.settle();
  t.is(peer.pullAll().told.size, 0, 'what is left is its own');
  world.rib.applyLocal(STATIC_SOURCE, prefix('10.66.0.0/16'), null);
  t.false(world.workPending, 'withdrawing what is not there is no work');
});

test('look-ups: exact, longest match, and prefixes back from ids', (t) => {
  const world = new TestRib();
  const texts = ['0.0.0.0/0', '10.0.0.0/8', '10.65.0.0/16', '10.65.0.1/32', '::/0', '2001:db8::/32'];
  for (const text of texts) world.rib.applyLocal(KERNEL_SOURCE, prefix(text), blockOf({}));
  world.settle();
  const table: readonly (readonly [string, string])[] = [
    ['10.65.0.1', '10.65.0.1/32'],
    ['10.65.0.2', '10.65.0.0/16'],
    ['10.66.0.0', '10.0.0.0/8'],
    ['11.0.0.0', '0.0.0.0/0'],
    ['2001:db8::1', '2001:db8::/32'],
    ['2001:db9::1', '::/0'],
  ];
  for (const [ip, expected] of table) {
    const family = ip.includes(':') ? 1 : 0;
    const found = longestMatch(world.rib, address(ip));
    t.deepEqual(prefixOf(world.rib, family, found as never), prefix(expected), ip);
  }
});
