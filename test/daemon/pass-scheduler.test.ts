import test from 'ava';
import { nextSlice, PassScheduler } from '../../src/daemon/pass-scheduler.js';

const rows: readonly [title: string, slice: number, elapsed: number, next: number][] = [
  ['a slice that took its time stays', 2000, 5, 2000],
  ['a quick one doubles at most', 2000, 0.5, 4000],
  ['a clock that did not move doubles', 2000, 0, 4000],
  ['a slow one shrinks at once', 2000, 20, 500],
  ['never below the smallest', 300, 100, 250],
  ['never above the largest', 15_000, 1, 16_000],
];

for (const [title, slice, elapsed, next] of rows) {
  test(title, (t) => t.is(nextSlice(slice, elapsed), next));
}

test('requests before the turn are one turn; work that is left asks for the next', (t) => {
  const deferred: (() => void)[] = [];
  const budgets: number[] = [];
  let left = 3;
  const clock = { now: () => 0, defer: (task: () => void) => deferred.push(task) };
  const scheduler = new PassScheduler(clock, (budget) => {
    budgets.push(budget);
    return --left > 0;
  });
  for (let i = 0; i < 3; i++) scheduler.request();
  t.is(deferred.length, 1);
  while (deferred.length > 0) deferred.shift()?.();
  t.deepEqual(budgets, [250, 500, 1000]);
  scheduler.request();
  scheduler.stop();
  deferred.shift()?.();
  t.is(budgets.length, 3);
});

test('while every turn brings more, the first slice waits five milliseconds; the next ones do not wait', (t) => {
  const deferred: (() => void)[] = [];
  let [time, arrivals, runs] = [0, 0, 0];
  const clock = { now: () => time, defer: (task: () => void) => deferred.push(task) };
  const scheduler = new PassScheduler(
    clock,
    () => ++runs % 2 === 1,
    () => arrivals,
  );
  const turn = (brings: number): number => {
    arrivals += brings;
    time += 1;
    deferred.shift()?.();
    return runs;
  };
  scheduler.request();
  t.is(turn(0), 1, 'nothing more: at once');
  t.is(turn(9), 2, 'a slice that follows');
  scheduler.request();
  t.deepEqual([turn(3), turn(1)], [2, 2], 'more and more');
  t.is(turn(0), 3, 'no more');
  turn(0);
  scheduler.request();
  t.deepEqual([1, 2, 3, 4, 5].map(turn), [4, 4, 4, 4, 5], 'its patience ends');
});
