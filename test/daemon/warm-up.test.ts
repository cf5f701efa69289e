import test from 'ava';
import { loadConfig } from '../../src/config/load.js';
import type { Config } from '../../src/config/types.js';
import { endpoint, sessionConfig } from '../../src/daemon/peers/session-setup.js';
import { modelPeer } from '../../src/daemon/warm-up/invented-peers.js';
import { ROUNDS, rehearse } from '../../src/daemon/warm-up/rehearsal.js';
import { type WarmUpSource, warmUpStatus } from '../../src/daemon/warm-up/status-warm-up.js';
import { type WarmUp, type WarmUpOptions, warmUp } from '../../src/daemon/warm-up/warm-up.js';
import { systemClock } from '../../src/net/clock.js';
import { createPeerDriver } from '../../src/net/peer-driver.js';
import { FAKE_PEERS, fakeStatus } from '../support/fake-status.js';
import { waitFor } from '../support/wait.js';

const config = (peers: string): Config => {
  const loaded = loadConfig(`asn: 64512\n${peers}`, 'bgpd.yaml', { hostname: 'host-a' });
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('; '));
  return loaded.config;
};

function options(like: Config): WarmUpOptions {
  const clock = { ...systemClock(), wallClock: () => Date.now() };
  return {
    config: like,
    clock,
    makeDriver: (local, peer, handlers) =>
      createPeerDriver({
        config: sessionConfig(local, peer),
        endpoint: endpoint(local, peer),
        handlers,
        clock,
        random: () => 0.5,
      }),
  };
}

const EXTERNAL = config(
  'peers: [{ address: 192.0.2.1, asn: 65001, import: [accept-all], ttlSecurity: 1, localAddress: 192.0.2.9 }]',
);
const ORIGINATED = config('peers: [{ address: 192.0.2.1, asn: 65001, advertise: originated }]');
const DYNAMIC = config(
  'peerGroups: { hosts: { asn: 64512 } }\ndynamicPeers: [{ range: 192.0.2.0/24, group: hosts }]',
);
const NEVER = (): boolean => false;

for (const [title, like] of [
  ['a configured peer', EXTERNAL],
  ['a peer that is told of our own routes only', ORIGINATED],
  ['a dynamic range', DYNAMIC],
] as const) {
  test.serial(`like ${title}: all sessions of the rehearsal come, tell, go and return`, async (t) => {
    const specimens: unknown[] = [];
    const model = modelPeer(like);
    t.is(await rehearse({ ...options(like), like: model! }, specimens, NEVER), ROUNDS);
    t.is(specimens.length, 1);
  });
}

test.serial('it ends by itself and leaves specimens', async (t) => {
  const warming = await new Promise<WarmUp>((resolve) => {
    const begun = warmUp(options(EXTERNAL), () => resolve(begun));
  });
  t.true(warming.specimens.length > 3);
});

test.serial('without peers there is nothing to do', (t) => {
  t.deepEqual(warmUp(options(config('')), () => t.fail('it is done')).specimens, []);
});

test.serial('it stops when told to', async (t) => {
  const begun = warmUp(options(EXTERNAL), () => t.fail('it goes on'));
  await begun.stop();
  t.deepEqual(begun.specimens, []);
});

test.serial('real work ends it, and nothing is done about the engine then', async (t) => {
  let asked = 0;
  const overtaken = (): boolean => ++asked > 20;
  const { specimens } = warmUp({ ...options(EXTERNAL), overtaken }, () => t.fail('it goes on'));
  await new Promise((resolve) => setTimeout(resolve, 500));
  t.is(asked, 21);
  t.deepEqual(specimens, []);
});

test.serial('a rehearsal that is stopped ends its sessions', async (t) => {
  let asked = 0;
  const stopped = (): boolean => ++asked > 3;
  t.is(await rehearse({ ...options(EXTERNAL), like: modelPeer(EXTERNAL)! }, [], stopped), 0);
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

test.serial('a long list of peers is looked at often', async (t) => {
  for (const peers of [200, 3000]) {
    const { seen, source } = summarized(peers);
    await new Promise<void>((resolve) => warmUpStatus(source, resolve));
    t.true(seen.looks >= 10_000 && seen.looks < 10_000 + peers, `${seen.looks}`);
  }
});

test.serial('a short list is looked at once', async (t) => {
  for (const peers of [0, 1, 199]) {
    const { seen, source } = summarized(peers);
    await new Promise<void>((resolve) => warmUpStatus(source, resolve));
    t.is(seen.looks, peers);
  }
});

test.serial('who stops the list hears no more of it', async (t) => {
  const { seen, source } = summarized(3000);
  const stop = warmUpStatus(source, () => t.fail('done'));
  await waitFor('the first looks', async () => seen.looks > 0);
  stop();
  const { looks } = seen;
  await new Promise<void>((resolve) => setTimeout(resolve, 50));
  t.true(seen.looks <= looks + 1);
});
