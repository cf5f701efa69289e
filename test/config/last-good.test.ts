// A reload with broken objects: each is as it was when it was good last, or left out; the rest takes effect.

import test from 'ava';
import { stringify } from 'yaml';
import { loadConfig } from '../../src/config/load.js';
import { objectsOf, type PlainConfig } from '../../src/config/sources/last-good.js';

const GOOD = {
  asn: 64512,
  peers: [
    { name: 'a', address: '10.0.0.2', asn: 65001, import: ['in'], export: ['in'] },
    { name: 'b', address: '10.0.0.3', asn: 64512 },
  ],
  policies: { in: [{ match: { prefix: { in: ['@nets'] } }, action: 'accept' }] },
  sets: { nets: { prefixes: ['10.0.0.0/8'] } },
  pools: [{ cidr: '10.65.0.0/16' }],
  rpki: { caches: [{ address: '10.0.0.9' }] },
} as const satisfies PlainConfig;

const load = (config: PlainConfig, lastGood: PlainConfig | null) =>
  loadConfig(stringify(config), 'f', { hostname: 'h', lastGood });

function taken(config: PlainConfig) {
  const result = load(config, GOOD);
  if (!result.ok) return null;
  return { config: result.config, kept: result.kept.map(({ object, fate }) => `${object} ${fate}`).sort() };
}

const peers = (...list: object[]) => ({ ...GOOD, peers: list });
const [A, B] = GOOD.peers;

test('the good configuration is taken as it is', (t) => {
  t.deepEqual(taken(GOOD)?.kept, []);
});

test('without a last good one a broken object rejects the whole', (t) => {
  t.false(load(peers({ ...A, asn: 'x' }, B), null).ok);
});

test('a broken peer stays as it was, a new one is left out, the others change', (t) => {
  const next = peers(
    { ...A, asn: 'x' },
    { ...B, description: 'new' },
    { name: 'c', address: 'nowhere', asn: 1 },
  );
  const result = taken(next);
  t.deepEqual(result?.kept, ['peers a kept', 'peers c leftOut']);
  t.deepEqual(
    result?.config.peers.map(({ name, asn, description }) => [name, asn, description]),
    [
      ['a', 65001, null],
      ['b', 64512, 'new'],
    ],
  );
});

test('a broken policy stays as it was, and so does a set', (t) => {
  const next = { ...GOOD, policies: { in: [{ action: 'perhaps' }] }, sets: { nets: { prefixes: ['x'] } } };
  const result = taken(next);
  t.deepEqual(result?.kept, ['policies in kept', 'sets nets kept']);
  const { in: policy } = result?.config.policies ?? {};
  t.is(policy?.[0]?.action, 'accept');
});

test('a peer that names a policy that was left out is as it was', (t) => {
  const next = {
    ...peers({ ...A, import: ['other'] }, B),
    policies: { ...GOOD.policies, other: [{ match: { med: 'x' }, action: 'accept' }] },
  };
  const result = taken(next);
  t.deepEqual(result?.kept, ['peers a kept', 'policies other leftOut']);
  t.deepEqual(result?.config.peers[0]?.import, ['in']);
});

test('a broken peer under a new name may be an old one: none is removed', (t) => {
  const result = taken(peers({ ...A, name: 'aa', address: 'nowhere' }));
  t.deepEqual(result?.kept, ['peers aa leftOut']);
  t.deepEqual(
    result?.config.peers.map(({ name }) => name),
    ['a', 'b'],
  );
});

test('sections without names are objects as a whole; unknown keys are left out', (t) => {
  const result = taken({ ...GOOD, asn: 'x', kernel: { metric: -1 }, colour: 'red' });
  t.deepEqual(result?.kept, ['asn kept', 'colour leftOut', 'kernel leftOut']);
  t.is(result?.config.asn, 64512);
  t.is(taken({ ...GOOD, pools: 'none' })?.config.pools.length, 1);
});

test('what is no mapping, or no YAML, is rejected', (t) => {
  t.false(loadConfig('- 1', 'f', { hostname: 'h', lastGood: GOOD }).ok);
  t.false(loadConfig('a: [', 'f', { hostname: 'h', lastGood: GOOD }).ok);
});

test('problems keep their place in the file', (t) => {
  const result = load(peers({ ...A, asn: 'x' }, B), GOOD);
  t.true(result.ok && result.kept[0]!.problem.line > 1);
  t.is(result.ok ? result.kept[0]?.problem.key : '', 'peers[0].asn');
});

test('objects by name', (t) => {
  t.deepEqual(
    [...objectsOf(GOOD).keys()],
    ['asn', 'peers a', 'peers b', 'policies in', 'sets nets', 'pools 10.65.0.0/16', 'rpki 10.0.0.9:323'],
  );
});
