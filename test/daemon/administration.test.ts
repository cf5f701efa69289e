// What operators do to peers while the daemon runs: each touches one session, and what is kept survives a reload.

import test from 'ava';
import {
  BASE,
  type DaemonRig,
  OPEN_EBGP,
  passive,
  type TestDaemon,
  withDaemons,
  type Yaml,
} from './daemon-rig.js';

const A = '127.0.0.2';
const B = '127.0.0.3';
const C = '127.0.0.4';
const CONFIG: Yaml = {
  ...BASE,
  originate: [{ prefix: '10.65.1.0/24' }],
  peers: [passive('a', A, 64512), passive('b', B, 65001, OPEN_EBGP)],
};

const identity = { a: { asn: 64512, routerId: 0x0a090901 }, b: { asn: 65001, routerId: 0x0a090902 } };

async function pair(rig: DaemonRig, more: Yaml = {}) {
  const daemon = await rig.start({ ...CONFIG, ...more });
  const a = await rig.join(daemon, A, identity.a);
  const b = await rig.join(daemon, B, identity.b);
  await a.hasRoutes('10.65.1.0/24');
  await b.hasRoutes('10.65.1.0/24');
  return { daemon, a, b };
}

/** Nothing was said to it but UPDATEs, and its session is the first one. */
function undisturbed(daemon: TestDaemon, name: string): boolean {
  const { counters, state } = daemon.peer(name);
  return state === 'Established' && counters.established === 1 && counters.sent.notification === 0;
}

test('disable with a text: the peer hears it, the blame says it, nobody else notices; enable brings it back', (t) =>
  withDaemons(async (rig) => {
    const { daemon, a } = await pair(rig);
    const verdict = await daemon.administration.switch('a', false, 'new cable', false);
    t.deepEqual(verdict, { ok: true, message: 'peer a disabled: new cable, until bgpd restarts' });
    t.regex(await a.peer.hearsNotification(), /^6\/2 09.*/);
    t.like(daemon.peer('a'), {
      enabled: false,
      reason: 'disabled: new cable',
      blame: { kind: 'adminDown', fault: 'ours' },
    });
    t.true(undisturbed(daemon, 'b'));
    t.deepEqual(daemon.status.readiness().reasons, [], 'what is off on purpose is no fault');
    await daemon.daemon.reload();
    t.false(daemon.peer('a').enabled, 'a reload does not bring it back');
    t.true((await daemon.administration.switch(A, true, '', false)).ok);
    await rig.join(daemon, A, identity.a);
    t.true(undisturbed(daemon, 'b'));
    t.is(daemon.logged('done by an operator').length, 2);
  }));

test('peers are added and removed; what is kept is kept', (t) =>
  withDaemons(async (rig) => {
    const { daemon } = await pair(rig);
    const { administration } = daemon;
    const added = await administration.add(passive('c', C, 64512), false);
    t.true(added.ok, added.message);
    await rig.join(daemon, C, { asn: 64512, routerId: 0x0a090903 });
    t.like(await administration.add(passive('c', '127.0.0.9', 64512), false), {
      ok: false,
      message: 'there is a peer c already',
    });
    const wrong = await administration.add({ name: 'd', address: '127.0.0.9', asm: 64512 }, true);
    t.false(wrong.ok);
    t.regex(wrong.message, /asm: unknown key; did you mean asn\?/);
    t.is(daemon.status.peer('d'), null);
    await daemon.daemon.reload();
    t.true(daemon.isUp(C), 'a reload keeps it');
    t.true((await administration.remove('c', false)).ok);
    t.is(daemon.status.peer('c'), null);
    t.true((await administration.remove('b', true)).ok);
    t.is(daemon.status.peer('b'), null, 'a peer of the file, too');
    await daemon.reload({ ...CONFIG, node: 'host-b' });
    t.is(daemon.status.peer('b'), null, 'and a reload does not bring it back');
    t.true(
      (await administration.add(passive('b', B, 65001, OPEN_EBGP), true)).ok,
      'under the same name again',
    );
    await rig.join(daemon, B, identity.b);
    t.true(undisturbed(daemon, 'a'));
  }));

test('clear: hard resets one session, soft keeps it and tells or judges again', (t) =>
  withDaemons(async (rig) => {
    const { daemon, a, b } = await pair(rig);
    const { administration } = daemon;
    b.announce(['198.51.100.0/24'], { nextHop: '10.0.0.9' });
    await daemon.until('the route', () => daemon.peer('b').prefixes['ipv4-unicast'].accepted === 1);
    const updates = daemon.peer('a').counters.sent.update;
    t.deepEqual(await administration.clear('a', 'out', ''), {
      ok: true,
      message: 'peer a: all is sent again',
    });
    await daemon.until('all again', () => daemon.peer('a').counters.sent.update > updates);
    t.true((await administration.clear('b', 'in', '')).ok);
    t.true((await administration.clear('b', 'soft', '')).ok);
    await daemon.until('the same', () => daemon.peer('b').prefixes['ipv4-unicast'].accepted === 1);
    t.true(undisturbed(daemon, 'a') && undisturbed(daemon, 'b'));
    t.deepEqual(a.faults, []);
    t.true((await administration.clear('b', 'hard', 'once more')).ok);
    t.regex(await b.peer.hearsNotification(), /^6\/4 09.*/);
    t.true(undisturbed(daemon, 'a'));
    t.like(await administration.clear('b', 'in', ''), { ok: false });
    t.like(await administration.clear('nobody', 'hard', ''), { ok: false });
    await rig.join(daemon, B, identity.b);
  }));

test('a peer of a range can be cleared, and is not switched', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start({
      ...BASE,
      peerGroups: { hosts: { asn: 64512 } },
      dynamicPeers: [{ range: '127.0.8.0/24', group: 'hosts' }],
    });
    const host = await rig.join(daemon, '127.0.8.1', { asn: 64512 });
    t.regex((await daemon.administration.switch('127.0.8.1', false, '', false)).message, /is of a range/);
    t.true((await daemon.administration.clear('127.0.8.1', 'hard', '')).ok);
    t.is(await host.peer.hearsNotification(), '6/4');
  }));

test('maxPrefix idle: NOTIFICATION 6/1 with family and limit, down until it is cleared', (t) =>
  withDaemons(async (rig) => {
    const maxPrefix = { 'ipv4-unicast': { limit: 2, warn: 50 } };
    const peers = [passive('a', A, 64512, { maxPrefix }), passive('b', B, 65001, OPEN_EBGP)];
    const { daemon, a } = await pair(rig, { peers });
    a.announce(['192.0.2.0/26', '192.0.2.64/26', '192.0.2.128/26'], { nextHop: '10.0.0.9' });
    t.is(await a.peer.hearsNotification(), '6/1 00010100000002');
    await daemon.until('the blame', () => daemon.peer('a').blame?.kind === 'maxPrefix');
    t.is(daemon.logged('maxPrefix: the limit is exceeded').length, 1);
    const again = await rig.dial(daemon, A);
    t.is(await again.hearsNotification(), '6/5');
    t.is(await daemon.metric('bgpd_peer_blame', { peer: 'a', kind: 'maxPrefix', fault: 'theirs' }), 1);
    t.true(undisturbed(daemon, 'b'));
    t.deepEqual(daemon.peer('a').blame?.evidence, ['limit 2 of ipv4-unicast']);
    t.true((await daemon.administration.clear('a', 'hard', '')).ok);
    await rig.join(daemon, A, identity.a);
    t.is(daemon.peer('a').lastDown?.kind, 'maxPrefix', 'what ended last stays to be read');
  }));

test('routes beyond a limit of AS_PATH or communities are held, not used, explained and counted', (t) =>
  withDaemons(async (rig) => {
    const limits = { maxAsPathLength: 2, maxCommunities: 1 };
    const peers = [passive('a', A, 64512), passive('b', B, 65001, { ...OPEN_EBGP, ...limits })];
    const { daemon, b } = await pair(rig, { peers });
    const path = (...asns: number[]) => ({
      asPath: [{ kind: 'sequence', asns } as const],
      nextHop: '10.0.0.9',
    });
    b.announce(['192.0.2.0/26'], path(65001, 65002));
    b.announce(['192.0.2.64/26'], path(65001, 65002, 65003));
    b.announce(['192.0.2.128/26'], { ...path(65001), communities: [1, 2] });
    await daemon.until('all three', () => daemon.peer('b').prefixes['ipv4-unicast'].received === 3);
    t.is(daemon.peer('b').prefixes['ipv4-unicast'].accepted, 1);
    t.deepEqual(daemon.peer('b').excess, { asPathLength: 1, communities: 1, prefixes: 0 });
    t.regex(daemon.route('192.0.2.64/26').decision, /AS_PATH is longer than 2 \(maxAsPathLength\)/);
    t.regex(daemon.route('192.0.2.128/26').decision, /more than 1 communities/);
    const label = { peer: 'b', limit: 'maxAsPathLength' };
    t.is(await daemon.metric('bgpd_peer_excess_routes_total', label), 1);
    await daemon.reload({ ...CONFIG, peers: [passive('a', A, 64512), passive('b', B, 65001, OPEN_EBGP)] });
    await daemon.until('all are used', () => daemon.peer('b').prefixes['ipv4-unicast'].accepted === 3);
    t.true(undisturbed(daemon, 'b'));
  }));

test('a peer with a local address is served on that address only', (t) =>
  withDaemons(async (rig) => {
    const peers = [passive('a', A, 64512, { localAddress: '127.0.0.77' })];
    const daemon = await rig.start({ ...BASE, peers });
    const stray = await rig.dial(daemon, A);
    t.is(await stray.hearsNotification(), '6/5');
    t.like(daemon.logged('incoming connection refused')[0], {
      reason: 'peer a has to connect to 127.0.0.77, not to 127.0.0.1',
    });
    t.is(await daemon.metric('bgpd_connections_total', { outcome: 'stranger' }), 1);
  }));

test('a key is in no answer, no metric and no log; another key is taken over without a reset', (t) =>
  withDaemons(async (rig) => {
    const peers = (env: string) => [
      passive('a', A, 64512),
      passive('b', '127.0.0.9', 65001, { password: { env } }),
    ];
    const daemon = await rig.start({ ...CONFIG, peers: peers('MANDARIN') });
    await rig.join(daemon, A, identity.a);
    t.is(daemon.peer('b').security.password, 'environment MANDARIN');
    const result = await daemon.reload({ ...CONFIG, peers: peers('CLEMENTINE') });
    t.regex(result.message, /peer b: password changed/);
    t.is(daemon.peer('b').security.password, 'environment CLEMENTINE');
    t.true(undisturbed(daemon, 'a'));
    const secret = (text: string) => /mandarin|clementine/i.test(text.replaceAll(/environment \w+/g, ''));
    t.false(secret(JSON.stringify(daemon.log)));
    t.false(secret(JSON.stringify([...daemon.status.peers()])));
  }));
