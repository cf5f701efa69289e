// A turn of the event loop is spent when it has lasted long; the next one begins anew.

import test from 'ava';
import { systemClock } from '../../src/net/clock.js';
import { TurnBudget } from '../../src/net/turn-budget.js';

test('spent after five milliseconds, counted from who asks first, until the turn ends', (t) => {
  let time = 100;
  const ends: (() => void)[] = [];
  const budget = new TurnBudget(
    () => time,
    (task) => ends.push(task),
    () => 5,
  );
  t.false(budget.spent);
  time += 4.9;
  t.false(budget.spent);
  time += 0.1;
  t.true(budget.spent);
  t.is(ends.length, 1, 'one task a turn');
  ends[0]!();
  t.false(budget.spent);
  t.is(ends.length, 2);
});

test('a turn of the real event loop ends', async (t) => {
  const clock = systemClock();
  t.false(clock.turnSpent());
  const began = clock.now();
  while (!clock.turnSpent()) t.true(clock.now() - began < 1000);
  await new Promise((resolve) => setImmediate(resolve));
  t.false(clock.turnSpent());
});
