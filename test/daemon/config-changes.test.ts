// Changes of the configuration that are tried: the guard, the confirmation, the ways back. Whole daemons, real sessions.

import test from 'ava';
import { stringify } from 'yaml';
import type { ConfigPreview, PeerPreview } from '../../src/api/model/types.js';
import type { TestSpeaker } from '../support/test-speaker.js';
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

/** More than `reload.minWithdraw`. */
const MANY = Array.from({ length: 12 }, (_, i) => `10.65.${i}.0/24`);

const config = (peers: readonly Yaml[], originated: readonly string[] = MANY, more: Yaml = {}): Yaml => ({
  ...BASE,
  originate: originated.map((prefix) => ({ prefix })),
  peers,
  ...more,
});

const BOTH = [passive('a', A, 64512), passive('b', B, 65001, OPEN_EBGP)];
const SILENT = [passive('a', A, 64512), passive('b', B, 65001, { ...OPEN_EBGP, export: ['reject-all'] })];

interface Scene {
  readonly daemon: TestDaemon;
  readonly a: TestSpeaker;
  readonly b: TestSpeaker;
}

async function scene(rig: DaemonRig, yaml: Yaml = config(BOTH)): Promise<Scene> {
  const daemon = await rig.start(yaml);
  const a = await rig.join(daemon, A, { asn: 64512, routerId: 0x0a090901 });
  const b = await rig.join(daemon, B, { asn: 65001, routerId: 0x0a090902 });
  await a.hasRoutes(...MANY);
  await b.hasRoutes(...MANY);
  return { daemon, a, b };
}

const peerOf = (preview: ConfigPreview, name: string): PeerPreview | undefined =>
  preview.peers.find((peer) => peer.name === name);

const pendingOf = (daemon: TestDaemon) => daemon.status.config().pending;

test('the diff names objects, sessions with the reason, and what a new peer would be told', (t) =>
  withDaemons(async (rig) => {
    const { daemon } = await scene(rig);
    const preview = await daemon.diff(
      config(
        [
          passive('a', A, 64512, { timers: { hold: 30 } }),
          passive('b', B, 65009, OPEN_EBGP),
          passive('c', '127.0.0.9', 65002, OPEN_EBGP),
        ],
        MANY.slice(1),
      ),
    );
    t.deepEqual(preview.objects, {
      added: ['peers c'],
      changed: ['peers a', 'peers b'],
      removed: [`originate ${MANY[0]}`],
    });
    const a = peerOf(preview, 'a');
    t.is(a?.session, 'resets');
    t.deepEqual(a?.why, ['timers changes']);
    t.deepEqual(a?.families['ipv4-unicast'].prefixes.withdrawn, [MANY[0]]);
    const b = peerOf(preview, 'b');
    t.is(b?.session, 'fails');
    t.regex(b?.why.join(' ') ?? '', /asn changes .*bad peer AS/);
    t.is(b?.families['ipv4-unicast'].withdrawn, 12);
    const c = peerOf(preview, 'c');
    t.is(c?.session, 'new');
    t.is(c?.families['ipv4-unicast'].announced, 11);
    t.is(daemon.peer('a').counters.established, 1);
  }));

test('what is wrong with a file is told with its place, and nothing is applied', (t) =>
  withDaemons(async (rig) => {
    const { daemon } = await scene(rig);
    const text = stringify({ ...config(BOTH), pears: [] });
    const result = await daemon.changes.diff({ file: 'next.yaml', text }, false);
    t.false(result.ok);
    t.regex(result.ok ? '' : (result.problems[0] ?? ''), /:\d+:\d+: pears: unknown key/);
    const applied = await daemon.apply({ ...config(BOTH), pears: [] });
    t.false(applied.ok);
    t.regex(applied.message, /pears: unknown key/);
    t.is(daemon.status.config().generation, 1);
  }));

test('a reload that withdraws too much is refused with the numbers, a signal too; force goes ahead', (t) =>
  withDaemons(async (rig) => {
    const { daemon, a, b } = await scene(rig);
    const refused = await daemon.reload(config(SILENT));
    t.deepEqual(refused, {
      ok: false,
      message:
        'refused: it would withdraw 12 of 12 prefixes announced (100 %) to b; reload.maxWithdraw is 50 %: bgpctl reload --force goes ahead, a signal cannot',
    });
    t.is(daemon.status.config().lastError, refused.message);
    t.is(await daemon.metric('bgpd_config_guarded_total'), 1);
    t.is(daemon.logged('configuration not taken over').length, 1);
    t.is(b.told.size, 12);
    const switched = await daemon.administration.switch('a', true, '', false);
    t.true(switched.ok, 'what operators do to peers does not bring the refused file in');
    t.is(b.told.size, 12);
    t.true((await daemon.daemon.reload(true)).ok);
    await b.hasRoutes();
    t.is(a.told.size, 12);
    t.is(daemon.status.config().lastError, null);
  }));

test('a peer that is removed on purpose is not counted, what the others lose by it is', (t) =>
  withDaemons(async (rig) => {
    const learned = Array.from({ length: 20 }, (_, i) => `192.0.${i}.0/24`);
    const few = MANY.slice(0, 2);
    const daemon = await rig.start(config(BOTH, few));
    const a = await rig.join(daemon, A, { asn: 64512, routerId: 0x0a090901 });
    const b = await rig.join(daemon, B, { asn: 65001, routerId: 0x0a090902 });
    b.announce(learned, { nextHop: '10.0.0.9' });
    await a.hasRoutes(...few, ...learned);
    const withoutA = config(BOTH.slice(1), few);
    t.deepEqual((await daemon.diff(withoutA)).guard.reasons, []);
    const refused = await daemon.reload(config(BOTH.slice(0, 1), few));
    t.regex(refused.message, /20 of 22 prefixes announced \(91 %\) to a;/);
    t.true(daemon.isUp('b'));
  }));

test('without a confirmation in time the change is taken back', (t) =>
  withDaemons(async (rig) => {
    const { daemon, a, b } = await scene(rig);
    const fewer = b.hasRoutes(...MANY.slice(0, 9));
    const applied = await daemon.apply(config(BOTH, MANY.slice(0, 9)), { confirm: 2 });
    t.true(applied.ok);
    t.regex(applied.message, /generation 2: .*; rolled back in 2 s unless confirmed/);
    t.is(pendingOf(daemon)?.file, 'next.yaml');
    t.is(await daemon.metric('bgpd_config_pending'), 1);
    await fewer;
    await b.hasRoutes(...MANY);
    await a.hasRoutes(...MANY);
    await daemon.until('the end of it', () => pendingOf(daemon) === null);
    t.regex(daemon.status.config().lastRollback?.reason ?? '', /nobody confirmed it within 2 s/);
    t.is(await daemon.metric('bgpd_config_rollbacks_total', { cause: 'timeout' }), 1);
    t.is(daemon.logged('is rolled back').length, 1);
    t.is(daemon.peer('a').counters.established, 1);
    t.deepEqual(await daemon.changes.confirm(), { ok: false, message: 'no change waits for confirmation' });
  }));

test('a confirmed change stays and is saved; a reload, a second change and a diff meanwhile', (t) =>
  withDaemons(async (rig) => {
    const { daemon, b } = await scene(rig);
    const next = config(BOTH, MANY.slice(0, 9));
    t.true((await daemon.apply(next, { confirm: 60, save: true })).ok);
    const reload = await daemon.daemon.reload();
    t.false(reload.ok, 'SIGHUP and bgpctl reload do the same');
    t.regex(reload.message, /^next\.yaml waits for confirmation until .*: bgpctl config confirm or/);
    t.regex((await daemon.apply(next, {})).message, /^next\.yaml waits for confirmation/);
    t.deepEqual((await daemon.diff(next)).changes, [], 'compared with what is in force');
    const confirmed = await daemon.changes.confirm();
    t.deepEqual(confirmed, {
      ok: true,
      message: 'next.yaml stays in force; saved as the configuration file',
    });
    t.is((await daemon.daemon.reload()).message, 'generation 3: nothing changed');
    await b.hasRoutes(...MANY.slice(0, 9));
    t.is(pendingOf(daemon), null);
  }));

test('without saving, the next reload has the file again', (t) =>
  withDaemons(async (rig) => {
    const { daemon, b } = await scene(rig);
    const applied = await daemon.apply(config(BOTH, MANY.slice(0, 9)));
    t.regex(applied.message, /the configuration file is as it was/);
    await b.hasRoutes(...MANY.slice(0, 9));
    t.true((await daemon.daemon.reload()).ok);
    await b.hasRoutes(...MANY);
  }));

test('a session that drops takes the change back at once', (t) =>
  withDaemons(async (rig) => {
    const { daemon, a, b } = await scene(rig);
    t.true((await daemon.apply(config(BOTH, MANY.slice(0, 9)), { confirm: 600 })).ok);
    await a.hasRoutes(...MANY.slice(0, 9));
    b.peer.socket.destroy();
    await a.hasRoutes(...MANY);
    await daemon.until('the end of it', () => pendingOf(daemon) === null);
    t.regex(daemon.status.config().lastRollback?.reason ?? '', /^the session of peer b dropped: /);
    t.is(await daemon.metric('bgpd_config_rollbacks_total', { cause: 'session' }), 1);
  }));

test('a reset that the diff announced is no drop; a session that is not back is named; an operator may end one', (t) =>
  withDaemons(async (rig) => {
    const { daemon, b } = await scene(rig);
    const next = config([passive('a', A, 64512, { timers: { hold: 30 } }), BOTH[1]!]);
    t.true((await daemon.apply(next, { confirm: 600 })).ok);
    await daemon.until('the reset', () => pendingOf(daemon)?.waitingFor.join() === 'a');
    const again = await rig.join(daemon, A, { asn: 64512, routerId: 0x0a090901 });
    await again.hasRoutes(...MANY);
    t.deepEqual(pendingOf(daemon)?.waitingFor, []);
    t.true((await daemon.administration.switch('b', false, 'work', false)).ok);
    await b.peer.isClosed();
    t.not(pendingOf(daemon), null);
    again.peer.socket.destroy();
    await daemon.until('the second end of the session to count', () => pendingOf(daemon) === null);
    t.false(daemon.peer('b').enabled, 'what an operator did stays');
    t.is(daemon.peer('a').timers.hold, 90);
  }));

test('an operator takes it back', (t) =>
  withDaemons(async (rig) => {
    const { daemon, b } = await scene(rig);
    t.true((await daemon.apply(config(SILENT), { confirm: 600, force: true })).ok);
    await b.hasRoutes();
    const back = await daemon.changes.rollback();
    t.true(back.ok);
    t.regex(back.message, /^next\.yaml is rolled back: an operator asked for it; generation 3: /);
    await b.hasRoutes(...MANY);
    t.false((await daemon.changes.rollback()).ok);
  }));
