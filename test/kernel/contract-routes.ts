// Contract: our routes follow what is wanted and what the links allow.

import { deepEqual, equal, ok } from 'node:assert/strict';
import { eventually, ip, pause, prefix, via } from './bench.js';
import { addUplink, type ContractCase, ours, settled, started, stop } from './contract-case.js';

export const ROUTE_CASES: readonly ContractCase[] = [
  {
    title: 'install, replace, uninstall',
    run: async (bench) => {
      addUplink(bench);
      bench.addAddress('eth0', '2001:db8:10::1/64');
      const { kernel } = await started(bench);
      kernel.install(prefix('10.66.0.0/26'), via('10.10.0.2'));
      kernel.install(prefix('2001:db8:66::/64'), via('2001:db8:10::2'));
      await settled(bench, [
        '10.66.0.0/26 metric 1024 via 10.10.0.2 dev eth0',
        '2001:db8:66::/64 metric 1024 via 2001:db8:10::2 dev eth0',
      ]);
      kernel.install(prefix('10.66.0.0/26'), via('10.10.0.3'));
      kernel.install(prefix('2001:db8:66::/64'), via('2001:db8:10::3'));
      await settled(bench, [
        '10.66.0.0/26 metric 1024 via 10.10.0.3 dev eth0',
        '2001:db8:66::/64 metric 1024 via 2001:db8:10::3 dev eth0',
      ]);
      equal([...kernel.installed()].length, 2);
      kernel.uninstall(prefix('10.66.0.0/26'));
      kernel.uninstall(prefix('2001:db8:66::/64'));
      await settled(bench, []);
      await eventually('idle', () => kernel.status().fib.pending === 0);
      const { counters, fib } = kernel.status();
      deepEqual([counters.added, counters.replaced, counters.removed], [2, 2, 2]);
      deepEqual([fib.wanted, fib.installed, fib.problemCount], [0, 0, 0]);
      ok(counters.latency.count > 0);
      await stop(kernel);
    },
  },
  {
    title: 'the last of many calls for one prefix wins',
    run: async (bench) => {
      addUplink(bench);
      const { kernel } = await started(bench);
      for (let i = 2; i < 200; i++) {
        kernel.install(prefix('10.66.0.0/26'), via(`10.10.0.${i}`));
        if (i % 50 === 0) await pause(1);
        if (i % 3 === 0) kernel.uninstall(prefix('10.66.0.0/26'));
      }
      kernel.install(prefix('10.66.0.0/26'), via('10.10.0.250'));
      await settled(bench, ['10.66.0.0/26 metric 1024 via 10.10.0.250 dev eth0']);
      await stop(kernel);
    },
  },
  {
    title: 'a route waits for its next hop, leaves with it, and the observer hears of both',
    run: async (bench) => {
      bench.addLink('eth0');
      const { kernel, seen } = await started(bench);
      kernel.trackNextHop(ip('10.10.0.2'));
      kernel.install(prefix('10.66.0.0/26'), via('10.10.0.2'));
      await eventually('unreachable', () => seen.hops.get('10.10.0.2') === 'unreachable');
      const [problem] = kernel.status().fib.problems;
      equal(problem?.reason, 'unresolved');
      bench.addAddress('eth0', '10.10.0.1/16');
      await settled(bench, ['10.66.0.0/26 metric 1024 via 10.10.0.2 dev eth0']);
      equal(seen.hops.get('10.10.0.2'), 'reachable 0');
      await eventually('no problem', () => kernel.status().fib.problemCount === 0);
      bench.deleteAddress('eth0', '10.10.0.1/16');
      await eventually('unreachable again', () => seen.hops.get('10.10.0.2') === 'unreachable');
      await settled(bench, []);
      await eventually('none installed', () => kernel.status().fib.installed === 0);
      await stop(kernel);
    },
  },
  {
    title: 'a dead link makes its next hops unreachable at once, and routes return with it',
    run: async (bench) => {
      addUplink(bench);
      const { kernel, seen } = await started(bench);
      kernel.trackNextHop(ip('10.10.0.2'));
      kernel.install(prefix('10.66.0.0/26'), via('10.10.0.2'));
      await settled(bench, ['10.66.0.0/26 metric 1024 via 10.10.0.2 dev eth0']);
      bench.setLinks([{ name: 'eth0', up: false }]);
      await eventually('unreachable', () => seen.hops.get('10.10.0.2') === 'unreachable');
      await settled(bench, []);
      bench.setLinks([{ name: 'eth0', up: true }]);
      await eventually('reachable', () => seen.hops.get('10.10.0.2') === 'reachable 0');
      await settled(bench, ['10.66.0.0/26 metric 1024 via 10.10.0.2 dev eth0']);
      await stop(kernel);
    },
  },
  {
    title: 'routes lost in a short bounce of the link are put back',
    run: async (bench) => {
      addUplink(bench);
      const { kernel } = await started(bench);
      for (let i = 0; i < 50; i++) kernel.install(prefix(`10.66.${i}.0/24`), via('10.10.0.2'));
      await eventually('50 routes', () => ours(bench).length === 50);
      bench.setLinks([
        { name: 'eth0', up: false },
        { name: 'eth0', up: true },
      ]);
      await pause(20);
      await eventually('50 routes again', () => ours(bench).length === 50);
      await eventually('50 installed', () => kernel.status().fib.installed === 50);
      await stop(kernel);
    },
  },
  {
    title: 'several next hops make one route; a dead one narrows it',
    run: async (bench) => {
      addUplink(bench);
      addUplink(bench, 'eth1', '10.11.0.1/16');
      const { kernel } = await started(bench);
      kernel.install(prefix('10.66.0.0/26'), via('10.10.0.2', '10.11.0.2'));
      await settled(bench, ['10.66.0.0/26 metric 1024 via 10.10.0.2 dev eth0 + via 10.11.0.2 dev eth1']);
      bench.setLinks([{ name: 'eth1', up: false }]);
      await settled(bench, ['10.66.0.0/26 metric 1024 via 10.10.0.2 dev eth0']);
      bench.setLinks([{ name: 'eth1', up: true }]);
      await settled(bench, ['10.66.0.0/26 metric 1024 via 10.10.0.2 dev eth0 + via 10.11.0.2 dev eth1']);
      kernel.install(prefix('10.66.0.0/26'), via('10.11.0.2', '10.11.0.3'));
      await settled(bench, ['10.66.0.0/26 metric 1024 via 10.11.0.2 dev eth1 + via 10.11.0.3 dev eth1']);
      await stop(kernel);
    },
  },
  {
    title: 'several IPv6 next hops make one route, replaced as one',
    run: async (bench) => {
      addUplink(bench, 'eth0', '2001:db8:10::1/64');
      addUplink(bench, 'eth1', '2001:db8:11::1/64');
      const { kernel } = await started(bench);
      const target = prefix('2001:db8:66::/64');
      kernel.install(target, via('2001:db8:10::2', '2001:db8:11::2'));
      await settled(bench, [
        '2001:db8:66::/64 metric 1024 via 2001:db8:10::2 dev eth0 + via 2001:db8:11::2 dev eth1',
      ]);
      kernel.install(target, via('2001:db8:11::3'));
      await settled(bench, ['2001:db8:66::/64 metric 1024 via 2001:db8:11::3 dev eth1']);
      kernel.uninstall(target);
      await settled(bench, []);
      await stop(kernel);
    },
  },
];
