// Our own start (RFC 4724 4.1): what starts here is told while the routes of peers are waited for, whichever is better then.

import test from 'ava';
import { KERNEL_SOURCE, STATIC_SOURCE } from '../../src/base/ids.js';
import { DEFAULT_DECISION } from '../../src/rib/decision-steps.js';
import { explainPrefix, findPrefix } from '../../src/rib/views.js';
import { Neighbour, neighbourOptions } from './neighbour.js';
import { address, blockOf, prefix, sequence } from './routes.js';
import { TestRib } from './test-rib.js';

const ROUTE = '10.1.0.1/32';
const better = { nextHop: address('10.0.0.1'), asPath: sequence(65001), localPref: 300 };

/** A tells, B hears; LOCAL_PREF decides between what starts here and what is learned. */
function scene() {
  const world = new TestRib({ decision: { ...DEFAULT_DECISION, localByPreference: true } });
  world.rib.restarts.defer();
  const a = new Neighbour(world, neighbourOptions(1, 'ibgp')).up();
  const b = new Neighbour(world, neighbourOptions(2, 'ebgp')).up();
  const local = (source: typeof KERNEL_SOURCE | typeof STATIC_SOURCE, localPref: number): void =>
    world.rib.applyLocal(source, prefix(ROUTE), blockOf({ localPref }));
  const told = (): 'nothing' | 'local' | 'learned' => {
    world.settle();
    b.pullAll();
    const text = b.told.get(ROUTE);
    return text === undefined ? 'nothing' : text.includes('65001') ? 'learned' : 'local';
  };
  const explained = (): readonly (readonly [boolean, string])[] =>
    explainPrefix(world.rib, 0, findPrefix(world.rib, prefix(ROUTE)) as never).map((each) => [
      each.best,
      each.decision,
    ]);
  return { world, a, b, local, told, explained };
}

test('a local route that a better one of a peer comes beside stays told until the selection, and goes in one step', (t) => {
  const { world, a, b, local, told, explained } = scene();
  local(KERNEL_SOURCE, 200);
  t.is(told(), 'local');
  a.announce([ROUTE], better);
  t.is(told(), 'local');
  t.deepEqual(explained(), [
    [false, 'not chosen yet: after a restart the routes of all peers are waited for'],
    [true, 'best that starts here: after a restart the routes of all peers are waited for'],
  ]);
  world.rib.restarts.select();
  t.is(told(), 'learned');
  t.deepEqual(b.objections, []);
});

test('it is told beside one that was there before, and the best of several is', (t) => {
  const { a, b, local, told, world } = scene();
  a.announce([ROUTE], better);
  t.is(told(), 'nothing');
  local(STATIC_SOURCE, 150);
  t.is(told(), 'local');
  local(KERNEL_SOURCE, 200);
  told();
  const row = findPrefix(world.rib, prefix(ROUTE));
  t.is(world.rib.prefixes[0].bestSource[row], KERNEL_SOURCE);
  world.rib.restarts.select();
  t.is(told(), 'learned');
  t.deepEqual(b.objections, []);
});

test('the one of the peer goes before the selection: nothing changes for who was told', (t) => {
  const { world, a, local, told } = scene();
  local(KERNEL_SOURCE, 200);
  a.announce([ROUTE], better);
  t.is(told(), 'local');
  a.withdraw([ROUTE]);
  t.is(told(), 'local');
  world.rib.restarts.select();
  t.is(told(), 'local');
});
