// Memory of a whole daemon: what it says it holds, and the limits with their alarms.

import test from 'ava';
import { BASE, OPEN_EBGP, passive, withDaemons, type Yaml } from './daemon-rig.js';

const TOR = '127.0.0.2';
const yaml = (limits: Yaml = {}): Yaml => ({
  ...BASE,
  limits,
  peers: [passive('tor', TOR, 65001, OPEN_EBGP)],
});

const ROUTES = Array.from({ length: 40 }, (_, i) => `10.65.${i}.0/24`);

test('what is held is counted by peer, table and group', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start(yaml());
    const tor = await rig.join(daemon, TOR, { asn: 65001, routerId: 0x0a090901 });
    tor.announce(ROUTES, { nextHop: '10.0.0.11' });
    await daemon.until('the routes', () => daemon.status.memory().peers[0]?.paths === ROUTES.length);
    await daemon.until('an empty queue', () => daemon.status.memory().updateGroups[0]?.queue === 0);
    await daemon.until('the pass', () => daemon.status.summary().rib['ipv4-unicast'].best === ROUTES.length);
    const { process, tables, attributeSets, nextHops, updateGroups, limits, ribBytes } =
      daemon.status.memory();
    t.is(tables['ipv4-unicast'].paths.count, 40);
    t.is(tables['ipv6-unicast'].paths.count, 0);
    t.true(tables['ipv4-unicast'].prefixes.bytes >= 40 * 20);
    t.true(attributeSets.count >= 1 && nextHops.count >= 1);
    t.like(updateGroups[0], { members: 1, queue: 0, catchUps: 0 });
    t.true(ribBytes > attributeSets.arenaBytes && ribBytes < process.rss);
    t.deepEqual(limits, [], 'there are none unless configured');
    t.is(await daemon.metric('bgpd_limit_exceeded', { limit: 'paths' }), undefined);
  }));

test('an alarm once, nothing refused, and taken back once; other limits by a reload', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start(yaml({ paths: 30, attributeSets: 1000, memory: 100_000 }));
    const tor = await rig.join(daemon, TOR, { asn: 65001, routerId: 0x0a090901 });
    tor.announce(ROUTES, { nextHop: '10.0.0.11' });
    const alarms = () => daemon.logged('limits.paths is exceeded');
    await daemon.until('an alarm', () => alarms().length > 0);
    t.like(alarms()[0], { level: 'warn', limit: 30, used: 40 });
    t.is(daemon.peer('tor').prefixes['ipv4-unicast'].accepted, 40);
    t.true(daemon.status.readiness().ok, 'the node does its work');
    t.deepEqual(
      daemon.status.memory().limits.map(({ name, exceeded }) => [name, exceeded]),
      [
        ['paths', true],
        ['attributeSets', false],
        ['memory', false],
      ],
    );
    t.is(await daemon.metric('bgpd_limit_exceeded', { limit: 'paths' }), 1);
    tor.withdraw(ROUTES.slice(20));
    const ended = () => daemon.logged('limits.paths is kept again');
    await daemon.until('its end', () => ended().length > 0);
    t.is(alarms().length, 1);
    const { message } = await daemon.reload(yaml({ memory: 1 }));
    t.regex(message, /limits changed/);
    await daemon.until('another alarm', () => daemon.logged('limits.memory is exceeded').length > 0);
    t.is(ended().length, 1);
  }));
