// Deferred tasks: order, bounded turns, tasks that fail.

import test from 'ava';
import { TurnQueue } from '../../src/net/turn-queue.js';

function played() {
  const turns: (() => void)[] = [];
  const time = { now: 0 };
  const queue = new TurnQueue(
    () => time.now,
    (run) => void turns.push(run),
  );
  return { queue, turns, time };
}

test('tasks run in order, and what they add runs in the next turn', (t) => {
  const { queue, turns } = played();
  const log: string[] = [];
  queue.add(() => {
    log.push('a');
    queue.add(() => void log.push('c'));
  });
  queue.add(() => void log.push('b'));
  t.is(turns.length, 1, 'one turn for both');
  turns.shift()?.();
  t.deepEqual(log, ['a', 'b']);
  turns.shift()?.();
  t.deepEqual(log, ['a', 'b', 'c']);
  t.is(turns.length, 0);
});

test('a turn ends when its time is over, and the rest keeps its order', (t) => {
  const { queue, turns, time } = played();
  const log: number[] = [];
  for (let i = 0; i < 100; i++)
    queue.add(() => {
      log.push(i);
      time.now += 1;
    });
  const perTurn: number[] = [];
  while (turns.length > 0) {
    const before = log.length;
    turns.shift()?.();
    perTurn.push(log.length - before);
  }
  t.deepEqual(
    log,
    Array.from({ length: 100 }, (_, i) => i),
  );
  // Five milliseconds, and the clock is looked at after every eighth task.
  t.deepEqual(perTurn, [...Array(12).fill(8), 4]);
});

test('turns are short while somebody waits for an answer, a quarter of a second at most', (t) => {
  const { queue, turns, time } = played();
  let done = 0;
  for (let i = 0; i < 1000; i++)
    queue.add(() => {
      done++;
      time.now += 0.25;
    });
  const turn = (): number => {
    const before = done;
    turns.shift()?.();
    return done - before;
  };
  t.is(turn(), 24, 'five milliseconds, and the clock is looked at after every eighth task');
  const first = queue.hurry();
  const second = queue.hurry();
  t.is(turn(), 8, 'one millisecond');
  first();
  first();
  t.is(turn(), 8, 'the other one still waits');
  second();
  t.is(turn(), 24);
  queue.hurry();
  t.is(turn(), 8);
  time.now += 250;
  t.is(turn(), 24, 'who reads slowly does not slow down everything for ever');
});

test('a task that throws takes only itself along', (t) => {
  const { queue, turns } = played();
  const log: string[] = [];
  queue.add(() => {
    throw new Error('a task');
  });
  queue.add(() => void log.push('next'));
  t.throws(() => turns.shift()?.(), { message: 'a task' });
  turns.shift()?.();
  t.deepEqual(log, ['next']);
  t.is(turns.length, 0);
});
