import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { formatIp, formatIpv4 } from '../../src/base/ip.js';
import { formatPrefix } from '../../src/base/prefix.js';
import { schemaKeys } from '../../src/config/schema/schema.js';
import { readConfigFile } from '../../src/config/sources/config-file.js';

const file = join(import.meta.dirname, '..', '..', '..', 'bgpd.example.yaml');
const text = readFileSync(file, 'utf8');

/** All keys of a value as `schemaKeys` writes them; names below peerGroups, policies and sets become `*`. */
function keysOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((element) => keysOf(element, `${path}[]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const isName = path === 'peerGroups' || path === 'policies' || path === 'sets';
    const at = isName ? `${path}.*` : path === '' ? key : `${path}.${key}`;
    return [...(isName ? [] : [at]), ...keysOf(inner, at)];
  });
}

test('the example loads without problems or warnings', (t) => {
  const result = readConfigFile(file);
  t.deepEqual(result.ok ? result.warnings : result.problems, []);
});

test('no key of the schema is missing from the example', (t) => {
  const shared = (key: string): string =>
    key.replace(/^(peers\[\]|peerGroups\.\*)\./, 'peer.').replace('.ipv6-unicast.', '.ipv4-unicast.');
  const there = new Set(keysOf(parse(text)).map(shared));
  const wanted = schemaKeys().map(shared);
  t.true(wanted.length > 60);
  for (const key of wanted) {
    // Keys of TCP need files that are not there, so they stand in a comment.
    if (key === 'peer.password') t.regex(text, /# +password: \{ file: .*TCP-MD5/);
    else if (key.startsWith('peer.tcpAo'))
      t.regex(text, new RegExp(`#.*\\b${key.split(/\.|\[\]/).at(-1) || 'tcpAo'}:`));
    else t.true(there.has(key), key);
  }
});

test('the example says what it means', (t) => {
  const result = readConfigFile(file);
  if (!result.ok) return t.fail();
  const { config } = result;
  t.is(config.node, 'host-a');
  t.is(formatIpv4(config.routerId ?? 0), '172.18.203.126');
  t.deepEqual(
    config.pools.map(({ cidr, external }) => [formatPrefix(cidr), external]),
    [
      ['10.65.0.0/16', false],
      ['102.25.78.0/24', true],
      ['fd00:65::/48', false],
    ],
  );
  const [reflector, , tor] = config.peers;
  t.deepEqual(reflector?.families, ['ipv4-unicast', 'ipv6-unicast']);
  t.is(reflector?.asn, 64512);
  t.is(reflector?.timers.keepalive, 30);
  t.is(reflector?.import, null);
  t.is(tor?.timers.keepalive, null);
  t.deepEqual(tor?.export, ['to-fabric', 'external']);
  t.is(config.dynamicPeers[0]?.limit, 5000);
  t.is(config.dynamicPeers[0]?.template.description, 'the hosts of this cluster');
  t.deepEqual(Object.keys(config.policies).sort(), [
    'accept-all',
    'external',
    'originated',
    'pools',
    'reject-all',
    'to-fabric',
    'workloads',
  ]);
  t.is(config.api.listen === null ? '' : formatIp(config.api.listen.address), '127.0.0.1');
});
