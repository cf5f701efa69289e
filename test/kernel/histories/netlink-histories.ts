// Runs histories on the kernel of the network namespace that this process was started in: first seed, count, on or off.
// Exit code 0: all held.

import { runHistory } from './history.js';
import { build } from './world.js';

const [first = '1', count = '1', groups = 'on'] = process.argv.slice(2);
build();
for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  try {
    await runHistory(seed, groups === 'off' ? 'off' : 'on');
  } catch (error) {
    process.stderr.write(`seed ${seed}, nexthop groups ${groups}: ${(error as Error).message}\n`);
    process.exit(1);
  }
}
process.exit(0);
