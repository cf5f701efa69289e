// Time: the deadline table, the system clock, and a session's timers on a clock that the test moves.

import test from 'ava';
import fc from 'fast-check';
import { deadlineOf, systemClock } from '../../src/net/clock.js';
import { QUEUE_LIMIT } from '../../src/net/connection.js';
import { DeadlineTable } from '../../src/net/deadline-table.js';
import { TokenBucket } from '../../src/net/token-bucket.js';
import { KEEPALIVE } from '../../src/wire/message.js';
import { fakeClock } from '../support/fake-clock.js';
import { handshake, turnsUntil, withRig } from './rig.js';

test('the deadline table fires each row once, at its latest deadline', (t) => {
  const moves = fc.array(fc.record({ row: fc.nat(9), at: fc.nat(100), clear: fc.boolean() }), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(moves, fc.array(fc.nat(120), { maxLength: 8 }), (sets, times) => {
      const table = new DeadlineTable();
      const fired: number[] = [];
      const rows = Array.from({ length: 10 }, (_, i) => table.add(() => fired.push(i)));
      const model = new Map<number, number>();
      for (const { row, at, clear } of sets) {
        if (clear) {
          table.clear(rows[row]!);
          model.delete(row);
        } else {
          table.set(rows[row]!, at);
          model.set(row, at);
        }
      }
      const expected = new Set<number>();
      for (const now of times.sort((a, b) => a - b)) {
        for (const [row, at] of model) if (at <= now) expected.add(row);
        table.fire(now);
        if (table.earliest <= now) throw new Error('something due was left');
      }
      if (fired.length !== expected.size || fired.some((row) => !expected.has(row))) {
        throw new Error(`fired ${fired.join()}`);
      }
    }),
  );
  t.pass();
});

test('a row that is given back is used again and fires no more', (t) => {
  const table = new DeadlineTable();
  const fired: string[] = [];
  const row = table.add(() => fired.push('old'));
  table.set(row, 5);
  table.remove(row);
  table.remove(row);
  t.is(
    table.add(() => fired.push('new')),
    row,
  );
  const other = table.add(() => fired.push('other'));
  t.not(other, row);
  table.set(row, 7);
  table.fire(10);
  t.deepEqual(fired, ['new']);
});

test('the table grows beyond its first size', (t) => {
  const table = new DeadlineTable();
  let fired = 0;
  for (let i = 0; i < 1000; i++)
    table.set(
      table.add(() => fired++),
      i,
    );
  t.is(table.fire(499.5), 499.5);
  t.is(fired, 500);
});

test('a callback that throws does not lose the rows behind it', (t) => {
  const table = new DeadlineTable();
  let fired = 0;
  const bad = table.add(() => {
    throw new Error('broken');
  });
  const good = table.add(() => fired++);
  table.set(bad, 1);
  table.set(good, 1);
  t.throws(() => table.fire(2), { message: 'broken' });
  table.fire(2);
  t.is(fired, 1);
});

test('short deadlines are exact, long ones share a grid and are never early', (t) => {
  t.is(deadlineOf(1003.5, 250), 1253.5);
  t.is(deadlineOf(1003.5, 1000), 2050);
  t.is(deadlineOf(1000, 1000), 2000);
});

// Alone, as other tests would hold up the event loop.
test.serial('the system clock keeps its order and tells its slack', async (t) => {
  const clock = systemClock();
  const fired: string[] = [];
  const done = new Promise<void>((resolve) => {
    clock.timer(() => fired.push('first')).start(5);
    clock
      .timer(() => {
        fired.push('last');
        resolve();
      })
      .start(60);
    clock.timer(() => fired.push('second')).start(30);
  });
  const never = clock.timer(() => fired.push('never'));
  never.start(10);
  t.true(never.running);
  never.stop();
  t.false(never.running);
  const start = clock.now();
  while (clock.now() - start < 8);
  await done;
  t.deepEqual(fired, ['first', 'second', 'last']);
  t.true(clock.takeSlack() >= 2, 'the first was held up');
  t.is(clock.takeSlack(), 0);
  const { count, sum } = clock.lateness();
  t.true(count >= 1 && sum >= 2, 'what was taken stays in the histogram');
});

test('a token bucket lets a burst through and then a rate', (t) => {
  const bucket = new TokenBucket(3, 2, 0);
  t.deepEqual(
    [1, 2, 3, 4].map(() => bucket.take(0)),
    [true, true, true, false],
  );
  t.true(bucket.take(500));
  t.false(bucket.take(500));
  t.false(bucket.isFull(1000));
  t.true(bucket.isFull(5000));
});

test('a silent peer runs into the hold timer', (t) =>
  withRig(async (rig) => {
    const clock = fakeClock();
    const { recorder, peer } = await rig.passivePair({ clock, config: { holdTime: 30 } });
    clock.advance(29_900);
    t.is(recorder.state, 'Established');
    clock.advance(200);
    t.is(await peer.hearsNotification(), '4/0');
    t.deepEqual(recorder.downs, [{ kind: 'holdTimerExpired' }]);
    t.is(recorder.state, 'Active');
  }));

test('what arrived during a stall of our own is read before the peer is given up', (t) =>
  withRig(async (rig) => {
    const clock = fakeClock();
    const { recorder, driver, peer } = await rig.passivePair({ clock, config: { holdTime: 30 } });
    await new Promise(setImmediate);
    peer.say(KEEPALIVE);
    // No turn of the event loop in between: to the driver the two come at the same time.
    clock.advance(31_000);
    await turnsUntil(() => driver.status().counters.received.keepalive === 2, 'the KEEPALIVE');
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    t.is(recorder.state, 'Established');
    clock.advance(31_000);
    await recorder.until('Active');
    t.deepEqual(recorder.downs, [{ kind: 'holdTimerExpired' }]);
  }));

test('keepalives go out in time, jittered, and every message from the peer counts as life', (t) =>
  withRig(async (rig) => {
    const clock = fakeClock();
    const { driver, recorder, peer } = await rig.passivePair({ clock, config: { holdTime: 30 } });
    // random is 0.5: 10 s times 0.875, on the grid.
    clock.advance(8_700);
    await new Promise(setImmediate);
    t.is(driver.status().counters.sent.keepalive, 1);
    clock.advance(100);
    t.is(driver.status().counters.sent.keepalive, 2);
    for (let i = 1; i <= 10; i++) {
      peer.say(KEEPALIVE);
      await turnsUntil(() => driver.status().counters.received.keepalive === 1 + i, 'the KEEPALIVE');
      clock.advance(25_000);
    }
    t.is(recorder.state, 'Established');
    t.true(driver.status().counters.sent.keepalive >= 28);
  }));

test('hold time 0: no keepalives, no expiry', (t) =>
  withRig(async (rig) => {
    const clock = fakeClock();
    const { driver, recorder } = await rig.passivePair({ clock, config: { holdTime: 0 } });
    clock.advance(86_400_000);
    t.is(recorder.state, 'Established');
    t.is(driver.status().counters.sent.keepalive, 1);
  }));

test('a connection that never says OPEN is given up after four minutes', (t) =>
  withRig(async (rig) => {
    const clock = fakeClock();
    const speaker = rig.speaker({ config: { passive: true }, peer: '127.0.0.9', clock });
    const { port } = await rig.listener('127.0.0.1', { '127.0.0.9': speaker }, clock);
    speaker.driver.start();
    const peer = await rig.dial('127.0.0.1', port, '127.0.0.9');
    await peer.hears(1);
    clock.advance(240_100);
    t.is(await peer.hearsNotification(), '4/0');
    t.is(speaker.recorder.state, 'Active');
  }));

test('a peer that talks but never reads runs into the send hold timer', (t) =>
  withRig(async (rig) => {
    const clock = fakeClock();
    const { driver, recorder, peer } = await rig.passivePair({ clock });
    peer.socket.pause();
    const chunk = new Uint8Array(1024 * 19);
    for (let at = 0; at < chunk.length; at += 19) chunk.set(KEEPALIVE, at);
    recorder.source.pull = () => [chunk];
    driver.wake();
    await turnsUntil(() => driver.status().queuedBytes >= QUEUE_LIMIT, 'a full socket');
    const received = driver.status().counters.received.keepalive;
    for (let minute = 1; minute <= 9 && recorder.state === 'Established'; minute++) {
      peer.say(KEEPALIVE);
      await turnsUntil(
        () => driver.status().counters.received.keepalive === received + minute,
        'the KEEPALIVE',
      );
      clock.advance(60_000);
    }
    t.like(recorder.downs[0], { kind: 'notificationSent', notification: { code: 8, subcode: 0 } });
  }));

test('a delayed OPEN waits for its timer or for the peer', (t) =>
  withRig(async (rig) => {
    const clock = fakeClock();
    const server = await rig.server();
    const { driver, recorder } = rig.speaker({ port: server.port, clock, config: { delayOpenTime: 5 } });
    driver.start();
    const peer = await server.next();
    await new Promise(setImmediate);
    t.is(peer.count(1), 0);
    await recorder.watch.until(() => driver.status().state === 'Connect', 'the dial');
    for (let i = 0; i < 50 && recorder.state !== 'OpenSent'; i++) {
      clock.advance(1000);
      await new Promise(setImmediate);
    }
    await peer.hears(1);
    t.is(recorder.state, 'OpenSent');
  }));

test('a session knows how late its keepalives were; the next one starts anew', (t) =>
  withRig(async (rig) => {
    const clock = fakeClock();
    const { driver, peer, recorder, port } = await rig.passivePair({ clock, config: { holdTime: 3 } });
    const late = (): number => driver.status().counters.keepaliveLateSeconds;
    t.is(late(), 0);
    const { keepaliveTime } = recorder.sessions[0]!;
    t.is(keepaliveTime, 1);
    clock.advance(keepaliveTime * 1000);
    t.is(late(), 0, 'in time');
    clock.stall(1500);
    await peer.hears(4, 3);
    // Jitter: the next one was due 0.75 to 1 s after the last.
    t.true(late() >= 0.5 && late() <= 1.5, `${late()} s`);
    peer.socket.destroy();
    await recorder.watch.until(() => recorder.downs.length === 1, 'the end');
    await handshake(await rig.dial('127.0.0.1', port, '127.0.0.9'));
    await recorder.until('Established');
    t.is(late(), 0);
  }));
