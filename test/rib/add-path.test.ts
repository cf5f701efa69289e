// ADD-PATH (RFC 7911) towards peers: which paths, under which ids, and that the ids stay; the order of arrival; what
// groups without it cost.

import test from 'ava';
import fc from 'fast-check';
import type { PathChoice } from '../../src/rib/hooks.js';
import { Neighbour, type NeighbourOptions, neighbourOptions } from './neighbour.js';
import { address, sequence } from './routes.js';
import { TestRib, type TestRibOptions } from './test-rib.js';

const TARGET = '10.1.0.0/24';
const HOPS = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'] as const;

const via = (hop: number, localPref = 100) => ({
  nextHop: address(HOPS[hop]!),
  asPath: sequence(65001),
  localPref,
});

const choosing = (choice: PathChoice | null): Partial<NeighbourOptions> => ({ addPath: [choice, null] });

/** A reflector with a listener for each choice, and clients that tell. */
function network(choices: readonly (PathChoice | null)[], clients: number, options: TestRibOptions = {}) {
  const world = new TestRib({ reflector: true, ...options });
  const up = (n: number, more: Partial<NeighbourOptions>): Neighbour =>
    new Neighbour(world, neighbourOptions(n, 'ibgpClient', more)).up();
  const listeners = choices.map((choice, i) => up(100 + i, choosing(choice)));
  const tellers = Array.from({ length: clients }, (_, i) => up(i + 1, { sendsPathIds: [true, false] }));
  const tell = (): void => {
    world.settle();
    for (const listener of listeners) listener.pullAll();
  };
  return { world, listeners, tellers, tell };
}

/** Next hop by path id, '' without. */
function told(neighbour: Neighbour): Record<string, string> {
  const paths = [...neighbour.told].map(([key, text]) => {
    const { nextHop } = JSON.parse(text) as { readonly nextHop: { readonly word: number } };
    return [key.split(' ')[1] ?? '', HOPS[(nextHop.word & 0xff) - 1]!] as const;
  });
  return Object.fromEntries(paths);
}

const ALL = { kind: 'all' } as const;
const best = (count: number): PathChoice => ({ kind: 'best', count });

test('all, the best two, the best with its equals, or one: each group has its choice', (t) => {
  const { listeners, tellers, tell } = network([ALL, best(2), { kind: 'ecmp' }, null], 3, {
    decision: MULTIPATH,
  });
  tellers[0]!.announce([TARGET], via(0, 90));
  tellers[1]!.announce([TARGET], via(1), 5);
  tellers[2]!.announce([TARGET], via(2), 5);
  tell();
  t.deepEqual(Object.values(told(listeners[0]!)).sort(), [HOPS[0], HOPS[1], HOPS[2]]);
  t.deepEqual(Object.values(told(listeners[1]!)).sort(), [HOPS[1], HOPS[2]]);
  t.deepEqual(Object.values(told(listeners[2]!)).sort(), [HOPS[1], HOPS[2]]);
  t.deepEqual(told(listeners[3]!), { '': HOPS[1] });
  tellers[2]!.announce([TARGET], via(2, 80), 5);
  tell();
  t.deepEqual(Object.values(told(listeners[1]!)).sort(), [HOPS[0], HOPS[1]]);
  t.deepEqual(Object.values(told(listeners[2]!)), [HOPS[1]]);
  t.is(listeners[0]!.needlessWithdrawals + listeners[1]!.needlessWithdrawals, 0);
});

test('a path keeps its id while it is told; ids are small and used again', (t) => {
  const { listeners, tellers, tell } = network([ALL], 3);
  const [listener] = listeners as [Neighbour];
  for (const [i, teller] of tellers.entries()) teller.announce([TARGET], via(i), 70_000);
  tell();
  const before = told(listener);
  t.deepEqual(Object.keys(before).sort(), ['1', '2', '3']);
  const idOf = (hop: number): string => Object.entries(before).find(([, text]) => text === HOPS[hop])![0];

  tellers[0]!.announce([TARGET], { ...via(0, 300), med: 4 }, 70_000);
  tellers[1]!.withdraw([TARGET], 70_000);
  tell();
  t.deepEqual(told(listener), { [idOf(0)]: HOPS[0], [idOf(2)]: HOPS[2] });

  tellers[2]!.announce([TARGET], via(3), 12);
  tell();
  t.deepEqual(told(listener), { ...told(listener), [idOf(1)]: HOPS[3], [idOf(2)]: HOPS[2] });
  t.is(listener.needlessWithdrawals, 0);
});

test('a member that is one of the sources hears of the other paths only', (t) => {
  const { world, tell } = network([], 0);
  const both = [1, 2].map((n) =>
    new Neighbour(
      world,
      neighbourOptions(n, 'ibgpClient', { ...choosing(ALL), sendsPathIds: [true, false] }),
    ).up(),
  ) as [Neighbour, Neighbour];
  tell();
  both[0].announce([TARGET], via(0), 1);
  both[0].announce([TARGET], via(1), 2);
  both[1].announce([TARGET], via(2), 1);
  tell();
  for (const neighbour of both) neighbour.pullAll();
  t.deepEqual(Object.values(told(both[0])), [HOPS[2]]);
  t.deepEqual(Object.values(told(both[1])).sort(), [HOPS[0], HOPS[1]]);
  t.is(world.rib.groups.of(both[0].id)!.advertised(both[0].id, 0), 1);
  t.is(world.rib.groups.of(both[1].id)!.advertised(both[1].id, 0), 2);
});

test('the order of arrival does not matter: the same paths, multipath set and best for everybody', (t) => {
  const paths = fc.array(
    fc.record({
      teller: fc.nat({ max: 2 }),
      pathId: fc.nat({ max: 1 }),
      hop: fc.nat({ max: 3 }),
      localPref: fc.constantFrom(100, 100, 90),
      med: fc.constantFrom(null, null, 5),
      as: fc.constantFrom(65001, 65001, 65002),
    }),
    { minLength: 2, maxLength: 4 },
  );
  const property = fc.property(paths, (list) => {
    const views = [...permutations(list)].map((order) => {
      const { world, listeners, tellers, tell } = network([ALL, best(2), { kind: 'ecmp' }, null], 3, {
        decision: MULTIPATH,
      });
      // Of two paths under one id the later counts: only those that stand side by side are told.
      const last = new Map(list.map((path) => [`${path.teller} ${path.pathId}`, path]));
      for (const { teller, pathId, hop, localPref, med, as } of order.filter((path) =>
        [...last.values()].includes(path),
      )) {
        tellers[teller]!.announce([TARGET], { ...via(hop, localPref), med, asPath: sequence(as) }, pathId);
        world.run();
      }
      tell();
      const set = world.rib.multipath.of(0, 0 as never)?.members ?? [];
      return JSON.stringify([listeners.map((one) => [...one.told.values()].sort()), set.length]);
    });
    return new Set(views).size === 1;
  });
  t.notThrows(() => fc.assert(property, { numRuns: 60 }));
});

test('without ADD-PATH nobody pays for it', (t) => {
  const { world, tellers, tell } = network([null], 0);
  const teller = new Neighbour(world, neighbourOptions(1, 'ibgpClient')).up();
  teller.announce([TARGET], via(0));
  tell();
  t.is(tellers.length, 0);
  t.is(world.rib.paths[0].bytes, 64 * 21);
  for (const group of world.rib.groups.all()) {
    t.deepEqual(
      group.adjRibOut.map(({ kind }) => kind),
      ['single', 'single'],
    );
  }
  t.deepEqual(world.rib.groups.choosing(0), []);
  t.is(world.rib.multipath.bytes(0), 0);
});

const LIMITS = { ebgp: 8, ibgp: 8, eibgp: 1 };
const MULTIPATH = {
  alwaysCompareMed: false,
  missingMedAsWorst: false,
  localWeight: 32_768,
  multipath: { families: [LIMITS, LIMITS] as const, asPathRelax: true, linkBandwidth: true },
};

function* permutations<T>(items: readonly T[]): Generator<readonly T[]> {
  if (items.length < 2) yield items;
  for (const [i, item] of items.entries()) {
    for (const rest of permutations(items.toSpliced(i, 1))) yield [item, ...rest];
  }
}
