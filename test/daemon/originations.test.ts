// What a host announces of itself: blocks with blackholes, workloads inside and outside of them, service addresses, and
// what becomes of them at a reload.

import test from 'ava';
import { formatPrefix } from '../../src/base/prefix.js';
import type { MemoryWorld } from '../../src/kernel/memory/memory-world.js';
import { fakeClock } from '../support/fake-clock.js';
import { BASE, hostWorld, passive, withDaemons, type Yaml } from './daemon-rig.js';

const A = '127.0.0.2';
const ROUTER = { asn: 64512, routerId: 0x0a090901 };

const config = (more: Yaml, kernel: Yaml = {}): Yaml => ({
  ...BASE,
  kernel: { backend: 'memory', import: [{ interfaces: ['cali*'] }], ...kernel },
  pools: [{ cidr: '10.65.0.0/16' }],
  peers: [passive('a', A, 64512)],
  ...more,
});

const ours = (world: MemoryWorld): readonly string[] =>
  world
    .routes()
    .filter(({ protocol }) => protocol === 12)
    .map(({ type, prefix, metric }) => `${type} ${formatPrefix(prefix)} ${metric}`)
    .sort();

const workloads = (world: MemoryWorld): void => {
  world.addLink('cali1');
  world.addRoute({ prefix: '10.65.8.2/32', dev: 'cali1', protocol: 3 });
  world.addRoute({ prefix: '10.65.8.3/32', dev: 'cali1', protocol: 3, metric: 512 });
  world.addRoute({ prefix: '10.65.99.4/32', dev: 'cali1', protocol: 3 });
};

test('a block speaks for the workloads inside; one on the move and a borrowed address are told by themselves', (t) =>
  withDaemons(async (rig) => {
    const world = hostWorld();
    workloads(world);
    const block = {
      prefix: '10.65.8.0/26',
      kind: 'aggregate',
      communities: ['64512:7', '1:2:3', 'no-export'],
    };
    const daemon = await rig.start(config({ originate: [block] }), { world });
    const a = await rig.join(daemon, A, ROUTER);
    await a.hasRoutes('10.65.8.0/26', '10.65.8.3/32', '10.65.99.4/32');
    t.deepEqual(
      a.told.get('10.65.8.0/26')?.communities,
      [(64512 << 16) + 7, 0xffffff01].map((c) => c >>> 0),
    );
    t.deepEqual(a.told.get('10.65.8.0/26')?.largeCommunities, [[1, 2, 3]]);
    await daemon.until('the blackhole', () => ours(world).join() === 'blackhole 10.65.8.0/26 1024');
    await daemon.until('it is known', () => daemon.route('10.65.8.0/26').kernel === 'blackhole installed');
    t.like(daemon.route('10.65.8.0/26'), { source: 'aggregate', sourceType: 'aggregate' });
    t.like(daemon.route('10.65.8.2/32'), { source: 'kernel', communities: ['no-advertise'] });
    await daemon.reload(
      config({ originate: [{ ...block, suppressMoreSpecifics: false, blackhole: false }] }),
    );
    await a.hasRoutes('10.65.8.0/26', '10.65.8.2/32', '10.65.8.3/32', '10.65.99.4/32');
    await daemon.until('no blackhole', () => ours(world).length === 0);
    await daemon.reload(config({ originate: [] }));
    await a.hasRoutes('10.65.8.2/32', '10.65.8.3/32', '10.65.99.4/32');
  }));

test('a reload tells what stands for workloads before these go, and takes it back after they are told', (t) =>
  withDaemons(async (rig) => {
    const world = hostWorld();
    workloads(world);
    const other = { prefix: '10.65.99.0/26', kind: 'aggregate', blackhole: false };
    const block = { prefix: '10.65.8.0/26', kind: 'aggregate', blackhole: false };
    const needy = { ...block, requireContributor: true };
    const daemon = await rig.start(config({ originate: [other] }), { world });
    const a = await rig.join(daemon, A, ROUTER);
    await a.hasRoutes('10.65.8.2/32', '10.65.8.3/32', '10.65.99.0/26');
    for (const [originate, heard] of [
      [[block], '+10.65.8.0/26 +10.65.99.4/32 -10.65.8.2/32 -10.65.99.0/26'],
      [[other], '+10.65.8.2/32 +10.65.99.0/26 -10.65.8.0/26 -10.65.99.4/32'],
      [[needy], '+10.65.8.0/26 +10.65.99.4/32 -10.65.8.2/32 -10.65.99.0/26'],
      [[{ ...needy, kind: 'static', suppressMoreSpecifics: false }, other], '+10.65.8.0/26'],
    ] as const) {
      a.heard.length = 0;
      await daemon.reload(config({ originate }));
      const wanted = heard.split(' ');
      await daemon.until(heard, () => wanted.every((each) => a.heard.includes(each)));
      const firstEnd = a.heard.findIndex((each) => each.startsWith('-'));
      const late = firstEnd < 0 ? [] : a.heard.slice(firstEnd).filter((each) => each.startsWith('+'));
      t.deepEqual(late, [], a.heard.join(' '));
    }
  }));

test('a block that needs a contributor comes and goes with the workloads inside', (t) =>
  withDaemons(async (rig) => {
    const world = hostWorld();
    world.addLink('cali1');
    const block = { prefix: '10.65.8.0/26', kind: 'aggregate', requireContributor: true };
    const daemon = await rig.start(config({ originate: [block] }), { world });
    const a = await rig.join(daemon, A, ROUTER);
    await a.hasRoutes();
    world.addRoute({ prefix: '10.65.8.2/32', dev: 'cali1', protocol: 3 });
    await a.hasRoutes('10.65.8.0/26');
    await daemon.until('the blackhole', () => ours(world).length === 1);
    world.deleteRoute({ prefix: '10.65.8.2/32' });
    await a.hasRoutes();
    await daemon.until('no blackhole', () => ours(world).length === 0);
    t.deepEqual(daemon.routes({}), []);
  }));

test('a block that needs a contributor from elsewhere: learned, originated, and one of several', (t) =>
  withDaemons(async (rig) => {
    const world = hostWorld();
    world.addLink('cali1');
    const learned = { prefix: '10.70.0.0/16', kind: 'aggregate', requireContributor: ['bgp', 'kernel'] };
    const nested = { prefix: '10.0.0.0/8', requireContributor: ['aggregate'] };
    const six = { prefix: 'fd00:70::/32', requireContributor: ['bgp'] };
    const daemon = await rig.start(config({ originate: [learned, nested, six] }), { world });
    const a = await rig.join(daemon, A, ROUTER);
    await a.hasRoutes();
    // Not inside, not more specific.
    a.announce(['10.71.0.1/32', '10.70.0.0/16'], { nextHop: '10.0.0.9', localPref: 100 });
    await daemon.until('both', () => daemon.routes({ peer: 'a', direction: 'in' }).length === 2);
    t.deepEqual([...a.told.keys()], []);
    a.withdraw(['10.70.0.0/16']);
    a.announce(['10.70.3.4/32', '10.70.3.5/32'], { nextHop: '10.0.0.9', localPref: 100 });
    await a.hasRoutes('10.70.0.0/16', '10.0.0.0/8');
    a.withdraw(['10.70.3.4/32']);
    await daemon.until('one left', () => daemon.routes({ peer: 'a', direction: 'in' }).length === 2);
    t.deepEqual([...a.told.keys()].sort(), ['10.0.0.0/8', '10.70.0.0/16']);
    // A reload that leaves the condition alone changes nothing; another is judged by what is there.
    await daemon.reload(config({ originate: [learned, { ...nested, requireContributor: ['bgp'] }] }));
    a.withdraw(['10.70.3.5/32']);
    await a.hasRoutes('10.0.0.0/8');
    a.withdraw(['10.71.0.1/32']);
    await a.hasRoutes();
    t.deepEqual(daemon.routes({}), []);
  }));

test('service addresses are announced and never installed, whoever announces some of them', (t) =>
  withDaemons(async (rig) => {
    const world = hostWorld();
    const originate = [{ prefix: '10.96.0.0/12', kind: 'service' }];
    const daemon = await rig.start(config({ originate }), { world });
    const a = await rig.join(daemon, A, ROUTER);
    await a.hasRoutes('10.96.0.0/12');
    a.announce(['10.96.0.10/32', '10.66.0.0/26'], { nextHop: '10.0.0.9', localPref: 100 });
    await daemon.until('the other one', () => ours(world).join() === 'unicast 10.66.0.0/26 1024');
    await daemon.until('the refusal', () => daemon.status.kernel()?.fib.refusedCount === 1);
    t.is(daemon.route('10.96.0.10/32').kernel, 'kept out: service addresses are handled on this host');
    t.is(await daemon.metric('bgpd_fib_refused_routes'), 1);
    t.is(await daemon.metric('bgpd_fib_refusals_total', { reason: 'service' }), 1);
    t.is(daemon.status.kernel()?.fib.refusals[0]?.prefix, '10.96.0.10/32');
    await daemon.until('told', () => daemon.logged('learned route kept out of the kernel').length === 1);
  }));

test('metric and LOCAL_PREF: told, compared with local workloads, installed; default the other way round', (t) =>
  withDaemons(async (rig) => {
    const world = hostWorld();
    workloads(world);
    const daemon = await rig.start(config({}, { localPrefFromMetric: true }), { world });
    const a = await rig.join(daemon, A, ROUTER);
    const bestType = (prefix: string) => daemon.routes({ prefix })[0]?.sourceType;
    await a.hasRoutes('10.65.8.2/32', '10.65.8.3/32', '10.65.99.4/32');
    t.is(a.told.get('10.65.8.2/32')?.localPref, 2147483647 - 1024);
    t.is(a.told.get('10.65.8.3/32')?.localPref, 2147483647 - 512);
    const moved = { nextHop: '10.0.0.9', localPref: 2147483647 - 512 };
    a.announce(['10.65.8.2/32'], moved);
    await daemon.until('the workload is elsewhere', () => ours(world).join() === 'unicast 10.65.8.2/32 512');
    t.is(bestType('10.65.8.2/32'), 'ibgp');
    await a.hasRoutes('10.65.8.3/32', '10.65.99.4/32');
    a.announce(['10.65.8.3/32'], moved);
    a.announce(['10.65.8.2/32'], { nextHop: '10.0.0.9', localPref: 2147483647 - 1024 });
    await daemon.until('equal: the local one', () => ours(world).length === 0);
    t.is(bestType('10.65.8.3/32'), 'kernel');
    await daemon.reload(config({}));
    a.announce(['10.65.8.2/32'], moved);
    await daemon.until('told without', () => a.told.get('10.65.8.3/32')?.localPref === 100);
    t.is(bestType('10.65.8.2/32'), 'kernel');
  }));

test('a block of IPv6 needs company of IPv6, a workload or a learned route inside', (t) =>
  withDaemons(async (rig) => {
    const world = hostWorld();
    world.addLink('cali1');
    const block = { prefix: 'fd00:65:0:8::/122', kind: 'aggregate', requireContributor: true };
    const learned = { prefix: 'fd00:70::/44', kind: 'aggregate', requireContributor: ['bgp'] };
    const daemon = await rig.start(
      config({ pools: [{ cidr: 'fd00:65::/48' }], originate: [block, learned] }),
      { world },
    );
    const a = await rig.join(daemon, A, ROUTER);
    const six = { nextHop: 'fd00::9', localPref: 100 };
    // A /44 ends within a word: one beside it, one that is no more specific.
    a.announce(['fd00:70:10::1/128', 'fd00:70::/44'], six);
    await daemon.until('both', () => daemon.routes({ peer: 'a', direction: 'in' }).length === 2);
    world.addRoute({ prefix: 'fd00:65:0:8::2/128', dev: 'cali1', protocol: 3 });
    await a.hasRoutes('fd00:65:0:8::/122');
    a.announce(['fd00:70:f::4/128'], six);
    await a.hasRoutes('fd00:65:0:8::/122', 'fd00:70::/44');
    world.deleteRoute({ prefix: 'fd00:65:0:8::2/128' });
    await a.hasRoutes('fd00:70::/44');
    a.withdraw(['fd00:70:f::4/128']);
    await a.hasRoutes();
    t.is(daemon.routes({ peer: 'a', direction: 'in' }).length, 2);
  }));

test('an address that lives here and is announced from elsewhere is an alarm, until it is not', (t) =>
  withDaemons(async (rig) => {
    const world = hostWorld();
    workloads(world);
    const clock = fakeClock();
    const pools = [{ cidr: '10.65.0.0/16' }, { cidr: '10.65.99.0/24', anycast: true }];
    const originate = [{ prefix: '10.65.8.0/26', kind: 'aggregate' }];
    // The clock stands still: a selection that is put off would never come.
    const gracefulRestart = { mode: 'off' };
    const daemon = await rig.start(config({ pools, originate, gracefulRestart }), { world, clock });
    const a = await rig.join(daemon, A, ROUTER);
    const chosen = (): number => daemon.status.summary().rib['ipv4-unicast'].best;
    const before = chosen();
    const foreign = ['10.65.8.2/32', '10.65.8.0/26', '10.65.99.4/32', '10.70.0.0/16'];
    a.announce(foreign, { nextHop: '10.0.0.9', localPref: 100 });
    await daemon.until('the routes', () => daemon.routes({ peer: 'a', direction: 'in' }).length === 4);
    // The look at whether all peers have been heard after the start.
    clock.advance(20);
    await daemon.until('the decision on the new one', () => chosen() === before + 1);
    clock.advance(5000);
    t.deepEqual(daemon.status.alarms(), []);
    clock.advance(10_000);
    t.deepEqual(
      daemon.status.alarms().map(({ name, subject, detail }) => [name, subject, detail]),
      [
        ['foreignOrigin', '10.65.8.2/32', 'announced by a with next hop 10.0.0.9'],
        ['foreignOrigin', '10.65.8.0/26', 'announced by a with next hop 10.0.0.9'],
      ],
    );
    t.is(await daemon.metric('bgpd_alarms', { name: 'foreignOrigin' }), 2);
    t.is(daemon.status.readiness().notes?.length, 2);
    t.true(daemon.logged('alarm foreignOrigin').length > 0);
    a.withdraw(foreign);
    await daemon.until('the routes gone', () => daemon.routes({ peer: 'a', direction: 'in' }).length === 0);
    clock.advance(1500);
    t.deepEqual(daemon.status.alarms(), []);
    t.true(daemon.logged('is over').length > 0);
  }));
