// Reload of a whole daemon: what changes, what stays, and what the operator is told.

import test from 'ava';
import { fakeClock } from '../support/fake-clock.js';
import { freePort } from './bgpd-process.js';
import {
  BASE,
  hostWorld,
  OPEN_EBGP,
  passive,
  type TestDaemon,
  withDaemons,
  type Yaml,
} from './daemon-rig.js';

const A = '127.0.0.2';
const B = '127.0.0.3';
const C = '127.0.0.4';

const config = (peers: readonly Yaml[], more: Yaml = {}): Yaml => ({
  ...BASE,
  originate: [{ prefix: '10.65.1.0/24' }],
  peers,
  ...more,
});

const established = (daemon: TestDaemon, name: string): number => daemon.peer(name).counters.established;

test('a bad configuration changes nothing: log, answer, status and metric say so until a good one comes', (t) =>
  withDaemons(async (rig) => {
    const good = config([passive('a', A, 64512)]);
    const daemon = await rig.start(good);
    const a = await rig.join(daemon, A, { asn: 64512 });
    await a.hasRoutes('10.65.1.0/24');
    const bad = await daemon.reload({ ...config([{ address: 'nowhere', asn: 64512 }]), pears: [] });
    t.false(bad.ok);
    t.regex(
      bad.message,
      /^generation 2: nothing changed; not taken over: peers nowhere is left out, pears is left out: bgpd\.yaml:\d+:\d+: .*\(and 1 more: bgpd --check shows all\)$/,
    );
    t.notRegex(bad.message, /\n/);
    t.true(bad.message.endsWith(daemon.status.summary().config.lastError ?? 'none'));
    t.is(await daemon.metric('bgpd_config_last_reload_successful'), 0);
    t.is(daemon.logged('unknown key').length, 1);
    t.is(daemon.logged('peers nowhere is left out').length, 1);
    t.true(daemon.isUp('a'));
    const again = await daemon.reload(good);
    t.deepEqual(again, { ok: true, message: 'generation 3: nothing changed' });
    t.is(daemon.status.summary().config.lastError, null);
    t.is(await daemon.metric('bgpd_config_last_reload_successful'), 1);
    t.is(await daemon.metric('bgpd_config_generation'), 3);
    t.is(established(daemon, 'a'), 1);
  }));

test('what the whole rests on is rejected whole', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start(config([passive('a', A, 64512)]));
    const bad = await daemon.reload([] as unknown as Yaml);
    t.false(bad.ok);
    t.is(daemon.status.summary().config.generation, 1);
    t.is(daemon.logged('configuration rejected, the running one stays in force').length, 1);
  }));

test('one bad policy keeps nothing else: it stays as it was, the others and the peers change', (t) =>
  withDaemons(async (rig) => {
    const take = (prefix: string): Yaml[] => [{ match: { prefix: { in: [prefix] } }, action: 'accept' }];
    const policies = { first: take('10.1.0.0/16'), second: take('10.2.0.0/16') };
    const peer = passive('a', A, 64512, { import: ['first', 'second'] });
    const daemon = await rig.start(config([peer], { policies }));
    const a = await rig.join(daemon, A, { asn: 64512 });
    a.announce(['10.1.1.0/24', '10.2.1.0/24', '10.3.1.0/24'], { nextHop: '10.0.0.9', localPref: 100 });
    const best = (): string =>
      daemon
        .routes({ peer: 'a', direction: 'in' })
        .map(({ prefix }) => prefix)
        .filter((prefix) => daemon.routes({ prefix }).some((route) => route.best))
        .sort()
        .join(' ');
    await daemon.until('the first policies', () => best() === '10.1.1.0/24 10.2.1.0/24');
    const result = await daemon.reload(
      config([peer], { policies: { first: [{ action: 'perhaps' }], second: take('10.3.0.0/16') } }),
    );
    t.false(result.ok);
    t.regex(result.message, /policy second changed.*not taken over: policies first stays/);
    await daemon.until('the second policy alone changes', () => best() === '10.1.1.0/24 10.3.1.0/24');
    const { objects } = daemon.status.config();
    const state = (name: string) => objects.find(({ object }) => object === name);
    t.is(state('policies first')?.generation, 1);
    t.regex(state('policies first')?.error ?? '', /"perhaps" is not known/);
    t.deepEqual(state('policies second'), { object: 'policies second', generation: 2, error: null });
    t.is(established(daemon, 'a'), 1);
  }));

test('peers come, go and change; the others keep their connection', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start(config([passive('a', A, 64512), passive('b', B, 64512)]));
    const a = await rig.join(daemon, A, { asn: 64512 });
    const b = await rig.join(daemon, B, { asn: 64512, routerId: 0x0a090908 });
    b.announce(['192.0.2.0/24'], { nextHop: '10.0.0.9' });
    const connection = daemon.peer('a').counters.established;
    const result = await daemon.reload(config([passive('a', A, 64512), passive('c', C, 64512)]));
    t.deepEqual(result, { ok: true, message: 'generation 2: peer b removed; peer c added' });
    t.is(await b.peer.hearsNotification(), '6/3', 'Peer De-configured');
    await b.peer.isClosed();
    t.is(daemon.status.peer('b'), null);
    await daemon.until('the routes of b to go', () => daemon.routes({ prefix: '192.0.2.0/24' }).length === 0);
    const late = await rig.dial(daemon, B);
    t.is(await late.hearsNotification(), '6/5', 'nobody knows it any more');
    await rig.join(daemon, C, { asn: 64512, routerId: 0x0a090907 });
    t.is(established(daemon, 'a'), connection);
    t.is(a.peer.count(3), 0);
    t.false(a.peer.closed);
  }));

test('a hold time is agreed on anew, a retry time is not; each peer for itself', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start(config([passive('a', A, 64512), passive('b', B, 64512)]));
    await rig.join(daemon, A, { asn: 64512 });
    const b = await rig.join(daemon, B, { asn: 64512, routerId: 0x0a090908 });
    const result = await daemon.reload(
      config([
        passive('a', A, 64512, { timers: { connectRetry: 5 }, description: 'first' }),
        passive('b', B, 64512, { timers: { hold: 30 } }),
      ]),
    );
    t.deepEqual(result, {
      ok: true,
      message: 'generation 2: peer b restarted; peer a: description, timers changed',
    });
    t.is(await b.peer.hearsNotification(), '6/6', 'Other Configuration Change');
    t.is(daemon.peer('a').description, 'first');
    await b.peer.isClosed();
    await rig.join(daemon, B, { asn: 64512, routerId: 0x0a090908 });
    t.is(daemon.peer('b').holdTime, 30);
    t.is(established(daemon, 'a'), 1);
    t.true(daemon.isUp('a'));
  }));

test('a peer is switched off and on', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start(config([passive('a', A, 64512)]));
    const a = await rig.join(daemon, A, { asn: 64512 });
    const off = await daemon.reload(config([passive('a', A, 64512, { enabled: false })]));
    t.is(off.message, 'generation 2: peer a disabled');
    t.regex(await a.peer.hearsNotification(), /^6\/2 /, 'Administrative Shutdown');
    t.like(daemon.peer('a'), { state: 'Idle', enabled: false, reason: 'disabled in the configuration' });
    const refused = await rig.dial(daemon, A);
    t.is(await refused.hearsNotification(), '6/5');
    t.is(daemon.logged('peer a is disabled').length, 1);
    const on = await daemon.reload(config([passive('a', A, 64512)]));
    t.is(on.message, 'generation 2: peer a enabled'.replace('2', '3'));
    await rig.join(daemon, A, { asn: 64512 });
  }));

test('a reload that does not concern a peer leaves its attempts alone', (t) =>
  withDaemons(async (rig) => {
    const peers = [{ name: 'gone', address: '127.0.0.6', asn: 64512, port: await freePort() }];
    const daemon = await rig.start(config(peers), { clock: fakeClock() });
    await daemon.until('a refusal', () => daemon.peer('gone').lastDown !== null);
    const { reason, state } = daemon.peer('gone');
    t.regex(reason ?? '', /could not connect: .*ECONNREFUSED/);
    const lines = daemon.logged('"gone"').length;
    await daemon.reload(config(peers, { originate: [] }));
    t.like(daemon.peer('gone'), { reason, state });
    t.is(daemon.logged('"gone"').length, lines, 'no state was left');
    await daemon.reload(config([{ ...peers[0], timers: { connectRetry: 5 } }]));
    t.true(daemon.logged('"gone"').length > lines, 'but its own change makes it try at once');
  }));

test('our AS changes: every session starts over with the new one', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start(config([passive('a', A, 64512)]));
    const a = await rig.join(daemon, A, { asn: 64512 });
    const { message } = await daemon.reload(config([passive('a', A, 64999)], { asn: 64999 }));
    t.is(message, 'generation 2: peer a restarted; asn changed');
    t.is(await a.peer.hearsNotification(), '6/6');
    await a.peer.isClosed();
    const again = await rig.join(daemon, A, { asn: 64999, peerAsn: 64999 });
    await again.hasRoutes('10.65.1.0/24');
    t.is(daemon.status.summary().asn, 64999);
    t.like(daemon.peer('a'), { localAsn: 64999, type: 'ibgp' });
  }));

const FIXED: readonly (readonly [key: string, change: Yaml])[] = [
  ['routerId', { routerId: '10.0.0.77' }],
  ['listen', { listen: [{ address: '127.0.0.1', port: 1 }] }],
  ['routeReflector.clusterId', { routeReflector: { clusterId: '244.0.0.2' } }],
  ['kernel.backend', { kernel: { backend: 'none' } }],
  ['kernel.sweepDelay', { kernel: { backend: 'memory', sweepDelay: 7 } }],
  ['api', { api: { socket: 'none', listen: '127.0.0.1:1' } }],
  ['log.format', { log: { level: 'debug', format: 'pretty' } }],
];

for (const [key, change] of FIXED) {
  test(`${key} takes effect at the next start: it is said each time, and nothing else happens`, (t) =>
    withDaemons(async (rig) => {
      const world = hostWorld();
      const base = { ...config([passive('a', A, 64512)]), kernel: { backend: 'memory' } };
      const daemon = await rig.start({ ...base, routeReflector: { clusterId: '244.0.0.1' } }, { world });
      const a = await rig.join(daemon, A, { asn: 64512 });
      const { summary } = daemon.status;
      const identity = () => {
        const { routerId, clusterId, kernelBackend } = summary();
        return { routerId, clusterId, kernelBackend };
      };
      const before = identity();
      const changed = { ...base, routeReflector: { clusterId: '244.0.0.1' }, ...change };
      for (const generation of [2, 3]) {
        const { ok, message } = await daemon.reload(changed);
        t.true(ok);
        t.is(message, `generation ${generation}: ${key} takes effect at the next start`);
        t.deepEqual(summary().config.needsRestart, [key]);
      }
      t.deepEqual(identity(), before, 'the status shows what is in force');
      t.is(daemon.logged(`${key} takes effect at the next start`).length, 2);
      a.announce(['192.0.2.0/24'], { nextHop: '10.0.0.9' });
      await daemon.until('the kernel', () => world.routes().some(({ protocol }) => protocol === 12));
      a.withdraw(['192.0.2.0/24']);
      await daemon.until('the kernel', () => !world.routes().some(({ protocol }) => protocol === 12));
      t.is(
        (await daemon.reload({ ...base, routeReflector: { clusterId: '244.0.0.1' } })).message,
        'generation 4: nothing changed',
      );
      t.deepEqual(summary().config.needsRestart, []);
      t.is(established(daemon, 'a'), 1);
    }));
}

test('the log level changes at once', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start(config([], { log: { level: 'debug' } }));
    const { message } = await daemon.reload(config([], { log: { level: 'error' } }));
    t.is(message, 'generation 2: log.level changed');
    const lines = daemon.log.length;
    t.is(daemon.log.at(-1)?.msg, 'configuration loaded');
    await daemon.reload(config([passive('a', A, 64512)], { log: { level: 'error' } }));
    t.is(daemon.log.length, lines, 'info lines are gone');
    await daemon.reload(config([], { log: { level: 'info' } }));
    t.is(daemon.log.length, lines, 'the line that told of it came before');
    await daemon.reload(config([passive('a', A, 64512)]));
    t.is(daemon.log.length, lines + 1);
  }));

test('policies are applied anew: withdrawn what is no longer allowed, announced what is now, no session is touched', (t) =>
  withDaemons(async (rig) => {
    const peers = [passive('tor', A, 65001, { import: ['in'], export: ['out'] }), passive('host', B, 64512)];
    const only = (prefix: string) => [{ match: { prefix: { in: [prefix] } }, action: 'accept' }];
    const policies = { in: only('192.0.2.0/24'), out: only('10.65.1.0/24') };
    const originate = ['10.65.1.0/24', '10.65.2.0/24'].map((prefix) => ({ prefix }));
    const daemon = await rig.start(config(peers, { policies, originate }));
    const tor = await rig.join(daemon, A, { asn: 65001 });
    const host = await rig.join(daemon, B, { asn: 64512, routerId: 0x0a090908 });
    tor.announce(['192.0.2.0/24', '198.51.100.0/24'], { nextHop: '10.0.0.9' });
    await tor.hasRoutes('10.65.1.0/24');
    await host.hasRoutes('10.65.1.0/24', '10.65.2.0/24', '192.0.2.0/24');
    t.is(daemon.route('198.51.100.0/24').best, false);
    t.regex(daemon.route('198.51.100.0/24').decision, /^not used: no term of \[?in/);

    const next = { in: only('198.51.100.0/24'), out: only('10.65.2.0/24') };
    const { message } = await daemon.reload(config(peers, { policies: next, originate }));
    t.is(message, 'generation 2: policy in changed; policy out changed; peer tor: import, export changed');
    await tor.hasRoutes('10.65.2.0/24');
    await host.hasRoutes('10.65.1.0/24', '10.65.2.0/24', '198.51.100.0/24');
    t.deepEqual(tor.withdrawn, ['10.65.1.0/24']);
    t.deepEqual(host.withdrawn, ['192.0.2.0/24']);
    t.like(daemon.peer('tor').prefixes['ipv4-unicast'], { received: 2, accepted: 1, advertised: 1 });
    t.deepEqual([established(daemon, 'tor'), established(daemon, 'host')], [1, 1]);

    await daemon.reload(config([passive('tor', A, 65001), peers[1]!], { policies: next, originate }));
    await tor.hasRoutes();
    await host.hasRoutes('10.65.1.0/24', '10.65.2.0/24');
    t.is(daemon.peer('tor').notes.length, 2, 'RFC 8212 in force');
    t.is(daemon.logged('eBGP without export policy').length, 1);
    await daemon.reload(config([passive('tor', A, 65001, OPEN_EBGP), peers[1]!], { originate }));
    await tor.hasRoutes('10.65.1.0/24', '10.65.2.0/24');
    await host.hasRoutes('10.65.1.0/24', '10.65.2.0/24', '192.0.2.0/24', '198.51.100.0/24');
    t.deepEqual([established(daemon, 'tor'), established(daemon, 'host')], [1, 1]);
    t.is(tor.endOfRib.length, 2, 'End-of-RIB came once a family');
  }));

test('originated routes and pools change without a session noticing', (t) =>
  withDaemons(async (rig) => {
    const peers = [passive('tor', A, 65001, { import: [], export: ['external'] })];
    const pools = (...external: string[]) => external.map((cidr) => ({ cidr, external: true }));
    const originate = (...prefixes: string[]) => prefixes.map((prefix) => ({ prefix }));
    const daemon = await rig.start(
      config(peers, { pools: pools('10.1.0.0/16'), originate: originate('10.1.1.0/24', '10.2.1.0/24') }),
    );
    const tor = await rig.join(daemon, A, { asn: 65001 });
    await tor.hasRoutes('10.1.1.0/24');
    const { message } = await daemon.reload(
      config(peers, { pools: pools('10.2.0.0/16'), originate: originate('10.2.1.0/24', '10.2.2.0/24') }),
    );
    t.is(
      message,
      'generation 2: policy pools changed; policy external changed; pools changed; originate: 1 added, 1 removed; peer tor: export changed',
    );
    await tor.hasRoutes('10.2.1.0/24', '10.2.2.0/24');
    t.is(established(daemon, 'tor'), 1);
  }));

test('reloads that come together are done one after the other', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start(config([]));
    daemon.write(config([passive('a', A, 64512)]));
    const results = await Promise.all([1, 2, 3].map(() => daemon.daemon.reload()));
    t.deepEqual(
      results.map(({ message }) => message),
      ['generation 2: peer a added', 'generation 3: nothing changed', 'generation 4: nothing changed'],
    );
    t.is([...daemon.status.peers()].length, 1);
  }));

test('a long list of changes is cut', (t) =>
  withDaemons(async (rig) => {
    const daemon = await rig.start(config([]));
    const many = Array.from({ length: 30 }, (_, i) => passive(`p${i}`, `127.0.1.${i + 1}`, 64512));
    const { message } = await daemon.reload(config(many));
    t.regex(message, /; peer p9 added; and 20 more$/);
  }));

test('a stop in the middle of a reload is a stop: nobody is dialled or started again', (t) =>
  withDaemons(async (rig) => {
    const server = await rig.await(C);
    const fresh = { name: 'c', address: C, asn: 64512, port: server.port };
    const daemon = await rig.start(config([passive('a', A, 64512), passive('b', B, 64512)]));
    await rig.join(daemon, A, { asn: 64512 });
    await rig.join(daemon, B, { asn: 64512, routerId: 0x0a090908 });
    daemon.write(config([passive('b', B, 64512, { timers: { hold: 30 } }), fresh]));
    const reload = daemon.daemon.reload();
    await new Promise(setImmediate);
    const stop = daemon.daemon.stop();
    await Promise.all([reload, stop]);
    t.deepEqual(
      [...daemon.status.peers()].map(({ name, state }) => [name, state]),
      [
        ['b', 'Idle'],
        ['c', 'Idle'],
      ],
    );
  }));

test('a peer in another group: what is held from it is judged anew, on the way in, out and into the kernel', (t) =>
  withDaemons(async (rig) => {
    const yaml = (group: string) =>
      config(
        [
          passive('a', A, 64513, { ...OPEN_EBGP, group, import: ['in'] }),
          passive('b', B, 65002, { ...OPEN_EBGP, export: ['out'] }),
        ],
        {
          peerGroups: { guests: {}, hosts: {} },
          kernel: { backend: 'memory', install: ['fib'] },
          policies: {
            in: [
              { match: { from: { groups: ['guests'] }, prefix: { in: ['192.0.2.0/24'] } }, action: 'reject' },
              { action: 'accept' },
            ],
            out: [{ match: { from: { groups: ['hosts'] } }, action: 'accept' }, { action: 'reject' }],
            fib: [{ match: { from: { groups: ['hosts'] } }, action: 'accept' }, { action: 'reject' }],
          },
        },
      );
    const world = hostWorld();
    const daemon = await rig.start(yaml('guests'), { world });
    const a = await rig.join(daemon, A, { asn: 64513 });
    const b = await rig.join(daemon, B, { asn: 65002, routerId: 0x0a090908 });
    a.announce(['192.0.2.0/24', '198.51.100.0/24'], { nextHop: '10.0.0.9' });
    await daemon.until('one route of a', () => daemon.peer('a').prefixes['ipv4-unicast'].accepted === 1);
    t.deepEqual(b.routes, []);
    t.true((await daemon.reload(yaml('hosts'))).ok);
    await b.hasRoutes('192.0.2.0/24', '198.51.100.0/24');
    const installed = () => world.routes().filter(({ protocol }) => protocol === 12).length;
    await daemon.until('both in the kernel', () => installed() === 2);
    t.true((await daemon.reload(yaml('guests'))).ok);
    await b.hasRoutes();
    await daemon.until('none in the kernel', () => installed() === 0);
    t.is(daemon.peer('a').prefixes['ipv4-unicast'].accepted, 1);
    t.is(established(daemon, 'a'), 1);
    t.is(established(daemon, 'b'), 1);
  }));
