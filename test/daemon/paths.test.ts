// Several paths per prefix in a whole daemon: multipath routes in the kernel, ADD-PATH sessions, vantages, and what a reload
// does to them.

import test from 'ava';
import { formatIp, type IpAddress } from '../../src/base/ip.js';
import { formatPrefix } from '../../src/base/prefix.js';
import type { MemoryWorld } from '../../src/kernel/memory/memory-world.js';
import { BASE, hostWorld, passive, type TestDaemon, withDaemons, type Yaml } from './daemon-rig.js';

const [A, B, C] = ['127.0.0.2', '127.0.0.3', '127.0.0.4'];
const TARGET = '10.65.1.0/26';
const IDS = { a: 0x0a090901, b: 0x0a090902, c: 0x0a090903 } as const;

const OURS = 12;

const hopsOf = (world: MemoryWorld, prefix: string): string =>
  world
    .routes()
    .filter((route) => route.protocol === OURS && formatPrefix(route.prefix) === prefix)
    .flatMap(({ nextHops }) => nextHops.map(({ gateway }) => (gateway === null ? '-' : formatIp(gateway))))
    .sort()
    .join(' ');

const HOST: Yaml = {
  ...BASE,
  kernel: { backend: 'memory', import: [{ interfaces: ['cali*'] }] },
  pools: [{ cidr: '10.65.0.0/16' }],
  peers: [passive('a', A, 64512), passive('b', B, 64512)],
};

test('equal paths share the traffic in the kernel; what changes in the set changes there', (t) =>
  withDaemons(async (rig) => {
    const world = hostWorld();
    const daemon = await rig.start(HOST, { world });
    const a = await rig.join(daemon, A, { asn: 64512, routerId: IDS.a });
    const b = await rig.join(daemon, B, { asn: 64512, routerId: IDS.b });
    const kernelHas = (...hops: readonly string[]) =>
      daemon.until(hops.join(), () => hopsOf(world, TARGET) === hops.join(' '));
    a.announce([TARGET], { nextHop: '10.0.0.11' });
    b.announce([TARGET], { nextHop: '10.0.0.12' });
    await kernelHas('10.0.0.11', '10.0.0.12');
    t.deepEqual(
      daemon
        .routes({ prefix: TARGET, all: true })
        .map(({ source, best, multipath, decision }) => [source, best, multipath, decision]),
      [
        ['a', true, true, 'best: step 11, lowest router id or ORIGINATOR_ID'],
        ['b', false, true, 'lost at step 11, lowest router id or ORIGINATOR_ID; shares the traffic'],
      ],
    );
    t.is(await daemon.metric('bgpd_rib_multipath_prefixes', { family: 'ipv4-unicast' }), 1);
    b.announce([TARGET], { nextHop: '10.0.0.13' });
    await kernelHas('10.0.0.11', '10.0.0.13');
    const { message } = await daemon.reload({
      ...HOST,
      decision: { multipath: { 'ipv4-unicast': { ibgp: 1 } } },
    });
    t.regex(message, /decision.multipath changed/);
    await kernelHas('10.0.0.11');
    await daemon.reload(HOST);
    await kernelHas('10.0.0.11', '10.0.0.13');
    a.peer.socket.destroy();
    await kernelHas('10.0.0.13');
  }));

const addPath = (send: string): Yaml => ({ routeReflectorClient: true, addPath: { receive: true, send } });

const reflector = (of: Yaml, ofC: Yaml = of): Yaml => ({
  ...BASE,
  routeReflector: { clusterId: '244.0.0.1' },
  optimalRouteReflection: [
    { name: 'west', nextHopCosts: [{ nextHops: '10.0.0.11/32', cost: 1 }] },
    { name: 'east', nextHopCosts: [{ nextHops: '10.0.0.12/32', cost: 1 }] },
  ],
  peers: [passive('a', A, 64512, of), passive('b', B, 64512, of), passive('c', C, 64512, ofC)],
});

async function bed(rig: Parameters<Parameters<typeof withDaemons>[0]>[0], yaml: Yaml, pathIds = true) {
  const daemon = await rig.start(yaml);
  const join = (address: string, routerId: number) =>
    rig.join(daemon, address, { asn: 64512, routerId, addPath: pathIds });
  return { daemon, a: await join(A, IDS.a), b: await join(B, IDS.b), c: await join(C, IDS.c) };
}

const pathsOf = (daemon: TestDaemon, peer: string, direction: 'in' | 'out') =>
  daemon.routes({ peer, direction }).map(({ prefix, pathId, nextHop }) => `${prefix} ${pathId} ${nextHop}`);

test('ADD-PATH: paths in and out with their ids, and another choice without a new session', (t) =>
  withDaemons(async (rig) => {
    const { daemon, a, b, c } = await bed(rig, reflector(addPath('all')));
    a.announce([TARGET], { nextHop: '10.0.0.11' }, 7);
    a.announce([TARGET], { nextHop: '10.0.0.12' }, 9);
    await c.hasRoutes(`${TARGET} 1`, `${TARGET} 2`);
    b.announce([TARGET], { nextHop: '10.0.0.13', localPref: 90 }, 7);
    await c.hasRoutes(`${TARGET} 1`, `${TARGET} 2`, `${TARGET} 3`);
    await a.hasRoutes(`${TARGET} 3`);
    t.deepEqual(pathsOf(daemon, 'a', 'in'), [`${TARGET} 7 10.0.0.11`, `${TARGET} 9 10.0.0.12`]);
    t.deepEqual(pathsOf(daemon, 'a', 'out'), [`${TARGET} 3 10.0.0.13`]);
    t.is(pathsOf(daemon, 'c', 'out').length, 3);
    t.deepEqual(daemon.peer('c').prefixes['ipv4-unicast'], {
      negotiated: true,
      received: 0,
      accepted: 0,
      advertised: 3,
    });
    t.true(daemon.peer('c').capabilities.inForce.includes('add-path (ipv4-unicast both)'));
    const established = daemon.peer('c').counters.established;
    const { message } = await daemon.reload(reflector(addPath('all'), addPath('best 2')));
    t.regex(message, /peer c: addPath changed/);
    await c.hasRoutes(`${TARGET} 1`, `${TARGET} 2`);
    a.withdraw([TARGET], 7);
    const hops = () =>
      [...c.told.values()]
        .map(({ nextHop }) => hopOf(nextHop))
        .sort()
        .join(' ');
    await c.peer.watch.until(() => hops() === '10.0.0.12 10.0.0.13', 'the next best path');
    t.is(daemon.peer('c').counters.established, established);
    await daemon.reload(reflector(addPath('all'), addPath('none')));
    await c.peer.isClosed();
  }));

test('a client hears what is nearest to its vantage, and a reload moves it', (t) =>
  withDaemons(async (rig) => {
    const plain: Yaml = { routeReflectorClient: true };
    const from = (vantage: string): Yaml => reflector(plain, { ...plain, vantage });
    const { daemon, a, b, c } = await bed(rig, from('east'), false);
    a.announce([TARGET], { nextHop: '10.0.0.11' });
    b.announce([TARGET], { nextHop: '10.0.0.12' });
    const hears = (hop: string) =>
      c.peer.watch.until(() => hopOf(c.told.get(TARGET)?.nextHop) === hop, `the path via ${hop}`);
    await hears('10.0.0.12');
    t.is(daemon.routes({ prefix: TARGET })[0]?.nextHop, '10.0.0.11');
    const { message } = await daemon.reload(from('west'));
    t.regex(message, /peer c: vantage changed/);
    await hears('10.0.0.11');
  }));

const hopOf = (ip: IpAddress | null | undefined): string => (ip == null ? '' : formatIp(ip));
