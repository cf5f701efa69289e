// Contract: what the host reaches by itself stays, whatever is to be installed; and what was refused comes when the
// reason is gone.

import { deepEqual, equal } from 'node:assert/strict';
import type { GuardSettings } from '../../src/kernel/types.js';
import { eventually, ip, prefix, settings, via } from './bench.js';
import { addUplink, type ContractCase, settled, started, stop } from './contract-case.js';

const GUARD: GuardSettings = { peers: [], pools: [], services: [], allow: [] };

/** RTPROT_RA. */
const RA = 9;

const exactly = (text: string) => {
  const parsed = prefix(text);
  return { prefix: parsed, ge: parsed.length, le: parsed.length };
};

export const GUARD_CASES: readonly ContractCase[] = [
  {
    title: "a learned route does not take over the host's own reachability",
    run: async (bench) => {
      addUplink(bench);
      bench.addAddress('eth0', '2001:db8:10::1/64');
      bench.addRoutes([
        { prefix: '0.0.0.0/0', via: '10.10.0.254', dev: 'eth0' },
        { prefix: '::/0', via: '2001:db8:10::fe', dev: 'eth0' },
        { prefix: '10.77.0.0/16', via: '10.10.0.253', dev: 'eth0' },
      ]);
      const guard = {
        ...GUARD,
        peers: [ip('10.78.0.1'), ip('2001:db8:78::1')],
        services: [prefix('10.96.0.0/12'), prefix('fd00:96::/112')],
      };
      const { kernel, seen } = await started(bench, { guard });
      const refused: readonly (readonly [string, string])[] = [
        ['0.0.0.0/0', 'the host has a default route of its own'],
        ['0.0.0.0/1', "so wide that it takes over the host's own default route"],
        ['128.0.0.0/1', "so wide that it takes over the host's own default route"],
        ['10.10.0.0/16', 'inside a subnet of an interface'],
        ['10.10.128.0/17', 'inside a subnet of an interface'],
        ['10.10.0.9/32', 'inside a subnet of an interface'],
        ['10.10.0.254/32', 'the gateway of a route of the host'],
        ['10.10.0.1/32', 'an address of the host'],
        ['10.78.0.1/32', 'the address of a peer, which the host reaches by a route of its own'],
        ['10.96.0.10/32', 'service addresses are handled on this host'],
      ];
      const refused6: readonly (readonly [string, string])[] = [
        ['::/0', 'the host has a default route of its own'],
        ['::/1', "so wide that it takes over the host's own default route"],
        ['8000::/1', "so wide that it takes over the host's own default route"],
        ['2000::/3', "so wide that it takes over the host's own default route"],
        ['2001:db8:10::/64', 'inside a subnet of an interface'],
        ['2001:db8:10::/65', 'inside a subnet of an interface'],
        ['2001:db8:10::9/128', 'inside a subnet of an interface'],
        ['2001:db8:78::1/128', 'the address of a peer, which the host reaches by a route of its own'],
        ['fd00:96::a/128', 'service addresses are handled on this host'],
        ['2001:db8:10::fe/128', 'the gateway of a route of the host'],
        ['2001:db8:10::1/128', 'an address of the host'],
      ];
      for (const [text] of refused) kernel.install(prefix(text), via('10.10.0.2'));
      for (const [text] of refused6) kernel.install(prefix(text), via('2001:db8:10::2'));
      kernel.install(prefix('10.0.0.0/8'), via('10.10.0.2'));
      kernel.install(prefix('10.77.1.0/24'), via('10.10.0.2'));
      await settled(bench, [
        '10.0.0.0/8 metric 1024 via 10.10.0.2 dev eth0',
        '10.77.1.0/24 metric 1024 via 10.10.0.2 dev eth0',
      ]);
      for (const [text, reason] of [...refused, ...refused6])
        equal(kernel.refusal(prefix(text)), reason, text);
      const count = refused.length + refused6.length;
      equal(kernel.status().fib.refusedCount, count);
      const { wide } = kernel.status().counters.refusals;
      equal(wide, 5);
      await eventually(
        'the events',
        () => seen.events.filter(({ kind }) => kind === 'refused').length === count,
      );
      kernel.uninstall(prefix('0.0.0.0/0'));
      equal(kernel.status().fib.refusedCount, count - 1);
      await stop(kernel);
    },
  },
  {
    title: 'a default route from a router advertisement is the way to next hops, and is left as it is',
    run: async (bench) => {
      addUplink(bench);
      bench.addAddress('eth0', '2001:db8:10::1/64');
      const advertised = { prefix: '::/0', via: 'fe80::fe', dev: 'eth0', protocol: RA, metric: 1024 };
      bench.addRoutes([advertised]);
      const { kernel, seen } = await started(bench);
      kernel.trackNextHop(ip('2001:db8:99::1'));
      kernel.install(prefix('2001:db8:66::/64'), via('2001:db8:99::1'));
      // No guard, and the place is taken: it stays theirs.
      kernel.install(prefix('::/0'), via('2001:db8:10::2'));
      await settled(bench, ['2001:db8:66::/64 metric 1024 via fe80::fe dev eth0']);
      await eventually('EEXIST', () => kernel.status().fib.problems[0]?.reason === 'EEXIST');
      equal(seen.hops.get('2001:db8:99::1'), 'reachable 1024');
      deepEqual(bench.routes(RA), ['::/0 metric 1024 via fe80::fe dev eth0']);
      // Beside it, where the metric is another; with the guard it goes again.
      kernel.install(prefix('::/0'), { ...via('2001:db8:10::2'), metric: 2048 });
      const fallback = '::/0 metric 2048 via 2001:db8:10::2 dev eth0';
      await settled(bench, ['2001:db8:66::/64 metric 1024 via fe80::fe dev eth0', fallback]);
      kernel.reconfigure(settings({ guard: GUARD }));
      await settled(bench, ['2001:db8:66::/64 metric 1024 via fe80::fe dev eth0']);
      deepEqual(bench.routes(RA), ['::/0 metric 1024 via fe80::fe dev eth0']);
      // Its lifetime is over.
      bench.deleteRoutes([advertised]);
      await eventually('no way', () => seen.hops.get('2001:db8:99::1') !== 'reachable 1024');
      await stop(kernel);
    },
  },
  {
    title: 'what was refused is installed when the reason is gone, and goes when one appears',
    run: async (bench) => {
      addUplink(bench);
      bench.addRoutes([{ prefix: '0.0.0.0/0', via: '10.10.0.254', dev: 'eth0' }]);
      const { kernel } = await started(bench, { guard: GUARD });
      kernel.install(prefix('0.0.0.0/0'), via('10.10.0.2'));
      kernel.install(prefix('10.20.0.9/32'), via('10.10.0.2'));
      kernel.install(prefix('10.30.0.1/32'), via('10.10.0.2'));
      const hosts = [
        '10.20.0.9/32 metric 1024 via 10.10.0.2 dev eth0',
        '10.30.0.1/32 metric 1024 via 10.10.0.2 dev eth0',
      ];
      await settled(bench, hosts);
      bench.deleteRoutes([{ prefix: '0.0.0.0/0' }]);
      await settled(bench, ['0.0.0.0/0 metric 1024 via 10.10.0.2 dev eth0', ...hosts]);
      equal(kernel.status().fib.refusedCount, 0);
      addUplink(bench, 'eth1', '10.20.0.1/24');
      bench.addRoutes([{ prefix: '10.99.0.0/16', via: '10.20.0.254', dev: 'eth1' }]);
      await settled(bench, ['0.0.0.0/0 metric 1024 via 10.10.0.2 dev eth0', hosts[1]!]);
      equal(kernel.refusal(prefix('10.20.0.9/32')), 'inside a subnet of an interface');
      bench.addRoutes([{ prefix: '0.0.0.0/0', via: '10.10.0.254', dev: 'eth0' }]);
      await settled(bench, [hosts[1]!]);
      bench.deleteAddress('eth1', '10.20.0.1/24');
      await settled(bench, hosts);
      await stop(kernel);
    },
  },
  {
    title: 'what is allowed by name is installed, pools may lie in subnets, and both can change',
    run: async (bench) => {
      addUplink(bench);
      bench.addRoutes([{ prefix: '0.0.0.0/0', via: '10.10.0.254', dev: 'eth0', metric: 4096 }]);
      const guard = { ...GUARD, pools: [prefix('10.10.64.0/24')], allow: [exactly('0.0.0.0/0')] };
      const { kernel } = await started(bench, { guard });
      kernel.install(prefix('0.0.0.0/0'), via('10.10.0.2'));
      kernel.install(prefix('10.10.64.7/32'), via('10.10.0.2'));
      kernel.install(prefix('10.10.65.7/32'), via('10.10.0.2'));
      const pooled = '10.10.64.7/32 metric 1024 via 10.10.0.2 dev eth0';
      await settled(bench, ['0.0.0.0/0 metric 1024 via 10.10.0.2 dev eth0', pooled]);
      kernel.reconfigure(settings({ guard: { ...guard, allow: [exactly('10.10.65.7/32')] } }));
      await settled(bench, [pooled, '10.10.65.7/32 metric 1024 via 10.10.0.2 dev eth0']);
      kernel.reconfigure(settings({ guard: GUARD }));
      await settled(bench, []);
      deepEqual(bench.routes(4).length, 1);
      kernel.reconfigure(settings());
      await eventually('three routes', () => bench.routes(12).length === 3);
      equal(kernel.status().fib.refusedCount, 0);
      await stop(kernel);
    },
  },
];
