// Contract: routes that drop packets, and routes with a metric of their own.

import { equal } from 'node:assert/strict';
import type { FibIntent } from '../../src/kernel/types.js';
import { eventually, prefix, settings, via } from './bench.js';
import { addUplink, type ContractCase, settled, started, stop } from './contract-case.js';

const BLACKHOLE: FibIntent = { kind: 'blackhole', nextHops: [] };
const urgent = (hop: string): FibIntent => ({ ...via(hop), metric: 512 });

export const METRIC_CASES: readonly ContractCase[] = [
  {
    title: 'a blackhole comes, becomes a route and a blackhole again, and goes',
    run: async (bench) => {
      addUplink(bench);
      bench.addAddress('eth0', '2001:db8:10::1/64');
      const { kernel } = await started(bench);
      kernel.install(prefix('10.66.0.0/26'), BLACKHOLE);
      kernel.install(prefix('2001:db8:66::/122'), BLACKHOLE);
      await settled(bench, ['blackhole 10.66.0.0/26 metric 1024', 'blackhole 2001:db8:66::/122 metric 1024']);
      kernel.install(prefix('10.66.0.0/26'), via('10.10.0.2'));
      await settled(bench, [
        '10.66.0.0/26 metric 1024 via 10.10.0.2 dev eth0',
        'blackhole 2001:db8:66::/122 metric 1024',
      ]);
      kernel.install(prefix('10.66.0.0/26'), BLACKHOLE);
      kernel.uninstall(prefix('2001:db8:66::/122'));
      await settled(bench, ['blackhole 10.66.0.0/26 metric 1024']);
      await eventually('known', () => [...kernel.installed()][0]?.type === 'blackhole');
      bench.deleteRoutes([{ prefix: '10.66.0.0/26', metric: 1024, type: 'blackhole' }]);
      await eventually('put back', () => kernel.status().counters.added === 3);
      await settled(bench, ['blackhole 10.66.0.0/26 metric 1024']);
      await stop(kernel);
    },
  },
  {
    title: 'a blackhole of a killed process is adopted as it is',
    run: async (bench) => {
      addUplink(bench);
      await bench.leaveBehind(settings(), [['10.66.0.0/26', BLACKHOLE]]);
      const { kernel } = await started(bench);
      kernel.install(prefix('10.66.0.0/26'), BLACKHOLE);
      await eventually('confirmed', () => kernel.status().fib.adoptedStale === 0);
      await eventually('idle', () => kernel.status().fib.pending === 0);
      const { added, replaced } = kernel.status().counters;
      equal(added + replaced, 0);
      await settled(bench, ['blackhole 10.66.0.0/26 metric 1024']);
      await stop(kernel);
    },
  },
  {
    title: 'a route takes another metric: the new one is there before the old one goes',
    run: async (bench) => {
      addUplink(bench);
      const { kernel } = await started(bench);
      kernel.install(prefix('10.65.0.1/32'), via('10.10.0.2'));
      await settled(bench, ['10.65.0.1/32 metric 1024 via 10.10.0.2 dev eth0']);
      kernel.install(prefix('10.65.0.1/32'), urgent('10.10.0.3'));
      await settled(bench, ['10.65.0.1/32 metric 512 via 10.10.0.3 dev eth0']);
      equal(kernel.status().counters.added, 2);
      kernel.install(prefix('10.65.0.1/32'), urgent('10.10.0.4'));
      await settled(bench, ['10.65.0.1/32 metric 512 via 10.10.0.4 dev eth0']);
      await eventually('replaced', () => kernel.status().counters.replaced === 1);
      bench.deleteRoutes([{ prefix: '10.65.0.1/32', metric: 512 }]);
      await settled(bench, ['10.65.0.1/32 metric 512 via 10.10.0.4 dev eth0']);
      kernel.install(prefix('10.65.0.1/32'), via('10.10.0.4'));
      await settled(bench, ['10.65.0.1/32 metric 1024 via 10.10.0.4 dev eth0']);
      kernel.uninstall(prefix('10.65.0.1/32'));
      await settled(bench, []);
      await stop(kernel);
    },
  },
  {
    title: "a route with a lower metric stands beside the agent's, and leaves it alone when it goes",
    run: async (bench) => {
      addUplink(bench);
      bench.addLink('cali1');
      bench.addRoutes([{ prefix: '10.65.0.1/32', dev: 'cali1', protocol: 3, metric: 1024 }]);
      const { kernel, seen } = await started(bench);
      kernel.install(prefix('10.65.0.1/32'), urgent('10.10.0.2'));
      await settled(bench, ['10.65.0.1/32 metric 512 via 10.10.0.2 dev eth0']);
      equal(bench.routes(3).length, 1);
      equal(seen.present.get('10.65.0.1/32'), 'cali1');
      kernel.uninstall(prefix('10.65.0.1/32'));
      await settled(bench, []);
      equal(bench.routes(3).length, 1);
      await stop(kernel);
    },
  },
  {
    title: 'of two routes that an earlier run left for a prefix, the wanted one is kept and the other goes',
    run: async (bench) => {
      addUplink(bench);
      await bench.leaveBehind(settings(), [['10.65.0.1/32', via('10.10.0.2')]]);
      bench.addRoutes([{ prefix: '10.65.0.1/32', via: '10.10.0.3', dev: 'eth0', protocol: 12, metric: 512 }]);
      const { kernel } = await started(bench);
      equal(kernel.status().fib.adoptedStale, 2);
      kernel.install(prefix('10.65.0.1/32'), urgent('10.10.0.3'));
      await settled(bench, ['10.65.0.1/32 metric 512 via 10.10.0.3 dev eth0']);
      equal(kernel.status().counters.added, 0);
      await stop(kernel);
    },
  },
  {
    title: 'another default metric leaves routes with one of their own',
    run: async (bench) => {
      addUplink(bench);
      const { kernel } = await started(bench);
      kernel.install(prefix('10.65.0.1/32'), urgent('10.10.0.2'));
      kernel.install(prefix('10.65.0.2/32'), via('10.10.0.2'));
      await settled(bench, [
        '10.65.0.1/32 metric 512 via 10.10.0.2 dev eth0',
        '10.65.0.2/32 metric 1024 via 10.10.0.2 dev eth0',
      ]);
      kernel.reconfigure(settings({ metric: 2000 }));
      await settled(bench, [
        '10.65.0.1/32 metric 512 via 10.10.0.2 dev eth0',
        '10.65.0.2/32 metric 2000 via 10.10.0.2 dev eth0',
      ]);
      await stop(kernel);
    },
  },
];
