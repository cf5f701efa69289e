// What the engine is asked for, in a process of its own: it would hold for all tests of this one.

import { execFileSync } from 'node:child_process';
import test from 'ava';

const ENGINE = new URL('../../src/sys/engine.js', import.meta.url).href;

/** MiB of the space for new objects after four million objects that live for a while. `first`: what comes before. */
function newSpaceAfter(first: string): number {
  const program = `
    import { getHeapSpaceStatistics } from 'node:v8';
    import { boundNewSpace } from '${ENGINE}';
    ${first}
    const kept = [];
    for (let i = 0; i < 4000; i++) kept[i % 1000] = Array.from({ length: 1000 }, () => ({ i }));
    const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    console.log(space.space_size / 1024 / 1024);
  `;
  return Number(
    execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' }),
  );
}

test('the space for new objects is eight MiB and stays so', (t) => {
  t.true(newSpaceAfter('') > 8, 'by itself it grows');
  t.is(newSpaceAfter('boundNewSpace();'), 8);
});
