// Contract: which kernel routes are workloads.

import { deepEqual, equal, ok } from 'node:assert/strict';
import { formatPrefix } from '../../src/base/prefix.js';
import { eventually, pause, prefix, via } from './bench.js';
import { addUplink, type ContractCase, hostRoutes, settled, started, stop } from './contract-case.js';

export const WORKLOAD_CASES: readonly ContractCase[] = [
  {
    title: 'a workload route is seen, and its end',
    run: async (bench) => {
      bench.addLink('cali1');
      bench.addRoutes([{ prefix: '10.65.0.1/32', dev: 'cali1', protocol: 3 }]);
      const { kernel, seen } = await started(bench);
      deepEqual([...seen.present], [['10.65.0.1/32', 'cali1']]);
      bench.addRoutes([
        { prefix: '10.65.0.2/32', dev: 'cali1', protocol: 3 },
        { prefix: '2001:db8::2/128', dev: 'cali1', protocol: 3 },
      ]);
      await eventually('two more workloads', () => seen.present.size === 3);
      equal(kernel.status().workloads, 3);
      deepEqual([...kernel.workloads()].map((w) => formatPrefix(w.prefix)).sort(), [
        '10.65.0.1/32',
        '10.65.0.2/32',
        '2001:db8::2/128',
      ]);
      bench.deleteRoutes([{ prefix: '10.65.0.1/32' }, { prefix: '2001:db8::2/128' }]);
      await eventually('two workloads gone', () => seen.present.size === 1);
      ok(seen.present.has('10.65.0.2/32'));
      await stop(kernel);
    },
  },
  {
    title: 'a burst of 5,000 workloads, and their end',
    run: async (bench) => {
      bench.addLink('cali1');
      const { kernel, seen } = await started(bench);
      const routes = hostRoutes(5000, 'cali1');
      bench.addRoutes(routes);
      await eventually('5,000 workloads', () => seen.present.size === 5000);
      bench.deleteRoutes(routes);
      await eventually('no workload', () => seen.present.size === 0);
      await stop(kernel);
    },
  },
  {
    title: 'a link going down ends its workloads, and they come back with it',
    run: async (bench) => {
      bench.addLink('cali1');
      bench.addLink('cali2');
      const routes = ['10.65.0.1/32', '2001:db8::1/128'].map((text) => ({
        prefix: text,
        dev: 'cali1',
        protocol: 3,
      }));
      bench.addRoutes([...routes, { prefix: '10.65.0.9/32', dev: 'cali2', protocol: 3 }]);
      const { kernel, seen } = await started(bench);
      equal(seen.present.size, 3);
      bench.setLinks([{ name: 'cali1', up: false }]);
      await eventually('only cali2 left', () => seen.present.size === 1);
      ok(seen.events.some((event) => event.kind === 'linkDown' && event.interface === 'cali1'));
      bench.setLinks([{ name: 'cali1', up: true }]);
      bench.addRoutes(routes);
      await eventually('all back', () => seen.present.size === 3);
      bench.deleteLink('cali1');
      await eventually('only cali2 left again', () => seen.present.size === 1);
      await stop(kernel);
    },
  },
  {
    title: 'our own routes and the kernel’s are never workloads',
    run: async (bench) => {
      addUplink(bench);
      const any = { interfaces: [], protocols: [], prefixes: [], anyLength: true, table: 254 };
      const { kernel, seen } = await started(bench, { import: [any] });
      kernel.install(prefix('10.66.0.0/26'), via('10.10.0.2'));
      await settled(bench, ['10.66.0.0/26 metric 1024 via 10.10.0.2 dev eth0']);
      bench.addRoutes([{ prefix: '10.70.0.0/16', via: '10.10.0.9', dev: 'eth0', metric: 5 }]);
      await eventually('the other route', () => seen.present.size > 0);
      deepEqual([...seen.present.keys()], ['10.70.0.0/16']);
      await stop(kernel);
    },
  },
  {
    title: 'blackholes, other tables, other interfaces, other lengths and pools are not imported',
    run: async (bench) => {
      bench.addLink('cali1');
      addUplink(bench);
      const pool = prefix('10.65.0.0/16');
      const rule = {
        interfaces: ['cali*'],
        protocols: [3],
        prefixes: [pool],
        anyLength: false,
        table: 254,
      };
      const { kernel, seen } = await started(bench, { import: [rule] });
      bench.addRoutes([
        { prefix: '10.65.0.1/32', type: 'blackhole', protocol: 3 },
        { prefix: '10.65.0.2/32', dev: 'cali1', protocol: 3, table: 100 },
        { prefix: '10.65.0.3/32', dev: 'eth0', protocol: 3 },
        { prefix: '10.65.0.4/31', dev: 'cali1', protocol: 3 },
        { prefix: '10.64.0.5/32', dev: 'cali1', protocol: 3 },
        { prefix: '10.65.0.6/32', dev: 'cali1', protocol: 80 },
        { prefix: '10.65.0.7/32', type: 'unreachable', protocol: 3 },
        { prefix: '10.65.0.8/32', dev: 'cali1', protocol: 3 },
      ]);
      await eventually('the one workload', () => seen.present.size > 0);
      await pause(30);
      deepEqual([...seen.present], [['10.65.0.8/32', 'cali1']]);
      await stop(kernel);
    },
  },
  {
    title: 'of two routes to one workload the lower metric counts, then the other',
    run: async (bench) => {
      bench.addLink('cali1');
      bench.addLink('cali2');
      const { kernel, seen } = await started(bench);
      const at = (dev: string, metric: number) => ({ prefix: '10.65.0.1/32', dev, metric, protocol: 3 });
      bench.addRoutes([at('cali1', 1024)]);
      await eventually('cali1', () => seen.present.get('10.65.0.1/32') === 'cali1');
      bench.addRoutes([at('cali2', 512)]);
      await eventually('cali2', () => seen.present.get('10.65.0.1/32') === 'cali2');
      bench.deleteRoutes([{ prefix: '10.65.0.1/32', metric: 512 }]);
      await eventually('cali1 again', () => seen.present.get('10.65.0.1/32') === 'cali1');
      bench.addRoutes([at('cali2', 1024)]);
      await eventually('cali2 by replacement', () => seen.present.get('10.65.0.1/32') === 'cali2');
      ok(!seen.log.some((line) => line.startsWith('-')), 'no gap in between');
      bench.deleteRoutes([{ prefix: '10.65.0.1/32', metric: 1024 }]);
      await eventually('none', () => seen.present.size === 0);
      await stop(kernel);
    },
  },
];
