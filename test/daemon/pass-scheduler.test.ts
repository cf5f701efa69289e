import test from 'ava';
import { nextSlice, type PassClock, PassScheduler } from '../../src/daemon/pass-scheduler.js';

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

/** A clock that is moved by hand, and work that is counted. `left`: slices of the next pass after its first. */
function bench() {
  const state = {
    time: 0,
    arrivals: 0,
    left: 0,
    deferred: [] as (() => void)[],
    budgets: [] as number[],
    announced: 0,
    /** Milliseconds that writing takes. */
    writing: 0,
  };
  let due: { at: number; fire: () => void } | null = null;
  const setDue = (next: typeof due): void => {
    due = next;
  };
  const clock: PassClock = {
    now: () => state.time,
    defer: (task) => void state.deferred.push(task),
    timer: (fire) => ({
      start: (milliseconds) => setDue({ at: state.time + milliseconds, fire }),
      stop: () => setDue(null),
      get running() {
        return due !== null;
      },
      close: () => setDue(null),
    }),
  };
  const scheduler = new PassScheduler(clock, {
    run: (budget) => {
      state.budgets.push(budget);
      return state.left-- > 0;
    },
    arrivals: () => state.arrivals,
    announceNext: () => state.announced++,
    flush: () => {
      state.time += state.writing;
    },
  });
  /** All that is due at `time` and has been deferred, what that defers included. */
  const settle = (time: number): number => {
    state.time = time;
    if (due !== null && due.at <= time) {
      const { fire } = due;
      due = null;
      fire();
    }
    while (state.deferred.length > 0) state.deferred.shift()?.();
    return state.budgets.length;
  };
  return { state, scheduler, settle };
}

test('requests before the turn are one turn; work that is left asks for the next', (t) => {
  const { state, scheduler, settle } = bench();
  state.left = 2;
  for (let i = 0; i < 3; i++) scheduler.request();
  t.is(state.deferred.length, 1);
  settle(0);
  t.deepEqual(state.budgets, [250, 500, 1000]);
  scheduler.request();
  t.true(scheduler.busy);
  scheduler.stop();
  t.is(settle(0), 3);
  t.false(scheduler.busy);
});

test('while every turn brings more, the first slice waits five milliseconds; the next ones do not wait', (t) => {
  const { state, scheduler } = bench();
  const turn = (brings: number): number => {
    state.arrivals += brings;
    state.time += 1;
    state.deferred.shift()?.();
    return state.budgets.length;
  };
  state.left = 1;
  scheduler.request();
  t.is(turn(0), 1, 'nothing more: at once');
  t.is(turn(9), 2, 'a slice that follows');
  turn(0);
  state.time += 100;
  state.left = 1;
  scheduler.request();
  t.deepEqual([turn(3), turn(1)], [2, 2], 'more and more');
  t.is(turn(0), 3, 'no more');
  turn(0);
  turn(0);
  state.time += 100;
  scheduler.request();
  t.deepEqual([1, 2, 3, 4, 5].map(turn), [4, 4, 4, 4, 5], 'its patience ends');
});

/** One pass at 100 ms whose news takes `took` to send. */
function told(took: number) {
  const rig = bench();
  rig.state.time = 100;
  rig.scheduler.request();
  rig.state.deferred.shift()?.();
  rig.settle(100 + took);
  return rig;
}

test('after a pass that took long to tell, a change waits for another one, and both are one pass', (t) => {
  const { state, scheduler, settle } = told(0.9);
  state.time = 102;
  scheduler.request();
  t.is(settle(102), 1);
  t.true(scheduler.busy);
  t.is(state.announced, 1, 'the other one is heard of');
  state.time = 104;
  scheduler.request();
  state.deferred.shift()?.();
  t.is(state.budgets.length, 2);
  t.false(scheduler.busy);
  settle(104.9);
  state.time = 106;
  scheduler.request();
  t.is(settle(106), 2, 'it was told slowly, too: the next change waits as well');
  state.time = 108;
  scheduler.request();
  t.is(settle(108), 3);
});

test('what is gathered for the sockets is written before it is known how long the telling took', (t) => {
  const { state, scheduler, settle } = bench();
  state.time = 100;
  state.writing = 0.9;
  scheduler.request();
  settle(100);
  state.time = 102;
  scheduler.request();
  t.is(settle(102), 1, 'it waits for another one');
});

test('a change whose company does not come goes at the end of the window', (t) => {
  const { state, scheduler, settle } = told(0.9);
  state.time = 102;
  scheduler.request();
  t.deepEqual([102, 104.9, 105.1].map(settle), [1, 1, 2]);
  t.false(scheduler.busy);
});

test('after a pass that was told quickly nothing waits', (t) => {
  const { state, scheduler, settle } = told(0.2);
  state.time = 101;
  scheduler.request();
  t.is(settle(101), 2);
});

test('a pass of several slices is one of the passes that may be waited for in a row', (t) => {
  const { state, scheduler, settle } = told(0.9);
  const turn = (time: number): void => {
    state.time = time;
    state.deferred.shift()?.();
  };
  const change = (time: number): void => {
    state.time = time;
    scheduler.request();
    turn(time);
  };
  for (let waits = 0; waits < 8; waits++) {
    change(102 + 4 * waits);
    change(104 + 4 * waits);
    settle(104.9 + 4 * waits);
  }
  change(134);
  state.left = 1;
  change(136);
  turn(137.5);
  t.is(state.budgets.length, 11, 'one pass that nobody waited for, eight that were, one of two slices');
  settle(138.4);
  state.time = 139.9;
  scheduler.request();
  t.is(settle(139.9), 12, 'nine were waited for');
});
