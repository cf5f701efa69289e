// The decision process, step by step: paths that differ in exactly one thing, both ways round and in any order of arrival.

import test from 'ava';
import fc from 'fast-check';
import { KERNEL_SOURCE, NONE, type PrefixId, STATIC_SOURCE } from '../../src/base/ids.js';
import { DECISION_STEPS, DEFAULT_DECISION, type DecisionOptions, STEP } from '../../src/rib/decision.js';
import { explainPrefix, findPrefix } from '../../src/rib/views.js';
import { aigpWithMetric } from '../../src/wire/attributes/aigp.js';
import type { PathAttributes } from '../../src/wire/types.js';
import { bestRoute } from './model.js';
import { Neighbour, type NeighbourOptions, neighbourOptions } from './neighbour.js';
import { REJECT } from './policies.js';
import { address, attributes, blockOf, prefix, sequence } from './routes.js';
import { TestRib } from './test-rib.js';

const TARGET = '10.1.0.0/24';
const BASE = {
  nextHop: address('192.0.2.1'),
  asPath: sequence(65001, 65002),
  localPref: 100,
  origin: 1,
  med: 50,
};

interface Side {
  readonly fields?: Partial<PathAttributes>;
  readonly options?: Partial<NeighbourOptions>;
}

interface Row {
  readonly step: keyof typeof STEP;
  readonly what: string;
  readonly better: Side;
  readonly worse: Side;
  /** Other than the default. */
  readonly decision?: Partial<DecisionOptions>;
}

const EBGP = { peerType: 'ebgp', asn: 65001 } as const;

const ROWS: readonly Row[] = [
  { step: 'usable', what: 'refused on import', better: {}, worse: { options: { importPolicy: REJECT } } },
  {
    step: 'usable',
    what: 'next hop unreachable',
    better: {},
    worse: { fields: { nextHop: address('192.0.2.3'), localPref: 999 } },
  },
  {
    step: 'usable',
    what: 'a loop',
    better: {},
    worse: { fields: { asPath: sequence(65000), localPref: 999 } },
  },
  { step: 'localPref', what: '101 before 100', better: { fields: { localPref: 101 } }, worse: {} },
  { step: 'localPref', what: '0 is low', better: {}, worse: { fields: { localPref: 0 } } },
  {
    step: 'localPref',
    what: 'unsigned',
    better: { fields: { localPref: 0xffffffff } },
    worse: { fields: { localPref: 0x7fffffff } },
  },
  {
    step: 'aigp',
    what: 'with a metric before without',
    better: { fields: { aigp: aigpWithMetric(1n << 63n), asPath: sequence(1, 2, 3, 4) } },
    worse: {},
  },
  {
    step: 'aigp',
    what: 'lower, to the last of 64 bits',
    better: { fields: { aigp: aigpWithMetric((1n << 62n) - 1n) } },
    worse: { fields: { aigp: aigpWithMetric(1n << 62n) } },
  },
  {
    step: 'aigp',
    what: 'the cost to the next hop is added',
    better: { fields: { aigp: aigpWithMetric(9n) } },
    worse: { fields: { aigp: aigpWithMetric(0n), nextHop: address('192.0.2.2') } },
  },
  {
    step: 'cost',
    what: 'the sum of AIGP and cost goes no higher than 64 bits',
    better: { fields: { aigp: aigpWithMetric((1n << 64n) - 2n) } },
    worse: { fields: { aigp: aigpWithMetric((1n << 64n) - 3n), nextHop: address('192.0.2.2') } },
  },
  {
    step: 'aigp',
    what: 'a metric that is not there is none',
    better: { fields: { aigp: aigpWithMetric(9n) } },
    worse: { fields: { aigp: [{ type: 2, value: Uint8Array.of(1) }] } },
  },
  { step: 'asPath', what: 'shorter', better: { fields: { asPath: sequence(65001) } }, worse: {} },
  { step: 'asPath', what: 'empty', better: { fields: { asPath: [] } }, worse: {} },
  {
    step: 'asPath',
    what: 'a set counts one',
    better: {
      fields: {
        asPath: [
          { kind: 'sequence', asns: [65001] },
          { kind: 'set', asns: [1, 2, 3] },
        ],
      },
    },
    worse: { fields: { asPath: sequence(65001, 65002, 65003) } },
  },
  { step: 'origin', what: 'IGP before EGP', better: { fields: { origin: 0 } }, worse: {} },
  { step: 'origin', what: 'EGP before INCOMPLETE', better: {}, worse: { fields: { origin: 2 } } },
  { step: 'med', what: 'lower', better: { fields: { med: 49 } }, worse: {} },
  { step: 'med', what: 'missing is 0', better: { fields: { med: null } }, worse: {} },
  {
    step: 'med',
    what: 'unsigned',
    better: { fields: { med: 0x7fffffff } },
    worse: { fields: { med: 0xffffffff } },
  },
  {
    step: 'med',
    what: 'missing is worst, when so configured',
    better: { fields: { med: 0xfffffffe } },
    worse: { fields: { med: null } },
    decision: { missingMedAsWorst: true },
  },
  {
    step: 'cost',
    what: 'missing MED is the highest one, when so configured',
    better: { fields: { med: null } },
    worse: { fields: { med: 0xffffffff, nextHop: address('192.0.2.2') } },
    decision: { missingMedAsWorst: true },
  },
  {
    step: 'cost',
    what: 'MED of another AS does not count',
    better: { fields: { med: 500 } },
    worse: { fields: { med: 1, asPath: sequence(65009, 65002), nextHop: address('192.0.2.2') } },
  },
  {
    step: 'med',
    what: 'of another AS, when so configured',
    better: { fields: { med: 1, asPath: sequence(65009, 65002), nextHop: address('192.0.2.2') } },
    worse: { fields: { med: 500 } },
    decision: { alwaysCompareMed: true },
  },
  {
    step: 'med',
    what: 'missing and of another AS, when so configured',
    better: { fields: { med: 500 } },
    worse: { fields: { med: null, asPath: sequence(65009, 65002) } },
    decision: { alwaysCompareMed: true, missingMedAsWorst: true },
  },
  { step: 'ebgp', what: 'eBGP before iBGP', better: { options: EBGP }, worse: {} },
  { step: 'cost', what: 'nearer', better: {}, worse: { fields: { nextHop: address('192.0.2.2') } } },
  {
    step: 'routerId',
    what: 'lower router id',
    better: { options: { routerId: 9 } },
    worse: { options: { routerId: 0xfffffff0 } },
  },
  {
    step: 'routerId',
    what: 'ORIGINATOR_ID stands in',
    better: { fields: { originatorId: 8 }, options: { routerId: 500 } },
    worse: { options: { routerId: 9 } },
  },
  {
    step: 'clusterList',
    what: 'shorter',
    better: { fields: { originatorId: 8, clusterList: [1] } },
    worse: { fields: { originatorId: 8, clusterList: [1, 2] } },
  },
];

function neighbour(world: TestRib, n: number, options: Partial<NeighbourOptions> = {}): Neighbour {
  return new Neighbour(world, neighbourOptions(n, 'ibgp', { routerId: 77, ...options })).up();
}

function network(decision: DecisionOptions = DEFAULT_DECISION): TestRib {
  const world = new TestRib({ tracksNextHops: true, decision });
  world.setLink('192.0.2.1', true, 10);
  world.setLink('192.0.2.2', true, 20);
  return world;
}

const idOf = (world: TestRib): PrefixId => findPrefix(world.rib, prefix(TARGET)) as PrefixId;

function announce(peer: Neighbour, fields: Partial<PathAttributes> = {}): void {
  const { peerType } = peer.options;
  const ebgp = { localPref: null, originatorId: null, clusterList: [], aigp: [] };
  peer.announce([TARGET], { ...BASE, ...fields, ...(peerType === 'ebgp' ? ebgp : {}) });
}

for (const { step, what, better, worse, decision } of ROWS) {
  test(`${DECISION_STEPS[STEP[step]]}: ${what}`, (t) => {
    for (const [winner, loser] of [
      [1, 2],
      [2, 1],
    ] as const) {
      for (const first of ['better', 'worse']) {
        const world = network({ ...DEFAULT_DECISION, ...decision });
        const good = neighbour(world, winner, better.options);
        const bad = neighbour(world, loser, worse.options);
        if (first === 'worse') announce(bad, worse.fields);
        announce(good, better.fields);
        if (first === 'better') announce(bad, worse.fields);
        world.settle();
        const { rib } = world;
        const report = rib.decisions[0].explain(rib.prefixes[0].head[idOf(world)]!);
        t.is(rib.paths[0].peer[report.best], good.id, `${first} first`);
        t.is<number, number>(report.best, rib.prefixes[0].best[idOf(world)]!);
        t.deepEqual(
          report.losers.map((lost) => lost.step),
          [STEP[step]],
          `${first} first`,
        );
        t.is(rib.paths[0].peer[report.losers[0]!.path], bad.id);
      }
    }
  });
}

test('lowest peer address, when all else is the same', (t) => {
  const world = network();
  const [high, low] = [neighbour(world, 9), neighbour(world, 8)];
  for (const peer of [high, low]) announce(peer);
  world.settle();
  const [best, lost] = explainPrefix(world.rib, 0, idOf(world));
  t.is(best?.peer, low.id);
  t.is(best?.decision, 'best: step 13, lowest peer address');
  t.is(lost?.decision, 'lost at step 13, lowest peer address');
});

test('MED is not compared between neighbour ASes', (t) => {
  const world = network();
  const [a, b] = [neighbour(world, 1), neighbour(world, 2)];
  announce(a, { med: 500 });
  announce(b, { med: 1, asPath: sequence(65009, 65002) });
  world.settle();
  t.is(explainPrefix(world.rib, 0, idOf(world))[0]?.peer, a.id);
});

test('other rules decide what is there anew, and only where there is a choice', (t) => {
  const world = network();
  const [a, b] = [neighbour(world, 1), neighbour(world, 2)];
  announce(a, { med: 500 });
  announce(b, { med: 1, asPath: sequence(65009, 65002) });
  a.announce(['10.2.0.0/24'], BASE);
  const best = () => {
    world.settle();
    const [view] = explainPrefix(world.rib, 0, idOf(world));
    return [view?.peer, view?.decision];
  };
  t.deepEqual(best(), [a.id, 'best: step 13, lowest peer address']);
  world.bestChanges.length = 0;
  world.rib.setDecision({ alwaysCompareMed: true, missingMedAsWorst: false });
  t.true(world.workPending);
  t.deepEqual(best(), [b.id, 'best: step 8, lowest MED']);
  t.deepEqual(world.bestChanges, [{ family: 0, prefix: idOf(world) }]);
  world.rib.setDecision({ alwaysCompareMed: true, missingMedAsWorst: false });
  t.false(world.workPending);
  world.rib.setDecision(DEFAULT_DECISION);
  t.deepEqual(best(), [a.id, 'best: step 13, lowest peer address']);
});

test('local before learned, the kernel before the configuration', (t) => {
  const world = network();
  const peer = neighbour(world, 1);
  announce(peer, { localPref: 0xffffffff, asPath: [] });
  for (const source of [STATIC_SOURCE, KERNEL_SOURCE]) {
    world.rib.applyLocal(source, prefix(TARGET), blockOf({ origin: 2 }));
  }
  world.settle();
  const views = explainPrefix(world.rib, 0, idOf(world));
  t.is(views[0]?.peer, KERNEL_SOURCE);
  t.deepEqual(
    views.slice(1).map(({ decision }) => decision),
    ['lost at step 2, local route before learned ones', 'lost at step 2, local route before learned ones'],
  );
});

test('no usable path, no best', (t) => {
  const world = network();
  const peer = neighbour(world, 1);
  announce(peer, { nextHop: address('192.0.2.3') });
  world.settle();
  t.is(world.rib.prefixes[0].best[idOf(world)], NONE);
  t.deepEqual(
    explainPrefix(world.rib, 0, idOf(world)).map(({ best, decision }) => [best, decision]),
    [[false, 'not used: next hop unreachable']],
  );
  world.setLink('192.0.2.3', true, 1);
  world.settle();
  t.is(explainPrefix(world.rib, 0, idOf(world))[0]?.decision, 'best: only path');
  t.is(world.rib.decisions[0].explain(NONE).best, NONE);
});

function* permutations<T>(items: readonly T[]): Generator<readonly T[]> {
  if (items.length < 2) yield items;
  for (const [i, item] of items.entries()) {
    for (const rest of permutations(items.toSpliced(i, 1))) yield [item, ...rest];
  }
}

const entangled = fc.array(
  fc.record({
    as: fc.constantFrom(65001, 65002),
    med: fc.constantFrom(null, 0, 10, 20),
    ebgp: fc.boolean(),
    routerId: fc.constantFrom(5, 6, 7),
    hop: fc.constantFrom('192.0.2.1', '192.0.2.2', '192.0.2.3'),
    origin: fc.constantFrom(0, 0, 0, 1),
  }),
  { minLength: 2, maxLength: 4 },
);

const options = fc.record({ alwaysCompareMed: fc.boolean(), missingMedAsWorst: fc.boolean() });

test('MED-entangled paths: the order of arrival never matters, and every loser has its reason', (t) => {
  const property = fc.property(entangled, options, (paths, decision) => {
    const world = network(decision);
    const peers = paths.map(({ ebgp, routerId, as }, i) =>
      neighbour(world, i + 1, ebgp ? { peerType: 'ebgp', asn: as, routerId } : { routerId }),
    );
    const fields = paths.map(({ as, med, hop, origin }) => ({
      ...BASE,
      asPath: sequence(as),
      med,
      origin,
      nextHop: address(hop),
    }));
    const model = peers.map(({ options }, i) => ({
      options,
      routes: new Map([[TARGET, attributes(fields[i]!)]]),
    }));
    const none = new Map<string, PathAttributes>();
    const link = world.linkState.bind(world);
    const best = bestRoute(
      { reflector: false, decision, peers: model, kernel: none, originated: none, link },
      TARGET,
    );
    const expected = best === null ? undefined : peers[model.indexOf(best.from as never)]!.id;
    return [...permutations(peers)].every((order) => {
      for (const peer of order) announce(peer, fields[peers.indexOf(peer)]!);
      world.settle();
      const views = explainPrefix(world.rib, 0, idOf(world));
      for (const peer of peers) peer.withdraw([TARGET]);
      world.settle();
      const reasons = views.filter((view) => /^(lost at step \d+, |not used: )/.test(view.decision));
      const winners = views.filter((view) => view.best);
      return (
        winners[0]?.peer === expected &&
        winners.length + reasons.length === peers.length &&
        winners.length === (expected === undefined ? 0 : 1)
      );
    });
  });
  t.notThrows(() => fc.assert(property, { numRuns: 150 }));
});

test('the steps have the numbers that operators see', (t) => {
  t.deepEqual(Object.values(STEP), [...DECISION_STEPS.keys()]);
});
