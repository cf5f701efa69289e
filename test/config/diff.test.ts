import test from 'ava';
import { type ConfigDiff, diffConfig, liveConfig } from '../../src/config/diff.js';
import { loadConfig } from '../../src/config/load.js';
import type { Config } from '../../src/config/types.js';

const BASE = `
asn: 64512
routerId: 10.0.0.1
routeReflector: { clusterId: 244.0.0.1 }
listen: [{ address: 0.0.0.0 }]
kernel: { install: [pools] }
pools:
  - { cidr: 10.65.0.0/16 }
originate:
  - { prefix: 10.65.8.0/26 }
peerGroups:
  hosts: { asn: 64512, import: [mine], export: [accept-all] }
peers:
  - { name: rr, address: 10.0.0.2, group: hosts }
  - { name: tor, address: 10.0.0.3, asn: 65001, import: [accept-all], export: [external] }
dynamicPeers:
  - { range: 10.1.0.0/16, group: hosts }
policies:
  mine:
    - { match: { prefix: { in: [10.0.0.0/8] } }, action: accept }
`;

function load(text: string): Config {
  const result = loadConfig(text, 'test.yaml', { hostname: 'host-a' });
  if (result.ok) return result.config;
  throw new Error(JSON.stringify(result.problems));
}

/** The diff as short lines: what a reload would do. */
function lines(diff: ConfigDiff): string[] {
  const peers = diff.peers.changed.map(
    ({ after, change, keys }) => `${change} ${after.name}: ${keys.join(' ')}`,
  );
  const ranges = diff.dynamicPeers.changed.map(({ change, keys }) => `${change} range: ${keys.join(' ')}`);
  return [
    ...diff.identity.map((key) => `identity ${key}`),
    ...(diff.listenChanged ? ['listen'] : []),
    ...diff.peers.removed.map(({ name }) => `- ${name}`),
    ...diff.peers.added.map(({ name }) => `+ ${name}`),
    ...peers,
    ...diff.dynamicPeers.removed.map(() => '- range'),
    ...diff.dynamicPeers.added.map(() => '+ range'),
    ...ranges,
    ...diff.policies.map((name) => `policy ${name}`),
    ...diff.originate.removed.map(({ kind }) => `- ${kind}`),
    ...diff.originate.added.map(({ kind }) => `+ ${kind}`),
    ...(diff.clientToClientChanged ? ['clientToClient'] : []),
    ...(diff.vantagesChanged ? ['vantages'] : []),
    ...(diff.limitsChanged ? ['limits'] : []),
    ...(diff.shutdownChanged ? ['shutdown'] : []),
    ...(diff.reloadChanged ? ['reload'] : []),
    ...diff.decision.map((key) => `decision ${key}`),
    ...diff.kernel.map((key) => `kernel ${key}`),
    ...(diff.poolsChanged ? ['pools'] : []),
    ...(diff.apiChanged ? ['api'] : []),
    ...(diff.logChanged ? ['log'] : []),
    ...diff.needsRestart.map((key) => `restart ${key}`),
  ];
}

const TOR = 'name: tor, address: 10.0.0.3, asn: 65001';

const table: readonly [name: string, from: string, to: string, expected: readonly string[]][] = [
  ['nothing', '', '', []],
  ['a comment', 'pools:', 'pools: # ranges', []],
  ['our AS', 'asn: 64512\nrouterId', 'asn: 64513\nrouterId', ['identity asn']],
  ['our router id', 'routerId: 10.0.0.1', 'routerId: 10.0.0.9', ['identity routerId', 'restart routerId']],
  ['cluster id', '244.0.0.1', '244.0.0.2', ['identity clusterId', 'restart routeReflector.clusterId']],
  [
    'no reflector any more',
    'routeReflector: { clusterId: 244.0.0.1 }',
    '',
    ['identity clusterId', 'restart routeReflector.clusterId'],
  ],
  ['reflection between clients', '244.0.0.1 }', '244.0.0.1, clientToClient: false }', ['clientToClient']],
  [
    'cluster of a peer',
    'import: [mine]',
    'routeReflectorClient: true, clusterId: 9.9.9.9, import: [mine]',
    ['reset rr: routeReflectorClient clusterId', 'reset range: routeReflectorClient clusterId'],
  ],
  ['limits', 'pools:', 'limits: { paths: 5 }\npools:', ['limits']],
  ['the guard', 'pools:', 'reload: { maxWithdraw: off }\npools:', ['reload']],
  ['its default written out', 'pools:', 'reload: { maxWithdraw: 50%, minWithdraw: 10 }\npools:', []],
  [
    'decision',
    'pools:',
    'decision: { missingMedAsWorst: true, alwaysCompareMed: false }\npools:',
    ['decision missingMedAsWorst'],
  ],
  ['graceful stop', 'pools:', 'shutdown: { graceful: true }\npools:', ['shutdown']],
  ['restart time', TOR, `${TOR}, gracefulRestart: { restartTime: 60 }`, ['none tor: gracefulRestart']],
  [
    'deferral',
    'pools:',
    'gracefulRestart: { selectionDeferral: 9 }\npools:',
    ['restart gracefulRestart.selectionDeferral'],
  ],
  ['node name', 'asn: 64512\nrouterId', 'asn: 64512\nnode: other\nrouterId', ['identity node']],
  ['listener', '0.0.0.0 }]', '0.0.0.0, port: 1179 }]', ['listen', 'restart listen']],
  ['peer added', 'dynamicPeers:', '  - { name: b, address: 10.0.0.4, asn: 64512 }\ndynamicPeers:', ['+ b']],
  ['peer renamed', 'name: rr', 'name: rr-1', ['- rr', '+ rr-1']],
  ['description', TOR, `${TOR}, description: rack`, ['none tor: description']],
  ['address', '10.0.0.3,', '10.0.0.33,', ['reset tor: address']],
  ['peer AS', '65001', '65002', ['reset tor: asn']],
  ['port', TOR, `${TOR}, port: 1179`, ['reset tor: port']],
  ['passive', TOR, `${TOR}, passive: true`, ['none tor: passive']],
  ['disabled', TOR, `${TOR}, enabled: false`, ['reset tor: enabled']],
  ['multihop', TOR, `${TOR}, multihop: 2`, ['reset tor: multihop']],
  ['families', TOR, `${TOR}, families: [ipv4-unicast]`, ['reset tor: families']],
  ['the default families written out', TOR, `${TOR}, families: [ipv4-unicast, ipv6-unicast]`, []],
  ['local address', TOR, `${TOR}, localAddress: 10.0.0.1`, ['reset tor: localAddress']],
  ['hold time', TOR, `${TOR}, timers: { hold: 30 }`, ['reset tor: timers']],
  ['retry time', TOR, `${TOR}, timers: { connectRetry: 5 }`, ['none tor: timers']],
  ['vantages', 'pools:', 'optimalRouteReflection: [{ name: w, nextHopCosts: [] }]\npools:', ['vantages']],
  [
    'multipath',
    'pools:',
    'decision: { multipath: { ipv4-unicast: { ibgp: 1 } }, localWeight: 32768 }\npools:',
    ['decision multipath'],
  ],
  ['paths to send', TOR, `${TOR}, addPath: { send: all }`, ['reset tor: addPath']],
  ['paths to receive', TOR, `${TOR}, addPath: { receive: true }`, ['reset tor: addPath']],
  ['next hop self', TOR, `${TOR}, nextHopSelf: true`, ['soft tor: nextHop']],
  ['next hop kept', TOR, `${TOR}, nextHop: keep`, ['soft tor: nextHop']],
  ['local AS', TOR, `${TOR}, localAs: { asn: 64999 }`, ['reset tor: localAs']],
  ['own AS in paths', TOR, `${TOR}, allowOwnAs: 2`, ['soft tor: allowOwnAs']],
  ['private AS numbers', TOR, `${TOR}, removePrivateAs: all`, ['soft tor: removePrivateAs']],
  ['role', TOR, `${TOR}, role: customer`, ['reset tor: role']],
  ['extended messages', TOR, `${TOR}, extendedMessages: true`, ['reset tor: extendedMessages']],
  ['policy names', 'export: [external]', 'export: [accept-all]', ['soft tor: export']],
  [
    'policy names and port',
    'export: [external]',
    'export: [accept-all], port: 9',
    ['reset tor: port export'],
  ],
  [
    'client of a group',
    'hosts: { asn',
    'hosts: { routeReflectorClient: true, asn',
    ['reset rr: routeReflectorClient', 'reset range: routeReflectorClient'],
  ],
  [
    'terms of a policy',
    '[10.0.0.0/8]',
    '[10.0.0.0/9]',
    ['soft rr: import', 'soft range: import', 'policy mine'],
  ],
  ['policy that nobody names', '  mine:', '  spare: [{ action: reject }]\n  mine:', ['policy spare']],
  ['range limit', '10.1.0.0/16, group: hosts', '10.1.0.0/16, group: hosts, limit: 5', ['none range: limit']],
  ['range', '10.1.0.0/16', '10.2.0.0/16', ['- range', '+ range']],
  ['pool', 'cidr: 10.65.0.0/16', 'cidr: 10.66.0.0/16', ['policy pools', 'kernel install', 'pools']],
  [
    'external pool',
    'cidr: 10.65.0.0/16',
    'cidr: 10.65.0.0/16, external: true',
    ['soft tor: export', 'policy external', 'pools'],
  ],
  ['originate', '10.65.8.0/26 }', '10.65.8.64/26, kind: service }', ['- static', '+ service']],
  ['install', 'install: [pools]', 'install: [accept-all]', ['kernel install']],
  ['metric', 'install: [pools]', 'install: [pools], metric: 5', ['kernel metric', 'kernel ipv6Metric']],
  ['source', 'install: [pools]', 'install: [pools], prefsrc: [10.1.1.1]', ['kernel prefsrc']],
  ['groups', 'install: [pools]', 'install: [pools], nextHopGroups: off', ['kernel nextHopGroups']],
  ['audit', 'install: [pools]', 'install: [pools], auditInterval: 9', ['kernel auditInterval']],
  ['neighbours', 'install: [pools]', 'install: [pools], watchNeighbours: false', ['kernel watchNeighbours']],
  ['IPv6 metric', 'install: [pools]', 'install: [pools], ipv6Metric: 6', ['kernel ipv6Metric']],
  [
    'backend',
    'install: [pools]',
    'install: [pools], backend: memory',
    ['kernel backend', 'restart kernel.backend'],
  ],
  ['api', 'pools:\n', 'api: { listen: none }\npools:\n', ['api', 'restart api']],
  ['log level', 'pools:\n', 'log: { level: debug }\npools:\n', ['log']],
  ['log format', 'pools:\n', 'log: { format: json }\npools:\n', ['log', 'restart log.format']],
  [
    'sweep delay',
    'install: [pools]',
    'install: [pools], sweepDelay: 9',
    ['kernel sweepDelay', 'restart kernel.sweepDelay'],
  ],
];

for (const [name, from, to, expected] of table) {
  test(`reload: ${name}`, (t) => {
    const changed = BASE.replace(from, to);
    t.is(changed === BASE, from === '', 'the text to replace is there');
    const diff = diffConfig(load(BASE), load(changed));
    t.deepEqual(lines(diff), expected);
    t.is(diff.isEmpty, expected.length === 0);
  });
}

test('a diff says what was and what is', (t) => {
  const diff = diffConfig(load(BASE), load(BASE.replace('10.0.0.3,', '10.0.0.33,')));
  const [change] = diff.peers.changed;
  t.deepEqual(change?.before.address, { family: 'ipv4', word: 0x0a000003 });
  t.deepEqual(change?.after.address, { family: 'ipv4', word: 0x0a000021 });
});

test('what needs a restart stays as it was until then; all else is taken over', (t) => {
  const before = load(BASE);
  const wanted = BASE.replace('routerId: 10.0.0.1', 'routerId: 10.0.0.9')
    .replace('244.0.0.1', '244.0.0.2')
    .replace('0.0.0.0 }]', '0.0.0.0, port: 1179 }]')
    .replace('install: [pools]', 'install: [accept-all], backend: none, sweepDelay: 9')
    .replace('pools:\n', 'api: { listen: none }\nlog: { level: debug, format: json }\npools:\n');
  const live = liveConfig(before, load(wanted));
  t.deepEqual(live, {
    ...before,
    kernel: { ...before.kernel, install: ['accept-all'] },
    log: { level: 'debug', format: before.log.format },
  });
  t.deepEqual(diffConfig(before, live).needsRestart, []);
  t.is(diffConfig(live, load(wanted)).needsRestart.length, 7, 'it is said again at the next reload');
});
