// The state file beside the configuration, and keys from files and the environment.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { loadConfig } from '../../src/config/load.js';
import { formatProblem } from '../../src/config/problem.js';
import { ConfigFile } from '../../src/config/sources/config-file.js';
import {
  layered,
  NO_RUNTIME,
  runtimeFileOf,
  withoutPeer,
  withoutSwitch,
  withPeer,
  withSwitch,
} from '../../src/config/sources/runtime-peers.js';
import type { Config } from '../../src/config/types.js';

function inFolder(body: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'bgpd-runtime-'));
  try {
    body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const YAML = `
asn: 64512
peers:
  - { name: a, address: 10.0.0.2, asn: 64512 }
  - { address: 10.0.0.3, asn: 64512 }
`;

const names = (config: Config): readonly string[] =>
  config.peers.map(({ name, enabled }) => `${name}${enabled ? '' : ' off'}`);

test('what is kept is laid over the file at every load, what is not is laid over that', (t) =>
  inFolder((folder) => {
    const path = join(folder, 'bgpd.yaml');
    writeFileSync(path, YAML);
    const file = new ConfigFile(path);
    const kept = withSwitch(
      withoutPeer(withPeer(NO_RUNTIME, { name: 'c', address: '10.0.0.4', asn: 64512 }), '10.0.0.3'),
      'a',
      false,
      'new cable',
    );
    t.is(file.keep(kept), null);
    t.is(runtimeFileOf(path), join(folder, 'bgpd.runtime.json'));
    const read = file.read();
    if (!read.ok) return t.fail(read.problems.map(formatProblem).join());
    t.deepEqual(names(read.config), ['a off', 'c']);
    t.is(read.config.peers[0]?.shutdownText, 'new cable');
    writeFileSync(path, 'asn: 64513');
    const over = file.again(kept, withoutPeer(withSwitch(NO_RUNTIME, 'a', true, ''), 'c'));
    if (!over.ok) return t.fail(over.problems.map(formatProblem).join());
    t.is(over.config.asn, 64512, 'an edit that nobody has reloaded stays out');
    t.deepEqual(names(over.config), ['a']);
    writeFileSync(runtimeFileOf(path), '{ "peers": 5 }');
    const broken = file.read();
    t.regex(
      broken.ok ? '' : formatProblem(broken.problems[0]!),
      /bgpd\.runtime\.json: is not what bgpd wrote/,
    );
    return undefined;
  }));

test('layers: the upper one removes what the lower one has added, and switches anew', (t) => {
  const added = withPeer(NO_RUNTIME, { address: '2001:DB8::1' });
  t.deepEqual(layered(added, withoutPeer(NO_RUNTIME, '2001:db8::1')).peers, []);
  t.deepEqual(withoutPeer(added, '2001:db8::1'), NO_RUNTIME, 'what never was in a file leaves no trace');
  t.deepEqual(withoutSwitch(withSwitch(NO_RUNTIME, 'a', true, ''), 'a'), NO_RUNTIME);
});

test('a key file beside the configuration: its line end is not part of the key; a peer may have another', (t) =>
  inFolder((folder) => {
    const path = join(folder, 'bgpd.yaml');
    writeFileSync(join(folder, 'tor.key'), 'mandarin\n');
    writeFileSync(
      path,
      `asn: 64512
peerGroups: { g: { asn: 64512, password: { file: tor.key } } }
peers: [{ address: 10.0.0.2, group: g }, { address: 10.0.0.3, group: g, password: { file: ${folder}/tor.key } }]
dynamicPeers: [{ range: 10.1.0.0/16, group: g }]
`,
    );
    const read = new ConfigFile(path).read();
    if (!read.ok) return t.fail(read.problems.map(formatProblem).join());
    const key = read.config.peers[0]?.password;
    t.is(Buffer.from(key?.reveal() ?? []).toString(), 'mandarin');
    t.is(read.config.dynamicPeers[0]?.template.password?.fingerprint, key?.fingerprint);
    t.notRegex(JSON.stringify(read.config), /mandarin/);
    writeFileSync(join(folder, 'tor.key'), 'x'.repeat(81));
    const long = new ConfigFile(path).read();
    t.regex(
      long.ok ? '' : formatProblem(long.problems[0]!),
      /file tor\.key: the key has 81 octets; give 1 to 80/,
    );
    rmSync(join(folder, 'tor.key'));
    const gone = new ConfigFile(path).read();
    t.regex(gone.ok ? '' : formatProblem(gone.problems[0]!), /can't be read: there is no such file/);
    t.is(readFileSync(path, 'utf8').includes('mandarin'), false);
    return undefined;
  }));

test('TCP-AO is refused with its place where the kernel has none, and excludes TCP-MD5', (t) => {
  const load = (keys: string, has: boolean) => {
    const text = `asn: 1\npeers:\n  - { address: 10.0.0.2, asn: 2, import: [], export: [], ${keys} }\n`;
    const result = loadConfig(text, 'bgpd.yaml', {
      hostname: 'h',
      hasTcpAo: () => has,
      secrets: () => ({ ok: true, text: 'key' }),
    });
    return result.ok ? result.config.peers[0]?.tcpAo : result.problems.map(formatProblem).join('\n');
  };
  const ao = 'tcpAo: [{ sendId: 1, receiveId: 2, key: { env: K } }]';
  t.like(load(ao, true), { 0: { sendId: 1, receiveId: 2, algorithm: 'hmac-sha-1-96' } });
  t.is(
    load(ao, false),
    'bgpd.yaml:3:65: peers[0].tcpAo: this kernel has no TCP-AO (RFC 5925): Linux 6.7 or later with CONFIG_TCP_AO has; use password (TCP-MD5), or another kernel',
  );
  t.regex(String(load(`${ao}, password: { env: K }`, true)), /TCP-MD5 and TCP-AO exclude each other/);
});
