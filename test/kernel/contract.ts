// What every kernel backend must do: cases that run on a world in memory and on the real kernel alike.

import { deepEqual, equal, ok } from 'node:assert/strict';
import { formatIp } from '../../src/base/ip.js';
import { formatPrefix } from '../../src/base/prefix.js';
import type { Kernel, KernelSettings } from '../../src/kernel/types.js';
import {
  type Bench,
  createRecorder,
  eventually,
  ip,
  PROTOCOL,
  pause,
  prefix,
  type Recorder,
  settings,
  via,
} from './bench.js';

export interface ContractCase {
  readonly title: string;
  readonly run: (bench: Bench) => Promise<void>;
}

interface Started {
  readonly kernel: Kernel;
  readonly seen: Recorder;
}

async function started(
  bench: Bench,
  over: Partial<KernelSettings> = {},
  options: { readonly receiveBuffer?: number } = {},
): Promise<Started> {
  const seen = createRecorder();
  const kernel = bench.create(settings(over), options);
  deepEqual(await kernel.start(seen), { ok: true });
  return { kernel, seen };
}

const stop = (kernel: Kernel): Promise<void> => kernel.close({ removeRoutes: false });

/** An uplink with a subnet of 65,534 possible peers. */
function addUplink(bench: Bench, name = 'eth0', address = '10.10.0.1/16'): void {
  bench.addLink(name);
  bench.addAddress(name, address);
}

const ours = (bench: Bench): readonly string[] => bench.routes(PROTOCOL);

const settled = (bench: Bench, expected: readonly string[]): Promise<void> =>
  eventually(expected.join(', ') || 'no routes of ours', () => sameLines(ours(bench), expected));

const sameLines = (a: readonly string[], b: readonly string[]): boolean => a.join('\n') === b.join('\n');

const hostRoutes = (count: number, dev: string): { prefix: string; dev: string; protocol: number }[] =>
  Array.from({ length: count }, (_, i) => ({
    prefix: `10.65.${i >>> 8}.${i & 255}/32`,
    dev,
    protocol: 3,
  }));

export const CASES: readonly ContractCase[] = [
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
    title: 'a route of ours that somebody deletes is put back, without a fight',
    run: async (bench) => {
      addUplink(bench);
      const { kernel } = await started(bench);
      const line = '10.66.0.0/26 metric 1024 via 10.10.0.2 dev eth0';
      kernel.install(prefix('10.66.0.0/26'), via('10.10.0.2'));
      await settled(bench, [line]);
      bench.deleteRoutes([{ prefix: '10.66.0.0/26', metric: 1024 }]);
      await eventually('put back', () => kernel.status().counters.added === 2);
      await settled(bench, [line]);
      bench.deleteRoutes([{ prefix: '10.66.0.0/26', metric: 1024 }]);
      await eventually('noticed', () => kernel.status().fib.problems[0]?.reason === 'deleted');
      deepEqual(ours(bench), []);
      await settled(bench, [line]);
      await eventually('no problem', () => kernel.status().fib.problemCount === 0);
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
