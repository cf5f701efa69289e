// Another text tried in place of the configuration file: what it may name, what stays untouched, what a way back brings.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { formatIp } from '../../src/base/ip.js';
import { formatProblem } from '../../src/config/problem.js';
import { ConfigFile } from '../../src/config/sources/config-file.js';
import { NO_RUNTIME, withSwitch } from '../../src/config/sources/runtime-peers.js';
import type { ConfigResult } from '../../src/config/types.js';

interface Folder {
  readonly path: string;
  write(name: string, text: string): void;
}

function folder(t: ExecutionContext): Folder {
  const path = mkdtempSync(join(tmpdir(), 'bgpd-trial-'));
  t.teardown(() => rmSync(path, { recursive: true }));
  return {
    path,
    write: (name, text) => {
      mkdirSync(dirname(join(path, name)), { recursive: true });
      writeFileSync(join(path, name), text);
    },
  };
}

const config = (resources: string, more = ''): string =>
  `node: host-a\n${more}calico: { resources: [${resources}] }\n`;

const NODE = `apiVersion: projectcalico.org/v3
kind: Node
metadata: { name: host-a }
spec: { bgp: { ipv4Address: 192.0.2.1/24, asNumber: 64520 } }
`;

const peer = (name: string, ip: string): string => `apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: { name: ${name} }
spec: { peerIP: ${ip}, asNumber: 65001 }
`;

const peersOf = (result: ConfigResult | null): readonly string[] =>
  result?.ok === true ? result.config.peers.map(({ address }) => formatIp(address)) : ['not read'];

function start(t: ExecutionContext): { readonly files: Folder; readonly reader: ConfigFile } {
  const files = folder(t);
  files.write('bgpd.yaml', config('calico'));
  files.write('calico/node.yaml', NODE);
  files.write('calico/peer.yaml', peer('tor', '192.0.2.9'));
  files.write('other/node.yaml', NODE);
  files.write('other/peer.yaml', peer('spine', '192.0.2.10'));
  const reader = new ConfigFile(join(files.path, 'bgpd.yaml'));
  t.deepEqual(peersOf(reader.read()), ['192.0.2.9']);
  return { files, reader };
}

test('a text may name another folder of resources, from where the configuration file is; nothing is taken over', (t) => {
  const { reader } = start(t);
  const { result } = reader.trial(config('other'), '/tmp/next.yaml', NO_RUNTIME);
  t.deepEqual(peersOf(result), ['192.0.2.10']);
  t.deepEqual(peersOf(reader.again(NO_RUNTIME, NO_RUNTIME)), ['192.0.2.9']);
  t.is(reader.refresh(NO_RUNTIME), null, 'and nothing has changed');
});

test('taken over it is what counts, until the former is remembered again', (t) => {
  const { files, reader } = start(t);
  const former = reader.memory;
  reader.adopt(reader.trial(config('other'), '/tmp/next.yaml', NO_RUNTIME).memory);
  t.true(reader.folders().some((path) => path.endsWith('other')));
  t.is(reader.refresh(NO_RUNTIME), null);
  files.write('other/second.yaml', peer('leaf', '192.0.2.11'));
  t.deepEqual(peersOf(reader.refresh(NO_RUNTIME)), ['192.0.2.11', '192.0.2.10']);
  reader.memory = former;
  t.deepEqual(peersOf(reader.again(NO_RUNTIME, NO_RUNTIME)), ['192.0.2.9']);
  t.deepEqual(peersOf(reader.refresh(NO_RUNTIME)), ['192.0.2.9'], 'what the folder says now is read again');
});

test('what operators do to peers does not bring in resources that were not taken over', (t) => {
  const { files, reader } = start(t);
  const former = reader.memory;
  files.write('calico/peer.yaml', peer('tor', '192.0.2.99'));
  t.deepEqual(peersOf(reader.refresh(NO_RUNTIME)), ['192.0.2.99']);
  reader.memory = former;
  const off = withSwitch(NO_RUNTIME, 'nobody', false, '');
  t.deepEqual(peersOf(reader.again(NO_RUNTIME, off)), ['192.0.2.9']);
  t.is(reader.refresh(NO_RUNTIME), null, 'the same is not looked at twice');
  files.write('calico/peer.yaml', peer('tor', '192.0.2.98'));
  t.deepEqual(peersOf(reader.refresh(NO_RUNTIME)), ['192.0.2.98']);
});

test('each error of a text is one of the whole, named as the operator named the file', (t) => {
  const { reader } = start(t);
  const { result } = reader.trial(config('other', 'pears: []\n'), '/tmp/next.yaml', NO_RUNTIME);
  t.deepEqual(result.ok ? [] : result.problems.map((problem) => formatProblem(problem).slice(0, 40)), [
    '/tmp/next.yaml:2:1: pears: unknown key; ',
  ]);
});

test('resources that are wrong are told of with their place', (t) => {
  const { files, reader } = start(t);
  files.write('other/bad.yaml', peer('bad', '192.0.2.300'));
  const { result } = reader.trial(config('other'), '/tmp/next.yaml', NO_RUNTIME);
  t.deepEqual(peersOf(result), ['192.0.2.10']);
  const warnings = result.ok ? result.warnings.map(formatProblem) : [];
  t.is(warnings.length, 1);
  t.regex(warnings[0] ?? '', /other\/bad\.yaml:4:\d+: BGPPeer\/?.*bad/);
});

test('the file is replaced at once, with the mode it had; one that cannot be says why', (t) => {
  const { files, reader } = start(t);
  rmSync(join(files.path, 'bgpd.yaml'));
  writeFileSync(join(files.path, 'bgpd.yaml'), 'asn: 1\n', { mode: 0o600 });
  t.is(reader.save('asn: 2\n'), null);
  t.is(readFileSync(join(files.path, 'bgpd.yaml'), 'utf8'), 'asn: 2\n');
  t.is(statSync(join(files.path, 'bgpd.yaml')).mode & 0o777, 0o600);
  const nowhere = new ConfigFile(join(files.path, 'missing', 'bgpd.yaml'));
  t.regex(nowhere.save('asn: 2\n') ?? '', /can't be written: .*ENOENT/);
});
