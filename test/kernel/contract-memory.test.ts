// The kernel contract on the world in memory.

import test from 'ava';
import { createMemoryBench } from './bench-memory.js';
import { CASES } from './contract.js';

for (const groups of ['off', 'on'] as const) {
  for (const { title, run } of CASES) {
    // One after the other: all at once, each would wait for the work of all.
    test.serial(`${title}, nexthop groups ${groups}`, async (t) => {
      await t.notThrowsAsync(() => run(createMemoryBench(groups)));
    });
  }
}
