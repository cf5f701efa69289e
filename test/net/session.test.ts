// A peer driver on real sockets: sessions come up, carry messages and end, each end with its evidence.

import test from 'ava';
import { localOpen } from '../../src/fsm/capabilities.js';
import { KEEPALIVE } from '../../src/wire/message.js';
import { cease, encodeNotification } from '../../src/wire/notification.js';
import { encodeOpen } from '../../src/wire/open.js';
import { encodeRouteRefresh } from '../../src/wire/route-refresh.js';
import { END_OF_RIB, handshake, PLAIN, REMOTE, REMOTE_OPEN, withRig } from './rig.js';

const ADMIN = { kind: 'adminDown', text: 'maintenance' } as const;

test('an active speaker and a passive one come up, dual stack', (t) =>
  withRig(async (rig) => {
    const passive = rig.speaker({ config: { ...REMOTE, passive: true }, peer: '127.0.0.1' });
    const { port } = await rig.listener('127.0.0.2', { '127.0.0.1': passive });
    const active = rig.speaker({ peer: '127.0.0.2', port, local: '127.0.0.1' });
    passive.driver.start();
    active.driver.start();
    await Promise.all([active.recorder.until('Established'), passive.recorder.until('Established')]);
    t.deepEqual(active.recorder.states, ['Connect', 'OpenSent', 'OpenConfirm', 'Established']);
    t.deepEqual(passive.recorder.states, ['Active', 'OpenSent', 'OpenConfirm', 'Established']);
    t.deepEqual(active.recorder.sessions[0]?.families, [0, 1]);
    t.is(active.recorder.sessions[0]?.peerAsn, 65001);
    t.is(active.recorder.transports[0]?.role, 'active');
    t.is(active.recorder.transports[0]?.remotePort, port);
    t.is(passive.recorder.transports[0]?.role, 'passive');
    const status = active.driver.status();
    t.like(status.counters, {
      sent: { open: 1, keepalive: 1 },
      received: { open: 1, keepalive: 1 },
      established: 1,
    });
    t.is(status.state, 'Established');
    t.is(status.lastDown, null);
  }));

test('UPDATEs go from source to handler in order, flushed once a read', (t) =>
  withRig(async (rig) => {
    const { driver, recorder, peer } = await rig.passivePair();
    const seen: number[] = [];
    recorder.onUpdate = (view) => seen.push(view.frame.length);
    peer.say(...Array.from({ length: 50 }, () => END_OF_RIB));
    await recorder.watch.until(
      () => recorder.updates === 50 && recorder.calls.at(-1) === 'flushed',
      '50 UPDATEs',
    );
    t.true(seen.every((length) => length === 23));
    t.true(recorder.flushes <= 50);
    t.is(driver.status().counters.received.update, 50);
    let left = 300;
    recorder.source.pull = () => (left-- > 0 ? [END_OF_RIB, KEEPALIVE] : null);
    driver.wake();
    driver.wake();
    await peer.hears(2, 300);
    t.is(driver.status().counters.sent.update, 300);
    t.is(peer.count(2), 300);
  }));

test('wake asks the source at most once a turn', (t) =>
  withRig(async (rig) => {
    const { driver, recorder } = await rig.passivePair();
    await new Promise(setImmediate);
    let pulls = 0;
    recorder.source.pull = () => {
      pulls++;
      return null;
    };
    for (let i = 0; i < 1000; i++) driver.wake();
    t.is(pulls, 0);
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    t.is(pulls, 1);
  }));

test('stop says Cease with its text, resolves when the connection is gone, and stays down', (t) =>
  withRig(async (rig) => {
    const { driver, recorder, peer, port } = await rig.passivePair();
    await driver.stop(cease(2, 'maintenance'), ADMIN);
    t.is(await peer.hearsNotification(), `6/2 0b${Buffer.from('maintenance').toString('hex')}`);
    await peer.isClosed();
    t.deepEqual(recorder.downs, [ADMIN]);
    t.is(driver.status().state, 'Idle');
    t.deepEqual(driver.status().lastDown?.reason, ADMIN);
    const again = await rig.dial('127.0.0.1', port, '127.0.0.9');
    t.is(await again.hearsNotification(), '6/5');
    t.is(recorder.state, 'Idle');
  }));

test('start after stop brings the session back', (t) =>
  withRig(async (rig) => {
    const { driver, recorder, port } = await rig.passivePair();
    await driver.stop(cease(4), ADMIN);
    driver.start();
    await handshake(await rig.dial('127.0.0.1', port, '127.0.0.9'));
    await recorder.until('Established');
    t.is(driver.status().counters.established, 2);
    t.is(driver.status().counters.flaps, 1);
  }));

test('a plain close: the active side dials again within half a second', (t) =>
  withRig(async (rig) => {
    const server = await rig.server();
    const { driver, recorder } = rig.speaker({ port: server.port });
    driver.start();
    const first = await server.next();
    await handshake(first);
    await recorder.until('Established');
    const closedAt = Date.now();
    first.socket.end();
    const second = await server.next();
    t.true(Date.now() - closedAt < 500, `${Date.now() - closedAt} ms`);
    await handshake(second);
    await recorder.until('Established');
    t.deepEqual(recorder.downs, [{ kind: 'connectionClosed', state: 'Established', code: null }]);
  }));

test('a plain close: the passive side takes the next connection at once', (t) =>
  withRig(async (rig) => {
    const { driver, recorder, peer, port } = await rig.passivePair();
    // Close and come back in one go, without waiting for the other end to notice.
    peer.socket.end();
    const second = await rig.dial('127.0.0.1', port, '127.0.0.9');
    await handshake(second);
    await recorder.watch.until(() => driver.status().counters.established === 2, 'the second session');
    t.is(recorder.downs.length, 1);
  }));

test('a reset connection is told apart from a close', (t) =>
  withRig(async (rig) => {
    const { recorder, peer } = await rig.passivePair();
    peer.socket.resetAndDestroy();
    await recorder.until('Active');
    t.deepEqual(recorder.downs, [{ kind: 'connectionClosed', state: 'Established', code: 'ECONNRESET' }]);
  }));

test('a refused dial is retried, with the error as evidence', (t) =>
  withRig(async (rig) => {
    const server = await rig.server();
    server.server.close();
    const { driver, recorder } = rig.speaker({ port: server.port });
    driver.start();
    await recorder.until('Active');
    t.deepEqual(recorder.reasons.at(-1), { kind: 'connectFailed', code: 'ECONNREFUSED' });
    t.deepEqual(driver.status().lastDown?.reason, { kind: 'connectFailed', code: 'ECONNREFUSED' });
    await recorder.watch.until(
      () => recorder.states.filter((state) => state === 'Connect').length >= 2,
      'the second dial',
    );
  }));

test('a NOTIFICATION of the peer is kept word by word', (t) =>
  withRig(async (rig) => {
    const { recorder, peer } = await rig.passivePair();
    const notification = cease(4, 'new software');
    peer.say(encodeNotification(notification));
    await recorder.until('Active');
    t.deepEqual(recorder.downs, [{ kind: 'notificationReceived', notification }]);
    await peer.isClosed();
  }));

test('route refresh in both directions, only for what was agreed', (t) =>
  withRig(async (rig) => {
    const { driver, recorder, peer } = await rig.passivePair({ config: { families: [0] } });
    t.true(driver.refresh(0));
    t.false(driver.refresh(1));
    await peer.hears(5);
    t.is(peer.heard.at(-1), '5: 00010001');
    for (const [afi, subtype] of [
      [1, 0],
      [2, 0],
      [1, 1],
      [1, 7],
    ] as const) {
      peer.say(encodeRouteRefresh({ afi, safi: 1, subtype }));
    }
    peer.say(END_OF_RIB);
    await recorder.watch.until(() => recorder.updates === 1, 'the UPDATE behind them');
    t.deepEqual(recorder.refreshes, ['0/0']);
  }));

test('a newcomer cannot disturb an Established session', (t) =>
  withRig(async (rig) => {
    const { recorder, peer, port } = await rig.passivePair();
    const newcomer = await rig.dial('127.0.0.1', port, '127.0.0.9');
    newcomer.say(REMOTE_OPEN);
    t.is(await newcomer.hearsNotification(), '6/7');
    peer.say(END_OF_RIB);
    await recorder.watch.until(() => recorder.updates === 1, 'an UPDATE on the old connection');
    t.is(recorder.state, 'Established');
  }));

test('a peer that gave up its first connection and comes again is taken', (t) =>
  withRig(async (rig) => {
    const speaker = rig.speaker({ config: { passive: true }, peer: '127.0.0.9' });
    const { port } = await rig.listener('127.0.0.1', { '127.0.0.9': speaker });
    speaker.driver.start();
    const first = await rig.dial('127.0.0.1', port, '127.0.0.9');
    await first.hears(1);
    const second = await rig.dial('127.0.0.1', port, '127.0.0.9');
    t.is(await first.hearsNotification(), '6/7');
    await handshake(second);
    await speaker.recorder.until('Established');
    t.pass();
  }));

test('reconfigure: what a session can live with, and what it cannot', (t) =>
  withRig(async (rig) => {
    const server = await rig.server();
    const { driver, recorder } = rig.speaker({ port: 1 });
    const config = { ...REMOTE, ...{ localAsn: 64512, peerAsn: 65001, routerId: 7 } };
    const endpoint = {
      address: { family: 'ipv4', word: 0x7f000001 },
      interface: null,
      port: server.port,
      localAddress: null,
      ttl: 255,
      ...PLAIN,
    } as const;
    driver.start();
    t.true(driver.reconfigure(config, endpoint), 'nothing is connected: all of it is in force at once');
    const before = recorder.calls.length;
    t.true(driver.reconfigure({ ...config }, { ...endpoint }), 'nothing changes');
    t.is(recorder.calls.length, before, 'and nothing happens');
    await handshake(await server.next());
    await recorder.until('Established');
    t.true(driver.reconfigure({ ...config, connectRetryTime: 7, passive: true }, endpoint));
    t.false(driver.reconfigure({ ...config, holdTime: 33 }, endpoint));
    t.false(driver.reconfigure(config, { ...endpoint, ttl: 1 }), 'plain sockets change no options');
    t.is(recorder.state, 'Established');
  }));

test('a handler may stop the driver: it takes effect after the handler', (t) =>
  withRig(async (rig) => {
    const { driver, recorder, peer } = await rig.passivePair();
    let stopped = Promise.resolve();
    recorder.onUpdate = () => {
      stopped = driver.stop(cease(1), ADMIN);
      t.is(driver.status().state, 'Established');
    };
    peer.say(Buffer.concat([END_OF_RIB, END_OF_RIB, END_OF_RIB]));
    t.is(await peer.hearsNotification(), '6/1');
    await stopped;
    t.is(recorder.updates, 1, 'nothing more is passed on');
    t.deepEqual(recorder.calls.slice(-3), ['update', 'down', 'stateChanged']);
  }));

test('extended messages pass once both sides have announced them', (t) =>
  withRig(async (rig) => {
    const extra = [{ kind: 'extendedMessage' }] as const;
    const speaker = rig.speaker({ config: { passive: true, extraCapabilities: extra }, peer: '127.0.0.9' });
    const { port } = await rig.listener('127.0.0.1', { '127.0.0.9': speaker });
    speaker.driver.start();
    const peer = await rig.dial('127.0.0.1', port, '127.0.0.9');
    await handshake(peer, encodeOpen(localOpen({ ...REMOTE, extraCapabilities: extra })));
    await speaker.recorder.until('Established');
    const withdrawn = Buffer.alloc(10_000, 0);
    const head = Buffer.from(`${'ff'.repeat(16)}0000020000`, 'hex');
    head.writeUInt16BE(19 + 4 + withdrawn.length, 16);
    head.writeUInt16BE(withdrawn.length, 19);
    peer.say(head, withdrawn, Buffer.alloc(2));
    await speaker.recorder.watch.until(() => speaker.recorder.updates === 1, 'the long UPDATE');
    t.is(speaker.recorder.updateBytes, 10_023);
  }));
