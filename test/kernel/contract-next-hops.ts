// Contract: how BGP next hops resolve.

import { deepEqual, equal } from 'node:assert/strict';
import { eventually, ip, prefix, via } from './bench.js';
import { addUplink, type ContractCase, ours, settled, started, stop } from './contract-case.js';

export const NEXT_HOP_CASES: readonly ContractCase[] = [
  {
    title: 'addresses that others can reach are told of, link-local ones are not',
    run: async (bench) => {
      addUplink(bench);
      const { kernel, seen } = await started(bench);
      seen.addressNews = 0;
      bench.addAddress('eth0', 'fe80::77/64');
      bench.addAddress('eth0', '10.12.0.1/24');
      await eventually('told of the second', () => seen.addressNews > 0);
      equal(seen.addressNews, 1);
      await stop(kernel);
    },
  },
  {
    title: 'a next hop behind a router is used through that router, at its cost',
    run: async (bench) => {
      addUplink(bench);
      bench.addRoutes([{ prefix: '10.20.0.0/16', via: '10.10.0.9', dev: 'eth0', metric: 30 }]);
      const { kernel, seen } = await started(bench);
      deepEqual(
        ['10.20.0.1', '10.30.0.1'].map((hop) => kernel.trackNextHop(ip(hop))),
        [
          { nextHop: ip('10.20.0.1'), reachable: true, cost: 30 },
          { nextHop: ip('10.30.0.1'), reachable: false, cost: 0 },
        ],
        'known at once',
      );
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
    title: 'a next hop inside a route of ours resolves over it, and never over itself',
    run: async (bench) => {
      addUplink(bench);
      const { kernel, seen } = await started(bench);
      for (const hop of ['10.66.0.1', '10.70.0.1', '10.10.0.1']) kernel.trackNextHop(ip(hop));
      await eventually('all told', () => seen.hops.size === 3);
      deepEqual(new Set(seen.hops.values()), new Set(['unreachable']));
      kernel.install(prefix('10.66.0.0/16'), via('10.10.0.2'));
      kernel.install(prefix('10.67.0.0/26'), via('10.66.0.1'));
      // A circle, a route over itself, and one over a route that is not there.
      kernel.install(prefix('10.70.0.0/16'), via('10.71.0.1'));
      kernel.install(prefix('10.71.0.0/16'), via('10.70.0.1'));
      kernel.install(prefix('10.72.0.0/16'), via('10.72.0.1'));
      kernel.install(prefix('10.73.0.0/16'), via('10.72.0.1'));
      await settled(bench, [
        '10.66.0.0/16 metric 1024 via 10.10.0.2 dev eth0',
        '10.67.0.0/26 metric 1024 via 10.10.0.2 dev eth0',
      ]);
      equal(seen.hops.get('10.66.0.1'), 'reachable 0');
      equal(seen.hops.get('10.70.0.1'), 'unreachable');
      equal(seen.hops.get('10.10.0.1'), 'unreachable');
      // The one below moves: so does the one above.
      kernel.install(prefix('10.66.0.0/16'), via('10.10.0.3'));
      await settled(bench, [
        '10.66.0.0/16 metric 1024 via 10.10.0.3 dev eth0',
        '10.67.0.0/26 metric 1024 via 10.10.0.3 dev eth0',
      ]);
      kernel.uninstall(prefix('10.66.0.0/16'));
      await settled(bench, []);
      equal(seen.hops.get('10.66.0.1'), 'unreachable');
      await stop(kernel);
    },
  },
  {
    title: 'shares among next hops, and one that is suspected',
    run: async (bench) => {
      addUplink(bench);
      const { kernel } = await started(bench);
      const [first, second] = [ip('10.10.0.2'), ip('10.10.0.3')];
      kernel.install(prefix('10.66.0.0/26'), {
        nextHops: [
          { address: first, interface: null, weight: 30 },
          { address: second, interface: null, weight: 10 },
        ],
      });
      kernel.install(prefix('10.67.0.0/26'), via('10.10.0.2'));
      const both = '10.66.0.0/26 metric 1024 via 10.10.0.2 dev eth0 + via 10.10.0.3 dev eth0';
      const alone = '10.67.0.0/26 metric 1024 via 10.10.0.2 dev eth0';
      await settled(bench, [both, alone]);
      await eventually('acknowledged', () => kernel.status().fib.installed === 2);
      const [shared] = [...kernel.installed()].filter(({ nextHops }) => nextHops.length === 2);
      deepEqual(
        shared?.nextHops.map(({ weight }) => weight),
        [3, 1],
      );
      kernel.suspectNextHop(first, true);
      await settled(bench, ['10.66.0.0/26 metric 1024 via 10.10.0.3 dev eth0', alone]);
      kernel.suspectNextHop(first, false);
      await settled(bench, [both, alone]);
      await stop(kernel);
    },
  },
  {
    title: 'a route that lost its next hop stays until the observer has decided, and no longer',
    run: async (bench) => {
      addUplink(bench);
      bench.addAddress('eth0', '2001:db8:10::1/64');
      const ways = [
        { prefix: '10.99.0.2/32', via: '10.10.0.2', dev: 'eth0' },
        { prefix: '2001:db8:99::2/128', via: '2001:db8:10::2', dev: 'eth0' },
      ];
      bench.addRoutes(ways);
      const { kernel, seen } = await started(bench);
      for (const hop of ['10.99.0.2', '2001:db8:99::2']) kernel.trackNextHop(ip(hop));
      const prefixes = [prefix('10.66.0.0/26'), prefix('2001:db8:66::/64')];
      kernel.install(prefixes[0]!, via('10.99.0.2'));
      kernel.install(prefixes[1]!, via('2001:db8:99::2'));
      const before = [
        '10.66.0.0/26 metric 1024 via 10.10.0.2 dev eth0',
        '2001:db8:66::/64 metric 1024 via 2001:db8:10::2 dev eth0',
      ];
      await settled(bench, before);
      await eventually('acknowledged', () => kernel.status().fib.installed === 2);
      const loses = async (): Promise<void> => {
        seen.busy = true;
        bench.deleteRoutes(ways);
        await eventually('both lost', () => [...seen.hops.values()].join() === 'unreachable,unreachable');
      };
      await loses();
      equal(kernel.status().fib.pending, 0);
      deepEqual(ours(bench), before);
      // A way without any next hop is no better, as long as it is not the last word.
      kernel.install(prefixes[0]!, via('10.98.0.1'));
      kernel.install(prefixes[1]!, via('2001:db8:10::3'));
      await settled(bench, [before[0]!, '2001:db8:66::/64 metric 1024 via 2001:db8:10::3 dev eth0']);
      seen.busy = false;
      kernel.decided();
      await settled(bench, ['2001:db8:66::/64 metric 1024 via 2001:db8:10::3 dev eth0']);
      bench.addRoutes(ways);
      kernel.install(prefixes[0]!, via('10.99.0.2'));
      kernel.install(prefixes[1]!, via('2001:db8:99::2'));
      await settled(bench, before);
      // It is back before anybody decided: nothing was done.
      await eventually('acknowledged', () => kernel.status().fib.pending === 0);
      const written = kernel.status().counters;
      await loses();
      bench.addRoutes(ways);
      await eventually('both back', () =>
        [...seen.hops.values()].every((text) => text.startsWith('reachable')),
      );
      seen.busy = false;
      kernel.decided();
      const { added, replaced, removed } = kernel.status().counters;
      deepEqual([added, replaced, removed], [written.added, written.replaced, written.removed]);
      // Who never comes to an end is not waited for.
      await loses();
      await settled(bench, []);
      await stop(kernel);
    },
  },
  {
    title: 'a sticky route keeps its group while its next hops change, others do not share it',
    run: async (bench) => {
      addUplink(bench);
      bench.addAddress('eth0', '2001:db8:10::1/64');
      const { kernel } = await started(bench);
      const four = (...last: readonly number[]) => via(...last.map((n) => `10.10.0.${n}`));
      const six = (...last: readonly number[]) => via(...last.map((n) => `2001:db8:10::${n}`));
      const want = (...last: readonly number[]): void => {
        kernel.install(prefix('10.65.0.9/32'), { ...four(...last), sticky: 'four' });
        kernel.install(prefix('fd00:65::9/128'), { ...six(...last), sticky: 'six' });
      };
      const lines = (...last: readonly number[]): readonly string[] => [
        `10.65.0.9/32 metric 1024${last.map((n) => ` via 10.10.0.${n} dev eth0`).join(' +')}`,
        `fd00:65::9/128 metric 1024${last.map((n) => ` via 2001:db8:10::${n} dev eth0`).join(' +')}`,
      ];
      const done = async (expected: readonly string[]): Promise<number> => {
        await settled(bench, expected);
        await eventually('acknowledged', () => kernel.status().fib.pending === 0);
        const { added, replaced, removed } = kernel.status().counters;
        return added + replaced + removed;
      };
      want(2, 3, 4);
      equal(await done(lines(2, 3, 4)), 2);
      const grouped = kernel.status().nextHopObjects !== null;
      want(3, 4);
      equal(await done(lines(3, 4)), grouped ? 2 : 4);
      want(3, 4, 5);
      equal(await done(lines(3, 4, 5)), grouped ? 2 : 6);
      if (grouped) equal(kernel.status().nextHopObjects?.groups, 2);
      // The same next hops, and no wish of that kind: another group.
      kernel.install(prefix('10.66.0.0/26'), four(3, 4, 5));
      await done([...lines(3, 4, 5), lines(3, 4, 5)[0]!.replace('10.65.0.9/32', '10.66.0.0/26')].sort());
      if (grouped) equal(kernel.status().nextHopObjects?.groups, 3);
      // One next hop needs no group, and a group is there again when there are two.
      want(3);
      kernel.uninstall(prefix('10.66.0.0/26'));
      await done(lines(3));
      if (grouped) await eventually('no group', () => kernel.status().nextHopObjects?.groups === 0);
      want(2, 3);
      await done(lines(2, 3));
      await stop(kernel);
    },
  },
  {
    title: 'a metric of its own, and a preferred source while the host has it',
    run: async (bench) => {
      addUplink(bench);
      bench.addLink('eth1');
      bench.addAddress('eth1', '10.12.0.1/24');
      const { kernel } = await started(bench, { prefsrc: [ip('10.12.0.1')] });
      const intent = via('10.10.0.2');
      kernel.install(prefix('10.66.0.0/26'), { ...intent, metric: 77 });
      kernel.install(prefix('10.67.0.0/26'), intent);
      await settled(bench, [
        '10.66.0.0/26 metric 77 via 10.10.0.2 dev eth0 src 10.12.0.1',
        '10.67.0.0/26 metric 1024 via 10.10.0.2 dev eth0 src 10.12.0.1',
      ]);
      kernel.install(prefix('10.66.0.0/26'), intent);
      bench.deleteAddress('eth1', '10.12.0.1/24');
      await settled(bench, [
        '10.66.0.0/26 metric 1024 via 10.10.0.2 dev eth0',
        '10.67.0.0/26 metric 1024 via 10.10.0.2 dev eth0',
      ]);
      bench.addAddress('eth1', '10.12.0.1/24');
      await settled(bench, [
        '10.66.0.0/26 metric 1024 via 10.10.0.2 dev eth0 src 10.12.0.1',
        '10.67.0.0/26 metric 1024 via 10.10.0.2 dev eth0 src 10.12.0.1',
      ]);
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
