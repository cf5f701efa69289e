// Verdicts on gateways over time: when a failure counts, for how long, and what keeps one from flapping.

import test from 'ava';
import { ipv4 } from '../../src/base/ip.js';
import { KernelView } from '../../src/kernel/loop/kernel-view.js';
import { Neighbours, type NeighbourVerdict } from '../../src/kernel/next-hops/neighbours.js';
import type { KernelNeighbour, NeighbourState } from '../../src/kernel/types.js';
import { settings } from './bench.js';

const GATEWAY = ipv4(0x0a0a0002);
const leadsTo = (ifindex: number): boolean => ifindex === 3;

/** Seconds, what is told then (null: nothing), whether the gateway is lost afterwards. */
type Step = readonly [number, NeighbourState | null, boolean];

const STORIES: readonly { readonly title: string; readonly steps: readonly Step[] }[] = [
  {
    title: 'a failure counts after a second, an answer at once',
    steps: [
      [0, 'failed', false],
      [0.9, null, false],
      [1, null, true],
      [2, 'valid', false],
    ],
  },
  {
    title: 'an answer within the second, or a deleted entry: nothing happened',
    steps: [
      [0, 'failed', false],
      [0.5, 'valid', false],
      [10, null, false],
      [11, 'failed', false],
      [11.5, 'gone', false],
      [20, null, false],
    ],
  },
  {
    title: 'a deleted entry of a lost gateway proves nothing',
    steps: [
      [0, 'failed', false],
      [1, null, true],
      [5, 'gone', true],
      [30, null, true],
      [31, null, false],
    ],
  },
  {
    title: 'without news it is tried again after 30 s, then after a minute; every failure prolongs it',
    steps: [
      [0, 'failed', false],
      [1, null, true],
      [20, 'failed', true],
      [49, null, true],
      [50, null, false],
      [60, 'failed', false],
      [61, null, true],
      [120, null, true],
      [121, null, false],
    ],
  },
  {
    title:
      'each time it comes back makes the next failure wait twice as long; five quiet minutes make it new',
    steps: [
      [0, 'failed', false],
      [1, null, true],
      [2, 'valid', false],
      [3, 'failed', false],
      [4.9, null, false],
      [5, null, true],
      [6, 'valid', false],
      [7, 'failed', false],
      [10.9, null, false],
      [11, null, true],
      [12, 'valid', false],
      [312, null, false],
      [313, 'failed', false],
      [314, null, true],
    ],
  },
];

for (const { title, steps } of STORIES) {
  test(title, (t) => {
    const neighbours = new Neighbours();
    for (const [seconds, state, lost] of steps) {
      const now = seconds * 1000;
      if (state !== null) neighbours.observe(3, GATEWAY, state, now, leadsTo);
      neighbours.advance(now);
      t.is(neighbours.isLost(3, GATEWAY), lost, `at ${seconds} s`);
      t.is(neighbours.lostCount, lost ? 1 : 0, `at ${seconds} s`);
      const due = neighbours.nextDue();
      t.true(due === null || due > now, `at ${seconds} s`);
    }
  });
}

test('verdicts are told once, and of gateways of next hops only', (t) => {
  const neighbours = new Neighbours();
  const told: NeighbourVerdict[] = [];
  const at = (now: number, ...heard: [number, NeighbourState][]): void => {
    for (const [ifindex, state] of heard) neighbours.observe(ifindex, GATEWAY, state, now, leadsTo);
    neighbours.advance(now);
    told.push(...neighbours.takeVerdicts());
  };
  at(0, [3, 'failed'], [4, 'failed'], [3, 'failed']);
  at(1500, [3, 'failed']);
  at(1600, [3, 'valid'], [3, 'valid']);
  t.deepEqual(
    told.map(({ ifindex, lost }) => [ifindex, lost]),
    [
      [3, true],
      [3, false],
    ],
  );
  at(1700, [3, 'failed']);
  at(9000);
  neighbours.keepOnly(() => false);
  t.is(neighbours.nextDue(), null);
  t.deepEqual(
    neighbours.takeVerdicts().map(({ lost }) => lost),
    [false],
  );
});

/** 10.10.0.2 on the link, and somebody who goes there. */
function viewWithGateway(watchNeighbours: boolean): KernelView {
  const view = new KernelView(settings({ watchNeighbours }), 1);
  const link = { ifindex: 3, name: 'eth0', up: true, running: true, loopback: false, mtu: 1500 };
  view.apply({ kind: 'link', present: true, link });
  const route = {
    table: 254,
    protocol: 2,
    metric: 0,
    type: 'unicast',
    scope: 253,
    prefix: { address: ipv4(0x0a0a0000), length: 16 },
    nextHops: [{ gateway: null, ifindex: 3, onlink: false, weight: 1 }],
  } as const;
  view.apply({ kind: 'route', present: true, arrival: 'new', route });
  view.settle(0);
  view.nextHops.watch(GATEWAY);
  return view;
}

const FAILED: KernelNeighbour = { ifindex: 3, address: GATEWAY, state: 'failed' };

test('what was on its way when watching ended changes nothing', (t) => {
  const view = viewWithGateway(true);
  const told = (): void => view.apply({ kind: 'neighbour', neighbour: FAILED });
  told();
  view.settle(0);
  view.settle(1000);
  t.is(view.gateways.status().lostCount, 1, 'while it is watched');
  told();
  view.configure(settings());
  told();
  view.settle(2000);
  view.settle(3000);
  view.settle(4000);
  t.is(view.gateways.status().lostCount, 0);
  t.is(view.gateways.status().losses, 1);
});
