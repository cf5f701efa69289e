// The kernel contract on the world in memory.

import test from 'ava';
import { createMemoryBench } from './bench-memory.js';
import { CASES } from './contract.js';

for (const { title, run } of CASES) {
  test(title, async (t) => {
    await t.notThrowsAsync(() => run(createMemoryBench()));
  });
}
