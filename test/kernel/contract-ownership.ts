// Contract: whose route is whose; adoption, repair, lost notifications, other settings, the end.

import { deepEqual, equal, ok } from 'node:assert/strict';
import { formatIp } from '../../src/base/ip.js';
import { eventually, ip, pause, prefix, settings, via } from './bench.js';
import { addUplink, type ContractCase, hostRoutes, ours, settled, started, stop } from './contract-case.js';

export const OWNERSHIP_CASES: readonly ContractCase[] = [
  {
    title: 'routes of a killed process are adopted, confirmed, replaced, swept',
    run: async (bench) => {
      addUplink(bench);
      await bench.leaveBehind(settings(), [
        ['10.66.0.0/26', via('10.10.0.2')],
        ['10.66.1.0/26', via('10.10.0.2')],
        ['10.66.2.0/26', via('10.10.0.2', '10.10.0.3')],
        ['10.66.3.0/26', via('10.10.0.2')],
      ]);
      await bench.leaveBehind(settings({ metric: 2048 }), [['10.66.4.0/26', via('10.10.0.2')]]);
      const { kernel, seen } = await started(bench);
      equal(kernel.status().fib.adoptedStale, 5);
      ok(seen.events.some((event) => event.kind === 'synced' && event.adopted === 5));
      kernel.install(prefix('10.66.0.0/26'), via('10.10.0.2'));
      kernel.install(prefix('10.66.1.0/26'), via('10.10.0.3'));
      kernel.install(prefix('10.66.2.0/26'), via('10.10.0.3', '10.10.0.2'));
      await eventually('one replaced', () => kernel.status().counters.replaced === 1);
      await eventually('idle', () => kernel.status().fib.pending === 0);
      equal(ours(bench).length, 5);
      equal(kernel.status().counters.added, 0);
      equal(kernel.status().fib.adoptedStale, 2);
      kernel.sweep();
      await settled(bench, [
        '10.66.0.0/26 metric 1024 via 10.10.0.2 dev eth0',
        '10.66.1.0/26 metric 1024 via 10.10.0.3 dev eth0',
        '10.66.2.0/26 metric 1024 via 10.10.0.2 dev eth0 + via 10.10.0.3 dev eth0',
      ]);
      equal(kernel.status().fib.adoptedStale, 0);
      ok(seen.events.some((event) => event.kind === 'swept' && event.routes === 2));
      await stop(kernel);
    },
  },
  {
    title:
      'an adopted route whose next hop changed meanwhile is replaced, an unwanted one can be uninstalled',
    run: async (bench) => {
      addUplink(bench);
      await bench.leaveBehind(settings(), [
        ['10.66.0.0/26', via('10.10.0.2')],
        ['10.66.1.0/26', via('10.10.0.2')],
      ]);
      const { kernel } = await started(bench);
      kernel.install(prefix('10.66.0.0/26'), via('10.99.0.2'));
      kernel.uninstall(prefix('10.66.1.0/26'));
      await settled(bench, []);
      await stop(kernel);
    },
  },
  {
    title: 'a route of another owner is left alone, and ours comes when it goes',
    run: async (bench) => {
      addUplink(bench);
      const theirs = { prefix: '10.66.0.0/26', via: '10.10.0.9', dev: 'eth0', metric: 1024, protocol: 4 };
      bench.addRoutes([theirs]);
      const { kernel, seen } = await started(bench);
      kernel.install(prefix('10.66.0.0/26'), via('10.10.0.2'));
      await eventually('the problem', () => kernel.status().fib.problemCount === 1);
      equal(kernel.status().fib.problems[0]?.reason, 'EEXIST');
      ok(seen.events.some((event) => event.kind === 'fibError' && event.errno === 'EEXIST'));
      kernel.install(prefix('10.66.0.0/26'), via('10.10.0.3'));
      await pause(50);
      deepEqual(bench.routes(4), ['10.66.0.0/26 metric 1024 via 10.10.0.9 dev eth0']);
      deepEqual(ours(bench), []);
      bench.deleteRoutes([{ prefix: '10.66.0.0/26', metric: 1024 }]);
      await settled(bench, ['10.66.0.0/26 metric 1024 via 10.10.0.3 dev eth0']);
      await eventually('no problem', () => kernel.status().fib.problemCount === 0);
      await stop(kernel);
    },
  },
  {
    title: 'who replaces our route keeps the place',
    run: async (bench) => {
      addUplink(bench);
      const { kernel } = await started(bench);
      kernel.install(prefix('10.66.0.0/26'), via('10.10.0.2'));
      await settled(bench, ['10.66.0.0/26 metric 1024 via 10.10.0.2 dev eth0']);
      const theirs = { prefix: '10.66.0.0/26', via: '10.10.0.9', dev: 'eth0', metric: 1024, protocol: 4 };
      bench.addRoutes([theirs]);
      await eventually('the problem', () => kernel.status().fib.problems[0]?.reason === 'EEXIST');
      deepEqual(bench.routes(4), ['10.66.0.0/26 metric 1024 via 10.10.0.9 dev eth0']);
      kernel.uninstall(prefix('10.66.0.0/26'));
      await pause(50);
      deepEqual(bench.routes(4), ['10.66.0.0/26 metric 1024 via 10.10.0.9 dev eth0']);
      equal(kernel.status().fib.problemCount, 0);
      await stop(kernel);
    },
  },
  {
    title: 'a workload whose route takes the place of ours is neither drift nor an error',
    run: async (bench) => {
      addUplink(bench);
      bench.addAddress('eth0', '2001:db8:10::1/64');
      bench.addLink('cali1');
      const { kernel, seen } = await started(bench);
      const places = ['10.65.0.9/32', 'fd00:65::9/128'];
      kernel.install(prefix('10.65.0.9/32'), via('10.10.0.2'));
      kernel.install(prefix('fd00:65::9/128'), via('2001:db8:10::2'));
      const ways = [
        '10.65.0.9/32 metric 1024 via 10.10.0.2 dev eth0',
        'fd00:65::9/128 metric 1024 via 2001:db8:10::2 dev eth0',
      ];
      await settled(bench, ways);
      await eventually('acknowledged', () => kernel.status().fib.pending === 0);
      const theirs = places.map((each) => ({ prefix: each, dev: 'cali1', metric: 1024, protocol: 3 }));
      bench.addRoutes(theirs);
      await eventually('both told', () => seen.present.size === 2);
      await pause(50);
      deepEqual(ours(bench), []);
      deepEqual(kernel.status().counters.errors, {});
      equal(
        Object.values(kernel.status().drift.counts).reduce((sum, count) => sum + count, 0),
        0,
      );
      // It leaves, and we were not told otherwise meanwhile.
      bench.deleteRoutes(places.map((each) => ({ prefix: each, metric: 1024 })));
      await settled(bench, ways);
      await stop(kernel);
    },
  },
  {
    title: 'a route of ours that somebody deletes is put back at once, and ever later when they insist',
    run: async (bench) => {
      addUplink(bench);
      const { kernel, seen } = await started(bench);
      const line = '10.66.0.0/26 metric 1024 via 10.10.0.2 dev eth0';
      kernel.install(prefix('10.66.0.0/26'), via('10.10.0.2'));
      await settled(bench, [line]);
      for (let blow = 1; blow <= 3; blow++) {
        bench.deleteRoutes([{ prefix: '10.66.0.0/26', metric: 1024 }]);
        await eventually('put back', () => kernel.status().counters.added === blow + 1);
        await settled(bench, [line]);
      }
      deepEqual(kernel.status().drift.fights, []);
      bench.deleteRoutes([{ prefix: '10.66.0.0/26', metric: 1024 }]);
      await eventually('noticed', () => kernel.status().fib.problems[0]?.reason === 'fight');
      deepEqual(ours(bench), []);
      equal(kernel.status().drift.counts.deleted, 4);
      equal(kernel.status().drift.fights[0]?.blows, 4);
      ok(seen.events.some((event) => event.kind === 'fight'));
      await settled(bench, [line]);
      await eventually('no problem', () => kernel.status().fib.problemCount === 0);
      equal(kernel.status().drift.open, 0);
      await stop(kernel);
    },
  },
  {
    title: 'lost notifications are made up for',
    run: async (bench) => {
      addUplink(bench);
      bench.addLink('cali1');
      bench.addLink('cali2');
      bench.addRoutes([{ prefix: '10.64.0.1/32', dev: 'cali1', protocol: 3 }]);
      bench.addRoutes(
        Array.from({ length: 3000 }, (_, i) => ({
          prefix: `2001:db8::${i + 1}/128`,
          dev: 'cali2',
          protocol: 3,
        })),
      );
      const { kernel, seen } = await started(bench, {}, { receiveBuffer: 2048 });
      equal(seen.present.size, 3001);
      kernel.install(prefix('10.66.0.0/26'), via('10.10.0.2'));
      kernel.install(prefix('10.67.0.0/26'), via('10.10.0.2'));
      await eventually('two routes', () => ours(bench).length === 2);
      // The end of 3,000 IPv6 routes at one stroke is more than a small buffer holds.
      bench.loseNotifications(() => {
        bench.setLinks([{ name: 'cali2', up: false }]);
        bench.deleteRoutes([{ prefix: '10.64.0.1/32' }]);
        bench.addRoutes(hostRoutes(1000, 'cali1'));
        bench.deleteRoutes([{ prefix: '10.66.0.0/26', metric: 1024 }]);
      });
      await eventually('1,000 workloads', () => seen.present.size === 1000);
      ok(!seen.present.has('10.64.0.1/32'));
      await eventually('two routes again', () => ours(bench).length === 2);
      ok(kernel.status().counters.overruns > 0);
      ok(seen.events.some((event) => event.kind === 'overrun'));
      await eventually('a resync', () => kernel.status().counters.resyncs > 0);
      await stop(kernel);
    },
  },
  {
    title: 'other import rules take effect, and other keys for our routes',
    run: async (bench) => {
      addUplink(bench);
      bench.addLink('cali1');
      bench.addLink('tap1');
      bench.addRoutes([
        { prefix: '10.65.0.1/32', dev: 'cali1', protocol: 3 },
        { prefix: '10.65.0.2/32', dev: 'tap1', protocol: 3 },
      ]);
      const { kernel, seen } = await started(bench);
      kernel.install(prefix('10.66.0.0/26'), via('10.10.0.2'));
      await settled(bench, ['10.66.0.0/26 metric 1024 via 10.10.0.2 dev eth0']);
      deepEqual([...seen.present.values()], ['cali1']);
      const tap = { interfaces: ['tap?'], protocols: [], prefixes: [], anyLength: false, table: 254 };
      kernel.reconfigure(settings({ import: [tap], metric: 512 }));
      await settled(bench, ['10.66.0.0/26 metric 512 via 10.10.0.2 dev eth0']);
      await eventually('tap1', () => [...seen.present.values()].join() === 'tap1');
      kernel.reconfigure(settings({ import: [tap], metric: 512, protocol: 186 }));
      await eventually('none under the old protocol', () => ours(bench).length === 0);
      deepEqual(bench.routes(186), ['10.66.0.0/26 metric 512 via 10.10.0.2 dev eth0']);
      kernel.reconfigure(settings({ import: [tap], table: 100, protocol: 186 }));
      await eventually('in the other table', () => bench.routes(186, 100).length === 1);
      await eventually('not in main', () => bench.routes(186).length === 0);
      await eventually('idle', () => kernel.status().fib.pending === 0);
      deepEqual([...seen.present.values()], ['tap1']);
      await stop(kernel);
    },
  },
  {
    title: 'without install nothing is written',
    run: async (bench) => {
      addUplink(bench);
      const { kernel } = await started(bench, { install: false });
      kernel.install(prefix('10.66.0.0/26'), via('10.10.0.2'));
      kernel.sweep();
      await pause(50);
      deepEqual(ours(bench), []);
      kernel.reconfigure(settings());
      await settled(bench, ['10.66.0.0/26 metric 1024 via 10.10.0.2 dev eth0']);
      await stop(kernel);
    },
  },
  {
    title: 'resolve names the interface and the source address',
    run: async (bench) => {
      addUplink(bench);
      addUplink(bench, 'eth1', '10.11.0.1/24');
      const { kernel } = await started(bench);
      const answer = (text: string): string | null => {
        const found = kernel.resolve(ip(text));
        return found === null ? null : `${found.interface} ${found.source ? formatIp(found.source) : ''}`;
      };
      equal(answer('10.10.200.3'), 'eth0 10.10.0.1');
      equal(answer('10.11.0.9'), 'eth1 10.11.0.1');
      equal(answer('10.11.0.1'), 'eth1 10.11.0.1');
      equal(answer('10.12.0.1'), null);
      equal(kernel.status().addresses.filter((a) => formatIp(a.address).startsWith('10.1')).length, 2);
      await stop(kernel);
    },
  },
  {
    title: 'close leaves the routes, or removes them when asked',
    run: async (bench) => {
      addUplink(bench);
      const first = await started(bench);
      for (let i = 0; i < 40; i++) first.kernel.install(prefix(`10.66.${i}.0/24`), via('10.10.0.2'));
      await eventually('40 routes', () => ours(bench).length === 40);
      await first.kernel.close({ removeRoutes: false });
      equal(ours(bench).length, 40);
      const second = await started(bench);
      equal(second.kernel.status().fib.adoptedStale, 40);
      second.kernel.install(prefix('10.66.0.0/24'), via('10.10.0.2'));
      await second.kernel.close({ removeRoutes: true });
      equal(ours(bench).length, 0);
    },
  },
];
