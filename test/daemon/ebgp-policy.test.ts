// RFC 8212 and the policy `external`, seen from the neighbours.

import test from 'ava';
import { BASE, OPEN_EBGP, passive, withDaemons } from './daemon-rig.js';

const TOR = '127.0.0.2';
const HOST = '127.0.0.3';

test('an eBGP peer without policies gets nothing and gives nothing, and everybody is told', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start({
      ...BASE,
      originate: [{ prefix: '10.65.1.0/24' }],
      peers: [passive('tor', TOR, 65001), passive('host', HOST, 64512)],
    });
    const tor = await rig.join(daemon, TOR, { asn: 65001 });
    const host = await rig.join(daemon, HOST, { asn: 64512 });
    tor.announce(['192.0.2.0/24'], { nextHop: '10.0.0.9' });
    await daemon.until('the route', () => daemon.peer('tor').prefixes['ipv4-unicast'].received === 1);
    await host.hasRoutes('10.65.1.0/24');
    await tor.peer.watch.until(() => tor.endOfRib.length === 2, 'End-of-RIB');
    t.deepEqual(tor.routes, []);
    const { prefixes, notes } = daemon.peer('tor');
    t.deepEqual(prefixes['ipv4-unicast'], { negotiated: true, received: 1, accepted: 0, advertised: 0 });
    t.deepEqual(notes, [
      'RFC 8212: no import policy for this eBGP peer, so no route is accepted from it',
      'RFC 8212: no export policy for this eBGP peer, so no route is sent to it',
    ]);
    t.is(daemon.route('192.0.2.0/24').decision, 'not used: RFC 8212: eBGP peer without import policy');
    const [line, ...more] = daemon.logged('RFC 8212');
    t.is(line?.level, 'warn');
    t.is(line?.msg, 'RFC 8212: eBGP peer without import and export policy: no routes in that direction');
    t.deepEqual(more, []);
    t.deepEqual(daemon.peer('host').notes, []);
    for (const direction of ['import', 'export']) {
      t.is(await daemon.metric('bgpd_peer_policy_missing', { peer: 'tor', direction }), 1);
    }
  }));

test('with `external` only the external pools leave, with our AS and our next hop', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start({
      ...BASE,
      pools: [{ cidr: '10.65.0.0/16' }, { cidr: '102.25.78.0/24', external: true }],
      originate: ['10.65.1.0/24', '102.25.78.7/32', '102.25.79.0/24'].map((prefix) => ({ prefix })),
      peers: [passive('tor', TOR, 65001, { import: ['reject-all'], export: ['external'] })],
    });
    const tor = await rig.join(daemon, TOR, { asn: 65001 });
    await tor.hasRoutes('102.25.78.7/32');
    const route = tor.told.get('102.25.78.7/32');
    t.deepEqual(route?.asPath, [{ kind: 'sequence', asns: [64512] }]);
    t.deepEqual(route?.nextHop, { family: 'ipv4', word: 0x0a000001 });
    t.is(route?.localPref, null);
    t.deepEqual(daemon.peer('tor').notes, []);
    t.deepEqual(
      daemon.routes({ peer: 'tor', direction: 'out' }).map(({ prefix }) => prefix),
      ['102.25.78.7/32'],
    );
  }));

test('only the missing direction is denied and told', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start({
      ...BASE,
      originate: [{ prefix: '10.65.1.0/24' }],
      peers: [passive('tor', TOR, 65001, { export: ['accept-all'] })],
    });
    const tor = await rig.join(daemon, TOR, { asn: 65001 });
    await tor.hasRoutes('10.65.1.0/24');
    t.deepEqual(daemon.peer('tor').notes, [
      'RFC 8212: no import policy for this eBGP peer, so no route is accepted from it',
    ]);
  }));

test('routes of one eBGP peer reach another, with AS numbers put in front', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start({
      ...BASE,
      peers: [passive('a', TOR, 65001, OPEN_EBGP), passive('b', HOST, 65002, OPEN_EBGP)],
    });
    const a = await rig.join(daemon, TOR, { asn: 65001 });
    const b = await rig.join(daemon, HOST, { asn: 65002, routerId: 0x0a090908 });
    a.announce(['192.0.2.0/24'], { nextHop: '10.0.0.9' });
    a.announce(['2001:db8::/32'], { nextHop: 'fd00::9' });
    await b.hasRoutes('192.0.2.0/24', '2001:db8::/32');
    t.deepEqual(b.told.get('2001:db8::/32')?.asPath, [{ kind: 'sequence', asns: [64512, 65001] }]);
    t.deepEqual(a.routes, [], 'split horizon');
  }));

test('with advertise: originated two routers hear what starts here and nothing of each other or of other hosts', (t) =>
  withDaemons(async (rig) => {
    const own = { import: ['accept-all'], advertise: 'originated' };
    const yaml = (advertise: string) => ({
      ...BASE,
      originate: [{ prefix: '10.65.8.0/26' }],
      peers: [
        passive('tor-a', TOR, 65001, { ...own, export: ['accept-all'], advertise }),
        passive('tor-b', HOST, 65001, own),
        passive('host-b', '127.0.0.4', 64512),
      ],
    });
    const daemon = await rig.start(yaml('originated'));
    const a = await rig.join(daemon, TOR, { asn: 65001 });
    const b = await rig.join(daemon, HOST, { asn: 65001, routerId: 0x0a090908 });
    const host = await rig.join(daemon, '127.0.0.4', { asn: 64512, routerId: 0x0a090907 });
    host.announce(['10.65.9.0/26'], { nextHop: '10.0.0.9' });
    a.announce(['192.0.2.0/24'], { nextHop: '10.0.0.9' });
    await host.hasRoutes('10.65.8.0/26', '192.0.2.0/24');
    await daemon.until('all routes', () => daemon.routes({}).length === 3);
    await a.hasRoutes('10.65.8.0/26');
    await b.hasRoutes('10.65.8.0/26');
    t.deepEqual(daemon.peer('tor-a').notes, [
      'advertise: originated: what other peers tell us is not passed on to it',
    ]);
    t.is(daemon.logged('is not passed on to this one').length, 2);
    // A router that has to pass routes on: one word, and no session ends.
    await daemon.reload(yaml('all'));
    await a.hasRoutes('10.65.8.0/26', '10.65.9.0/26');
    t.deepEqual(b.routes, ['10.65.8.0/26']);
    t.is(daemon.peer('tor-a').counters.established, 1);
  }));
