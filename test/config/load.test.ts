import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { formatIp, formatIpv4 } from '../../src/base/ip.js';
import { formatPrefix } from '../../src/base/prefix.js';
import { DEFAULT_TIMERS } from '../../src/config/defaults.js';
import { kernelSettings } from '../../src/config/kernel-settings.js';
import { loadConfig } from '../../src/config/load.js';
import { readPrefixMatch } from '../../src/config/policy/prefix-match.js';
import { formatProblem } from '../../src/config/problem.js';
import { hashRouterId } from '../../src/config/schema/router-id.js';
import { closest } from '../../src/config/schema/suggestion.js';
import { readConfigFile } from '../../src/config/sources/config-file.js';
import type { Config } from '../../src/config/types.js';

function load(text: string): Config {
  const result = loadConfig(text, 'test.yaml', { hostname: 'host-a' });
  if (result.ok) return result.config;
  throw new Error(result.problems.map(formatProblem).join('\n'));
}

test('asn alone is a configuration; the rest has defaults', (t) => {
  const config = load('asn: 64512');
  t.is(config.node, 'host-a');
  t.is(config.routerId, null);
  t.is(config.routeReflector, null);
  t.deepEqual(
    config.listen.map(({ address, port }) => `${formatIp(address)} ${port}`),
    ['0.0.0.0 179', ':: 179'],
  );
  t.deepEqual(
    {
      ...config.kernel,
      import: config.kernel.import.map(({ interfaces, table }) => ({ interfaces, table })),
    },
    {
      backend: 'auto',
      table: 254,
      protocol: 12,
      metric: 1024,
      ipv6Metric: 1024,
      install: [],
      removeOnStop: false,
      sweepDelay: 120,
      allowOverride: [],
      localPrefFromMetric: false,
      learnedInterfaces: false,
      ipipDevice: 'tunl0',
      vxlan: { device: 'vxlan.bgp', vni: 4097, port: 4789, mtu: null, address: null },
      nextHopGroups: 'auto',
      prefsrc: [],
      watchNeighbours: true,
      auditInterval: 60,
      import: [{ interfaces: ['cali*', 'tap*', 'ns-*'], table: 254 }],
    },
  );
  t.deepEqual([config.peers, config.dynamicPeers, config.pools, config.originate], [[], [], [], []]);
  t.is(config.api.socket, '/run/bgpd/bgpd.sock');
  t.deepEqual(config.log, { level: 'info', format: 'auto' });
});

const asns: readonly [written: string, asn: number][] = [
  ['64512', 64512],
  ['"64512"', 64512],
  ['1.10', 65546],
  ['"1.10"', 65546],
  ['0.64512', 64512],
  ['65535.65534', 4294967294],
  ['4294967294', 4294967294],
  ['0xFC00', 64512],
];

for (const [written, asn] of asns) {
  test(`asn: ${written}`, (t) => {
    t.is(load(`asn: ${written}`).asn, asn);
  });
}

test('router ids: an address, or the hash of the node name by the rule of Calico', (t) => {
  t.is(load('asn: 1\nrouterId: 172.18.203.126').routerId, 0xac12cb7e);
  t.is(load('asn: 1\nrouterId: hash').routerId, hashRouterId('host-a'));
  t.is(load('asn: 1\nnode: other\nrouterId: hash').routerId, hashRouterId('other'));
});

// The digests begin with 9f86d081 and ef2d127d; 0xef is above 223 and loses 32.
const hashes: readonly [node: string, routerId: string][] = [
  ['test', '159.134.208.129'],
  ['5', '207.45.18.125'],
];

for (const [node, routerId] of hashes) {
  test(`hash of ${node}`, (t) => {
    t.is(formatIpv4(hashRouterId(node)), routerId);
  });
}

test('a hash is never in 224.0.0.0/3', (t) => {
  t.notThrows(() => fc.assert(fc.property(fc.string(), (node) => hashRouterId(node) >>> 24 <= 223)));
});

test('the cluster id defaults to the router id', (t) => {
  t.is(load('asn: 1\nrouterId: 10.0.0.1\nrouteReflector: {}').routeReflector?.clusterId, 0x0a000001);
  t.is(load('asn: 1\nrouteReflector: { clusterId: 244.0.0.1 }').routeReflector?.clusterId, 0xf4000001);
});

test('a peer wins over its group, timers one by one', (t) => {
  const config = load(`
asn: 64512
peerGroups:
  hosts:
    asn: 64512
    port: 1790
    timers: { hold: 30, connectRetry: 5 }
    families: [ipv4-unicast]
    export: [workloads]
peers:
  - { address: 10.0.0.2, group: hosts, timers: { hold: 9 }, export: [] }
  - { name: six, address: "fe80::1%eth1", asn: 65001, passive: true, import: [], export: [] }
dynamicPeers:
  - { range: "2001:db8::/32", group: hosts, limit: 7 }
  - { range: 10.1.0.0/16, group: hosts }
`);
  const [host, six] = config.peers;
  t.is(host?.name, '10.0.0.2');
  t.is(host?.port, 1790);
  t.deepEqual(host?.timers, { ...DEFAULT_TIMERS, hold: 9, connectRetry: 5 });
  t.deepEqual([host?.import, host?.export], [null, []]);
  t.is(six?.interface, 'eth1');
  t.deepEqual(six?.families, ['ipv4-unicast', 'ipv6-unicast']);
  t.true(six?.passive);
  const [v6, v4] = config.dynamicPeers;
  t.deepEqual([v6?.limit, v4?.limit], [7, 1000]);
  t.true(v4?.template.passive);
  t.is(v4?.template.asn, 64512);
  t.deepEqual(v4?.template.families, ['ipv4-unicast']);
});

test('a range without AS accepts any, and both families', (t) => {
  const config = load(
    'asn: 1\npeerGroups: { any: {} }\ndynamicPeers: [{ range: "2001:db8::/32", group: any }]',
  );
  t.is(config.dynamicPeers[0]?.template.asn, null);
  t.deepEqual(config.dynamicPeers[0]?.template.families, ['ipv4-unicast', 'ipv6-unicast']);
});

test('the API can be switched off', (t) => {
  t.deepEqual(load('asn: 1\napi: { socket: none, listen: none }').api, { socket: null, listen: null });
  t.is(load('asn: 1\napi: { listen: "[::1]:80" }').api.listen?.port, 80);
});

test('a definition wins over the default policy of its name', (t) => {
  const { policies } = load('asn: 1\npolicies: { workloads: [{ action: reject }] }');
  const { workloads } = policies;
  t.deepEqual(workloads, [{ match: [], edits: [], action: 'reject' }]);
  t.is(policies['accept-all']?.[0]?.action, 'accept');
});

test('anchors and aliases share settings', (t) => {
  const config = load(`
asn: 64512
peers:
  - { address: 10.0.0.2, asn: 64512, timers: &fast { hold: 9 } }
  - { address: 10.0.0.3, asn: 64512, timers: *fast }
`);
  t.deepEqual(
    config.peers.map(({ timers }) => timers.hold),
    [9, 9],
  );
});

const matches: readonly [written: string, bounds: string][] = [
  ['10.0.0.0/8', '10.0.0.0/8 8-32'],
  ['=10.0.0.0/8', '10.0.0.0/8 8-8'],
  ['10.0.0.0/8 le 24', '10.0.0.0/8 8-24'],
  ['10.0.0.0/8 ge 24', '10.0.0.0/8 24-32'],
  ['10.0.0.0/8 ge 24 le 32', '10.0.0.0/8 24-32'],
  ['10.0.0.1', '10.0.0.1/32 32-32'],
  ['fd00::/8 ge 64', 'fd00::/8 64-128'],
  ['0.0.0.0/0', '0.0.0.0/0 0-32'],
];

for (const [written, bounds] of matches) {
  test(`prefix match ${written}`, (t) => {
    const match = readPrefixMatch(written);
    t.is('kind' in match ? match.message : `${formatPrefix(match.prefix)} ${match.ge}-${match.le}`, bounds);
  });
}

test('import rules take the pools where they name no prefixes, and nothing where there are none', (t) => {
  const rules = 'kernel: { import: [{ interfaces: ["cali*"] }, { prefixes: [10.9.0.0/16], table: 100 }] }';
  const some = kernelSettings(load(`asn: 1\npools: [{ cidr: 10.65.0.0/16 }]\n${rules}`));
  t.deepEqual(
    some.import.map(({ prefixes, table }) => [prefixes.map(formatPrefix), table]),
    [
      [['10.65.0.0/16'], 254],
      [['10.9.0.0/16'], 100],
    ],
  );
  t.is(kernelSettings(load(`asn: 1\n${rules}`)).import.length, 1);
  t.true(some.install);
  t.false(kernelSettings(load('asn: 1\nkernel: { backend: none }')).install);
});

const slips: readonly [word: string, candidates: readonly string[], near: string | null][] = [
  ['routerID', ['routerId', 'node'], 'routerId'],
  ['hodl', ['hold', 'keepalive'], 'hold'],
  ['neighbors', ['peers', 'node'], null],
  ['informations', ['info', 'warn'], 'info'],
  ['', ['asn'], null],
  ['x', [], null],
];

for (const [word, candidates, near] of slips) {
  test(`the nearest to ${JSON.stringify(word)} is ${near}`, (t) => {
    t.is(closest(word, candidates), near);
  });
}

test('a file that is not there or no file is one problem without a line', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bgpd-config-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const missing = readConfigFile(join(folder, 'none.yaml'));
  const directory = readConfigFile(folder);
  t.deepEqual(missing.ok ? [] : missing.problems.map(formatProblem), [
    `${join(folder, 'none.yaml')}: can't read the configuration (ENOENT); there is no such file: name it with --config FILE`,
  ]);
  t.deepEqual(directory.ok ? [] : directory.problems.map(formatProblem), [
    `${folder}: can't read the configuration (EISDIR); it is a directory: name a file in it`,
  ]);
  writeFileSync(join(folder, 'good.yaml'), 'asn: 64512\n');
  t.true(readConfigFile(join(folder, 'good.yaml')).ok);
});

const words = fc.constantFrom(
  'asn',
  'peers',
  'address',
  '10.0.0.1',
  ':',
  '-',
  '[',
  '{',
  '}',
  '&a',
  '*a',
  '\n',
  '  ',
  '<<',
);

test('no text makes loading throw, and what does not load has a problem with a place', (t) => {
  const text = fc.oneof(
    fc.string({ maxLength: 200 }),
    fc.array(words).map((list) => list.join(' ')),
  );
  t.notThrows(() =>
    fc.assert(
      fc.property(text, (yaml) => {
        const result = loadConfig(yaml, 'x', { hostname: 'h' });
        return result.ok || result.problems.some(({ line }) => line >= 1);
      }),
      { numRuns: 500 },
    ),
  );
});

test('no value of any key makes loading throw', (t) => {
  const keys = ['asn', 'routerId', 'listen', 'routeReflector', 'kernel', 'pools', 'originate', 'peerGroups'];
  const key = fc.constantFrom(
    ...keys,
    'peers',
    'dynamicPeers',
    'policies',
    'api',
    'log',
    '__proto__',
    'constructor',
  );
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.dictionary(key, fc.jsonValue(), { maxKeys: 4 }), (value) => {
        const result = loadConfig(JSON.stringify({ asn: 64512, ...value }), 'x', { hostname: 'h' });
        return result.ok || result.problems.length > 0;
      }),
      { numRuns: 500 },
    ),
  );
});

test('five thousand peers load within the time a person waits, and each is looked at', (t) => {
  const peers = Array.from(
    { length: 5000 },
    (_, i) => `  - { name: h-${i}, address: 10.1.${i >>> 8}.${i & 255}, group: hosts }`,
  );
  const text = ['asn: 64512', 'peerGroups: { hosts: { asn: 64512 } }', 'peers:', ...peers].join('\n');
  t.is(load(text).peers.length, 5000);
  const result = loadConfig(`${text}\n  - { address: 10.1.0.9, group: hosts }`, 'x', { hostname: 'h' });
  t.deepEqual(result.ok ? [] : result.problems.map(formatProblem), [
    'x:5004:16: peers[5000].address: 10.1.0.9 is taken by peers[9]; one peer has one session per address',
  ]);
});

test('graceful restart: key by key the peer wins over its group, the group over the node', (t) => {
  const config = load(`
asn: 64512
gracefulRestart: { mode: helper, staleTime: 100, notification: false }
peerGroups: { g: { gracefulRestart: { restartTime: 60, staleTime: 200 } } }
peers:
  - { address: 10.0.0.2, asn: 64512, group: g, gracefulRestart: { staleTime: 300, notification: true } }
  - { address: 10.0.0.3, asn: 64512, gracefulRestart: { mode: "off" } }
dynamicPeers: [{ range: 10.1.0.0/16, group: g }]
`);
  const [two, three] = config.peers.map(({ gracefulRestart }) => gracefulRestart);
  t.deepEqual(two, { mode: 'helper', restartTime: 60, staleTime: 300, notification: true });
  t.deepEqual(three, { mode: 'off', restartTime: 120, staleTime: 100, notification: false });
  t.deepEqual(config.dynamicPeers[0]?.template.gracefulRestart, {
    mode: 'helper',
    restartTime: 60,
    staleTime: 200,
    notification: false,
  });
  t.is(config.gracefulRestart.selectionDeferral, 60);
  t.deepEqual(load('asn: 1').gracefulRestart, {
    mode: 'full',
    restartTime: 120,
    staleTime: 360,
    notification: true,
    selectionDeferral: 60,
  });
  t.false(load('asn: 1').shutdown.graceful);
});
