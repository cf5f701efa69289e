import test from 'ava';
import { constantPolicy } from '../../src/policy/compile.js';
import { communitiesAllow, mayExport, NO_ADVERTISE, NO_EXPORT } from '../../src/policy/export-rules.js';
import { exportRewrite } from '../../src/policy/rewrite.js';
import type { ExportProfile, PathOrigin } from '../../src/rib/hooks.js';
import type { AttributeEdits } from '../../src/wire/types.js';

const CLUSTER = 0xf4000001;
const ROUTER = 0xac12cb02;
const V4 = Uint8Array.of(172, 18, 203, 126);
const V6 = Uint8Array.of(0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

const profile = (peerType: ExportProfile['peerType'], over: Partial<ExportProfile> = {}): ExportProfile => ({
  peerType,
  localAsn: 64512,
  peerAsn: peerType === 'ebgp' ? 65001 : 64512,
  families: [true, true],
  asn4: true,
  maxMessage: 4096,
  nextHopSelf: [V4, V6],
  alwaysNextHopSelf: peerType === 'ebgp',
  clusterId: CLUSTER,
  clientToClient: true,
  policy: constantPolicy('accept', 'test'),
  ...over,
});

const origin = (peerType: PathOrigin['peerType']): PathOrigin => ({
  source: peerType === 'local' ? 'kernel' : 'bgp',
  peer: null,
  peerType,
  peerRouterId: peerType === 'local' ? 0 : ROUTER,
  clusterId: peerType === 'local' ? null : CLUSTER,
});

const toEbgp = {
  prependAs: [64512],
  nextHop: V4,
  localPref: null,
  dropReflection: true,
  dropInternal: true,
  dropUnknownNonTransitive: true,
} as const;
const reflected = {
  originatorIdIfAbsent: ROUTER,
  clusterIdPrepend: CLUSTER,
  dropUnknownNonTransitive: true,
} as const;
const entering = { localPref: 100, dropUnknownNonTransitive: true } as const;

const matrix: readonly [
  from: PathOrigin['peerType'],
  to: ExportProfile['peerType'],
  nextHopSelf: boolean,
  edits: AttributeEdits,
][] = [
  ['local', 'ebgp', true, toEbgp],
  ['ebgp', 'ebgp', true, { ...toEbgp, med: null }],
  ['ibgp', 'ebgp', true, { ...toEbgp, med: null }],
  ['ibgpClient', 'ebgp', true, { ...toEbgp, med: null }],
  ['local', 'ibgp', false, { ...entering, nextHop: V4 }],
  ['local', 'ibgpClient', true, { ...entering, nextHop: V4 }],
  ['ebgp', 'ibgp', false, entering],
  ['ebgp', 'ibgp', true, { ...entering, nextHop: V4, dropAigp: true }],
  ['ebgp', 'ibgpClient', false, entering],
  ['ibgp', 'ibgpClient', false, reflected],
  ['ibgp', 'ibgpClient', true, reflected],
  ['ibgpClient', 'ibgp', false, reflected],
  ['ibgpClient', 'ibgpClient', true, reflected],
];

for (const [from, to, nextHopSelf, edits] of matrix) {
  test(`rewrite from ${from} to ${to}${nextHopSelf ? ' with next hop self' : ''}`, (t) => {
    const target = profile(to, { alwaysNextHopSelf: nextHopSelf });
    t.deepEqual(exportRewrite(target, origin(from), 0), edits);
  });
}

test('the next hop is of the family that is sent, and none of ours replaces nothing', (t) => {
  t.is(exportRewrite(profile('ebgp'), origin('ebgp'), 1).nextHop, V6);
  t.is(exportRewrite(profile('ibgp'), origin('local'), 1).nextHop, V6);
  const keep = profile('ebgp', { nextHopSelf: [V4, null] });
  t.false('nextHop' in exportRewrite(keep, origin('ebgp'), 1));
  t.is(exportRewrite(keep, origin('ebgp'), 0).nextHop, V4);
});

/** Rows: where the path came from; columns: ebgp, ibgp, ibgpClient. */
const rules = {
  plain: { local: [1, 1, 1], ebgp: [1, 1, 1], ibgp: [1, 0, 0], ibgpClient: [1, 0, 0] },
  reflector: { local: [1, 1, 1], ebgp: [1, 1, 1], ibgp: [1, 0, 1], ibgpClient: [1, 1, 1] },
} as const;

for (const [kind, rows] of Object.entries(rules)) {
  for (const [from, allowed] of Object.entries(rows)) {
    test(`a ${kind} speaker exports what came from ${from} to the right peers`, (t) => {
      const answers = (['ebgp', 'ibgp', 'ibgpClient'] as const).map((to) =>
        mayExport(origin(from as PathOrigin['peerType']), profile(to), kind === 'reflector'),
      );
      t.deepEqual(
        answers,
        allowed.map((one: 0 | 1) => one === 1),
      );
    });
  }
}

test('clients of one cluster that are meshed are told of others only', (t) => {
  const meshed = { clientToClient: false };
  const from = origin('ibgpClient');
  t.false(mayExport(from, profile('ibgpClient', meshed), true));
  t.true(mayExport(from, profile('ibgpClient', { ...meshed, clusterId: CLUSTER + 1 }), true));
  for (const to of ['ebgp', 'ibgp'] as const) t.true(mayExport(from, profile(to, meshed), true), to);
  for (const other of ['ebgp', 'ibgp', 'local'] as const) {
    t.true(mayExport(origin(other), profile('ibgpClient', meshed), true), other);
  }
});

const communities: readonly [list: readonly number[], ebgp: boolean, ibgp: boolean][] = [
  [[], true, true],
  [[0xfc000001], true, true],
  [[0xfc000001, NO_EXPORT], false, true],
  [[NO_ADVERTISE], false, false],
  [[0xffffff03], false, true],
  [[0xffff0000], true, true],
];

for (const [list, ebgp, ibgp] of communities) {
  test(`well-known communities in [${list.map((value) => value.toString(16)).join(' ')}]`, (t) => {
    t.is(communitiesAllow(list, 'ebgp'), ebgp);
    t.is(communitiesAllow(list, 'ibgp'), ibgp);
    t.is(communitiesAllow(list, 'ibgpClient'), ibgp);
  });
}
