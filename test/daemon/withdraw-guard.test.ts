// When a change withdraws too much, and what may pass unseen.

import test from 'ava';
import { diffConfig } from '../../src/config/diff.js';
import type { Config } from '../../src/config/types.js';
import { mayWithdraw } from '../../src/daemon/preview/config-preview.js';
import type { Fate } from '../../src/daemon/preview/foresight.js';
import { guardReasons, type PeerLoss } from '../../src/daemon/preview/withdraw-guard.js';
import { BASE, passive, readYaml, type Yaml } from './daemon-rig.js';

const loss = (name: string, before: number, withdrawn: number, fate: Fate = 'stays'): PeerLoss => ({
  name,
  fate,
  before,
  withdrawn,
});

const HALF = { maxWithdraw: 50, minWithdraw: 10 };

const ROWS: readonly (readonly [
  title: string,
  peers: readonly PeerLoss[],
  reasons: readonly string[],
  Partial<typeof HALF>?,
])[] = [
  ['nothing', [], []],
  ['half is not more than half', [loss('a', 40, 20)], []],
  [
    'one more is, for the peer and for all',
    [loss('a', 40, 21)],
    ['21 of 40 prefixes announced (53 %) to all peers together', '21 of 40 prefixes announced (53 %) to a'],
  ],
  ['few may always go', [loss('a', 9, 9)], []],
  [
    'few of each are many together',
    [loss('a', 9, 9), loss('b', 9, 9)],
    ['18 of 18 prefixes announced (100 %) to all peers together'],
  ],
  [
    'one peer among many',
    [loss('a', 40, 40), loss('b', 400, 0)],
    ['40 of 40 prefixes announced (100 %) to a'],
  ],
  ['who is removed or switched off is not counted', [loss('a', 40, 40, 'ends'), loss('b', 40, 0)], []],
  ['nor who is down or new', [loss('a', 40, 40, 'down'), loss('b', 40, 40, 'new')], []],
  ['a session that comes back counts by what it has then', [loss('a', 40, 20, 'resets')], []],
  [
    'one that would not loses all',
    [loss('a', 40, 40, 'fails'), loss('b', 400, 0)],
    ['40 of 40 prefixes announced (100 %) to a'],
  ],
  [
    'every prefix counts where the file says so',
    [loss('a', 2, 2)],
    ['2 of 2 prefixes announced (100 %) to all peers together', '2 of 2 prefixes announced (100 %) to a'],
    { minWithdraw: 1 },
  ],
  ['100 % refuses nothing', [loss('a', 40, 40)], [], { maxWithdraw: 100 }],
];

for (const [title, peers, reasons, settings] of ROWS) {
  test(title, (t) => t.deepEqual(guardReasons({ ...HALF, ...settings }, peers), reasons));
}

test('off refuses nothing, and many peers are not all named', (t) => {
  const peers = Array.from({ length: 8 }, (_, i) => loss(`p${i}`, 40, 40));
  t.deepEqual(guardReasons({ maxWithdraw: null, minWithdraw: 1 }, peers), []);
  const reasons = guardReasons(HALF, peers);
  t.is(reasons.length, 7);
  t.is(reasons.at(-1), 'and too much to 3 more peers');
});

function configOf(more: Yaml): Config {
  const result = readYaml({ ...BASE, peers: [passive('a', '127.0.0.2', 64512)], ...more });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.config;
}

const CHANGES: readonly (readonly [title: string, more: Yaml, may: boolean])[] = [
  ['nothing', {}, false],
  ['a new peer', { peers: [passive('a', '127.0.0.2', 64512), passive('b', '127.0.0.3', 64512)] }, false],
  ['a description', { peers: [passive('a', '127.0.0.2', 64512, { description: 'x' })] }, false],
  ['the log', { log: { level: 'warn' } }, false],
  ['no peer', { peers: [] }, true],
  ['an export policy', { peers: [passive('a', '127.0.0.2', 64512, { export: ['accept-all'] })] }, true],
  ['a pool', { pools: [{ cidr: '10.0.0.0/8' }] }, true],
  ['an aggregate', { originate: [{ prefix: '10.65.0.0/26', kind: 'aggregate' }] }, true],
  ['the decision', { decision: { alwaysCompareMed: true } }, true],
  ['the AS', { asn: 64513 }, true],
];

for (const [title, more, may] of CHANGES) {
  test(`may withdraw: ${title}`, (t) => t.is(mayWithdraw(diffConfig(configOf({}), configOf(more))), may));
}
