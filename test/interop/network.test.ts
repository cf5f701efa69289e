// The test bed itself: what it makes works, and nothing of it stays, even when its owner is killed.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { interop } from '../support/interop.js';
import { allNetworks, directoryOf, namespacesOf, removeLeftovers } from '../support/leftovers.js';
import { Network } from '../support/netns.js';
import { waitFor } from '../support/wait.js';

interop('nodes on a switch reach each other in both families; close leaves nothing', [], async (t) => {
  const network = Network.open('bed');
  try {
    const fabric = await network.addSwitch('fabric');
    const a = await network.addNode('a');
    const b = await network.addNode('b');
    await network.plug({ node: a, interface: 'eth0', addresses: ['10.0.0.1/24', '2001:db8::1/64'] }, fabric);
    await network.plug({ node: b, interface: 'eth0', addresses: ['10.0.0.2/24', '2001:db8::2/64'] }, fabric);
    t.is((await a.ping('10.0.0.2')).received, 1);
    t.is((await a.ping('2001:db8::2')).received, 1);
    t.is((await a.ping('10.0.0.3', { wait: 1 })).received, 0);
    const sleeper = await b.start('sleep', 'sleep', ['300']);
    t.true(sleeper.running);
    network.close();
    await waitFor('the process inside to be gone', () => !sleeper.running);
  } finally {
    network.close();
  }
  t.deepEqual(namespacesOf(network.name), []);
  t.false(existsSync(network.directory));
});

const OWNER = `
  const { Network } = await import(process.argv[1]);
  const network = Network.open('orphan');
  const node = await network.addNode('a');
  await node.start('sleep', 'sleep', ['300']);
  process.stdout.write(network.name);
  if (process.argv[2] === 'keep') { network.keep(); process.exit(0); }
  setInterval(() => {}, 1000);
`;

const startOwner = async (mode: string) => {
  const module = join(import.meta.dirname, '..', 'support', 'netns.js');
  const child = spawn(process.execPath, ['--input-type=module', '-e', OWNER, module, mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let name = '';
  child.stdout.on('data', (chunk: Buffer) => {
    name += chunk.toString();
  });
  await waitFor('the owner to build', () => name !== '' && namespacesOf(name).length === 1);
  return { child, name };
};

interop('a network whose owner is killed is removed by the next one, not before', [], async (t) => {
  const { child, name } = await startOwner('stay');
  removeLeftovers({ kept: false });
  t.is(namespacesOf(name).length, 1, 'its owner lives');
  child.kill('SIGKILL');
  await waitFor('the owner to be gone', () => child.signalCode !== null);
  t.true(removeLeftovers({ kept: false }).includes(name));
  t.deepEqual(namespacesOf(name), []);
  t.false(existsSync(directoryOf(name)));
});

interop('Ctrl-C cleans up', [], async (t) => {
  const { child, name } = await startOwner('stay');
  child.kill('SIGINT');
  await waitFor('the owner to be gone', () => child.signalCode !== null || child.exitCode !== null);
  t.deepEqual(namespacesOf(name), []);
  t.false(allNetworks().includes(name));
});

interop('a kept network stays until it is asked to go', [], async (t) => {
  const { child, name } = await startOwner('keep');
  await waitFor('the owner to end', () => child.exitCode === 0);
  t.false(removeLeftovers({ kept: false }).includes(name));
  t.is(namespacesOf(name).length, 1);
  t.true(removeLeftovers({ kept: true }).includes(name));
  t.deepEqual(namespacesOf(name), []);
});
