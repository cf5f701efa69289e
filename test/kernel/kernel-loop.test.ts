// The loop over a port that a test plays: failures, reopening, budget, window.

import test from 'ava';
import { ipv4 } from '../../src/base/ip.js';
import { makePrefix } from '../../src/base/prefix.js';
import { chooseKernel } from '../../src/kernel/choose-backend.js';
import { KernelLoop } from '../../src/kernel/loop/kernel-loop.js';
import { Listings } from '../../src/kernel/loop/listings.js';
import { createMemoryPort } from '../../src/kernel/memory/memory-kernel.js';
import { createMemoryWorld } from '../../src/kernel/memory/memory-world.js';
import type { KernelPort, PortReport } from '../../src/kernel/port.js';
import { createRecorder, eventually, ip, prefix, settings, via } from './bench.js';

interface Played {
  readonly port: KernelPort;
  opened: number;
  outstanding: number;
  most: number;
  deliver: (report: PortReport) => void;
}

/** A memory port that can be made to fail and that counts unanswered writes. */
function played(world = createMemoryWorld()): Played {
  let inner = createMemoryPort(world);
  const state: Played = {
    opened: 0,
    outstanding: 0,
    most: 0,
    deliver: () => undefined,
    port: {
      backend: 'memory',
      open: (filter, deliver) => {
        state.opened++;
        inner = createMemoryPort(world);
        state.deliver = (report) => {
          if (report.kind === 'written') state.outstanding--;
          deliver(report);
        };
        return inner.open(filter, (report) => state.deliver(report));
      },
      filter: (filter) => inner.filter(filter),
      list: (id, scope) => inner.list(id, scope),
      hurry: () => inner.hurry(),
      write: (id, writes) => {
        state.outstanding++;
        state.most = Math.max(state.most, state.outstanding);
        inner.write(id, writes);
      },
      program: (id, writes) => inner.program(id, writes),
      close: () => inner.close(),
    },
  };
  return state;
}

function uplink() {
  const world = createMemoryWorld();
  world.addLink('eth0');
  world.addAddress('eth0', '10.10.0.1/16');
  return world;
}

test('a port that cannot open is a reason, not an exception', async (t) => {
  const { port } = played();
  const loop = new KernelLoop(
    { ...port, open: () => Promise.resolve({ ok: false, reason: 'netlink socket: EPERM' }) },
    settings(),
  );
  t.deepEqual(await loop.start(createRecorder()), { ok: false, reason: 'netlink socket: EPERM' });
  t.is(loop.status().state, 'failed');
  await loop.close({ removeRoutes: true });
});

test('a port that dies is opened again and everything is put in order', async (t) => {
  const world = uplink();
  const play = played(world);
  const loop = new KernelLoop(play.port, settings(), { auditInterval: 0 });
  const seen = createRecorder();
  t.deepEqual(await loop.start(seen), { ok: true });
  loop.install(prefix('10.66.0.0/26'), via('10.10.0.2'));
  await eventually('one route', () => loop.status().fib.installed === 1);
  await play.port.close();
  play.deliver({ kind: 'failed', message: 'gone' });
  t.is(loop.status().state, 'failed');
  t.deepEqual(seen.events.at(-1), { kind: 'workerFailed', message: 'gone' });
  // What happens in the meantime is found out by listing.
  world.deleteRoute({ prefix: '10.66.0.0/26' });
  world.addLink('cali1');
  world.addRoute({ prefix: '10.65.0.1/32', dev: 'cali1', protocol: 3 });
  loop.install(prefix('10.67.0.0/26'), via('10.10.0.3'));
  await eventually('synced again', () => loop.status().state === 'synced');
  t.is(play.opened, 2);
  await eventually('both routes', () => world.routes().filter((r) => r.protocol === 12).length === 2);
  t.deepEqual([...seen.present], [['10.65.0.1/32', 'cali1']]);
  await loop.close({ removeRoutes: false });
});

test('what ends a tunnel has is asked for again when the port dies before the answer, after everything', (t) => {
  const listings = new Listings();
  const [asked, waiting] = [3, 4].map((ifindex) => ({ kind: 'ends', ifindex }) as const);
  listings.want(asked!);
  listings.want(waiting!);
  listings.want({ kind: 'interface', family: 'ipv4', ifindex: 3 });
  t.deepEqual(listings.next()?.scope, asked);
  listings.abandon();
  listings.want({ kind: 'everything' });
  const scopes = Array.from({ length: 4 }, () => {
    const next = listings.next();
    listings.finish();
    return next?.scope;
  });
  t.deepEqual(scopes, [{ kind: 'everything' }, waiting, asked, undefined]);
});

/** A route of ours in place; what the world says is held back, as if it were read after the answers to our writes. */
async function deaf() {
  const world = uplink();
  world.addLink('cali1');
  const play = played(world);
  const loop = new KernelLoop(play.port, settings(), { auditInterval: 0 });
  const seen = createRecorder();
  await loop.start(seen);
  const place = prefix('10.65.0.9/32');
  loop.install(place, via('10.10.0.2'));
  await eventually('ours', () => loop.isInstalled(place));
  const said: PortReport[] = [];
  const { deliver } = play;
  play.deliver = (report) => {
    if (report.kind === 'changes') said.push(report);
    else deliver(report);
  };
  const hear = (): void => {
    for (const report of said) deliver(report);
  };
  const protocols = (): string =>
    world
      .routes()
      .map(({ protocol, metric }) => `${protocol} ${metric}`)
      .join();
  return { world, loop, seen, place, hear, protocols };
}

const AGENTS = { prefix: '10.65.0.9/32', dev: 'cali1', metric: 1024, protocol: 3 } as const;

test('a workload of which we hear after the answer to the write that displaced it is put back', async (t) => {
  const { world, loop, seen, place, hear, protocols } = await deaf();
  world.addRoute(AGENTS);
  loop.install(place, via('10.10.0.3'));
  await eventually('replaced', () => loop.status().counters.replaced === 1);
  t.true(protocols().endsWith(',12 1024'));
  hear();
  await eventually('put back', () => protocols().endsWith(',3 1024'));
  await eventually('told', () => seen.present.size === 1);
  await eventually('counted', () => loop.status().drift.counts.overwrote === 1);
  t.is(loop.status().fib.problems[0]?.reason, 'EEXIST');
  await loop.close({ removeRoutes: false });
});

test('a workload that our write displaced is put back though ours was withdrawn before we heard of it', async (t) => {
  const { world, loop, place, hear, protocols } = await deaf();
  world.addRoute(AGENTS);
  loop.install(place, via('10.10.0.3'));
  await eventually('replaced', () => loop.status().counters.replaced === 1);
  loop.uninstall(place);
  // The removal leaves at the end of this task; its answer comes with the next turn.
  await null;
  t.false(protocols().includes('1024'));
  hear();
  await eventually('put back', () => protocols().endsWith(',3 1024'));
  await eventually('counted', () => loop.status().drift.counts.overwrote === 1);
  t.is(loop.status().fib.problemCount, 0);
  await eventually('idle', () => loop.status().fib.pending === 0);
  await loop.close({ removeRoutes: false });
});

test('a displaced workload that cannot be put back is an error, told once, and no longer announced', async (t) => {
  const { world, loop, seen, place, hear, protocols } = await deaf();
  world.addRoute(AGENTS);
  loop.install(place, via('10.10.0.3'));
  await eventually('replaced', () => loop.status().counters.replaced === 1);
  world.setLink('cali1', { up: false });
  hear();
  await eventually('the error', () => Object.keys(loop.status().counters.errors).join() === 'ENETDOWN');
  await eventually('not announced', () => seen.present.size === 0);
  await eventually('ours again', () => loop.isInstalled(place));
  t.true(protocols().endsWith(',12 1024'));
  t.is(seen.events.filter((event) => event.kind === 'fibError').length, 1);
  t.is(loop.status().drift.counts.overwrote, 0);
  await loop.close({ removeRoutes: false });
});

test('only so many batches are under way', async (t) => {
  const play = played(uplink());
  const loop = new KernelLoop(play.port, settings(), { auditInterval: 0, budget: 1000 });
  await loop.start(createRecorder());
  const intent = via('10.10.0.2');
  for (let i = 0; i < 20_000; i++) loop.install(makePrefix(ipv4(0x14000000 + i), 32), intent);
  await eventually('all installed', () => loop.status().fib.installed === 20_000);
  t.true(play.most > 1);
  t.true(play.most <= 16);
  await loop.close({ removeRoutes: false });
});

test('errno by errno, one event however many routes fail', async (t) => {
  const world = uplink();
  const loop = new KernelLoop(played(world).port, settings(), { auditInterval: 0 });
  const seen = createRecorder();
  await loop.start(seen);
  world.failNext('EINVAL', 100);
  const intent = via('10.10.0.2');
  for (let i = 0; i < 100; i++) loop.install(makePrefix(ipv4(0x14000000 + i), 32), intent);
  const refused = (): number => {
    const { EINVAL = 0 } = loop.status().counters.errors;
    return EINVAL;
  };
  await eventually('all refused', () => refused() === 100);
  t.is(seen.events.filter((event) => event.kind === 'fibError').length, 1);
  await eventually('all installed after the back-off', () => loop.status().fib.installed === 100);
  await loop.close({ removeRoutes: false });
});

test('the periodic listing finds what no notification told', async (t) => {
  const world = uplink();
  const loop = new KernelLoop(played(world).port, settings(), { auditInterval: 0.05 });
  const seen = createRecorder();
  await loop.start(seen);
  world.overrun();
  world.addLink('cali1');
  world.addRoute({ prefix: '10.65.0.1/32', dev: 'cali1', protocol: 3 });
  await eventually('the workload', () => seen.present.has('10.65.0.1/32'));
  t.is(loop.status().counters.overruns, 0);
  await loop.close({ removeRoutes: false });
});

test('a next hop that is no longer tracked is no longer told', async (t) => {
  const world = uplink();
  const loop = new KernelLoop(played(world).port, settings(), { auditInterval: 0 });
  const seen = createRecorder();
  loop.trackNextHop(ip('10.10.0.2'));
  await loop.start(seen);
  t.is(seen.hops.get('10.10.0.2'), 'reachable 0', 'told before start resolves');
  loop.trackNextHop(ip('10.10.0.2'));
  loop.untrackNextHop(ip('10.10.0.2'));
  world.setLink('eth0', { up: false });
  await eventually('told', () => seen.hops.get('10.10.0.2') === 'unreachable');
  loop.untrackNextHop(ip('10.10.0.2'));
  world.setLink('eth0', { up: true });
  await eventually('the link', () => seen.events.some((event) => event.kind === 'linkUp'));
  t.is(seen.hops.get('10.10.0.2'), 'unreachable');
  await loop.close({ removeRoutes: false });
});

test('without the privilege, auto falls back to memory and says so', async (t) => {
  const chosen = await chooseKernel('auto', settings(), false);
  t.regex(chosen.warning ?? '', /CAP_NET_ADMIN/);
  t.is(chosen.kernel.status().backend, 'memory');
  const seen = createRecorder();
  chosen.kernel.trackNextHop(ip('192.0.2.1'));
  chosen.kernel.trackNextHop(ip('2001:db8::1'));
  await chosen.kernel.start(seen);
  t.deepEqual([...seen.hops.values()], ['reachable 0', 'reachable 0']);
  await chosen.kernel.close({ removeRoutes: false });
  t.is((await chooseKernel('auto', settings(), true)).kernel.status().backend, 'netlink');
  t.is((await chooseKernel('netlink', settings(), true)).warning, null);
  t.regex((await chooseKernel('netlink', settings(), false)).warning ?? '', /CAP_NET_ADMIN/);
  t.is((await chooseKernel('memory', settings(), true)).warning, null);
});

test('rows of a listing that are older than a notification change nothing', async (t) => {
  const world = uplink();
  world.addLink('cali1');
  world.addLink('cali2');
  for (const at of ['10.65.0.1/32', '10.65.0.2/32'])
    world.addRoute({ prefix: at, dev: 'cali1', protocol: 3 });
  const play = played(world);
  const loop = new KernelLoop(play.port, settings(), { auditInterval: 0 });
  const seen = createRecorder();
  await loop.start(seen);
  loop.install(prefix('10.66.0.0/26'), via('10.10.0.2'));
  await eventually('installed', () => loop.status().fib.installed === 1);
  const held = holdListing(play);
  loop.reconfigure(settings());
  await eventually('listed', () => held.reports.length > 0);
  // The kernel has told its state; what comes now is younger.
  world.deleteRoute({ prefix: '10.65.0.1/32' });
  world.addRoute({ prefix: '10.65.0.3/32', dev: 'cali1', protocol: 3 });
  world.deleteLink('cali2');
  world.deleteAddress('eth0', '10.10.0.1/16');
  world.deleteRoute({ prefix: '10.66.0.0/26' });
  await eventually('told', () => seen.log.includes('+10.65.0.3/32 cali1'));
  held.release();
  await eventually('listed again', () => loop.status().counters.resyncs > 0);
  t.deepEqual([...seen.present.keys()].sort(), ['10.65.0.2/32', '10.65.0.3/32']);
  t.deepEqual(
    loop.status().links.map(({ name }) => name),
    ['eth0', 'cali1'],
  );
  t.deepEqual(loop.status().addresses, []);
  await eventually('nothing installed', () => loop.status().fib.installed === 0);
  await loop.close({ removeRoutes: false });
});

/** The next listing says that it begins and keeps its rows back. */
function holdListing(play: Played) {
  const { deliver } = play;
  const reports: PortReport[] = [];
  play.deliver = (report) => {
    if (report.kind !== 'listed') deliver(report);
    else {
      deliver({ ...report, changes: [], done: false });
      reports.push({ ...report, first: false });
    }
  };
  const release = (): void => {
    play.deliver = deliver;
    for (const report of reports) deliver(report);
  };
  return { reports, release };
}
