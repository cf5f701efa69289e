// Two profiles that export differently have different keys: else one peer would be sent what is meant for another.

import test from 'ava';
import fc from 'fast-check';
import { type AttrSetId, NONE } from '../../src/base/ids.js';
import { constantPolicy } from '../../src/policy/compile.js';
import { communitiesAllow, mayExport } from '../../src/policy/export-rules.js';
import { exportRewrite } from '../../src/policy/rewrite.js';
import { Exporter } from '../../src/rib/export/exporter.js';
import { profileKey } from '../../src/rib/export/update-groups.js';
import type { ExportProfile, ExportSpecials, PeerType } from '../../src/rib/hooks.js';
import { encodeBlock } from '../../src/wire/block.js';
import type { PathAttributes } from '../../src/wire/types.js';
import { Neighbour, neighbourOptions } from './neighbour.js';
import { address, attributes, prefix as parse, sequence } from './routes.js';
import { TestRib } from './test-rib.js';

const SUBNET = parse('192.0.2.0/24');
const SELF = [Uint8Array.of(10, 0, 0, 254), Uint8Array.of(10, 0, 0, 253)] as const;

const PLAIN: ExportSpecials = {
  prependAs: null,
  removePrivateAs: null,
  overrideAs: false,
  confederation: false,
  transparent: false,
  extendedNextHop: false,
  sharedSubnets: [],
  onlyToCustomer: null,
};

const specials = fc.record<ExportSpecials>({
  prependAs: fc.constantFrom(null, [64999], [64999, 64512]),
  removePrivateAs: fc.constantFrom(null, 'all', 'leading', 'replace'),
  overrideAs: fc.boolean(),
  confederation: fc.boolean(),
  transparent: fc.boolean(),
  extendedNextHop: fc.boolean(),
  sharedSubnets: fc.constantFrom([], [SUBNET]),
  onlyToCustomer: fc.constantFrom(null, { refused: true, add: null }, { refused: false, add: 64512 }),
});

const ACCEPT = constantPolicy('accept', 'test');

const profiles = fc.record<ExportProfile>({
  peerType: fc.constantFrom<PeerType[]>('ebgp', 'ebgp', 'confed', 'ibgp', 'ibgpClient'),
  localAsn: fc.constantFrom(64512, 64999),
  peerAsn: fc.constantFrom(65001, 65002, 3356),
  families: fc.constant([true, true]),
  asn4: fc.boolean(),
  maxMessage: fc.constantFrom(4096, 65535),
  nextHopSelf: fc.constantFrom([SELF[0], null], [SELF[1], null], [null, null]),
  alwaysNextHopSelf: fc.boolean(),
  clusterId: fc.constantFrom(null, 1, 2),
  clientToClient: fc.boolean(),
  policy: fc.constant(ACCEPT),
  special: fc.oneof(fc.constant(PLAIN), specials),
});

/** Another in one field only, or in one of `special`: random pairs would hardly ever have equal keys. */
const pairs = fc.tuple(profiles, profiles, fc.nat(), fc.nat(), fc.boolean()).map(([a, b, n, m, inner]) => {
  if (inner) {
    const keys = Object.keys(PLAIN) as (keyof ExportSpecials)[];
    const key = keys[m % keys.length]!;
    const special = { ...(a.special ?? PLAIN), [key]: (b.special ?? PLAIN)[key] };
    return [a, { ...a, special }] as const;
  }
  const keys = Object.keys(a) as (keyof ExportProfile)[];
  const key = keys[n % keys.length]!;
  return [a, { ...a, [key]: b[key] }] as const;
});

const SAMPLES: readonly Partial<PathAttributes>[] = [
  { asPath: [] },
  { asPath: sequence(65001, 3356, 65002), med: 7, localPref: 200 },
  { asPath: [{ kind: 'confedSequence', asns: [64513] }, ...sequence(3356)] },
  { asPath: sequence(4200000001), onlyToCustomer: 3356 },
  { asPath: sequence(3356), communities: Array.from({ length: 1010 }, (_, i) => i + 1) },
];
const NEXT_HOPS = ['192.0.2.1', '198.51.100.1', '2001:db8::1'] as const;
const FROM = ['ebgp', 'ibgp', 'ibgpClient'] as const;

/** What a profile makes of every sample from every kind of source; the attributes as they are in a message. */
function exportsOf(profile: ExportProfile): readonly string[] {
  const test = new TestRib();
  const sources = FROM.map((type, i) => new Neighbour(test, neighbourOptions(i + 1, type)).up().id);
  const rules = { rewrite: exportRewrite, mayExport, communitiesAllow, isReflector: true };
  const { rib } = test;
  const exporter = new Exporter(profile, rules, { ...rib, prefixes: rib.prefixes });
  const prefix = rib.prefixes[0].findOrAdd(0x0a000000, 0, 0, 0, 24);
  return sources.flatMap((source) =>
    NEXT_HOPS.flatMap((nextHop) =>
      SAMPLES.map((sample) => {
        const block = encodeBlock(attributes({ ...sample, nextHop: address(nextHop) }));
        const attrs = rib.attrSets.intern(block, 0, block.length);
        const told = exporter.export(0, prefix, source, attrs);
        return told === NONE ? '-' : Buffer.from(rib.attrSets.block(told as AttrSetId)).toString('hex');
      }),
    ),
  );
}

test('two profiles that export differently have different keys', (t) => {
  fc.assert(
    fc.property(pairs, ([a, b]) => {
      const told = (profile: ExportProfile): string => exportsOf(profile).join();
      return told(a) === told(b) || profileKey(a) !== profileKey(b);
    }),
    { numRuns: 400 },
  );
  t.pass();
});
