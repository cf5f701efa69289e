// The lab's plan, its expectations and its words. No network is made here.

import test from 'ava';
import { expectedRoutes, isConverged, pingPlans } from './checks.js';
import { parseLabOptions } from './options.js';
import { hostTables, type Outcome, pingMatrix, progressText, table, verdictLine } from './presenter.js';
import {
  createTopology,
  hostRouter,
  MAX_HOSTS,
  reflectorRouter,
  torRouter,
  workloadsOf,
} from './topology.js';

test('two hosts with the addresses of the story', (t) => {
  const { hosts } = createTopology(2);
  t.deepEqual(
    hosts.map(({ name, address, address6 }) => [name, address, address6]),
    [
      ['host-a', '172.18.203.126', '2001:db8:a41::126'],
      ['host-b', '172.18.203.127', '2001:db8:a41::127'],
    ],
  );
  const internal = workloadsOf(createTopology(2)).filter(({ external }) => !external);
  t.deepEqual(
    internal.map(({ addresses }) => addresses[0]),
    ['10.65.0.21', '10.65.0.22', '10.65.0.23', '10.65.0.24'],
  );
});

test('the largest lab: every address and every name is its own, and interface names fit', (t) => {
  const topology = createTopology(MAX_HOSTS);
  const workloads = workloadsOf(topology);
  const addresses = [
    ...topology.hosts.flatMap(({ address, address6 }) => [address, address6]),
    ...workloads.flatMap((workload) => workload.addresses),
  ];
  t.is(new Set(addresses).size, addresses.length);
  const names = [...topology.hosts, ...workloads].map(({ name }) => name);
  t.is(new Set(names).size, names.length);
  t.true(workloads.every(({ name }) => name.length <= 11));
  t.true(
    addresses.every((address) =>
      address.split('.').every((octet) => Number(octet) <= 255 || octet.includes(':')),
    ),
  );
});

test('both ends of every session are planned', (t) => {
  const topology = createTopology(3);
  const routers = [
    reflectorRouter(topology),
    torRouter(topology),
    ...topology.hosts.map((plan) => hostRouter(topology, plan)),
  ];
  t.is(
    routers.reduce((sum, { neighbors }) => sum + neighbors.length, 0),
    3 * (2 + 2 + 1 + 1),
  );
  t.true(routers.slice(2).every(({ neighbors }) => neighbors.at(-1)?.exportOnly?.length === 1));
});

test('expected routes: each host knows what is elsewhere, the top of the rack what is external', (t) => {
  const routes = expectedRoutes(createTopology(2));
  t.true(
    routes.some(
      ({ node, destination, gateway }) =>
        node === 'host-b' && destination === '10.65.0.21' && gateway === '172.18.203.126',
    ),
  );
  t.deepEqual(
    routes.filter(({ node }) => node === 'tor').map(({ destination }) => destination),
    ['102.25.78.21'],
  );
  t.false(routes.some(({ node, destination }) => node === 'host-a' && destination === '10.65.0.21'));
});

test('pings: everybody to everybody in both families, and one that must fail', (t) => {
  const plans = pingPlans(createTopology(2));
  t.is(
    plans.filter(({ address }) => !address.includes(':') && address.startsWith('10.65')).length,
    4 * 4 + 1,
  );
  t.is(plans.filter(({ address }) => address.includes(':')).length, 4 * 3);
  t.deepEqual(
    plans.filter(({ expected }) => !expected).map(({ from, address }) => [from, address]),
    [['server', '10.65.0.21']],
  );
});

const OPTION_CASES = [
  { args: [], ok: true },
  { args: ['--hosts', '5', '--keep'], ok: true },
  { args: ['--clean'], ok: true },
  { args: ['--hosts', '1'], ok: false },
  { args: ['--hosts', '61'], ok: false },
  { args: ['--hosts', 'many'], ok: false },
  { args: ['--router', 'quagga'], ok: false },
  { args: ['--nonsense'], ok: false },
  { args: ['extra'], ok: false },
] as const;

for (const { args, ok } of OPTION_CASES) {
  test(`command line: ${args.join(' ') || 'nothing'}`, (t) => {
    t.is(parseLabOptions(args).ok, ok);
  });
}

const PROGRESS = { sessions: 1, sessionsWanted: 2, routes: 3, routesWanted: 4 };

test('progress in words', (t) => {
  t.is(progressText(PROGRESS, 1.25), '[################--------] sessions 1/2, routes 3/4, 1.3 s');
  t.false(isConverged(PROGRESS));
  t.true(isConverged({ sessions: 2, sessionsWanted: 2, routes: 4, routesWanted: 4 }));
});

test('tables align and do not trail', (t) => {
  t.is(
    table([
      ['a', 'bb'],
      ['ccc', ''],
    ]),
    '  a    bb\n  ccc',
  );
});

test('direct and indirect routes stand side by side', (t) => {
  const [plan] = createTopology(2).hosts;
  if (plan === undefined) return t.fail();
  const text = hostTables(plan, [
    { dst: 'default', gateway: '172.18.203.1', dev: 'eth0', protocol: 'boot' },
    { dst: '10.65.0.21', dev: 'caliw21', protocol: 'boot' },
    { dst: '10.65.0.23', gateway: '172.18.203.127', dev: 'eth0', protocol: 'bird' },
    { dst: 'fe80::/64', dev: 'caliw21', protocol: 'kernel' },
  ]);
  t.regex(text, /10\.65\.0\.21 dev caliw21\s+\|\s+10\.65\.0\.23 via 172\.18\.203\.127 dev eth0 proto bird/);
  t.notRegex(text, /default|fe80::\/64/);
});

const answered = { sent: 1, received: 1, meanMs: 0.1234 };
const silent = { sent: 1, received: 0, meanMs: null };
const VERDICTS = [
  { from: 'w1', to: 'w2', address: '10.65.0.2', expected: true, result: answered, pass: true },
  { from: 'w2', to: 'w1', address: '10.65.0.1', expected: true, result: silent, pass: false },
  { from: 'server', to: 'w1', address: '10.65.0.1', expected: false, result: silent, pass: true },
] as const;

test('the ping matrix and the verdict', (t) => {
  const matrix = pingMatrix('pings', VERDICTS);
  t.regex(matrix, /w1 +\. +0\.12/);
  t.regex(matrix, /w2 +LOST/);
  t.regex(matrix, /server +kept out/);
  const outcome: Outcome = { progress: PROGRESS, converged: false, verdicts: VERDICTS, seconds: 2 };
  t.is(
    verdictLine(outcome),
    'FAIL: 1 of 2 sessions, 3 of 4 routes, 1 of 2 pings answered, 1 of 1 kept out, 2.0 s',
  );
  const good = { ...outcome, converged: true, verdicts: VERDICTS.filter(({ pass }) => pass) };
  t.regex(verdictLine(good), /^PASS:/);
});
