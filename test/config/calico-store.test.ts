// Calico resources from files: documents, lists, JSON, links; the last good version of each object; what is said of it.

import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { formatIp } from '../../src/base/ip.js';
import { formatProblem } from '../../src/config/problem.js';
import { ConfigFile } from '../../src/config/sources/config-file.js';
import { NO_RUNTIME } from '../../src/config/sources/runtime-peers.js';
import type { ConfigResult } from '../../src/config/types.js';

interface Folder {
  readonly path: string;
  write(name: string, text: string): void;
  remove(name: string): void;
}

function folder(t: ExecutionContext): Folder {
  const path = mkdtempSync(join(tmpdir(), 'bgpd-calico-'));
  t.teardown(() => rmSync(path, { recursive: true }));
  const at = (name: string): string => join(path, name);
  return {
    path,
    write: (name, text) => {
      mkdirSync(dirname(at(name)), { recursive: true });
      writeFileSync(at(name), text);
    },
    remove: (name) => rmSync(at(name)),
  };
}

const CONFIG = 'node: host-a\ncalico: { resources: [calico], secrets: secrets }\n';

const NODE = `apiVersion: projectcalico.org/v3
kind: Node
metadata: { name: host-a }
spec: { bgp: { ipv4Address: 192.0.2.1/24, asNumber: 64520 } }
`;

const peer = (name: string, ip: string, more = ''): string => `apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: { name: ${name} }
spec:
  peerIP: ${ip}
  asNumber: 65001
${more}`;

function start(t: ExecutionContext): { readonly files: Folder; readonly reader: ConfigFile } {
  const files = folder(t);
  files.write('bgpd.yaml', CONFIG);
  files.write('calico/node.yaml', NODE);
  return { files, reader: new ConfigFile(join(files.path, 'bgpd.yaml')) };
}

const peersOf = (result: ConfigResult | null): readonly string[] =>
  result?.ok === true ? result.config.peers.map(({ address }) => formatIp(address)) : ['not read'];

const statesOf = (result: ConfigResult | null): Readonly<Record<string, string>> =>
  Object.fromEntries(
    (result?.ok === true ? (result.calico?.objects ?? []) : []).map(({ kind, name, state }) => [
      `${kind}/${name}`,
      state,
    ]),
  );

const warningsOf = (result: ConfigResult | null, files: Folder): readonly string[] =>
  result?.ok === true
    ? result.warnings.map((warning) => formatProblem(warning).replace(`${files.path}/`, ''))
    : ['not read'];

test('the AS, the router id and the peers come from the resources', (t) => {
  const { files, reader } = start(t);
  files.write('calico/peers.yaml', `${peer('a', '192.0.2.10')}---\n${peer('b', '192.0.2.11')}`);
  const result = reader.read();
  if (!result.ok) return t.fail(result.problems.map(formatProblem).join('\n'));
  t.is(result.config.asn, 64520);
  t.is(result.config.routerId, 0xc0000201);
  t.deepEqual(peersOf(result), ['192.0.2.10', '192.0.2.11']);
  t.deepEqual(statesOf(result), { 'Node/host-a': 'applied', 'BGPPeer/a': 'applied', 'BGPPeer/b': 'applied' });
  t.deepEqual(warningsOf(result, files), []);
  t.is(result.config.peers[0]?.timers.hold, 240);
  t.deepEqual(result.config.peers[0]?.families, ['ipv4-unicast']);
});

test('keys of the file win, its peers and pools are joined', (t) => {
  const { files, reader } = start(t);
  files.write(
    'bgpd.yaml',
    `${CONFIG}asn: 64999\nrouterId: 192.0.2.99\npools: [{ cidr: 10.65.0.0/16, external: true }]
peers: [{ name: mine, address: 192.0.2.10, asn: 65009, import: [accept-all], export: [external] }]\n`,
  );
  files.write('calico/peers.yaml', `${peer('a', '192.0.2.10')}---\n${peer('b', '192.0.2.11')}`);
  files.write(
    'calico/pools.yaml',
    'apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: { name: a }\nspec: { cidr: 10.65.0.0/16, vxlanMode: Always }\n',
  );
  const result = reader.read();
  if (!result.ok) return t.fail(result.problems.map(formatProblem).join('\n'));
  t.is(result.config.asn, 64999);
  t.is(result.config.routerId, 0xc0000263);
  t.deepEqual(
    result.config.peers.map(({ name }) => name),
    ['mine', 'Global_192_0_2_11'],
  );
  t.deepEqual(
    result.config.pools.map(({ external, encapsulation }) => [external, encapsulation]),
    [[true, 'None']],
  );
  t.deepEqual(warningsOf(result, files), [
    'calico: BGPPeer/a: Global_192_0_2_10 is left out: the configuration has its address as peer mine',
  ]);
});

test('lists, JSON, other kinds and empty documents', (t) => {
  const { files, reader } = start(t);
  const item = (name: string, ip: string) => ({
    apiVersion: 'projectcalico.org/v3',
    kind: 'BGPPeer',
    metadata: { name },
    spec: { peerIP: ip, asNumber: '65001' },
  });
  files.write(
    'calico/a.json',
    JSON.stringify(
      { kind: 'BGPPeerList', apiVersion: 'projectcalico.org/v3', items: [item('a', '192.0.2.10')] },
      null,
      '\t',
    ),
  );
  files.write(
    'calico/b.yml',
    '---\n---\n# nothing\n---\nkind: ConfigMap\napiVersion: v1\nmetadata: { name: x }\n...\n',
  );
  files.write(
    'calico/c.yaml',
    `kind: List\napiVersion: v1\nitems:\n- ${JSON.stringify(item('c', '192.0.2.12'))}\n`,
  );
  files.write('calico/notes.txt', 'not a resource');
  files.write('calico/.hidden.yaml', 'neither');
  const result = reader.read();
  t.deepEqual(peersOf(result), ['192.0.2.10', '192.0.2.12']);
  t.deepEqual(warningsOf(result, files), []);
  t.is(result.ok ? result.calico?.others : -1, 1);
});

test('a wrong object costs itself only, and is named with its place and field', (t) => {
  const { files, reader } = start(t);
  files.write(
    'calico/peers.yaml',
    `${peer('a', '192.0.2.10')}---\n${peer('b', '192.0.2.300')}---\n${peer('c', '192.0.2.12', '  nextHopMode: Myself\n')}`,
  );
  const result = reader.read();
  t.deepEqual(peersOf(result), ['192.0.2.10']);
  t.deepEqual(statesOf(result), {
    'Node/host-a': 'applied',
    'BGPPeer/a': 'applied',
    'BGPPeer/b': 'refused',
    'BGPPeer/c': 'refused',
  });
  t.deepEqual(warningsOf(result, files), [
    'calico/peers.yaml:12:11: BGPPeer/b spec.peerIP: "192.0.2.300" is no address; give an IPv4 or IPv6 address',
    'calico/peers.yaml:21:16: BGPPeer/c spec.nextHopMode: "Myself" is not known; give one of Auto, Self, Keep',
  ]);
});

test('the last good version of an object stays in force until it is good again or gone', (t) => {
  const { files, reader } = start(t);
  files.write('calico/a.yaml', peer('a', '192.0.2.10'));
  files.write('calico/b.yaml', peer('b', '192.0.2.11'));
  t.deepEqual(peersOf(reader.read()), ['192.0.2.10', '192.0.2.11']);
  t.is(reader.refresh(NO_RUNTIME), null);

  files.write('calico/a.yaml', peer('a', '192.0.2.300'));
  files.write('calico/b.yaml', peer('b', '192.0.2.21'));
  const wrong = reader.refresh(NO_RUNTIME);
  t.deepEqual(peersOf(wrong), ['192.0.2.10', '192.0.2.21']);
  t.like(statesOf(wrong), { 'BGPPeer/a': 'lastGood', 'BGPPeer/b': 'applied' });
  t.regex(warningsOf(wrong, files).join(), /until then the last good version stays in force/);

  files.write('calico/a.yaml', peer('a', '192.0.2.20'));
  t.deepEqual(peersOf(reader.refresh(NO_RUNTIME)), ['192.0.2.20', '192.0.2.21']);

  files.write('calico/a.yaml', 'kind: [\n');
  const broken = reader.refresh(NO_RUNTIME);
  t.deepEqual(peersOf(broken), ['192.0.2.20', '192.0.2.21']);
  t.like(statesOf(broken), { 'BGPPeer/a': 'lastGood', 'BGPPeer/b': 'applied' });
  t.regex(warningsOf(broken, files).join(), /^calico\/a\.yaml:\d+:\d+: /);

  files.remove('calico/a.yaml');
  t.deepEqual(peersOf(reader.refresh(NO_RUNTIME)), ['192.0.2.21']);
});

test('a new version that refers to a missing secret does not replace the good one', (t) => {
  const { files, reader } = start(t);
  const secret = (name: string): string => `  password: { secretKeyRef: { name: ${name}, key: key } }\n`;
  files.write('secrets/one/key', 'sesame');
  files.write('calico/a.yaml', peer('a', '192.0.2.10', secret('one')));
  t.deepEqual(peersOf(reader.read()), ['192.0.2.10']);
  files.write('calico/a.yaml', peer('a', '192.0.2.20', secret('two')));
  const missing = reader.refresh(NO_RUNTIME);
  t.deepEqual(peersOf(missing), ['192.0.2.10']);
  t.like(statesOf(missing), { 'BGPPeer/a': 'lastGood' });
  t.regex(
    warningsOf(missing, files).join(),
    /spec\.password\.secretKeyRef: there is no key key of a secret two/,
  );
  t.is(reader.refresh(NO_RUNTIME), null);
  files.write('secrets/two/key', 'sesame');
  t.deepEqual(peersOf(reader.refresh(NO_RUNTIME)), ['192.0.2.20']);
});

test('a changed secret is a change', (t) => {
  const { files, reader } = start(t);
  files.write('secrets/one/key', 'sesame');
  files.write(
    'calico/a.yaml',
    peer('a', '192.0.2.10', '  password: { secretKeyRef: { name: one, key: key } }\n'),
  );
  reader.read();
  files.write('secrets/one/key', 'other words');
  t.not(reader.refresh(NO_RUNTIME), null);
  t.deepEqual(
    reader
      .folders()
      .map((path) => path.slice(files.path.length + 1))
      .sort(),
    ['calico', 'secrets', 'secrets/one'],
  );
});

test('an object that is there twice counts once', (t) => {
  const { files, reader } = start(t);
  files.write('calico/a.yaml', peer('a', '192.0.2.10'));
  files.write('calico/b.yaml', peer('a', '192.0.2.11'));
  const result = reader.read();
  t.deepEqual(peersOf(result), ['192.0.2.10']);
  t.regex(
    warningsOf(result, files).join(),
    /^calico\/b\.yaml:1:1: BGPPeer\/a: .* the first is in .*a\.yaml:1; keep one$/,
  );
});

test('a mounted volume: the link to the data is swapped', (t) => {
  const { files, reader } = start(t);
  files.write('calico/..v1/peers.yaml', peer('a', '192.0.2.10'));
  files.write('calico/..v2/peers.yaml', peer('a', '192.0.2.11'));
  const at = (name: string): string => join(files.path, 'calico', name);
  symlinkSync('..v1', at('..data'));
  symlinkSync('..data/peers.yaml', at('peers.yaml'));
  t.deepEqual(peersOf(reader.read()), ['192.0.2.10']);
  symlinkSync('..v2', at('..new'));
  renameSync(at('..new'), at('..data'));
  t.deepEqual(peersOf(reader.refresh(NO_RUNTIME)), ['192.0.2.11']);
});

test('a mistake in the file does not hold the resources up', (t) => {
  const { files, reader } = start(t);
  files.write('calico/a.yaml', peer('a', '192.0.2.10'));
  reader.read();
  files.write('bgpd.yaml', `${CONFIG}asn: [\n`);
  t.false(reader.read().ok);
  files.write('calico/a.yaml', peer('a', '192.0.2.11'));
  t.deepEqual(peersOf(reader.refresh(NO_RUNTIME)), ['192.0.2.11']);
});

test('what is missing is said: folder, node', (t) => {
  const files = folder(t);
  files.write('bgpd.yaml', CONFIG);
  const reader = new ConfigFile(join(files.path, 'bgpd.yaml'));
  const result = reader.read();
  t.true(result.ok);
  t.deepEqual(warningsOf(result, files), [
    "calico: can't be read (ENOENT); what was known of it stays in force: give a file or folder that can be read",
    'calico: Node/host-a: is not among the resources: this node has no peers; add its resource, or correct calico.node',
  ]);
});
