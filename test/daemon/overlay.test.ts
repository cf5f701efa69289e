// Pools and tunnels in the daemon: what is announced of our end, what is made of theirs, and what is said when it can't be.

import test from 'ava';
import { formatIp, parseIp } from '../../src/base/ip.js';
import { formatPrefix } from '../../src/base/prefix.js';
import { ownTunnel, tunnelEnd } from '../../src/daemon/routes/overlay.js';
import type { MemoryWorld } from '../../src/kernel/memory/memory-world.js';
import type { Tunnel } from '../../src/wire/types.js';
import { BASE, hostWorld, passive, withDaemons, type Yaml } from './daemon-rig.js';

const A = '127.0.0.2';
const B = '127.0.0.3';
const MAC = '02:11:22:33:44:55';

const end = (address: string, vni = 4097, mac = MAC): Tunnel =>
  ownTunnel([
    { kind: 'vxlan', name: 'x', vni, port: 4789, mtu: null, mac, address: parseIp(address)! },
  ]) as Tunnel;

const config = (pools: readonly Yaml[]): Yaml => ({
  ...BASE,
  kernel: { backend: 'memory', import: [{ interfaces: ['cali*'] }] },
  pools,
  peers: [passive('a', A, 64512)],
});

const ours = (world: MemoryWorld): readonly string[] => {
  const name = (ifindex: number): string =>
    world.links().find((link) => link.ifindex === ifindex)?.name ?? String(ifindex);
  return world
    .routes()
    .filter(({ protocol }) => protocol === 12)
    .map(({ prefix, nextHops }) => {
      const [hop] = nextHops;
      const gateway = hop?.gateway ?? null;
      return `${formatPrefix(prefix)} ${gateway === null ? '' : formatIp(gateway)} ${name(hop?.ifindex ?? 0)}`;
    })
    .sort();
};

const NEXT_HOP = parseIp('10.1.0.9')!;

test("a tunnel's end: address, MAC and VNI survive the attribute; what cannot be used is none", (t) => {
  const found = tunnelEnd({ tunnels: [end('10.1.0.9')] }, NEXT_HOP);
  t.is(found?.mac, MAC);
  t.is(found === null ? '' : formatIp(found.address), '10.1.0.9');
  t.is(found?.vni, 4097);
  t.is(tunnelEnd({ tunnels: [end('10.1.0.9', 5)] }, NEXT_HOP)?.vni, 5, 'not that of our device');
  const v6 = tunnelEnd({ tunnels: [end('fd00::9')] }, NEXT_HOP);
  t.is(v6 === null ? '' : formatIp(v6.address), 'fd00::9');
  const [encapsulation, endpoint] = end('10.1.0.9').subTlvs;
  const nextHopEnd = { type: 6, value: new Uint8Array(6) };
  const byNextHop = tunnelEnd({ tunnels: [{ type: 8, subTlvs: [encapsulation!, nextHopEnd] }] }, NEXT_HOP);
  t.is(byNextHop === null ? '' : formatIp(byNextHop.address), '10.1.0.9');
  const useless: readonly (readonly [string, Tunnel])[] = [
    ['VNI 0', end('10.1.0.9', 0)],
    ['another kind of tunnel', { ...end('10.1.0.9'), type: 7 }],
    ['no encapsulation', { type: 8, subTlvs: [endpoint!] }],
    ['no endpoint', { type: 8, subTlvs: [encapsulation!] }],
    ['a group MAC', end('10.1.0.9', 4097, '01:00:5e:00:00:01')],
    ['no MAC', end('10.1.0.9', 4097, '00:00:00:00:00:00')],
    ['short', { type: 8, subTlvs: [{ type: 1, value: encapsulation!.value.subarray(0, 11) }, endpoint!] }],
    ['flags not set', { type: 8, subTlvs: [{ type: 1, value: new Uint8Array(12).fill(2, 1) }, endpoint!] }],
  ];
  for (const [what, tunnel] of useless) t.is(tunnelEnd({ tunnels: [tunnel] }, NEXT_HOP), null, what);
});

test('VXLAN by bgpd: our end is told with the workloads of the pool, theirs is programmed', (t) =>
  withDaemons(async (rig) => {
    const world = hostWorld();
    world.addLink('cali1');
    world.addRoute({ prefix: '10.66.0.2/32', dev: 'cali1', protocol: 3 });
    world.addRoute({ prefix: '10.65.0.2/32', dev: 'cali1', protocol: 3 });
    world.addRoute({ prefix: '10.1.0.0/16', dev: 'eth0', via: '10.0.0.254' });
    const pools = [
      { cidr: '10.65.0.0/16' },
      { cidr: '10.66.0.0/16', encapsulation: 'VXLANCrossSubnet', overlay: 'bgp' },
      { cidr: '10.67.0.0/16', encapsulation: 'VXLAN' },
    ];
    const daemon = await rig.start(config([]), { world });
    await daemon.reload(config(pools));
    const a = await rig.join(daemon, A, { asn: 64512 });
    await a.hasRoutes('10.65.0.2/32', '10.66.0.2/32');
    t.deepEqual(a.told.get('10.65.0.2/32')?.tunnels, []);
    const told = tunnelEnd({ tunnels: a.told.get('10.66.0.2/32')?.tunnels ?? [] }, NEXT_HOP);
    t.is(told === null ? '' : formatIp(told.address), '10.0.0.1');
    const link = world.links().find(({ name }) => name === 'vxlan.bgp');
    t.is(link?.mac, told?.mac);
    a.announce(['10.66.1.0/26', '10.67.1.0/26'], {
      nextHop: '10.1.0.9',
      localPref: 100,
      tunnels: [end('10.1.0.9')],
    });
    a.announce(['10.66.2.0/26'], { nextHop: '10.0.0.9', localPref: 100, tunnels: [end('10.0.0.9')] });
    a.announce(['10.66.3.0/26', '10.65.3.0/26'], { nextHop: '10.1.0.8', localPref: 100 });
    const wanted = [
      '10.65.3.0/26 10.0.0.254 eth0',
      '10.66.1.0/26 10.1.0.9 vxlan.bgp',
      '10.66.2.0/26 10.0.0.9 eth0',
      '10.66.3.0/26 10.0.0.254 eth0',
    ];
    await daemon.until('the routes', () => ours(world).join() === wanted.join());
    t.deepEqual(world.tunnelEnds('vxlan.bgp'), [`${MAC} 10.1.0.9`, `10.1.0.9 ${MAC}`]);
    t.is(daemon.route('10.67.1.0/26').kernel, 'not installed: the node agent programs its pool');
    t.deepEqual(
      daemon.status
        .pools()
        .map(({ cidr, overlay, device, problem, workloads }) => [cidr, overlay, device, problem, workloads]),
      [
        ['10.65.0.0/16', 'bgp', null, null, 1],
        ['10.66.0.0/16', 'bgp', 'vxlan.bgp', null, 1],
        ['10.67.0.0/16', 'agent', null, null, 0],
      ],
    );
    t.is(await daemon.metric('bgpd_tunnel_ready', { device: 'vxlan.bgp' }), 1);
    t.is(await daemon.metric('bgpd_tunnel_ends', { device: 'vxlan.bgp' }), 1);
    await daemon.reload(config([{ cidr: '10.64.0.0/13' }]));
    await daemon.until('no device', () => !world.links().some(({ name }) => name === 'vxlan.bgp'));
    await daemon.until('all direct', () => ours(world).every((line) => line.endsWith('eth0')));
    await daemon.until('told without', () => a.told.get('10.66.0.2/32')?.tunnels.length === 0);
  }));

test('a pool whose tunnel the kernel lacks says so, everywhere somebody may look', (t) =>
  withDaemons(async (rig) => {
    const world = hostWorld();
    world.lack('ipip');
    const daemon = await rig.start(config([]), { world });
    await daemon.reload(config([{ cidr: '10.66.0.0/16', encapsulation: 'IPIP' }]));
    const problem = 'this kernel has no ipip (EOPNOTSUPP): tunl0 cannot be made';
    await daemon.until('the problem', () => daemon.status.pools()[0]?.problem === problem);
    const a = await rig.join(daemon, A, { asn: 64512 });
    a.announce(['10.66.1.0/26'], { nextHop: '10.0.0.9', localPref: 100 });
    await daemon.until('the route waits', () => daemon.route('10.66.1.0/26').kernel === 'failed: unresolved');
    t.deepEqual(daemon.status.readiness().notes, [`pool 10.66.0.0/16 (IPIP): ${problem}`]);
    t.is(await daemon.metric('bgpd_tunnel_ready', { device: 'tunl0' }), 0);
    t.is(daemon.logged('a tunnel cannot be used').length, 1);
    world.addLink('tunl0');
    await daemon.until('in the tunnel', () => ours(world).join() === '10.66.1.0/26 10.0.0.9 tunl0');
    t.is(daemon.status.pools()[0]?.problem, null);
  }));

test('one address on two other hosts: each way is in the tunnel of its own host', (t) =>
  withDaemons(async (rig) => {
    const world = hostWorld();
    world.addRoute({ prefix: '10.1.0.0/16', dev: 'eth0', via: '10.0.0.254' });
    const pools = [{ cidr: '10.66.0.0/16', encapsulation: 'VXLAN', overlay: 'bgp' }];
    const peers = [passive('a', A, 64512), passive('b', B, 64512)];
    const daemon = await rig.start({ ...config([]), peers }, { world });
    await daemon.reload({ ...config(pools), peers });
    const a = await rig.join(daemon, A, { asn: 64512 });
    const b = await rig.join(daemon, B, { asn: 64512, routerId: 0x0a090908 });
    const other = '02:66:77:88:99:aa';
    a.announce(['10.66.1.1/32'], { nextHop: '10.1.0.8', localPref: 100, tunnels: [end('10.1.0.8')] });
    b.announce(['10.66.1.1/32'], {
      nextHop: '10.1.0.9',
      localPref: 100,
      tunnels: [end('10.1.0.9', 4097, other)],
    });
    const ends = [`${MAC} 10.1.0.8`, `10.1.0.8 ${MAC}`, `${other} 10.1.0.9`, `10.1.0.9 ${other}`].sort();
    const device = () => world.links().some(({ name }) => name === 'vxlan.bgp');
    await daemon.until('both ends', () => device() && world.tunnelEnds('vxlan.bgp').join() === ends.join());
    const route = world.routes().find(({ prefix }) => formatPrefix(prefix) === '10.66.1.1/32');
    t.is(route?.nextHops.length, 2);
  }));
