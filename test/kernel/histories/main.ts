// `npm run histories -- [COUNT] [FIRST]`: random histories on the real kernel, half of them with nexthop groups.

import { join } from 'node:path';
import { runInNamespace } from '../namespace.js';

const [count = '200', first = '1'] = process.argv.slice(2);
const script = join(import.meta.dirname, 'netlink-histories.js');
const TIMEOUT = 600_000;
const CHUNK = 10;

if (![count, first].every((text) => /^\d+$/.test(text))) {
  process.stderr.write('usage: npm run histories -- [COUNT] [FIRST]\n');
  process.exit(2);
}

let failed = 0;
for (let done = 0; done < Number(count); done += CHUNK) {
  const groups = (done / CHUNK) % 2 === 0 ? 'on' : 'off';
  const seed = Number(first) + done;
  const some = Math.min(CHUNK, Number(count) - done);
  const { code, output } = await runInNamespace(script, [String(seed), String(some), groups], TIMEOUT);
  if (code !== 0) failed++;
  process.stdout.write(`${seed} to ${seed + some - 1}, groups ${groups}: ${code === 0 ? 'held' : output}\n`);
}
process.exitCode = failed === 0 ? 0 : 1;
