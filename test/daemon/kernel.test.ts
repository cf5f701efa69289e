// The daemon between its peers and a kernel in memory: workloads out, learned routes in, and what goes wrong on the way.

import test from 'ava';
import { formatPrefix } from '../../src/base/prefix.js';
import type { MemoryWorld } from '../../src/kernel/memory/memory-world.js';
import { fakeClock } from '../support/fake-clock.js';
import { waitFor } from '../support/wait.js';
import { BASE, hostWorld, passive, type TestDaemon, withDaemons, type Yaml } from './daemon-rig.js';

const A = '127.0.0.2';
const B = '127.0.0.3';

const CONFIG: Yaml = {
  ...BASE,
  kernel: { backend: 'memory', import: [{ interfaces: ['cali*'] }] },
  pools: [{ cidr: '10.65.0.0/16' }, { cidr: 'fd00:65::/48' }],
  peers: [passive('a', A, 64512), passive('b', B, 64512)],
};

const OURS = 12;

/** `prefix via gateway` of each route of our protocol. */
const installed = (world: MemoryWorld): readonly string[] =>
  world
    .routes()
    .filter(({ protocol }) => protocol === OURS)
    .map(({ prefix }) => formatPrefix(prefix))
    .sort();

/** `prefix metric` of each route of our protocol. */
const metrics = (world: MemoryWorld): string =>
  world
    .routes()
    .filter(({ protocol }) => protocol === OURS)
    .map(({ prefix, metric }) => `${formatPrefix(prefix)} ${metric}`)
    .sort()
    .join(', ');

const problems = (daemon: TestDaemon): readonly string[] =>
  (daemon.status.kernel()?.fib.problems ?? []).map(({ prefix, reason }) => `${prefix} ${reason}`);

const join = (text: readonly string[]): string => text.join(' ');

test('a workload comes, moves its link down and up, and goes: the peers hear of it', (t) =>
  withDaemons(async (rig) => {
    const world = hostWorld();
    world.addLink('cali1');
    world.addRoute({ prefix: '10.65.0.2/32', dev: 'cali1' });
    const daemon = await rig.start(CONFIG, { world });
    const a = await rig.join(daemon, A, { asn: 64512, routerId: 0x0a090901 });
    await a.hasRoutes('10.65.0.2/32');
    world.addRoute({ prefix: 'fd00:65::2/128', dev: 'cali1' });
    world.addRoute({ prefix: '10.65.0.3/32', dev: 'cali1' });
    world.addRoute({ prefix: '192.0.2.3/32', dev: 'cali1' });
    world.addRoute({ prefix: '10.65.0.4/32', dev: 'eth0' });
    await a.hasRoutes('10.65.0.2/32', '10.65.0.3/32', 'fd00:65::2/128');
    t.like(daemon.route('10.65.0.3/32'), {
      source: 'kernel',
      sourceType: 'kernel',
      kernel: 'local',
      nextHop: null,
    });
    t.is(await daemon.metric('bgpd_workload_routes'), 3);
    t.deepEqual(
      daemon.status
        .kernel()
        ?.workloadRoutes.map(({ prefix }) => prefix)
        .sort(),
      ['10.65.0.2/32', '10.65.0.3/32', 'fd00:65::2/128'],
    );
    world.deleteRoute({ prefix: '10.65.0.3/32' });
    await a.hasRoutes('10.65.0.2/32', 'fd00:65::2/128');
    world.setLink('cali1', { up: false });
    await a.hasRoutes();
    t.is(daemon.logged('link down').length, 1);
    world.setLink('cali1', { up: true });
    world.addRoute({ prefix: '10.65.0.2/32', dev: 'cali1' });
    await a.hasRoutes('10.65.0.2/32');
    world.deleteLink('cali1');
    await a.hasRoutes();
    t.deepEqual(installed(world), [], 'nothing of it was written');
  }));

test('a learned route is installed, follows its best path, and goes with it', (t) =>
  withDaemons(async (rig) => {
    const world = hostWorld();
    const daemon = await rig.start(CONFIG, { world });
    const a = await rig.join(daemon, A, { asn: 64512, routerId: 0x0a090901 });
    const b = await rig.join(daemon, B, { asn: 64512, routerId: 0x0a090902 });
    a.announce(['10.65.1.0/26'], { nextHop: '10.0.0.11', localPref: 200 });
    a.announce(['fd00:65:0:1::/64'], { nextHop: 'fd00::11' });
    await daemon.until('the kernel', () => join(installed(world)) === '10.65.1.0/26 fd00:65:0:1::/64');
    b.announce(['10.65.1.0/26'], { nextHop: '10.0.0.12' });
    await daemon.until('both paths', () => daemon.routes({ prefix: '10.65.1.0/26', all: true }).length === 2);
    const gateway = () => {
      const hop = world.routes().find(({ protocol }) => protocol === OURS)?.nextHops[0]?.gateway;
      return hop?.family === 'ipv4' ? hop.word : null;
    };
    await daemon.until('the better path', () => gateway() === 0x0a00000b);
    const state = () => daemon.routes({ prefix: '10.65.1.0/26' })[0]?.kernel;
    await daemon.until('the acknowledgement', () => state() === 'installed');
    a.withdraw(['10.65.1.0/26']);
    await daemon.until('the other path', () => gateway() === 0x0a00000c);
    b.peer.socket.destroy();
    await daemon.until('the kernel', () => join(installed(world)) === 'fd00:65:0:1::/64');
    await daemon.until('its answer', () => daemon.status.kernel()?.fib.installed === 1);
    t.like(daemon.status.kernel()?.fib, { wanted: 1, installed: 1, problemCount: 0 });
    t.is(await daemon.metric('bgpd_fib_operations_total', { operation: 'replace' }), 1);
  }));

for (const errno of ['ENETUNREACH', 'EINVAL']) {
  test(`the kernel refuses a route with ${errno}: counted, shown, tried again`, (t) =>
    withDaemons(async (rig) => {
      const world = hostWorld();
      const daemon = await rig.start(CONFIG, { world });
      const a = await rig.join(daemon, A, { asn: 64512 });
      world.failNext(errno, 2);
      a.announce(['10.65.1.0/26'], { nextHop: '10.0.0.11' });
      await daemon.until('the problem', () => join(problems(daemon)) === `10.65.1.0/26 ${errno}`);
      t.is(daemon.route('10.65.1.0/26').kernel, `failed: ${errno}`);
      t.is(daemon.routes({})[0]?.kernel, `failed: ${errno}`);
      t.is(await daemon.metric('bgpd_fib_problem_routes'), 1);
      t.like(daemon.logged('the kernel refused a route')[0], {
        level: 'warn',
        prefix: '10.65.1.0/26',
        errno,
        attempt: 1,
      });
      await daemon.until('the second try', () => daemon.route('10.65.1.0/26').kernel === 'installed');
      t.deepEqual(problems(daemon), []);
      t.is(await daemon.metric('bgpd_fib_errors_total', { errno }), 2);
      t.is(await daemon.metric('bgpd_fib_problem_routes'), 0);
      t.deepEqual(installed(world), ['10.65.1.0/26']);
    }));
}

test('a place that another program holds is not taken, until that program leaves it', (t) =>
  withDaemons(async (rig) => {
    const world = hostWorld();
    world.addRoute({ prefix: '10.65.1.0/26', via: '10.0.0.99', dev: 'eth0', metric: 1024 });
    const daemon = await rig.start(CONFIG, { world });
    const a = await rig.join(daemon, A, { asn: 64512 });
    a.announce(['10.65.1.0/26', '10.65.2.0/26'], { nextHop: '10.0.0.11' });
    await daemon.until('the problem', () => join(problems(daemon)) === '10.65.1.0/26 EEXIST');
    // A try that is under way is no failure yet.
    await daemon.until('the failure', () => daemon.route('10.65.1.0/26').kernel === 'failed: EEXIST');
    t.true(((await daemon.metric('bgpd_fib_errors_total', { errno: 'EEXIST' })) ?? 0) >= 1);
    const owners = (): number[] =>
      world
        .routes()
        .filter(({ prefix }) => formatPrefix(prefix) === '10.65.1.0/26')
        .map(({ protocol }) => protocol);
    t.deepEqual(owners(), [4], 'theirs is untouched');
    await daemon.until('the neighbour route', () => join(installed(world)) === '10.65.2.0/26');
    world.deleteRoute({ prefix: '10.65.1.0/26' });
    await daemon.until('our turn', () => join(installed(world)) === '10.65.1.0/26 10.65.2.0/26');
    // The kernel's answer comes a turn after the route.
    await daemon.until('no problem', () => problems(daemon).length === 0);
  }));

test('a route of ours that somebody deletes is put back', (t) =>
  withDaemons(async (rig) => {
    const world = hostWorld();
    const daemon = await rig.start(CONFIG, { world });
    const a = await rig.join(daemon, A, { asn: 64512 });
    a.announce(['10.65.1.0/26'], { nextHop: '10.0.0.11' });
    await daemon.until('the kernel', () => installed(world).length === 1);
    world.deleteRoute({ prefix: '10.65.1.0/26' });
    t.deepEqual(installed(world), []);
    await daemon.until('the kernel', () => installed(world).length === 1);
  }));

test('a next hop that does not resolve: the route is not used, not told, not installed, and says why', (t) =>
  withDaemons(async (rig) => {
    const world = hostWorld();
    const reflector = { routeReflector: { clusterId: '244.0.0.1' } };
    const peers = [passive('a', A, 64512, { routeReflectorClient: true }), passive('b', B, 64512)];
    const daemon = await rig.start({ ...CONFIG, ...reflector, peers }, { world });
    const a = await rig.join(daemon, A, { asn: 64512, routerId: 0x0a090901 });
    const b = await rig.join(daemon, B, { asn: 64512, routerId: 0x0a090902 });
    a.announce(['10.65.1.0/26'], { nextHop: '172.31.0.1' });
    a.announce(['10.65.2.0/26'], { nextHop: '10.0.0.11' });
    await b.hasRoutes('10.65.2.0/26');
    t.like(daemon.route('10.65.1.0/26'), {
      best: false,
      kernel: null,
      decision: 'not used: next hop unreachable',
    });
    t.like(daemon.peer('a').prefixes['ipv4-unicast'], { received: 2, accepted: 2 });
    world.addRoute({ prefix: '172.31.0.0/24', via: '10.0.0.254', dev: 'eth0' });
    await b.hasRoutes('10.65.1.0/26', '10.65.2.0/26');
    await daemon.until('the kernel', () => installed(world).length === 2);
    world.deleteRoute({ prefix: '172.31.0.0/24' });
    await b.hasRoutes('10.65.2.0/26');
    await daemon.until('the kernel', () => join(installed(world)) === '10.65.2.0/26');
    world.setLink('eth0', { up: false });
    await b.hasRoutes();
    await daemon.until('the kernel', () => installed(world).length === 0);
  }));

test('kernel.install chooses what is installed; a reload chooses anew', (t) =>
  withDaemons(async (rig) => {
    const world = hostWorld();
    const kernel = { backend: 'memory', install: ['pools'] };
    const daemon = await rig.start({ ...CONFIG, kernel }, { world });
    const a = await rig.join(daemon, A, { asn: 64512 });
    a.announce(['10.65.1.0/26', '192.0.2.0/24'], { nextHop: '10.0.0.11' });
    await daemon.until('the kernel', () => join(installed(world)) === '10.65.1.0/26');
    t.is(daemon.route('192.0.2.0/24').kernel, 'not installed: refused by kernel.install');
    const { message } = await daemon.reload({
      ...CONFIG,
      kernel: { backend: 'memory', install: ['accept-all'] },
    });
    t.is(message, 'generation 2: kernel.install changed');
    await daemon.until('the kernel', () => join(installed(world)) === '10.65.1.0/26 192.0.2.0/24');
    await daemon.reload({ ...CONFIG, kernel: { backend: 'memory', install: ['reject-all'] } });
    await daemon.until('the kernel', () => installed(world).length === 0);
    t.is(daemon.peer('a').counters.established, 1);
  }));

test('a metric that a policy sets is that of the installed route: the install policy before the import policy', (t) =>
  withDaemons(async (rig) => {
    const world = hostWorld();
    const policies = {
      far: [{ set: { metric: 77 }, action: 'accept' }],
      near: [{ match: { prefix: { in: ['192.0.2.0/24'] } }, set: { metric: 5 }, action: 'accept' }],
      rest: [{ action: 'accept' }],
    };
    const { kernel, ...others } = CONFIG;
    const daemon = await rig.start(
      {
        ...others,
        kernel: { ...(kernel as Yaml), install: ['near', 'rest'] },
        peers: [passive('a', A, 64512, { import: ['far'] })],
        policies,
      },
      { world },
    );
    const a = await rig.join(daemon, A, { asn: 64512, routerId: 0x0a090901 });
    a.announce(['192.0.2.0/24', '198.51.100.0/24'], { nextHop: '10.0.0.9', localPref: 100 });
    await daemon.until('both routes', () => metrics(world) === '192.0.2.0/24 5, 198.51.100.0/24 77');
    t.pass();
  }));

test('IPv6 routes have a metric of their own, and a reload of it is foretold and moves them alone', (t) =>
  withDaemons(async (rig) => {
    const world = hostWorld();
    const { kernel, ...others } = CONFIG;
    const under = (metrics: Yaml): Yaml => ({ ...others, kernel: { ...(kernel as Yaml), ...metrics } });
    const daemon = await rig.start(under({ metric: 900, ipv6Metric: 512 }), { world });
    const a = await rig.join(daemon, A, { asn: 64512, routerId: 0x0a090901 });
    a.announce(['192.0.2.0/24'], { nextHop: '10.0.0.9' });
    a.announce(['fd00:7::/64'], { nextHop: 'fd00::9' });
    await daemon.until('both routes', () => metrics(world) === '192.0.2.0/24 900, fd00:7::/64 512');
    for (const [next, changed, then] of [
      [{ metric: 900, ipv6Metric: 600 }, ['fd00:7::/64'], '192.0.2.0/24 900, fd00:7::/64 600'],
      [{ metric: 600, ipv6Metric: 600 }, ['192.0.2.0/24'], '192.0.2.0/24 600, fd00:7::/64 600'],
      [{ metric: 700 }, ['192.0.2.0/24', 'fd00:7::/64'], '192.0.2.0/24 700, fd00:7::/64 700'],
      [{ metric: 700, ipv6Metric: 0 }, ['fd00:7::/64'], '192.0.2.0/24 700, fd00:7::/64 1024'],
    ] as const) {
      t.deepEqual((await daemon.diff(under(next))).kernel?.prefixes.changed, changed);
      await daemon.reload(under(next));
      await daemon.until(then, () => metrics(world) === then);
    }
  }));

test('another metric for IPv4 alone leaves the IPv6 routes where they are', (t) =>
  withDaemons(async (rig) => {
    const world = hostWorld();
    const { kernel, ...others } = CONFIG;
    const under = (metrics: Yaml): Yaml => ({ ...others, kernel: { ...(kernel as Yaml), ...metrics } });
    const daemon = await rig.start(under({ metric: 700 }), { world });
    const a = await rig.join(daemon, A, { asn: 64512, routerId: 0x0a090901 });
    a.announce(['192.0.2.0/24'], { nextHop: '10.0.0.9' });
    a.announce(['fd00:7::/64'], { nextHop: 'fd00::9' });
    const metricOf = (prefix: string): string =>
      world
        .routes()
        .filter((route) => route.protocol === OURS && formatPrefix(route.prefix) === prefix)
        .map(({ metric }) => metric)
        .join();
    await daemon.until('both routes', () => metricOf('192.0.2.0/24') + metricOf('fd00:7::/64') === '700700');
    await daemon.reload(under({ metric: 800, ipv6Metric: 700 }));
    await daemon.until('the IPv4 route elsewhere', () => metricOf('192.0.2.0/24') === '800');
    t.is(metricOf('fd00:7::/64'), '700');
    await daemon.reload(under({ metric: 900, ipv6Metric: 900 }));
    await daemon.until(
      'both elsewhere',
      () => metricOf('192.0.2.0/24') + metricOf('fd00:7::/64') === '900900',
    );
    const operations = async (operation: string) =>
      (await daemon.metric('bgpd_fib_operations_total', { operation })) ?? 0;
    await waitFor(
      'all to be counted',
      async () => (await operations('add')) - (await operations('remove')) === 2,
    );
    t.is(await operations('add'), 5);
  }));

test('where policies see the interfaces of learned routes, these are those of their next hops, wherever these move', (t) =>
  withDaemons(async (rig) => {
    const world = hostWorld();
    world.addLink('eth1');
    world.addAddress('eth1', '10.1.0.1/24');
    const under = (learnedInterfaces: boolean): Yaml => ({
      ...CONFIG,
      kernel: { backend: 'memory', learnedInterfaces },
      peers: [
        passive('a', A, 64512, { import: ['in'] }),
        passive('b', B, 65001, { import: ['accept-all'], export: ['out'] }),
      ],
      policies: {
        in: [
          { match: { interface: ['eth1'], prefix: { in: ['198.51.100.0/24'] } }, action: 'reject' },
          { action: 'accept' },
        ],
        out: [{ match: { interface: ['eth0'] }, action: 'accept' }, { action: 'reject' }],
      },
    });
    const daemon = await rig.start(under(false), { world });
    const a = await rig.join(daemon, A, { asn: 64512, routerId: 0x0a090901 });
    const b = await rig.join(daemon, B, { asn: 65001, routerId: 0x0a090902 });
    a.announce(['192.0.2.0/24'], { nextHop: '10.0.0.9' });
    a.announce(['198.51.100.0/24', '203.0.113.0/24'], { nextHop: '10.1.0.9' });
    const all = '192.0.2.0/24 198.51.100.0/24 203.0.113.0/24';
    await daemon.until('all of them', () => join(installed(world)) === all);
    await b.hasRoutes();

    const { kernel, peers } = await daemon.diff(under(true));
    t.deepEqual(kernel?.prefixes.removed, ['198.51.100.0/24']);
    t.deepEqual(peers[0]?.families['ipv4-unicast'].prefixes.announced, ['192.0.2.0/24']);
    await daemon.reload(under(true));
    await b.hasRoutes('192.0.2.0/24');
    await daemon.until('the rest', () => join(installed(world)) === '192.0.2.0/24 203.0.113.0/24');

    world.addRoute({ prefix: '10.1.0.9/32', dev: 'eth0' });
    await b.hasRoutes('192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24');
    await daemon.until('all of them again', () => join(installed(world)) === all);
    t.is(daemon.peer('a').counters.established, 1);
  }));

test('exports can go by the interface and the metric of a workload', (t) =>
  withDaemons(async (rig) => {
    const world = hostWorld();
    for (const name of ['cali1', 'cali2', 'cali3']) world.addLink(name);
    world.addRoute({ prefix: '10.65.0.1/32', dev: 'cali1', metric: 1024 });
    world.addRoute({ prefix: '10.65.0.2/32', dev: 'cali2', metric: 512 });
    world.addRoute({ prefix: '10.65.0.3/32', dev: 'cali3', metric: 1024 });
    const to = (match: Yaml): Yaml => ({
      ...CONFIG,
      peers: [passive('a', A, 64512, { export: ['some'] })],
      policies: { some: [{ match, action: 'accept' }] },
    });
    const daemon = await rig.start(to({ metric: '<=512' }), { world });
    const a = await rig.join(daemon, A, { asn: 64512, routerId: 0x0a090901 });
    await a.hasRoutes('10.65.0.2/32');
    await daemon.reload(to({ interface: ['cali[1]', '*3'] }));
    await a.hasRoutes('10.65.0.3/32');
    t.is(daemon.peer('a').counters.established, 1);
  }));

test('kernel.import and the pools can change while it runs', (t) =>
  withDaemons(async (rig) => {
    const world = hostWorld();
    world.addLink('cali1');
    world.addLink('tap1');
    world.addRoute({ prefix: '10.65.0.2/32', dev: 'cali1' });
    world.addRoute({ prefix: '10.65.0.3/32', dev: 'tap1' });
    world.addRoute({ prefix: '10.66.0.4/32', dev: 'tap1' });
    const daemon = await rig.start(CONFIG, { world });
    const a = await rig.join(daemon, A, { asn: 64512 });
    await a.hasRoutes('10.65.0.2/32');
    await daemon.reload({ ...CONFIG, kernel: { backend: 'memory', import: [{ interfaces: ['tap*'] }] } });
    await a.hasRoutes('10.65.0.3/32');
    await daemon.reload({
      ...CONFIG,
      kernel: { backend: 'memory', import: [{ interfaces: ['tap*', 'cali*'] }] },
      pools: [{ cidr: '10.66.0.0/16' }],
    });
    await a.hasRoutes('10.66.0.4/32');
    t.is(daemon.peer('a').counters.established, 1);
  }));

test('routes stay when it stops; the next start adopts them and sweeps what nobody confirms by End-of-RIB', (t) =>
  withDaemons(async (rig) => {
    const world = hostWorld();
    const first = await rig.start(CONFIG, { world });
    const a = await rig.join(first, A, { asn: 64512, routerId: 0x0a090901 });
    a.announce(['10.65.1.0/26', '10.65.2.0/26'], { nextHop: '10.0.0.11' });
    await first.until('the kernel', () => installed(world).length === 2);
    await first.daemon.stop('maintenance');
    t.deepEqual(installed(world), ['10.65.1.0/26', '10.65.2.0/26']);

    const clock = fakeClock();
    const second = await rig.start(CONFIG, { world, clock });
    t.is(second.status.kernel()?.fib.adoptedStale, 2);
    t.is(await second.metric('bgpd_fib_stale_routes'), 2);
    const again = await rig.join(second, A, { asn: 64512, routerId: 0x0a090901 });
    again.announce(['10.65.2.0/26'], { nextHop: '10.0.0.11' });
    again.sayEndOfRib();
    await second.until('End-of-RIB', () => second.logged('End-of-RIB received').length === 2);
    t.is(second.status.kernel()?.fib.adoptedStale, 2, 'b may still come: nothing is chosen');
    clock.advance(5100);
    await second.until('the confirmation', () => second.status.kernel()?.fib.adoptedStale === 1);
    await second.until('End-of-RIB', () => second.logged('End-of-RIB received').length === 2);
    clock.advance(5000);
    t.deepEqual(second.logged('stale routes'), [], 'b has not spoken');
    t.deepEqual(installed(world), ['10.65.1.0/26', '10.65.2.0/26']);
    const b = await rig.join(second, B, { asn: 64512, routerId: 0x0a090902 });
    b.sayEndOfRib();
    await second.until('End-of-RIB', () => second.logged('End-of-RIB received').length === 4);
    clock.advance(1100);
    await second.until('the sweep', () => join(installed(world)) === '10.65.2.0/26');
    t.like(second.logged('stale routes of an earlier run removed')[0], { routes: 1 });
  }));

test('a peer that never comes back does not keep stale routes for ever', (t) =>
  withDaemons(async (rig) => {
    const world = hostWorld();
    world.addRoute({ prefix: '10.65.1.0/26', via: '10.0.0.11', dev: 'eth0', protocol: OURS, metric: 1024 });
    const clock = fakeClock();
    const kernel = { backend: 'memory', sweepDelay: 600 };
    const daemon = await rig.start({ ...CONFIG, kernel }, { world, clock });
    clock.advance(500_000);
    t.is(daemon.logged('stale routes').length, 0);
    t.is(installed(world).length, 1);
    clock.advance(101_000);
    await daemon.until('the sweep', () => installed(world).length === 0);
  }));

test('removeOnStop removes our routes and no others', (t) =>
  withDaemons(async (rig) => {
    const world = hostWorld();
    world.addRoute({ prefix: '10.65.9.0/26', via: '10.0.0.99', dev: 'eth0' });
    const kernel = { backend: 'memory', removeOnStop: true };
    const daemon = await rig.start({ ...CONFIG, kernel }, { world });
    const a = await rig.join(daemon, A, { asn: 64512 });
    a.announce(['10.65.1.0/26'], { nextHop: '10.0.0.11' });
    await daemon.until('the kernel', () => installed(world).length === 1);
    const others = world.routes().length - 1;
    await daemon.daemon.stop('maintenance');
    t.deepEqual(installed(world), []);
    t.is(world.routes().length, others);
    t.is(await a.peer.hearsNotification(), '6/2 0b6d61696e74656e616e6365', 'with the words of the operator');
  }));

test('a start that fails removes no routes, whatever removeOnStop says: they may be those of the daemon that runs', (t) =>
  withDaemons(async (rig) => {
    const world = hostWorld();
    world.addRoute({ prefix: '10.65.1.0/26', via: '10.0.0.11', dev: 'eth0', protocol: OURS, metric: 1024 });
    const running = await rig.start(BASE);
    const { started } = await rig.tryStart(
      {
        ...CONFIG,
        kernel: { backend: 'memory', removeOnStop: true },
        listen: [{ address: '127.0.0.1', port: running.port }],
      },
      { world },
    );
    t.deepEqual(started, {
      ok: false,
      reason: `can't listen on 127.0.0.1 port ${running.port}: another process does (EADDRINUSE)`,
    });
    t.deepEqual(installed(world), ['10.65.1.0/26']);
  }));
