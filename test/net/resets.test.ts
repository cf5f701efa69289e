// Peers that we dial and that reset the connection, in each state: the reason is kept, we dial again, nothing is left.

import test from 'ava';
import { describeDown } from '../../src/fsm/describe.js';
import { KEEPALIVE } from '../../src/wire/message.js';
import { cease } from '../../src/wire/notification.js';
import { fakeClock } from '../support/fake-clock.js';
import type { ScriptedPeer } from '../support/scripted-peer.js';
import { countingClock } from './counting-clock.js';
import { handshake, REMOTE_OPEN, type Speaker, turnsUntil, withRig } from './rig.js';

const HALF_AN_UPDATE = Buffer.from(`${'ff'.repeat(16)}00400200000000`, 'hex');

const RESETS: readonly (readonly [
  where: string,
  prepare: (peer: ScriptedPeer, speaker: Speaker) => Promise<void>,
  says: RegExp,
])[] = [
  ['OpenSent', (peer) => peer.hears(1), /in OpenSent: the peer reset/],
  [
    'OpenConfirm',
    async (peer) => {
      peer.say(REMOTE_OPEN);
      await peer.hears(4);
    },
    /in OpenConfirm: the peer reset/,
  ],
  [
    'Established',
    async (peer, { recorder }) => {
      await handshake(peer);
      await recorder.until('Established');
    },
    /in Established: the peer reset/,
  ],
  [
    'the middle of an UPDATE',
    async (peer, { recorder, driver }) => {
      await handshake(peer);
      await recorder.until('Established');
      const received = (): number => driver.status().counters.received.keepalive;
      const before = received();
      peer.say(KEEPALIVE, HALF_AN_UPDATE);
      await turnsUntil(() => received() > before, 'the KEEPALIVE');
    },
    /in Established: the peer reset/,
  ],
];

for (const [where, prepare, says] of RESETS) {
  test(`the peer we dial resets in ${where}`, (t) =>
    withRig(async (rig) => {
      const moved = fakeClock();
      const clock = countingClock(moved);
      const { port, next } = await rig.server();
      const speaker = rig.speaker({ port, clock });
      const { driver, recorder } = speaker;
      driver.start();
      for (let round = 0; round < 5; round++) {
        const peer = await next();
        await prepare(peer, speaker);
        const before = recorder.reasons.length;
        peer.socket.resetAndDestroy();
        await recorder.watch.until(
          () => recorder.reasons.slice(before).some((reason) => reason !== null),
          'the end',
        );
        const { lastDown } = driver.status();
        t.regex(lastDown === null ? '' : describeDown(lastDown.reason), says);
        moved.advance(10_000);
      }
      await handshake(await next());
      await recorder.until('Established');
      await driver.stop(cease(2), { kind: 'adminDown', text: '' });
      t.is(clock.timers, 0, 'every timer was given back');
      t.is(driver.status().queuedBytes, 0);
    }));
}

test('the idle hold grows with each error and is forgotten after two quiet minutes', (t) =>
  withRig(async (rig) => {
    const clock = fakeClock();
    const speaker = rig.speaker({ config: { passive: true }, peer: '127.0.0.9', clock });
    const { port } = await rig.listener('127.0.0.1', { '127.0.0.9': speaker }, clock);
    speaker.driver.start();
    /** Seconds, in whole steps, until it listens again. */
    const holdAfterError = async (): Promise<number> => {
      const peer = await rig.dial('127.0.0.1', port, '127.0.0.9');
      peer.say(KEEPALIVE);
      await speaker.recorder.until('Idle');
      await peer.isClosed();
      for (let seconds = 0; ; seconds++) {
        if (speaker.driver.status().state === 'Active') return seconds;
        clock.advance(1000);
      }
    };
    const holds: number[] = [];
    for (let error = 0; error < 7; error++) holds.push(await holdAfterError());
    // Each is 0.875 of a power of two: the jitter of this rig.
    t.deepEqual(holds, [1, 2, 4, 7, 14, 27, 27]);
    clock.advance(120_001);
    t.is(await holdAfterError(), 1);
  }));
