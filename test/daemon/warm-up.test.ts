import test from 'ava';
import { loadConfig } from '../../src/config/load.js';
import type { Config } from '../../src/config/types.js';
import { endpoint, sessionConfig } from '../../src/daemon/peers/session-setup.js';
import { modelPeer } from '../../src/daemon/warm-up/invented-peers.js';
import { quietTurns } from '../../src/daemon/warm-up/quiet-turns.js';
import { rehearse } from '../../src/daemon/warm-up/rehearsal.js';
import { type WarmUpSource, warmUpStatus } from '../../src/daemon/warm-up/status-warm-up.js';
import { type WarmUp, type WarmUpOptions, warmUp } from '../../src/daemon/warm-up/warm-up.js';
import { systemClock } from '../../src/net/clock.js';
import { createPeerDriver } from '../../src/net/peer-driver.js';
import { fakeClock } from '../support/fake-clock.js';
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
const turnOf = (): Promise<void> => new Promise(setImmediate);
const NEVER = (): boolean => false;

for (const [title, like] of [
  ['a configured peer', EXTERNAL],
  ['a peer that is told of our own routes only', ORIGINATED],
  ['a dynamic range', DYNAMIC],
] as const) {
  test.serial(`like ${title}: all sessions of the rehearsal come, tell, go and return`, async (t) => {
    const specimens: unknown[] = [];
    const model = modelPeer(like);
    t.is(await rehearse({ ...options(like), like: model!, turn: turnOf }, specimens, NEVER), true);
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

test.serial('its sessions wait for their turn', async (t) => {
  let turns = 0;
  let go = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    go = resolve;
  });
  const turn = (): Promise<void> => (++turns < 10 ? Promise.resolve() : held);
  const { stop } = warmUp({ ...options(EXTERNAL), turn }, () => t.fail('it goes on'));
  await waitFor('the tenth turn', () => turns === 10);
  await new Promise((resolve) => setTimeout(resolve, 100));
  t.is(turns, 10);
  const stopped = stop();
  go();
  await stopped;
});

test('a turn is quiet when there has been no work for a while', async (t) => {
  const clock = fakeClock();
  let work = 1;
  let quiet = 0;
  const turns = quietTurns(clock, () => work);
  const ask = (): void => void turns.next().then(() => quiet++);
  const pass = async (milliseconds: number): Promise<void> => {
    for (let at = 0; at < milliseconds; at += 5) {
      clock.advance(5);
      await new Promise(setImmediate);
    }
  };
  ask();
  await pass(80);
  t.is(quiet, 0);
  work++;
  await pass(80);
  t.is(quiet, 0);
  await pass(80);
  t.is(quiet, 1);
  work++;
  ask();
  await pass(80);
  t.is(quiet, 1);
  turns.end();
  await pass(50);
  t.is(quiet, 2);
});

test.serial('a rehearsal that is stopped ends its sessions', async (t) => {
  let asked = 0;
  const stopped = (): boolean => ++asked > 3;
  t.is(
    await rehearse({ ...options(EXTERNAL), like: modelPeer(EXTERNAL)!, turn: turnOf }, [], stopped),
    false,
  );
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
