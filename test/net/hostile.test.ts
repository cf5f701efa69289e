// Peers and strangers that misbehave: each gets the NOTIFICATION it has earned, and nobody else notices.

import { connect } from 'node:net';
import test from 'ava';
import fc from 'fast-check';
import { formatIp } from '../../src/base/ip.js';
import { localOpen } from '../../src/fsm/capabilities.js';
import { describeDown } from '../../src/fsm/describe.js';
import { QUEUE_LIMIT } from '../../src/net/connection.js';
import { createListener } from '../../src/net/listener.js';
import { KEEPALIVE } from '../../src/wire/message.js';
import { encodeOpen } from '../../src/wire/open.js';
import type { OpenMessage } from '../../src/wire/types.js';
import { CONFIG } from '../fsm/samples.js';
import { fakeClock } from '../support/fake-clock.js';
import { END_OF_RIB, handshake, ip, REMOTE, REMOTE_OPEN, turnsUntil, withRig } from './rig.js';

const MARKER = 'ff'.repeat(16);
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const open = (changes: Partial<OpenMessage>): Uint8Array => encodeOpen({ ...localOpen(REMOTE), ...changes });

const REFUSED: readonly (readonly [string, Uint8Array, string])[] = [
  ['a marker that is not all ones', hex(`${'ff'.repeat(15)}fe 0013 04`), '1/1'],
  ['a length below 19', hex(`${MARKER} 0012 04`), '1/2 0012'],
  ['a length above 4096', hex(`${MARKER} 1001 02`), '1/2 1001'],
  ['a message type nobody knows', hex(`${MARKER} 0013 09`), '1/3 09'],
  ['BGP version 3', hex(`${MARKER} 001d 01 03 fde9 005a 0a000009 00`), '2/1 0004'],
  ['another AS', encodeOpen(localOpen({ ...REMOTE, localAsn: 65099 })), '2/2 0000fe4b'],
  ['hold time 1', open({ holdTime: 1 }), '2/6'],
  ['BGP identifier 0', open({ routerId: 0 }), '2/3'],
  [
    'no family in common',
    open({ capabilities: [{ kind: 'multiprotocol', afi: 25, safi: 70 }] }),
    '2/7 010400010001010400020001',
  ],
  ['an UPDATE before OPEN', END_OF_RIB, '5/1 02'],
  ['a KEEPALIVE before OPEN', KEEPALIVE, '5/1 04'],
  ['a second OPEN', Buffer.concat([REMOTE_OPEN, REMOTE_OPEN]), '5/2 01'],
  ['a third OPEN, when Established', Buffer.concat([REMOTE_OPEN, KEEPALIVE, REMOTE_OPEN]), '5/3 01'],
  [
    'an UPDATE whose withdrawn routes are longer than itself',
    Buffer.concat([REMOTE_OPEN, KEEPALIVE, hex(`${MARKER} 0017 02 ffff 0000`)]),
    '3/1',
  ],
  [
    'a ROUTE-REFRESH that marks a beginning and is too long',
    Buffer.concat([REMOTE_OPEN, KEEPALIVE, hex(`${MARKER} 0018 05 0001 01 01 00`)]),
    `7/1 ${MARKER}00180500010101${'00'}`,
  ],
];

for (const [what, octets, expected] of REFUSED) {
  test(`${what} is answered by NOTIFICATION ${expected.split(' ')[0]}`, (t) =>
    withRig(async (rig) => {
      const speaker = rig.speaker({ config: { passive: true }, peer: '127.0.0.9' });
      const { port } = await rig.listener('127.0.0.1', { '127.0.0.9': speaker });
      speaker.driver.start();
      const peer = await rig.dial('127.0.0.1', port, '127.0.0.9');
      peer.say(octets);
      t.is(await peer.hearsNotification(), expected);
      await peer.isClosed();
      await speaker.recorder.until('Idle');
      const reason = speaker.driver.status().lastDown?.reason;
      t.is(reason?.kind, 'notificationSent', 'the evidence is kept');
      t.truthy(reason && describeDown(reason));
    }));
}

test('an error holds the peer in Idle; after the hold it may come again', (t) =>
  withRig(async (rig) => {
    const clock = fakeClock();
    const speaker = rig.speaker({ config: { passive: true }, peer: '127.0.0.9', clock });
    const { port } = await rig.listener('127.0.0.1', { '127.0.0.9': speaker }, clock);
    speaker.driver.start();
    const peer = await rig.dial('127.0.0.1', port, '127.0.0.9');
    peer.say(END_OF_RIB);
    await speaker.recorder.until('Idle');
    const early = await rig.dial('127.0.0.1', port, '127.0.0.9');
    t.is(await early.hearsNotification(), '6/5');
    clock.advance(1000);
    t.is(speaker.recorder.state, 'Active');
    await handshake(await rig.dial('127.0.0.1', port, '127.0.0.9'));
    await speaker.recorder.until('Established');
  }));

test('half a message changes nothing, and the other half completes it', (t) =>
  withRig(async (rig) => {
    const speaker = rig.speaker({ config: { passive: true }, peer: '127.0.0.9' });
    const { port } = await rig.listener('127.0.0.1', { '127.0.0.9': speaker });
    speaker.driver.start();
    const peer = await rig.dial('127.0.0.1', port, '127.0.0.9');
    peer.socket.setNoDelay(true);
    for (const octet of REMOTE_OPEN) {
      peer.socket.write(Uint8Array.of(octet));
      await new Promise(setImmediate);
    }
    await peer.hears(4);
    peer.say(KEEPALIVE.subarray(0, 18));
    await new Promise(setImmediate);
    t.is(speaker.recorder.state, 'OpenConfirm');
    peer.say(KEEPALIVE.subarray(18));
    await speaker.recorder.until('Established');
  }));

test('random octets never do more than end the session', (t) =>
  withRig(async (rig) => {
    const { driver, recorder, port } = await rig.passivePair();
    await driver.stop({ code: 6, subcode: 2, data: new Uint8Array(0) }, { kind: 'adminDown', text: '' });
    const noise = fc.sample(fc.uint8Array({ minLength: 1, maxLength: 300 }), 40);
    for (const [i, octets] of noise.entries()) {
      driver.start();
      const peer = await rig.dial('127.0.0.1', port, '127.0.0.9');
      // Every other one behind a good start, to reach the code behind OPEN.
      if (i % 2 === 0) peer.say(REMOTE_OPEN, KEEPALIVE);
      const type = 1 + (i % 5);
      const head = hex(`${MARKER} 0000 0${type}`);
      head.writeUInt16BE(19 + octets.length, 16);
      peer.say(i % 4 < 2 ? Buffer.concat([head, octets]) : octets);
      peer.socket.end();
      await peer.isClosed();
      await driver.stop({ code: 6, subcode: 2, data: new Uint8Array(0) }, { kind: 'adminDown', text: '' });
    }
    t.is(driver.status().state, 'Idle');
    t.is(driver.status().queuedBytes, 0);
    t.true(recorder.downs.length > 1);
  }));

test('a peer that never reads costs a bounded queue; others get theirs', (t) =>
  withRig(async (rig) => {
    const stuck = await rig.passivePair();
    stuck.peer.socket.pause();
    const chunk = new Uint8Array(64 * 23);
    for (let at = 0; at < chunk.length; at += 23) chunk.set(END_OF_RIB, at);
    let pulled = 0;
    stuck.recorder.source.pull = (budget) => {
      const chunks = Array.from({ length: Math.max(1, Math.floor(budget / chunk.length)) }, () => chunk);
      pulled += chunks.length * chunk.length;
      return chunks;
    };
    const lively = await rig.passivePair();
    let left = 2000;
    lively.recorder.source.pull = () => (left-- > 0 ? [END_OF_RIB] : null);
    stuck.driver.wake();
    lively.driver.wake();
    await lively.peer.hears(2, 2000);
    let before = -1;
    while (before !== pulled) {
      before = pulled;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const { queuedBytes } = stuck.driver.status();
    t.true(queuedBytes > 0, 'the kernel has stopped taking');
    t.true(queuedBytes <= QUEUE_LIMIT + chunk.length, `${queuedBytes} octets are queued`);
    for (let i = 0; i < 100; i++) stuck.driver.wake();
    await new Promise(setImmediate);
    t.is(pulled, before, 'nothing more is pulled');
    // Once it reads again, all that was pulled arrives.
    stuck.recorder.source.pull = () => null;
    stuck.peer.socket.resume();
    await stuck.peer.watch.until(() => stuck.peer.count(2) === pulled / 23, 'all of it');
    t.is(stuck.driver.status().queuedBytes, 0);
  }));

test('stop does not wait for a peer that never reads', (t) =>
  withRig(async (rig) => {
    const clock = fakeClock();
    const stuck = await rig.passivePair({ clock });
    stuck.peer.socket.pause();
    const chunk = new Uint8Array(4096 * 23).fill(0xff);
    stuck.recorder.source.pull = () => [chunk];
    stuck.driver.wake();
    await turnsUntil(() => stuck.driver.status().queuedBytes >= QUEUE_LIMIT, 'a full socket');
    await new Promise(setImmediate);
    const stopped = stuck.driver.stop(
      { code: 6, subcode: 2, data: new Uint8Array(0) },
      { kind: 'adminDown', text: '' },
    );
    clock.advance(1000);
    await stopped;
    t.is(stuck.driver.status().queuedBytes, 0);
  }));

test('a flood from a stranger is counted and turned away; a session lives through it', (t) =>
  withRig(async (rig) => {
    const clock = fakeClock();
    const speaker = rig.speaker({ config: { passive: true }, peer: '127.0.0.9', clock });
    const { listener, port } = await rig.listener('127.0.0.1', { '127.0.0.9': speaker }, clock);
    speaker.driver.start();
    const peer = await rig.dial('127.0.0.1', port, '127.0.0.9');
    await handshake(peer);
    const strangers = await Promise.all(
      Array.from({ length: 300 }, () => rig.dial('127.0.0.1', port, '127.0.0.66')),
    );
    await Promise.all(strangers.map((stranger) => stranger.isClosed()));
    t.is(listener.counters().unknown, 300);
    const told = strangers.filter(({ notification }) => notification === '6/5').length;
    // A stranger that is reset while it still connects hears nothing of what was sent to it.
    t.true(told > 0 && told <= 32, `${told} were told why`);
    peer.say(END_OF_RIB);
    await speaker.recorder.watch.until(() => speaker.recorder.updates === 1, 'an UPDATE');
    t.is(speaker.recorder.state, 'Established');
  }));

test('a peer that connects in a tight loop is slowed down', (t) =>
  withRig(async (rig) => {
    const clock = fakeClock();
    const speaker = rig.speaker({ config: { passive: true }, peer: '127.0.0.9' });
    const { listener, port } = await rig.listener('127.0.0.1', { '127.0.0.9': speaker }, clock);
    speaker.driver.start();
    const count = (): number => listener.counters().accepted + listener.counters().limited;
    for (const total of [60, 70]) {
      const mad = await Promise.all(
        Array.from({ length: total - count() }, () => rig.dial('127.0.0.1', port, '127.0.0.9')),
      );
      for (const peer of mad) peer.socket.destroy();
      await turnsUntil(() => count() === total, 'all of them');
      clock.advance(1000);
    }
    t.is(listener.counters().accepted, 20 + 5);
    await turnsUntil(() => speaker.driver.status().state === 'Active', 'a peer that waits again');
  }));

test('a listener reports what it cannot bind, and listens on the rest', (t) =>
  withRig(async (rig) => {
    const first = await rig.listener('127.0.0.1', {});
    const second = createListener({
      addresses: [
        { address: ip('127.0.0.1'), port: first.port },
        { address: ip('192.0.2.1'), port: 0 },
        { address: ip('::1'), port: 0 },
      ],
      match: () => null,
      clock: rig.clock,
    });
    const problems = await second.start();
    t.deepEqual(problems.map(({ code }) => code).sort(), ['EADDRINUSE', 'EADDRNOTAVAIL']);
    t.is(second.bound().length, 1);
    await second.stop();
    t.deepEqual(second.bound(), []);
  }));

test('an address that the host may get later is listened on now', (t) =>
  withRig(async (rig) => {
    const addresses = ['192.0.2.1', '2001:db8::1', '127.0.0.7'].map((text) => ({
      address: ip(text),
      port: 0,
      freeBind: true,
    }));
    const listener = createListener({ addresses, match: () => null, clock: rig.clock });
    t.deepEqual(await listener.start(), []);
    const bound = listener.bound();
    t.deepEqual(bound.map(({ address }) => formatIp(address)).sort(), [
      '127.0.0.7',
      '192.0.2.1',
      '2001:db8::1',
    ]);
    const { port = 0 } = bound.find(({ address }) => formatIp(address) === '127.0.0.7') ?? {};
    const again = createListener({
      addresses: [{ address: ip('127.0.0.7'), port, freeBind: true }],
      match: () => null,
      clock: rig.clock,
    });
    t.deepEqual(
      (await again.start()).map(({ code }) => code),
      ['EADDRINUSE'],
    );
    const socket = connect(port, '127.0.0.7');
    await turnsUntil(() => listener.counters().unknown === 1, 'a connection');
    socket.destroy();
    await listener.stop();
    t.deepEqual(listener.bound(), []);
  }));

test('IPv6 works the same', (t) =>
  withRig(async (rig) => {
    const speaker = rig.speaker({ config: { passive: true }, peer: '::1' });
    const { port } = await rig.listener('::1', { '::1': speaker });
    speaker.driver.start();
    const active = rig.speaker({ config: REMOTE, peer: '::1', port });
    active.driver.start();
    await Promise.all([active.recorder.until('Established'), speaker.recorder.until('Established')]);
    t.is(active.recorder.sessions[0]?.peerAsn, CONFIG.localAsn);
    t.is(speaker.recorder.transports[0]?.remoteAddress.family, 'ipv6');
  }));
