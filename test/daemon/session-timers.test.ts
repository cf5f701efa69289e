// Timers as an operator sets them, seen from the far end of a whole daemon: start jitter, send hold, the restart after too
// many prefixes.

import test from 'ava';
import { KEEPALIVE } from '../../src/wire/message.js';
import { encodeOpen } from '../../src/wire/open.js';
import { fakeClock } from '../support/fake-clock.js';
import { openOf, TestSpeaker } from '../support/test-speaker.js';
import { BASE, OPEN_EBGP, passive, withDaemons } from './daemon-rig.js';

const PEER = '127.0.0.3';
const BYSTANDER = '127.0.0.2';

test('startJitter: the first dials of many peers are spread over it, and all come', (t) =>
  withDaemons(async (rig) => {
    const clock = fakeClock();
    const { port } = await rig.await('127.0.0.9');
    const names = Array.from({ length: 40 }, (_, index) => `peer-${index}`);
    const daemon = await rig.start(
      {
        ...BASE,
        peers: names.map((name, index) => ({
          name,
          address: `127.0.7.${1 + index}`,
          port,
          asn: 64512,
          timers: { startJitter: 300 },
        })),
      },
      { clock },
    );
    // Nobody listens at their addresses: who has dialled was refused.
    const dialled = (): number =>
      names.filter((name) => daemon.status.peer(name)?.lastDown?.kind === 'refused').length;
    clock.advance(150_000);
    await daemon.until('half of the time: some', () => dialled() > 0);
    t.true(dialled() < names.length, 'and not all');
    clock.advance(150_000);
    await daemon.until('all of the time: all', () => dialled() === names.length);
  }));

test('sendHold: a peer that talks and takes nothing is left after it, in words; a bystander stays', (t) =>
  withDaemons(async (rig) => {
    const clock = fakeClock();
    const daemon = await rig.start(
      {
        ...BASE,
        peers: [
          passive('source', '127.0.0.5', 65001, OPEN_EBGP),
          passive('stuck', PEER, 64512, { timers: { hold: 0, sendHold: 20 } }),
          passive('bystander', BYSTANDER, 64512, { timers: { hold: 0 } }),
        ],
      },
      { clock },
    );
    const bystander = await rig.join(daemon, BYSTANDER, { asn: 64512, routerId: 0x0a090901, holdTime: 0 });
    const stuck = await rig.join(daemon, PEER, { asn: 64512, routerId: 0x0a090902, holdTime: 0 });
    const source = await rig.join(daemon, '127.0.0.5', { asn: 65001, holdTime: 0 });
    stuck.peer.socket.pause();
    const count = 12_000;
    for (let index = 0; index < count; index++) {
      const largeCommunities = Array.from({ length: 60 }, (_, i) => [index, i, 1] as const);
      source.announce([`10.70.${index >> 8}.${index & 255}/32`], { nextHop: '10.0.0.9', largeCommunities });
    }
    const pump = setInterval(() => clock.advance(1), 5);
    await bystander.peer.watch.until(
      () => bystander.told.size === count,
      () => `${bystander.told.size} routes`,
    );
    await daemon.until('the kernel to take no more', () => daemon.peer('stuck').queuedBytes > 0);
    clearInterval(pump);
    clock.advance(15_000);
    t.true(daemon.isUp('stuck'), 'it still has time');
    stuck.peer.say(KEEPALIVE);
    // What the kernel took meanwhile is progress, which the timer forgives once.
    clock.advance(30_000);
    await daemon.until('the end', () => !daemon.isUp('stuck'));
    t.regex(daemon.peer('stuck').lastDown?.reason ?? '', /send hold timer expired/i);
    t.true(daemon.isUp('bystander'));
  }));

test('maxPrefix restart: Idle for so long, then it dials again; a second excess ends it again', (t) =>
  withDaemons(async (rig) => {
    const clock = fakeClock();
    const { port, next } = await rig.await(PEER);
    const limits = { maxPrefix: { 'ipv4-unicast': { limit: 1, action: 'idle', restart: 300 } } };
    const timers = { hold: 0 };
    const daemon = await rig.start(
      { ...BASE, peers: [{ name: 'known', address: PEER, port, asn: 64512, timers, ...limits }] },
      { clock },
    );
    for (const round of [1, 2]) {
      const peer = await next();
      const speaker = new TestSpeaker(peer, { asn: 64512, holdTime: 0 });
      await speaker.establish();
      speaker.announce(['10.65.0.0/26', '10.65.0.64/26'], { nextHop: '10.0.0.9' });
      t.regex(await peer.hearsNotification(), /^6\/1/);
      await peer.isClosed();
      await daemon.until('Idle', () => daemon.peer('known').state === 'Idle');
      t.like(daemon.peer('known'), { blame: { kind: 'maxPrefix' }, counters: { established: round } });
      const visitor = await rig.dial(daemon, PEER);
      await visitor.isClosed();
      clock.advance(299_000);
      t.is(daemon.peer('known').state, 'Idle', 'too early');
      clock.advance(2000);
    }
    const peer = await next();
    peer.say(encodeOpen(openOf({ asn: 64512, holdTime: 0 })), KEEPALIVE);
    await daemon.until('the session', () => daemon.isUp('known'));
    t.is(daemon.peer('known').blame, null);
  }));
