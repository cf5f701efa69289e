// The kernel contract on the real kernel: every case in a process and a network namespace of its own, with routes that
// carry their next hops and with routes that use nexthop groups.

import { join } from 'node:path';
import test from 'ava';
import { CASES } from './contract.js';
import { mayMakeNamespaces, runInNamespace } from './namespace.js';

const script = join(import.meta.dirname, 'netlink-case.js');
const register = mayMakeNamespaces() ? test.serial : test.serial.skip;

for (const groups of ['off', 'on']) {
  for (const { title } of CASES) {
    register(`${title}, nexthop groups ${groups}`, async (t) => {
      t.timeout(55_000);
      const { code, output } = await runInNamespace(script, [title, groups]);
      t.is(code, 0, output);
    });
  }
}

for (const groups of ['off', 'on']) {
  register(
    `an agent's route stands however its writes fall among ours, nexthop groups ${groups}`,
    async (t) => {
      t.timeout(55_000);
      const { code, output } = await runInNamespace(join(import.meta.dirname, 'netlink-race.js'), [
        groups,
        '100',
      ]);
      t.is(code, 0, output);
    },
  );
}

register('addresses of an interface without carrier are read', async (t) => {
  const { code, output } = await runInNamespace(join(import.meta.dirname, 'netlink-addresses.js'), []);
  t.is(code, 0, output);
});

register('a process can end while its kernel is open', async (t) => {
  const { code, output } = await runInNamespace(join(import.meta.dirname, 'netlink-exit.js'), []);
  t.is(code, 0, output);
});
