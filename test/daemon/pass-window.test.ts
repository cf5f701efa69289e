import test from 'ava';
import { PassWindow } from '../../src/daemon/pass-window.js';

/** Milliseconds at which changes come, and what each waits: the pass of the first, at 0, was told after `took`. */
const rows: readonly [title: string, took: number, comes: readonly number[], waits: readonly number[]][] = [
  ['nothing to gain: told at once', 0.1, [0, 1, 2], [0, 0, 0]],
  ['the second of two that fit goes at once', 1, [0, 2, 4], [0, 3, 0]],
  ['alone in the window: no company is expected', 1, [0, 3, 6], [0, 0, 0]],
  ['four of a fast stream', 1, [0, 1, 2, 3, 4], [0, 4, 3, 2, 0]],
  ['five milliseconds at most', 40, [0, 1, 2.5, 4.9, 5], [0, 4, 2.5, 0, 0]],
];

for (const [title, took, comes, waits] of rows) {
  test(title, (t) => {
    const window = new PassWindow();
    const waited = comes.map((now, i) => {
      const wait = window.wait(now);
      if (i === 0) window.open(0, took);
      return Math.round(wait * 1000) / 1000;
    });
    t.deepEqual(waited, waits);
  });
}

test('what is over: a window, when the next pass begins', (t) => {
  const window = new PassWindow();
  window.wait(8);
  window.open(10, 1);
  t.is(window.wait(10), 5);
  window.begin(true);
  t.is(window.wait(12), 0);
});

const TWOS: readonly number[] = new Array(9).fill(2);

test('a stream: nine passes of two changes each, one of one, and more than half go at once', (t) => {
  const window = new PassWindow();
  const passes: number[] = [];
  let together = 0;
  let waited = false;
  for (let now = 0; now < 220; now += 2) {
    together++;
    if (window.wait(now) > 0) {
      waited = true;
      continue;
    }
    window.begin(waited);
    passes.push(together);
    together = 0;
    waited = false;
    window.open(now, 1);
  }
  t.deepEqual(passes.slice(0, 21), [1, ...TWOS, 1, ...TWOS, 1]);
  t.true(passes.length > 110 / 2);
});
