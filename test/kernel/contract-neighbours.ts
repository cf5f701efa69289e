// Contract: gateways that do not answer.

import { equal } from 'node:assert/strict';
import { formatIp } from '../../src/base/ip.js';
import type { Kernel } from '../../src/kernel/types.js';
import { eventually, ip, prefix, settings, via } from './bench.js';
import { addUplink, type ContractCase, settled, started, stop } from './contract-case.js';

const BOTH = '10.66.0.0/26 metric 1024 via 10.10.0.2 dev eth0 + via 10.10.0.3 dev eth0';

const lost = (kernel: Kernel): string =>
  kernel
    .status()
    .gateways.lost.map(({ address, interface: link }) => `${formatIp(address)} ${link}`)
    .sort()
    .join(', ');

export const NEIGHBOUR_CASES: readonly ContractCase[] = [
  {
    title: 'a gateway that does not answer is no way to a next hop, and is one again once it answers',
    run: async (bench) => {
      addUplink(bench);
      bench.addRoutes([{ prefix: '10.20.0.0/16', via: '10.10.0.2', dev: 'eth0', metric: 30 }]);
      const { kernel, seen } = await started(bench, { watchNeighbours: true });
      for (const hop of ['10.10.0.2', '10.10.0.3', '10.20.0.1']) kernel.trackNextHop(ip(hop));
      kernel.install(prefix('10.66.0.0/26'), via('10.10.0.2', '10.10.0.3'));
      kernel.install(prefix('10.67.0.0/26'), via('10.20.0.1'));
      await settled(bench, [BOTH, '10.67.0.0/26 metric 1024 via 10.10.0.2 dev eth0']);
      bench.setNeighbour('eth0', '10.10.0.2', 'failed');
      await settled(bench, ['10.66.0.0/26 metric 1024 via 10.10.0.3 dev eth0']);
      equal(seen.hops.get('10.10.0.2'), 'unreachable');
      equal(seen.hops.get('10.20.0.1'), 'unreachable');
      equal(seen.hops.get('10.10.0.3'), 'reachable 0');
      equal(lost(kernel), '10.10.0.2 eth0');
      bench.setNeighbour('eth0', '10.10.0.2', 'valid');
      await settled(bench, [BOTH, '10.67.0.0/26 metric 1024 via 10.10.0.2 dev eth0']);
      equal(seen.hops.get('10.20.0.1'), 'reachable 30');
      equal(lost(kernel), '');
      equal(kernel.status().gateways.losses, 1);
      const told = seen.events.flatMap(({ kind }) => (kind.startsWith('gateway') ? [kind] : []));
      equal(told.join(), 'gatewayLost,gatewayBack');
      await stop(kernel);
    },
  },
  {
    title: 'a failure that does not last, an entry that is deleted and a neighbour that is no gateway',
    run: async (bench) => {
      addUplink(bench);
      bench.addAddress('eth0', '2001:db8:10::1/64');
      const { kernel, seen } = await started(bench, { watchNeighbours: true });
      for (const hop of ['10.10.0.2', '10.10.0.3', '10.10.0.4']) kernel.trackNextHop(ip(hop));
      kernel.install(prefix('2001:db8:66::/64'), via('fe80::2%eth0'));
      await settled(bench, ['2001:db8:66::/64 metric 1024 via fe80::2 dev eth0']);
      bench.setNeighbour('eth0', '10.10.0.2', 'failed');
      bench.setNeighbour('eth0', '10.10.0.2', 'valid');
      bench.setNeighbour('eth0', '10.10.0.3', 'valid');
      bench.setNeighbour('eth0', '10.10.0.3', 'gone');
      bench.setNeighbour('eth0', '10.10.0.9', 'failed');
      bench.setNeighbour('eth0', '10.10.0.4', 'failed');
      // What failed last is judged last.
      bench.setNeighbour('eth0', 'fe80::2', 'failed');
      await settled(bench, []);
      equal(lost(kernel), '10.10.0.4 eth0, fe80::2 eth0');
      equal(seen.hops.get('10.10.0.2'), 'reachable 0');
      equal(seen.hops.get('10.10.0.3'), 'reachable 0');
      equal(seen.hops.get('10.10.0.4'), 'unreachable');
      // Nothing that was known of a link outlives it.
      bench.setLinks([{ name: 'eth0', up: false }]);
      await eventually('eth0 down', () =>
        kernel.status().links.some(({ name, up }) => name === 'eth0' && !up),
      );
      bench.setLinks([{ name: 'eth0', up: true }]);
      await settled(bench, ['2001:db8:66::/64 metric 1024 via fe80::2 dev eth0']);
      await eventually('10.10.0.4 again', () => seen.hops.get('10.10.0.4') === 'reachable 0');
      equal(lost(kernel), '');
      await stop(kernel);
    },
  },
  {
    title: 'neighbours are watched while the settings say so, and next hops that nobody uses are forgotten',
    run: async (bench) => {
      addUplink(bench);
      const { kernel, seen } = await started(bench, { watchNeighbours: true });
      for (const hop of ['10.10.0.2', '10.10.0.3']) kernel.trackNextHop(ip(hop));
      for (const hop of ['10.10.0.2', '10.10.0.3']) bench.setNeighbour('eth0', hop, 'failed');
      await eventually('both lost', () => kernel.status().gateways.lostCount === 2);
      kernel.untrackNextHop(ip('10.10.0.2'));
      kernel.trackNextHop(ip('10.10.0.4'));
      await eventually('one forgotten', () => lost(kernel) === '10.10.0.3 eth0');
      kernel.reconfigure(settings());
      await eventually('reachable again', () => seen.hops.get('10.10.0.3') === 'reachable 0');
      bench.setNeighbour('eth0', '10.10.0.3', 'failed');
      bench.addLink('eth1');
      await eventually('eth1', () => kernel.status().links.some(({ name }) => name === 'eth1'));

      equal(kernel.status().gateways.losses, 2);
      await stop(kernel);
    },
  },
];
