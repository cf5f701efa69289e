// The outputs of BIRD, FRR and GoBGP, recorded once: all three must give the same route.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parseBgpdNotifications } from './peers/bgpd-output.js';
import { parseBirdNotifications, parseBirdRoutes, parseBirdState } from './peers/bird-output.js';
import { parseFrrNotifications, parseFrrPaths, parseFrrPrefixes, parseFrrState } from './peers/frr-output.js';
import { parseGobgpNotifications, parseGobgpRoutes, parseGobgpState } from './peers/gobgp-output.js';
import type { ReceivedRoute, SeenNotification } from './peers/types.js';

const fixtures = join(import.meta.dirname, '..', '..', '..', 'fixtures', 'lab');
const fixture = (name: string): string => readFileSync(join(fixtures, name), 'utf8');

const DECORATED: ReceivedRoute = {
  prefix: '10.65.8.0/26',
  nextHop: '172.18.203.126',
  origin: 'IGP',
  asPath: '65010 4200000001',
  localPref: 100,
  med: 77,
  communities: ['64512:100', '65000:65535'],
  largeCommunities: ['64512:1:2'],
  originatorId: null,
  clusterList: [],
};

test('BIRD: routes with and without decoration', (t) => {
  const [decorated, plain, ...rest] = parseBirdRoutes(fixture('bird-routes.txt'));
  t.deepEqual(decorated, DECORATED);
  t.is(plain?.prefix, '10.65.9.0/26');
  t.deepEqual(plain?.communities, []);
  t.is(plain?.med, null);
  t.deepEqual(rest, []);
});

test('BIRD: of two IPv6 next hops the global one counts', (t) => {
  const [route] = parseBirdRoutes(fixture('bird-routes6.txt'));
  t.is(route?.prefix, '2001:db8:a41:8::/64');
  t.is(route?.nextHop, '2001:db8:a41::126');
});

test('FRR: a path by neighbour', (t) => {
  const text = fixture('frr-path.json');
  t.deepEqual(parseFrrPaths(text, '10.65.8.0/26', '172.18.203.126'), [DECORATED]);
  t.deepEqual(parseFrrPaths(text, '10.65.8.0/26', '172.18.203.2'), []);
  t.deepEqual(parseFrrPaths('{\n}\n', '10.65.8.0/26', '172.18.203.126'), []);
  t.deepEqual(parseFrrPrefixes('{"routes": {"10.65.9.0/26": [], "10.65.8.0/26": []}}'), [
    '10.65.8.0/26',
    '10.65.9.0/26',
  ]);
});

test('GoBGP: routes of an Adj-RIB-In', (t) => {
  const [decorated, plain, ...rest] = parseGobgpRoutes(fixture('gobgp-adj-in.json'));
  t.deepEqual(decorated, DECORATED);
  t.is(plain?.asPath, '');
  t.deepEqual(rest, []);
  t.deepEqual(parseGobgpRoutes(''), []);
});

test('session states', (t) => {
  t.is(parseBirdState('  BGP state:          Established\n'), 'Established');
  t.is(parseBirdState('  BGP state:          Down\n'), 'Idle');
  t.is(parseFrrState('{"10.0.0.1": {"bgpState": "OpenSent"}}', '10.0.0.1'), 'OpenSent');
  t.is(parseFrrState('{"10.0.0.1": {"bgpState": "Clearing"}}', '10.0.0.1'), 'Idle');
  t.is(parseGobgpState('{"state": {"session_state": 6}}'), 'Established');
  t.is(parseGobgpState('{}'), 'Idle');
});

interface LogCase {
  readonly title: string;
  readonly seen: readonly SeenNotification[];
  readonly wanted: readonly SeenNotification[];
}

const received = (code: number, subcode: number): SeenNotification => ({
  direction: 'received',
  code,
  subcode,
});
const sent = (code: number, subcode: number): SeenNotification => ({ direction: 'sent', code, subcode });

const BIRD_LOG = `2026-11-22 00:22:29.112 <RMT> n_a: Received: Administrative reset
2026-11-22 00:22:30.112 <RMT> n_b: Received: Administrative shutdown
2026-11-22 00:22:31.112 <RMT> n_a: Error: Hold timer expired
2026-11-22 00:22:32.112 <TRACE> n_a: Received: nothing that counts
`;

const FRR_LINE =
  '2026/11/22 00:23:56 BGP: [HZN6M-XRM1G] %NOTIFICATION: sent to neighbor 10.0.0.1 6/4 (Cease)';
const FRR_LOG = `${FRR_LINE}
${FRR_LINE}
2026/11/22 00:23:57 BGP: %NOTIFICATION: received from neighbor 10.0.0.1 4/0 (Hold Timer Expired) 0 bytes
2026/11/22 00:23:57 BGP: %NOTIFICATION: received from neighbor 10.0.0.2 2/2 (OPEN) 0 bytes
`;

const GOBGP_LINE = '{"Code":6,"Key":"10.0.0.2","Subcode":2,"msg":"received notification"}';
const GOBGP_LOG = `${GOBGP_LINE}
${GOBGP_LINE}
{"Data":{"Body":{"ErrorCode":4,"ErrorSubcode":0}},"Key":"10.0.0.2","msg":"sent notification"}
`;

const BGPD_LOG = `{"peer":"p","reason":"the peer ended it: Cease: administrative reset"}
{"peer":"p","reason":"we ended it: OPEN error: bad peer AS (the sender expects another AS number from its peer)"}
{"peer":"q","reason":"the peer ended it: Cease: administrative reset"}
{"peer":"p","reason":"hold timer expired: the peer sent nothing within the hold time"}
{"peer":"p","reason":"the connection was lost in Established: the peer reset the connection (ECONNRESET)"}
`;

const LOG_CASES: readonly LogCase[] = [
  {
    title: 'BIRD',
    seen: parseBirdNotifications(BIRD_LOG, 'n_a'),
    wanted: [received(6, 4), sent(4, 0), received(0, 0)],
  },
  { title: 'FRR', seen: parseFrrNotifications(FRR_LOG, '10.0.0.1'), wanted: [sent(6, 4), received(4, 0)] },
  {
    title: 'GoBGP',
    seen: parseGobgpNotifications(GOBGP_LOG, '10.0.0.2'),
    wanted: [received(6, 2), sent(4, 0)],
  },
  {
    title: 'bgpd',
    seen: parseBgpdNotifications(BGPD_LOG, 'p'),
    wanted: [received(6, 4), sent(2, 2), sent(4, 0)],
  },
];

for (const { title, seen, wanted } of LOG_CASES) {
  test(`NOTIFICATIONs in the log of ${title}`, (t) => {
    t.deepEqual(seen, wanted);
  });
}
