// The contract bench over a world in memory.

import { formatIp } from '../../src/base/ip.js';
import { formatPrefix } from '../../src/base/prefix.js';
import { createMemoryKernel } from '../../src/kernel/memory/memory-kernel.js';
import { createMemoryWorld } from '../../src/kernel/memory/memory-world.js';
import { type Bench, createRecorder, eventually, prefix, routeLine } from './bench.js';

export function createMemoryBench(nextHopGroups: 'on' | 'off' = 'off'): Bench {
  const world = createMemoryWorld();
  const nameOf = (ifindex: number): string =>
    world.links().find((link) => link.ifindex === ifindex)?.name ?? `if${ifindex}`;
  return {
    backend: 'memory',
    addLink: (name) => {
      world.addLink(name);
    },
    setLinks: (changes) => {
      for (const { name, up } of changes) world.setLink(name, { up });
    },
    deleteLink: (name) => world.deleteLink(name),
    addAddress: (link, address) => world.addAddress(link, address),
    deleteAddress: (link, address) => world.deleteAddress(link, address),
    addRoutes: (routes) => {
      for (const route of routes) world.addRoute(route);
    },
    deleteRoutes: (routes) => {
      for (const route of routes) world.deleteRoute(route);
    },
    routes: (protocol, table = 254) =>
      world
        .routes()
        .filter((route) => route.protocol === protocol && route.table === table)
        .map((route) => {
          const hops = route.nextHops.map((hop) => ({
            gateway: hop.gateway === null ? null : formatIp(hop.gateway),
            dev: nameOf(hop.ifindex),
            onlink: hop.onlink,
          }));
          const source = route.source === undefined ? null : formatIp(route.source);
          const drops = route.type === 'unicast' ? '' : `${route.type} `;
          return routeLine(`${drops}${formatPrefix(route.prefix)}`, route.metric, hops, source);
        })
        .sort(),
    setNeighbour: (link, address, state) => {
      // Linux tells of an entry that is being deleted as failed first.
      if (state === 'gone') world.setNeighbour(link, address, 'failed');
      world.setNeighbour(link, address, state);
    },
    tunnelEnds: (device) =>
      world.links().some(({ name }) => name === device) ? world.tunnelEnds(device) : [],
    create: (settings) => createMemoryKernel({ nextHopGroups, ...settings }, world),
    leaveBehind: async (over, routes) => {
      const settings = { nextHopGroups, ...over };
      const kernel = createMemoryKernel(settings, world);
      await kernel.start(createRecorder());
      for (const [text, intent] of routes) kernel.install(prefix(text), intent);
      await eventually('routes left behind', () =>
        routes.every(([text]) => kernel.isInstalled(prefix(text))),
      );
      await kernel.close({ removeRoutes: false });
    },
    loseNotifications: (changes) => {
      world.overrun();
      changes();
      world.recover();
    },
  };
}
