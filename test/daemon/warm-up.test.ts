import test from 'ava';
import { loadConfig } from '../../src/config/load.js';
import type { Config } from '../../src/config/types.js';
import { warmUp } from '../../src/daemon/warm-up/warm-up.js';

const config = (peers: string): Config => {
  const loaded = loadConfig(`asn: 64512\n${peers}`, 'bgpd.yaml', { hostname: 'host-a' });
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('; '));
  return loaded.config;
};

const EXTERNAL = config('peers: [{ address: 192.0.2.1, asn: 65001, import: [accept-all] }]');
const ORIGINATED = config('peers: [{ address: 192.0.2.1, asn: 65001, advertise: originated }]');
const DYNAMIC = config(
  'peerGroups: { hosts: { asn: 64512 } }\ndynamicPeers: [{ range: 192.0.2.0/24, group: hosts }]',
);

for (const [title, like] of [
  ['a configured peer', EXTERNAL],
  ['a peer that is told of our own routes only', ORIGINATED],
  ['a dynamic range', DYNAMIC],
] as const) {
  test(`like ${title}: it ends by itself, in many turns`, (t) => {
    const deferred: (() => void)[] = [];
    warmUp(like, (task) => deferred.push(task));
    let turns = 0;
    for (; deferred.length > 0 && turns < 100_000; turns++) deferred.shift()?.();
    t.is(deferred.length, 0);
    t.true(turns > 50, `${turns} turns`);
  });
}

test('without peers there is nothing to do', (t) => {
  warmUp(config(''), () => t.fail('a step'));
  t.pass();
});

test('it stops when told to', (t) => {
  const deferred: (() => void)[] = [];
  const stop = warmUp(EXTERNAL, (task) => deferred.push(task));
  deferred.shift()?.();
  t.is(deferred.length, 1);
  stop();
  deferred.shift()?.();
  t.is(deferred.length, 0);
});
