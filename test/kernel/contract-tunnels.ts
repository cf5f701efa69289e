// Contract: routes through tunnels, the devices they need, and what these are told of the other ends.

import { equal, ok } from 'node:assert/strict';
import type { FibIntent, FibTunnel, TunnelDevice } from '../../src/kernel/types.js';
import { eventually, ip, prefix, settings } from './bench.js';
import { addUplink, type ContractCase, settled, started, stop } from './contract-case.js';

const VXLAN = {
  kind: 'vxlan',
  name: 'vxlan.t',
  vni: 4097,
  port: 4789,
  mtu: null,
  address: ip('10.10.0.1'),
  mac: '02:00:00:00:00:01',
} as const satisfies TunnelDevice;

const MAC_B = '02:00:00:00:00:0b';
const MAC_C = '02:00:00:00:00:0c';

const vxlan = (
  mac: string,
  end: string,
  mode: FibTunnel['mode'] = 'always',
  vni: number = VXLAN.vni,
): FibTunnel => ({
  device: 'vxlan.t',
  mode,
  end: { mac, address: ip(end), vni },
});

const through = (hop: string, tunnel: FibTunnel): FibIntent => ({
  nextHops: [{ address: ip(hop), interface: null, tunnel }],
});

const IPIP: FibTunnel = { device: 'tunl0', mode: 'always', end: null };

export const TUNNEL_CASES: readonly ContractCase[] = [
  {
    title: 'VXLAN: the device is made, and each other end has route, neighbour and forwarding entry',
    run: async (bench) => {
      addUplink(bench);
      bench.addAddress('eth0', '2001:db8:10::1/64');
      bench.addRoutes([
        { prefix: '10.20.0.0/16', via: '10.10.0.254', dev: 'eth0' },
        { prefix: '2001:db8:20::/64', via: '2001:db8:10::fe', dev: 'eth0' },
      ]);
      const { kernel, seen } = await started(bench, { tunnels: [VXLAN] });
      kernel.install(prefix('10.65.0.1/32'), through('10.20.0.2', vxlan(MAC_B, '10.20.0.2')));
      kernel.install(prefix('10.65.0.2/32'), through('10.20.0.3', vxlan(MAC_C, '10.20.0.3')));
      kernel.install(prefix('2001:db8:65::1/128'), through('2001:db8:20::2', vxlan(MAC_B, '10.20.0.2')));
      await settled(bench, [
        '10.65.0.1/32 metric 1024 via 10.20.0.2 dev vxlan.t onlink',
        '10.65.0.2/32 metric 1024 via 10.20.0.3 dev vxlan.t onlink',
        '2001:db8:65::1/128 metric 1024 via fe80::ff:fe00:b dev vxlan.t',
      ]);
      equal(
        bench.tunnelEnds('vxlan.t').join('\n'),
        [
          `${MAC_B} 10.20.0.2`,
          `${MAC_C} 10.20.0.3`,
          `10.20.0.2 ${MAC_B}`,
          `10.20.0.3 ${MAC_C}`,
          `fe80::ff:fe00:b ${MAC_B}`,
        ].join('\n'),
      );
      const link = kernel.status().links.find(({ name }) => name === 'vxlan.t');
      equal(link?.vxlan?.vni, 4097);
      equal(link?.mac, VXLAN.mac);
      equal(link?.mtu, 1450);
      equal(kernel.status().tunnels[0]?.ends, 2);
      ok(seen.events.some((event) => event.kind === 'tunnelReady' && event.device === 'vxlan.t'));
      kernel.uninstall(prefix('10.65.0.2/32'));
      await eventually('one end less', () => bench.tunnelEnds('vxlan.t').length === 3);
      kernel.install(prefix('10.65.0.1/32'), through('10.20.0.2', vxlan(MAC_C, '10.20.0.2')));
      await eventually('another MAC', () => bench.tunnelEnds('vxlan.t').includes(`10.20.0.2 ${MAC_C}`));
      await stop(kernel);
    },
  },
  {
    title:
      'cross subnet: direct to a host in our subnet, in the tunnel to others, and a new subnet changes it',
    run: async (bench) => {
      addUplink(bench);
      bench.addRoutes([{ prefix: '10.16.0.0/12', via: '10.10.0.254', dev: 'eth0' }]);
      const { kernel } = await started(bench, { tunnels: [VXLAN] });
      const near = through('10.10.0.2', vxlan(MAC_B, '10.10.0.2', 'crossSubnet'));
      const far = through('10.20.0.2', vxlan(MAC_C, '10.20.0.2', 'crossSubnet'));
      kernel.install(prefix('10.65.0.1/32'), near);
      kernel.install(prefix('10.65.0.2/32'), far);
      await settled(bench, [
        '10.65.0.1/32 metric 1024 via 10.10.0.2 dev eth0',
        '10.65.0.2/32 metric 1024 via 10.20.0.2 dev vxlan.t onlink',
      ]);
      equal(bench.tunnelEnds('vxlan.t').join(), `${MAC_C} 10.20.0.2,10.20.0.2 ${MAC_C}`);
      addUplink(bench, 'eth1', '10.20.0.1/16');
      await settled(bench, [
        '10.65.0.1/32 metric 1024 via 10.10.0.2 dev eth0',
        '10.65.0.2/32 metric 1024 via 10.20.0.2 dev eth1',
      ]);
      await eventually('no ends', () => bench.tunnelEnds('vxlan.t').length === 0);
      await stop(kernel);
    },
  },
  {
    title:
      'IP-in-IP: on-link to the other host through the device of that name, while the host can be reached',
    run: async (bench) => {
      addUplink(bench);
      bench.addLink('tunl0');
      const { kernel } = await started(bench, { tunnels: [{ kind: 'ipip', name: 'tunl0' }] });
      kernel.install(prefix('10.65.0.1/32'), through('10.20.0.2', IPIP));
      kernel.install(prefix('10.65.0.2/32'), through('10.10.0.2', { ...IPIP, mode: 'crossSubnet' }));
      await settled(bench, ['10.65.0.2/32 metric 1024 via 10.10.0.2 dev eth0']);
      equal(kernel.status().fib.problems[0]?.reason, 'unresolved');
      bench.addRoutes([{ prefix: '10.20.0.0/16', via: '10.10.0.254', dev: 'eth0' }]);
      await settled(bench, [
        '10.65.0.1/32 metric 1024 via 10.20.0.2 dev tunl0 onlink',
        '10.65.0.2/32 metric 1024 via 10.10.0.2 dev eth0',
      ]);
      bench.setLinks([{ name: 'tunl0', up: false }]);
      await eventually('the problem', () => kernel.status().tunnels[0]?.problem === 'tunl0 is down');
      await settled(bench, ['10.65.0.2/32 metric 1024 via 10.10.0.2 dev eth0']);
      bench.setLinks([{ name: 'tunl0', up: true }]);
      await eventually('two routes', () => bench.routes(12).length === 2);
      await stop(kernel);
    },
  },
  {
    title: 'a VXLAN device that somebody deletes is made again with all it had',
    run: async (bench) => {
      addUplink(bench);
      const { kernel } = await started(bench, { tunnels: [VXLAN] });
      kernel.install(prefix('10.65.0.1/32'), through('10.10.0.2', vxlan(MAC_B, '10.10.0.2')));
      const line = '10.65.0.1/32 metric 1024 via 10.10.0.2 dev vxlan.t onlink';
      await settled(bench, [line]);
      const first = kernel.status().links.find(({ name }) => name === 'vxlan.t')?.ifindex;
      bench.deleteLink('vxlan.t');
      await eventually('another device', () => {
        const link = kernel.status().links.find(({ name }) => name === 'vxlan.t');
        return link !== undefined && link.ifindex !== first;
      });
      await settled(bench, [line]);
      await eventually('its ends', () => bench.tunnelEnds('vxlan.t').length === 2);
      await stop(kernel);
    },
  },
  {
    title: 'ends of hosts that went while nobody was here are swept, and those that are back stay',
    run: async (bench) => {
      addUplink(bench);
      bench.addAddress('eth0', '2001:db8:10::1/64');
      const first = await started(bench, { tunnels: [VXLAN] });
      const near = through('10.10.0.2', vxlan(MAC_B, '10.10.0.2'));
      const near6 = through('2001:db8:10::2', vxlan(MAC_B, '10.10.0.2'));
      first.kernel.install(prefix('10.65.0.1/32'), near);
      first.kernel.install(prefix('2001:db8:65::1/128'), near6);
      first.kernel.install(prefix('10.65.0.2/32'), through('10.10.0.3', vxlan(MAC_C, '10.10.0.3')));
      await eventually('two ends', () => bench.tunnelEnds('vxlan.t').length === 5);
      await stop(first.kernel);
      const { kernel } = await started(bench, { tunnels: [VXLAN] });
      kernel.install(prefix('10.65.0.1/32'), near);
      kernel.install(prefix('2001:db8:65::1/128'), near6);
      await eventually('confirmed', () => kernel.status().fib.adoptedStale === 1);
      equal(bench.tunnelEnds('vxlan.t').length, 5);
      kernel.sweep();
      await eventually('one end', () => bench.tunnelEnds('vxlan.t').length === 3);
      const left = [`${MAC_B} 10.10.0.2`, `10.10.0.2 ${MAC_B}`, `fe80::ff:fe00:b ${MAC_B}`];
      equal(bench.tunnelEnds('vxlan.t').join('\n'), left.sort().join('\n'));
      // A listing of all leaves them alone.
      kernel.reconfigure(settings({ tunnels: [VXLAN] }));
      await eventually('read again', () => kernel.status().counters.resyncs > 0);
      equal(bench.tunnelEnds('vxlan.t').length, 3);
      await stop(kernel);
    },
  },
  {
    title:
      'a VXLAN device with another VNI is made beside the old one, which stays until its routes have moved',
    run: async (bench) => {
      addUplink(bench);
      const { kernel } = await started(bench, { tunnels: [VXLAN] });
      const hop = '10.10.0.2';
      kernel.install(prefix('10.65.0.1/32'), through(hop, vxlan(MAC_B, hop)));
      const line = '10.65.0.1/32 metric 1024 via 10.10.0.2 dev vxlan.t onlink';
      await settled(bench, [line]);
      const linkOf = (vni: number) => kernel.status().links.find((link) => link.vxlan?.vni === vni);
      const first = linkOf(4097);
      kernel.reconfigure(settings({ tunnels: [{ ...VXLAN, vni: 4098, mac: MAC_C }] }));
      let routes = 1;
      await eventually('the other device', () => {
        routes = Math.min(routes, bench.routes(12).length);
        return linkOf(4098)?.name === 'vxlan.t' && bench.routes(12).join() === line;
      });
      equal(routes, 1);
      const old = linkOf(4097);
      equal(old?.ifindex, first?.ifindex);
      equal(old?.name, 'vxlan.t~bgpd');
      equal(old?.up, true);
      // The other end has not changed its VNI.
      equal(bench.tunnelEnds('vxlan.t').join(), `${MAC_B} 10.10.0.2 vni 4097,10.10.0.2 ${MAC_B}`);
      kernel.install(prefix('10.65.0.1/32'), through(hop, vxlan(MAC_B, hop, 'always', 4098)));
      await eventually('its new VNI', () => bench.tunnelEnds('vxlan.t')[0] === `${MAC_B} 10.10.0.2`);
      kernel.install(prefix('10.65.0.1/32'), through(hop, vxlan(MAC_B, hop, 'always', 4099)));
      await eventually('yet another', () => bench.tunnelEnds('vxlan.t')[0] === `${MAC_B} 10.10.0.2 vni 4099`);
      kernel.uninstall(prefix('10.65.0.1/32'));
      await eventually('no ends', () => bench.tunnelEnds('vxlan.t').length === 0);
      kernel.reconfigure(settings());
      await eventually(
        'both gone',
        () => !kernel.status().links.some(({ vxlan: made }) => made !== undefined),
      );
      await stop(kernel);
    },
  },
  {
    title: 'a VXLAN device with other parameters is made anew, one of another kind is left alone',
    run: async (bench) => {
      addUplink(bench);
      bench.addLink('taken');
      const first = await started(bench, { tunnels: [VXLAN] });
      await eventually('ready', () => first.kernel.status().tunnels[0]?.ready === true);
      await stop(first.kernel);
      // Two of one VNI and port cannot be there at once: this one goes before the other comes.
      const other = { ...VXLAN, mac: MAC_B };
      const { kernel, seen } = await started(bench, { tunnels: [other, { ...VXLAN, name: 'taken' }] });
      await eventually('the new MAC', () =>
        kernel.status().links.some(({ name, mac }) => name === 'vxlan.t' && mac === MAC_B),
      );
      const problem = 'there is an interface taken that is no VXLAN device';
      equal(kernel.status().tunnels[1]?.problem, problem);
      ok(seen.events.some((event) => event.kind === 'tunnelProblem' && event.problem === problem));
      kernel.reconfigure(settings());
      await eventually('gone', () => !kernel.status().links.some(({ name }) => name === 'vxlan.t'));
      ok(kernel.status().links.some(({ name }) => name === 'taken'));
      await stop(kernel);
    },
  },
];
