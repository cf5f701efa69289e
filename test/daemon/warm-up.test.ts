import test from 'ava';
import { warmUp } from '../../src/daemon/warm-up.js';

test('it ends by itself, in many turns', (t) => {
  const deferred: (() => void)[] = [];
  warmUp((task) => deferred.push(task));
  let turns = 0;
  for (; deferred.length > 0 && turns < 100_000; turns++) deferred.shift()?.();
  t.is(deferred.length, 0);
  t.true(turns > 50, `${turns} turns`);
});

test('it stops when told to', (t) => {
  const deferred: (() => void)[] = [];
  const stop = warmUp((task) => deferred.push(task));
  deferred.shift()?.();
  t.is(deferred.length, 1);
  stop();
  deferred.shift()?.();
  t.is(deferred.length, 0);
});
