import test from 'ava';
import { loadConfig } from '../../src/config/load.js';
import type { Config } from '../../src/config/types.js';
import { type WarmUpSource, warmUpStatus } from '../../src/daemon/warm-up/status-warm-up.js';
import { warmUp } from '../../src/daemon/warm-up/warm-up.js';
import { FAKE_PEERS, fakeStatus } from '../support/fake-status.js';
import { waitFor } from '../support/wait.js';

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

const summarized = (peers: number) => {
  const seen = { looks: 0 };
  const source: WarmUpSource = {
    summary: () => fakeStatus().summary(),
    *peerSummaries() {
      for (let i = 0; i < peers; i++) {
        seen.looks++;
        yield FAKE_PEERS[0]!;
      }
    },
  };
  return { seen, source };
};

test('a long list of peers is looked at often', async (t) => {
  for (const peers of [200, 3000]) {
    const { seen, source } = summarized(peers);
    await new Promise<void>((resolve) => warmUpStatus(source, resolve));
    t.true(seen.looks >= 10_000 && seen.looks < 10_000 + peers, `${seen.looks}`);
  }
});

test('a short list is looked at once', async (t) => {
  for (const peers of [0, 1, 199]) {
    const { seen, source } = summarized(peers);
    await new Promise<void>((resolve) => warmUpStatus(source, resolve));
    t.is(seen.looks, peers);
  }
});

test('who stops the list hears no more of it', async (t) => {
  const { seen, source } = summarized(3000);
  const stop = warmUpStatus(source, () => t.fail('done'));
  await waitFor('the first looks', async () => seen.looks > 0);
  stop();
  const { looks } = seen;
  await new Promise<void>((resolve) => setTimeout(resolve, 50));
  t.true(seen.looks <= looks + 1);
});
