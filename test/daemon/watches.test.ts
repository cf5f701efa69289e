// The small clocks and counters of a peer: kernel drops, prefix limits, the pace of advertisements, connection buckets.

import test from 'ava';
import { ipv4 } from '../../src/base/ip.js';
import type { MaxPrefixConfig } from '../../src/config/types.js';
import { AdvertisementPace } from '../../src/daemon/peers/advertisement-pace.js';
import { DropWatch } from '../../src/daemon/peers/drop-watch.js';
import { PeerBlame } from '../../src/daemon/peers/peer-blame.js';
import { PrefixLimits } from '../../src/daemon/peers/prefix-limits.js';
import type { RunningPeerConfig } from '../../src/daemon/peers/session-setup.js';
import type { DownReason } from '../../src/fsm/types.js';
import { TokenBuckets } from '../../src/net/token-bucket.js';
import type { Source } from '../../src/rib/tables/sources.js';
import { cease } from '../../src/wire/notification.js';
import { CONFIG } from '../fsm/samples.js';
import { fakeClock } from '../support/fake-clock.js';

test('drops count from when they were seen to rise, and age', (t) => {
  const counters = new Map([
    ['TCPMD5Failure', 5],
    ['TCPAOBad', 1],
  ]);
  const watch = new DropWatch(() => counters);
  t.false(watch.look(0), 'what was there before the start is nobody’s');
  counters.set('TCPMD5Failure', 8);
  t.true(watch.look(1000));
  counters.set('TCPAOKeyNotFound', 2);
  t.true(watch.look(5000));
  t.false(watch.look(6000));
  t.like(watch.since(0), { md5Failure: 3, aoBad: 2, minTtl: 0 });
  t.like(watch.since(1001), { md5Failure: 0, aoBad: 2 });
  t.is(new DropWatch(() => null).since(0), null);
});

const limited = (config: Partial<MaxPrefixConfig>) => ({
  'ipv4-unicast': { limit: 100, warn: 80, action: 'drop', restart: null, ...config } as const,
  'ipv6-unicast': null,
});

/** As much of a source as the limits look at. */
const source = (received: number, dropped: number): Source =>
  ({ received: [received, 0], dropped: [dropped, 0] }) as unknown as Source;

test('a threshold and a limit are told once each, and taken back a little below', (t) => {
  const limits = new PrefixLimits();
  const levels = [
    [79, 0],
    [80, 0],
    [81, 0],
    [100, 0],
    [100, 3],
    [99, 3],
    [94, 3],
    [100, 3],
    [100, 4],
    [60, 4],
  ].map(([received = 0, dropped = 0]) =>
    limits
      .check(limited({}), source(received, dropped))
      .map(({ level, left }) => `${level}${left ? ' left' : ''}`),
  );
  t.deepEqual(levels.flat(), ['near', 'over', 'near left', 'over', 'below left']);
  limits.reset();
  t.is(limits.level(0), 'below');
});

test('where only words are wanted, the limit is over when there are more', (t) => {
  const limits = new PrefixLimits();
  t.deepEqual(
    limits.check(limited({ action: 'warn' }), source(101, 0)).map(({ level }) => level),
    ['over'],
  );
});

test('an advertisement goes at once, the next one when the interval is over', (t) => {
  const clock = fakeClock();
  let wakes = 0;
  const pace = new AdvertisementPace(
    (task) => clock.timer(task),
    () => 1000,
    () => wakes++,
  );
  const ready = [[Uint8Array.of(1)], [Uint8Array.of(2)]];
  const take = () => ready.shift() ?? null;
  t.truthy(pace.pull(take));
  t.truthy(pace.pull(take), 'one batch goes out whole');
  t.is(pace.pull(take), null);
  ready.push([Uint8Array.of(3)]);
  t.is(pace.pull(take), null, 'this one waits');
  clock.advance(1000);
  t.is(wakes, 1);
  t.truthy(pace.pull(take));
  pace.close();
});

test('buckets are bounded, and nobody is locked out by those that flood', (t) => {
  const buckets = new TokenBuckets(2, 1, 3);
  t.deepEqual(
    [0, 1, 2].map(() => buckets.take('a', 0)),
    [true, true, false],
  );
  t.true(buckets.take('b', 0));
  for (let i = 0; i < 100; i++) t.true(buckets.take(`flood ${i}`, 0));
  t.true(buckets.size <= 3);
  t.true(buckets.take('c', 0));
});

const PLAIN_PEER = {
  address: ipv4(0x0a000002),
  interface: null,
  enabled: true,
  password: null,
  tcpAo: [],
  ttlSecurity: null,
} as unknown as RunningPeerConfig;

/** The blame of a plain peer whose attempts fail at a time that a test says. */
function blamed() {
  const blame = new PeerBlame();
  const time = { now: 0 };
  const source = {
    drops: new DropWatch(() => null),
    now: () => time.now,
    wallClock: () => time.now,
    suspects: () => 1,
  };
  const failed = (reason: DownReason, ended: boolean) =>
    blame.failed(reason, ended, PLAIN_PEER, CONFIG, source);
  return { blame, time, failed };
}

const refused = (code: string): DownReason => ({ kind: 'connectFailed', code });

test('an attempt that fails does not hide why the last session ended', (t) => {
  const { blame, failed } = blamed();
  const end: DownReason = { kind: 'notificationReceived', notification: cease(1) };
  failed(refused('ECONNREFUSED'), false);
  t.is(blame.failure?.kind, 'refused');
  blame.established();
  t.is(failed(end, true)?.kind, 'peerMaxPrefix');
  t.is(failed(refused('ECONNREFUSED'), false)?.kind, 'refused');
  t.is(blame.failure?.kind, 'peerMaxPrefix');
  t.regex(blame.current?.evidence[0] ?? '', /^the last session ended so: .*maximum number of prefixes/);
  t.is(failed(refused('ECONNREFUSED'), false), null, 'told once');
  blame.established();
  failed({ kind: 'holdTimerExpired' }, true);
  t.is(blame.failure?.kind, 'holdTimer');
});

test('no route to the peer is said once, whatever attempts end sooner than the kernel says it', (t) => {
  const { blame, time, failed } = blamed();
  t.is(failed(refused('ETIMEDOUT'), false)?.kind, 'noAnswer');
  time.now = 3000;
  t.is(failed(refused('EHOSTUNREACH'), false)?.kind, 'noRoute');
  for (const code of ['ETIMEDOUT', 'ETIMEDOUT', 'EHOSTUNREACH', 'ETIMEDOUT']) {
    time.now += 4000;
    t.is(failed(refused(code), false), null, `${code} at ${time.now}`);
  }
  t.is(blame.current?.kind, 'noRoute');
  time.now += 16_000;
  t.is(failed(refused('ETIMEDOUT'), false)?.kind, 'noAnswer', 'there is a route again');
  t.is(failed(refused('EHOSTUNREACH'), false)?.kind, 'noRoute');
  t.is(failed(refused('ECONNREFUSED'), false)?.kind, 'refused', 'what says more counts at once');
});

test('sessions that end together read the counters once', (t) => {
  let reads = 0;
  const watch = new DropWatch(() => {
    reads += 1;
    return new Map();
  });
  for (let i = 0; i < 50; i++) watch.look(1000 + i);
  t.is(reads, 2, 'at the start and for all of them');
  watch.look(1100);
  t.is(reads, 3);
});
