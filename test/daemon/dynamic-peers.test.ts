// Peers that come by themselves: range, limit, idle removal, and what a reload makes of them.

import test from 'ava';
import { fakeClock } from '../support/fake-clock.js';
import { BASE, OPEN_EBGP, passive, withDaemons, type Yaml } from './daemon-rig.js';

const RANGE = '127.0.8.0/24';
const address = (index: number): string => `127.0.8.${index}`;

const CONFIG: Yaml = {
  ...BASE,
  originate: [{ prefix: '10.65.1.0/24' }],
  peerGroups: { hosts: { asn: 64512 } },
  dynamicPeers: [{ range: RANGE, group: 'hosts', limit: 2 }],
};

test('whoever comes from the range is a peer, up to the limit; who has gone makes room after a while', (t) =>
  withDaemons(async (rig) => {
    const clock = fakeClock();
    const daemon = await rig.start(CONFIG, { clock });
    t.deepEqual([...daemon.status.peers()], []);
    const first = await rig.join(daemon, address(1), { asn: 64512, routerId: 0x0a090901, holdTime: 0 });
    const second = await rig.join(daemon, address(2), { asn: 64512, routerId: 0x0a090902, holdTime: 0 });
    await first.hasRoutes('10.65.1.0/24');
    t.like(daemon.peer(address(1)), { dynamic: true, group: 'hosts', type: 'ibgp', asn: 64512 });
    const third = await rig.dial(daemon, address(3));
    t.is(await third.hearsNotification(), '6/5');
    await third.isClosed();
    t.like(daemon.logged(address(3))[0], {
      msg: 'incoming connection refused',
      reason: 'the limit of 2 dynamic peers is reached',
    });
    first.peer.socket.destroy();
    await daemon.until('the end', () => !daemon.isUp(address(1)));
    clock.advance(55_000);
    t.truthy(daemon.status.peer(address(1)), 'it may come back');
    clock.advance(20_000);
    t.is(daemon.status.peer(address(1)), null);
    t.is(daemon.logged('dynamic peer removed').length, 1);
    t.true(daemon.isUp(address(2)), 'who is there stays');
    await rig.join(daemon, address(3), { asn: 64512, routerId: 0x0a090903 });
    t.is(second.peer.count(3), 0);
    t.is(await daemon.metric('bgpd_peer_established', { peer: address(3) }), 1);
  }));

test('a dynamic peer that never says OPEN is forgotten too', (t) =>
  withDaemons(async (rig) => {
    const clock = fakeClock();
    const daemon = await rig.start(CONFIG, { clock });
    const silent = await rig.dial(daemon, address(1));
    await silent.hears(1);
    clock.advance(75_000);
    t.is(daemon.status.peer(address(1)), null);
    await silent.isClosed();
  }));

test('a peer that is listed keeps its own settings inside a range; outside there are strangers', (t) =>
  withDaemons(async (rig) => {
    const peers = [passive('listed', address(9), 65009, OPEN_EBGP)];
    const daemon = await rig.start({ ...CONFIG, peers });
    await rig.join(daemon, address(9), { asn: 65009 });
    t.like(daemon.peer('listed'), { dynamic: false, type: 'ebgp' });
    const stranger = await rig.dial(daemon, '127.0.9.1');
    t.is(await stranger.hearsNotification(), '6/5');
    t.deepEqual(
      [...daemon.status.peers()].map(({ name }) => name),
      ['listed'],
    );
  }));

test('a group without an AS takes any; the peers that turn out external need policies', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start({ ...CONFIG, peerGroups: { hosts: { description: 'anybody' } } });
    const internal = await rig.join(daemon, address(1), { asn: 64512, routerId: 0x0a090901 });
    const external = await rig.join(daemon, address(2), { asn: 65001, routerId: 0x0a090902 });
    await internal.hasRoutes('10.65.1.0/24');
    await external.peer.watch.until(() => external.endOfRib.length === 2, 'End-of-RIB');
    t.deepEqual(external.routes, []);
    t.like(daemon.peer(address(2)), { asn: 65001, type: 'ebgp' });
    t.is(daemon.peer(address(2)).notes.length, 2);
    t.is(daemon.peer(address(1)).notes.length, 0);
  }));

test('a reload changes the group of peers that are there, and ends those whose range is gone', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start(CONFIG);
    const host = await rig.join(daemon, address(1), { asn: 64512 });
    await host.hasRoutes('10.65.1.0/24');
    const stricter = { ...CONFIG, peerGroups: { hosts: { asn: 64512, export: ['reject-all'] } } };
    const soft = await daemon.reload(stricter);
    t.is(soft.message, 'generation 2: dynamic peers 127.0.8.0/24: export changed');
    await host.hasRoutes();
    const listed = await daemon.reload({ ...CONFIG, peers: [passive('host-1', address(1), 64512)] });
    t.regex(listed.message, /^generation 3: /);
    await host.hasRoutes('10.65.1.0/24');
    t.like(daemon.peer('host-1'), { dynamic: false, state: 'Established' });
    t.is(daemon.peer('host-1').counters.established, 1, 'listed now, and the session stays');
    const back = await rig.join(daemon, address(2), { asn: 64512, routerId: 0x0a090902 });
    const gone = await daemon.reload({ ...BASE, peers: [passive('host-1', address(1), 64512)] });
    t.regex(gone.message, /peer 127\.0\.8\.2 removed/);
    t.is(await back.peer.hearsNotification(), '6/3');
    t.true(daemon.isUp('host-1'));
  }));
