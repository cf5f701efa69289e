// How notifications change the list of routes of one prefix.

import test from 'ava';
import { parseIp } from '../../src/base/ip.js';
import type { RouteArrival } from '../../src/kernel/port.js';
import { RouteStore } from '../../src/kernel/routes/route-store.js';
import type { KernelRoute } from '../../src/kernel/types.js';
import { prefix } from './bench.js';

/** `10.0.0.0/24 5 1 via2`: prefix, metric, next hops as interface numbers, `via` for a gateway of that number. */
function route(text: string): KernelRoute {
  const [target, metric, ...hops] = text.split(' ');
  const v6 = target!.includes(':');
  return {
    prefix: prefix(target!),
    table: 254,
    protocol: 4,
    scope: 0,
    type: 'unicast',
    metric: Number(metric),
    nextHops: hops.map((hop) => {
      const ifindex = Number(hop.replace('via', ''));
      const gateway = hop.startsWith('via') ? parseIp(v6 ? `fe80::${ifindex}` : `10.1.1.${ifindex}`) : null;
      return { gateway, ifindex, onlink: false, weight: 1 };
    }),
  };
}

const show = (store: RouteStore, target: string): string[] =>
  store
    .at(prefix(target))
    .map(({ metric, nextHops }) =>
      [metric, ...nextHops.map((hop) => `${hop.gateway ? 'via' : ''}${hop.ifindex}`)].join(' '),
    );

type Step = readonly [RouteArrival | 'delete', string];

const TABLE: readonly { readonly what: string; readonly steps: readonly Step[]; readonly left: string[] }[] =
  [
    {
      what: 'two metrics stand side by side',
      steps: [
        ['new', '10.0.0.0/24 5 1'],
        ['new', '10.0.0.0/24 6 2'],
      ],
      left: ['6 2', '5 1'],
    },
    {
      what: 'replace takes the place of the same metric',
      steps: [
        ['new', '10.0.0.0/24 5 1'],
        ['new', '10.0.0.0/24 6 2'],
        ['replace', '10.0.0.0/24 5 3'],
      ],
      left: ['6 2', '5 3'],
    },
    {
      what: 'the same again changes nothing',
      steps: [
        ['new', '10.0.0.0/24 5 1'],
        ['new', '10.0.0.0/24 5 1'],
      ],
      left: ['5 1'],
    },
    {
      what: 'an appended IPv4 route of the same metric is a second one, and each goes alone',
      steps: [
        ['new', '10.0.0.0/24 5 1'],
        ['append', '10.0.0.0/24 5 2'],
        ['delete', '10.0.0.0/24 5 1'],
      ],
      left: ['5 2'],
    },
    {
      what: 'IPv6 sends the whole route when a next hop is added',
      steps: [
        ['new', '2001:db8::/64 1024 via1'],
        ['append', '2001:db8::/64 1024 via1 via2'],
      ],
      left: ['1024 via1 via2'],
    },
    {
      what: 'IPv6 may take one next hop away',
      steps: [
        ['new', '2001:db8::/64 1024 via1 via2'],
        ['delete', '2001:db8::/64 1024 via1'],
      ],
      left: ['1024 via2'],
    },
    {
      what: 'IPv6 device routes of one metric stand side by side',
      steps: [
        ['new', 'fe80::/64 256 1'],
        ['new', 'fe80::/64 256 2'],
        ['delete', 'fe80::/64 256 1'],
      ],
      left: ['256 2'],
    },
    {
      what: 'the end of something unknown is nothing',
      steps: [
        ['new', '10.0.0.0/24 5 1'],
        ['delete', '10.0.0.0/24 9 1'],
        ['delete', '10.0.0.0/24 5 2'],
      ],
      left: ['5 1'],
    },
  ];

for (const { what, steps, left } of TABLE) {
  test(what, (t) => {
    const store = new RouteStore(1);
    for (const [step, text] of steps) {
      if (step === 'delete') store.delete(route(text));
      else store.add(route(text), step);
    }
    t.deepEqual(show(store, steps[0]![1].split(' ')[0]!), left);
    t.is(store.size, left.length);
  });
}

test('a listing adds what is new and drops what it covers and did not name', (t) => {
  const store = new RouteStore(1);
  for (const text of ['10.0.0.0/24 5 1', '10.0.1.0/24 5 2', '10.0.2.0/24 5 3']) store.add(route(text), 'new');
  store.takeTouched(() => undefined);
  store.beginListing();
  store.list(route('10.0.0.0/24 5 1'));
  store.list(route('10.0.3.0/24 5 1'));
  store.endListing((other) => other.nextHops[0]?.ifindex !== 3);
  t.deepEqual(
    ['10.0.0.0/24', '10.0.1.0/24', '10.0.2.0/24', '10.0.3.0/24'].map((target) => show(store, target).length),
    [1, 0, 1, 1],
  );
  const touched: string[] = [];
  store.takeTouched(({ prefix: { address }, routes }) => {
    if (address.family === 'ipv4') touched.push(`${address.word & 0xffff}:${routes.length}`);
  });
  t.deepEqual(touched.sort(), ['256:0', '768:1']);
});
