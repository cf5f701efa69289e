// Contract: another program's route comes while a write of ours for the same place is under way. Theirs stands in the end.

import { deepEqual, equal, ok } from 'node:assert/strict';
import type { RouteSpec } from '../../src/kernel/memory/route-spec.js';
import type { Kernel } from '../../src/kernel/types.js';
import { type Bench, eventually, prefix, type Recorder, via } from './bench.js';
import { addUplink, type ContractCase, ours, settled, started, stop } from './contract-case.js';

const PLACES = ['10.65.0.9/32', 'fd00:65::9/128'] as const;
const THEIRS = ['10.65.0.9/32 metric 1024 dev cali1', 'fd00:65::9/128 metric 1024 dev cali1'];
const BEFORE = [
  '10.65.0.9/32 metric 1024 via 10.10.0.2 dev eth0',
  'fd00:65::9/128 metric 1024 via 2001:db8:10::2 dev eth0',
];
const AFTER = [
  '10.65.0.9/32 metric 1024 via 10.10.0.3 dev eth0 + via 10.10.0.4 dev eth0',
  'fd00:65::9/128 metric 1024 via 2001:db8:10::3 dev eth0 + via 2001:db8:10::4 dev eth0',
];

const theirs = (dev: string, over: Partial<RouteSpec> = {}): readonly RouteSpec[] =>
  PLACES.map((place) => ({ prefix: place, dev, metric: 1024, protocol: 3, ...over }));

/** Other next hops, in another form: each is a replacement of the route. */
function replace(kernel: Kernel): void {
  kernel.install(prefix(PLACES[0]), via('10.10.0.3', '10.10.0.4'));
  kernel.install(prefix(PLACES[1]), via('2001:db8:10::3', '2001:db8:10::4'));
}

async function held(bench: Bench): Promise<{ readonly kernel: Kernel; readonly seen: Recorder }> {
  addUplink(bench);
  bench.addAddress('eth0', '2001:db8:10::1/64');
  bench.addLink('cali1');
  bench.addLink('cali2');
  const { kernel, seen } = await started(bench);
  kernel.install(prefix(PLACES[0]), via('10.10.0.2'));
  kernel.install(prefix(PLACES[1]), via('2001:db8:10::2'));
  await settled(bench, BEFORE);
  await eventually('acknowledged', () => kernel.status().fib.pending === 0);
  return { kernel, seen };
}

const stand = (bench: Bench, protocol: number, lines: readonly string[]): Promise<void> =>
  eventually(lines.join(', '), () => bench.routes(protocol).join() === lines.join());

const idle = (kernel: Kernel): Promise<void> => eventually('idle', () => kernel.status().fib.pending === 0);

export const RACE_CASES: readonly ContractCase[] = [
  {
    title:
      'a replacement that lands on a workload which has just come is taken back, and the workload stands',
    run: async (bench) => {
      const { kernel, seen } = await held(bench);
      // In one turn: the kernel has theirs first, then our writes, and nobody has told us anything yet.
      bench.addRoutes(theirs('cali1'));
      replace(kernel);
      await eventually('both told', () => seen.present.size === 2);
      await stand(bench, 3, THEIRS);
      await settled(bench, []);
      await idle(kernel);
      await stand(bench, 3, THEIRS);
      equal(kernel.status().drift.counts.overwrote, 2);
      equal(kernel.status().drift.open, 0);
      ok(seen.events.some((event) => event.kind === 'drift' && event.first.cause === 'overwrote'));
      deepEqual(kernel.status().counters.errors, {});
      deepEqual([...seen.present.values()], ['cali1', 'cali1']);
      bench.deleteRoutes(theirs('cali1').map((route) => ({ prefix: route.prefix, metric: 1024 })));
      await settled(bench, AFTER);
      await stop(kernel);
    },
  },
  {
    title:
      'an agent that deletes our route and adds its own, where our replacement lands on that, has its own',
    run: async (bench) => {
      const { kernel, seen } = await held(bench);
      bench.deleteRoutes(PLACES.map((place) => ({ prefix: place, metric: 1024 })));
      bench.addRoutes(theirs('cali1'));
      replace(kernel);
      await eventually('both told', () => seen.present.size === 2);
      await settled(bench, []);
      await stand(bench, 3, THEIRS);
      await idle(kernel);
      equal(kernel.status().drift.counts.overwrote, 2);
      deepEqual(ours(bench), []);
      await stop(kernel);
    },
  },
  {
    title: 'a workload that goes while our replacement lies on its route does not come back',
    run: async (bench) => {
      const { kernel, seen } = await held(bench);
      bench.addRoutes(theirs('cali1'));
      replace(kernel);
      // The writes leave at the end of this task; theirs goes, or what took its place does, before we were told of anything.
      await null;
      bench.deleteRoutes(PLACES.map((place) => ({ prefix: place, metric: 1024 })));
      await settled(bench, AFTER);
      await idle(kernel);
      await eventually('none told', () => seen.present.size === 0);
      deepEqual(bench.routes(3), []);
      await stop(kernel);
    },
  },
  {
    title: 'a workload that moves to another interface while our replacement lies on its route is left there',
    run: async (bench) => {
      const { kernel, seen } = await held(bench);
      bench.addRoutes(theirs('cali1'));
      replace(kernel);
      await null;
      bench.addRoutes(theirs('cali2'));
      const moved = THEIRS.map((line) => line.replace('cali1', 'cali2'));
      await eventually('both told', () => [...seen.present.values()].join() === 'cali2,cali2');
      await idle(kernel);
      await stand(bench, 3, moved);
      deepEqual(ours(bench), []);
      equal(kernel.status().drift.counts.overwrote, 0);
      await stop(kernel);
    },
  },
  {
    title: 'a workload that comes while our route is being withdrawn stands',
    run: async (bench) => {
      const { kernel, seen } = await held(bench);
      bench.addRoutes(theirs('cali1'));
      replace(kernel);
      await null;
      for (const place of PLACES) kernel.uninstall(prefix(place));
      await eventually('both told', () => seen.present.size === 2);
      await settled(bench, []);
      await stand(bench, 3, THEIRS);
      await idle(kernel);
      equal(kernel.status().fib.problemCount, 0);
      await stop(kernel);
    },
  },
  {
    title: 'a route that is nobody’s workload and is overwritten in the same way is put back as it was',
    run: async (bench) => {
      const { kernel } = await held(bench);
      const blackholes = PLACES.map((place) => ({
        prefix: place,
        type: 'blackhole' as const,
        metric: 1024,
        protocol: 4,
      }));
      bench.addRoutes(blackholes);
      const lines = bench.routes(4);
      replace(kernel);
      await eventually('in the way', () => kernel.status().fib.problemCount === 2);
      await idle(kernel);
      deepEqual(bench.routes(4), lines);
      deepEqual(ours(bench), []);
      equal(kernel.status().drift.counts.overwrote, 2);
      await stop(kernel);
    },
  },
];
