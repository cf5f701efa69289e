// Contract: how BGP next hops resolve.

import { deepEqual, equal } from 'node:assert/strict';
import { eventually, ip, prefix, via } from './bench.js';
import { addUplink, type ContractCase, settled, started, stop } from './contract-case.js';

export const NEXT_HOP_CASES: readonly ContractCase[] = [
  {
    title: 'a next hop behind a router is used through that router, at its cost',
    run: async (bench) => {
      addUplink(bench);
      bench.addRoutes([{ prefix: '10.20.0.0/16', via: '10.10.0.9', dev: 'eth0', metric: 30 }]);
      const { kernel, seen } = await started(bench);
      for (const hop of ['10.20.0.1', '10.30.0.1']) kernel.trackNextHop(ip(hop));
      kernel.install(prefix('10.66.0.0/26'), via('10.20.0.1'));
      kernel.install(prefix('10.67.0.0/26'), via('10.30.0.1'));
      await settled(bench, ['10.66.0.0/26 metric 1024 via 10.10.0.9 dev eth0']);
      deepEqual(
        [...seen.hops],
        [
          ['10.20.0.1', 'reachable 30'],
          ['10.30.0.1', 'unreachable'],
        ],
      );
      bench.addRoutes([{ prefix: '0.0.0.0/0', via: '10.10.0.8', dev: 'eth0', metric: 50 }]);
      await settled(bench, [
        '10.66.0.0/26 metric 1024 via 10.10.0.9 dev eth0',
        '10.67.0.0/26 metric 1024 via 10.10.0.8 dev eth0',
      ]);
      equal(seen.hops.get('10.30.0.1'), 'reachable 50');
      bench.addRoutes([{ prefix: '10.20.0.0/24', type: 'blackhole' }]);
      await eventually('behind a blackhole', () => seen.hops.get('10.20.0.1') === 'unreachable');
      await stop(kernel);
    },
  },
  {
    title: 'our own routes make no next hop reachable, and our own address is none',
    run: async (bench) => {
      addUplink(bench);
      const { kernel, seen } = await started(bench);
      kernel.install(prefix('10.66.0.0/16'), via('10.10.0.2'));
      await settled(bench, ['10.66.0.0/16 metric 1024 via 10.10.0.2 dev eth0']);
      kernel.trackNextHop(ip('10.66.0.1'));
      kernel.trackNextHop(ip('10.10.0.1'));
      await eventually('both told', () => seen.hops.size === 2);
      deepEqual(new Set(seen.hops.values()), new Set(['unreachable']));
      await stop(kernel);
    },
  },
  {
    title: 'an interface with a host address: the gateway is taken to be on the link',
    run: async (bench) => {
      bench.addLink('eth0');
      bench.addAddress('eth0', '10.10.0.1/32');
      bench.addRoutes([{ prefix: '10.10.0.2/32', dev: 'eth0' }]);
      const { kernel } = await started(bench);
      kernel.install(prefix('10.66.0.0/26'), via('10.10.0.2'));
      kernel.install(prefix('10.67.0.0/26'), via('10.10.0.3%eth0'));
      await settled(bench, [
        '10.66.0.0/26 metric 1024 via 10.10.0.2 dev eth0 onlink',
        '10.67.0.0/26 metric 1024 via 10.10.0.3 dev eth0 onlink',
      ]);
      await stop(kernel);
    },
  },
  {
    title: 'link-local IPv6 next hops, also for IPv4 prefixes',
    run: async (bench) => {
      addUplink(bench);
      const { kernel } = await started(bench);
      kernel.install(prefix('2001:db8:66::/64'), via('fe80::2%eth0'));
      kernel.install(prefix('10.66.0.0/26'), via('fe80::2%eth0'));
      kernel.install(prefix('10.67.0.0/26'), via('fe80::2%eth7'));
      await settled(bench, [
        '10.66.0.0/26 metric 1024 via fe80::2 dev eth0',
        '2001:db8:66::/64 metric 1024 via fe80::2 dev eth0',
      ]);
      equal(kernel.status().fib.problems[0]?.reason, 'unresolved');
      bench.addLink('eth7');
      await settled(bench, [
        '10.66.0.0/26 metric 1024 via fe80::2 dev eth0',
        '10.67.0.0/26 metric 1024 via fe80::2 dev eth7',
        '2001:db8:66::/64 metric 1024 via fe80::2 dev eth0',
      ]);
      await stop(kernel);
    },
  },
];
