// The memory backend: the same loop as the real one over a world in memory. For tests, for labs, and for route
// reflectors that may not touch the host's routes.

import { prefixFromWords } from '../../base/prefix.js';
import { KernelLoop, type LoopOptions } from '../loop/kernel-loop.js';
import type {
  KernelChange,
  KernelPort,
  KernelWrite,
  ListScope,
  PortFilter,
  PortReport,
  RouteWrite,
  WriteFailure,
} from '../port.js';
import { RT_SCOPE } from '../rtnetlink/numbers.js';
import { isRoute } from '../rtnetlink/route-encode.js';
import type { Kernel, KernelRoute, KernelSettings } from '../types.js';
import { createMemoryWorld, type MemoryWorld } from './memory-world.js';

export type MemoryKernel = Kernel & { readonly world: MemoryWorld };

/** Several kernels may share one world: what one leaves behind, the next finds. */
export function createMemoryKernel(
  settings: KernelSettings,
  world: MemoryWorld = createMemoryWorld(),
  options: LoopOptions = {},
): MemoryKernel {
  return Object.assign(new KernelLoop(createMemoryPort(world), settings, { auditInterval: 0, ...options }), {
    world,
  });
}

/** A world in which every next hop can be reached: one link with a default route per family. */
export function createReachableWorld(): MemoryWorld {
  const world = createMemoryWorld();
  world.addLink('memory');
  for (const prefix of ['0.0.0.0/0', '::/0']) world.addRoute({ prefix, dev: 'memory' });
  return world;
}

export function createMemoryPort(world: MemoryWorld): KernelPort {
  const origin = {};
  let deliver: ((report: PortReport) => void) | null = null;
  let filter: PortFilter = { tables: [], protocol: 0 };
  let stop = (): void => undefined;
  // Reports come later than the call that caused them and in order, as from another thread.
  const queue: PortReport[] = [];
  const post = (report: PortReport): void => {
    if (queue.push(report) > 1) return;
    setImmediate(() => {
      for (const next of queue.splice(0)) deliver?.(next);
    });
  };
  const passes = (change: KernelChange): boolean =>
    change.kind === 'neighbour'
      ? filter.neighbours === true
      : change.kind !== 'route' || filter.tables.includes(change.route.table);
  return {
    backend: 'memory',
    open: (tables, sink) => {
      filter = tables;
      deliver = sink;
      stop = world.listen(
        (change, cause) => {
          if (cause !== origin && passes(change)) post({ kind: 'changes', changes: [change] });
        },
        () => post({ kind: 'overrun' }),
      );
      return Promise.resolve({ ok: true, objects: true });
    },
    filter: (tables) => {
      filter = tables;
    },
    list: (id, scope) => {
      const changes =
        scope.kind === 'ends' ? world.listEnds(scope.ifindex) : listing(world, scope, filter).filter(passes);
      post({ kind: 'listed', id, changes, first: true, done: true, errno: null });
    },
    // A listing here is done at once.
    hurry: () => undefined,
    write: (id, writes) => {
      const failures: WriteFailure[] = [];
      for (const [index, write] of writes.entries()) {
        const inVain = isRoute(write) && write.follows === true && failures.at(-1)?.index === index - 1;
        const errno = inVain ? 'ECANCELED' : perform(world, write, origin);
        if (errno !== null) failures.push({ index, errno });
      }
      post({ kind: 'written', id, failures, latency: 0 });
    },
    program: (id, writes) => {
      const failures = writes.flatMap((write, index) => {
        const errno = world.program(write);
        return errno === null ? [] : [{ index, errno }];
      });
      post({ kind: 'programmed', id, failures });
    },
    close: () => {
      stop();
      deliver = null;
      return Promise.resolve();
    },
  };
}

const perform = (world: MemoryWorld, write: KernelWrite, origin: object): string | null =>
  isRoute(write) ? world.write(write.kind, routeOf(write, world), origin) : world.writeObject(write);

function listing(world: MemoryWorld, scope: ListScope, filter: PortFilter): KernelChange[] {
  const routes = world
    .routes()
    .filter((route) => inScope(route, scope, filter))
    .map((route): KernelChange => ({ kind: 'route', present: true, arrival: 'new', route }));
  if (scope.kind !== 'everything' && scope.kind !== 'audit') return routes;
  const links = world.links().map((link): KernelChange => ({ kind: 'link', present: true, link }));
  const addresses = world
    .addresses()
    .map((address): KernelChange => ({ kind: 'address', present: true, address }));
  const nexthops = world
    .nexthops()
    .map((nexthop): KernelChange => ({ kind: 'nexthop', present: true, nexthop }));
  return [...links, ...addresses, ...nexthops, ...routes];
}

function inScope(route: KernelRoute, scope: ListScope, filter: PortFilter): boolean {
  if (scope.kind === 'everything' || scope.kind === 'audit') return true;
  if (scope.kind === 'ends') return false;
  if (route.prefix.address.family !== scope.family) return false;
  if (scope.kind === 'foreign') return route.protocol !== filter.protocol;
  return route.nextHops.some((hop) => hop.ifindex === scope.ifindex);
}

const routeOf = (write: RouteWrite, world: MemoryWorld): KernelRoute => ({
  prefix: prefixFromWords(write.family, write.w0, write.w1, write.w2, write.w3, write.length),
  ...write.identity,
  scope: write.form?.scope ?? RT_SCOPE.universe,
  type: write.form?.type ?? (isBlackhole(write) ? 'blackhole' : 'unicast'),
  nextHops: write.object === 0 ? write.nextHops : world.hopsOf(write.object),
  ...(write.object === 0 ? {} : { object: write.object }),
  ...(write.source === null ? {} : { source: write.source }),
});

const isBlackhole = ({ kind, nextHops, object }: RouteWrite): boolean =>
  kind !== 'remove' && nextHops.length === 0 && object === 0;
