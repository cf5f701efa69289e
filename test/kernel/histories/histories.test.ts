// Random histories on the real kernel, few enough for every run; `npm run histories` runs as many as it is told.

import { join } from 'node:path';
import test from 'ava';
import { mayMakeNamespaces, runInNamespace } from '../namespace.js';

const script = join(import.meta.dirname, 'netlink-histories.js');
const register = mayMakeNamespaces() ? test.serial : test.serial.skip;

for (const groups of ['on', 'off']) {
  for (const first of [1, 6]) {
    register(
      `after histories ${first} to ${first + 4} the kernel is as wanted, nexthop groups ${groups}`,
      async (t) => {
        t.timeout(180_000);
        const { code, output } = await runInNamespace(script, [String(first), '5', groups], 170_000);
        t.is(code, 0, output);
      },
    );
  }
}
