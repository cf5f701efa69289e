import test from 'ava';
import {
  defaultPolicies,
  exportPolicyOf,
  importPolicyOf,
  installPolicyOf,
  missingPolicies,
} from '../../src/policy/defaults.js';
import type { RouteSource } from '../../src/policy/types.js';
import { prefix, routeTo } from './routes.js';

const policies = defaultPolicies([
  { cidr: prefix('10.65.0.0/16'), external: false },
  { cidr: prefix('102.25.78.0/24'), external: true },
  { cidr: prefix('fd00:65::/32'), external: false },
]);
const LOCAL = 64512;
const peer = (asn: number, names: readonly string[] | null) => ({ asn, import: names, export: names });

test('RFC 8212: an eBGP peer without policies gets and gives nothing, and is told why', (t) => {
  const silent = peer(65001, null);
  const route = routeTo('10.65.0.1/32');
  t.deepEqual(importPolicyOf(silent, LOCAL, policies).evaluate(route), {
    action: 'reject',
    term: 'RFC 8212: eBGP peer without import policy',
  });
  t.deepEqual(exportPolicyOf(silent, LOCAL, policies).evaluate(route), {
    action: 'reject',
    term: 'RFC 8212: eBGP peer without export policy',
  });
  t.deepEqual(missingPolicies(silent, LOCAL), ['import', 'export']);
  t.deepEqual(missingPolicies({ ...silent, export: ['external'] }, LOCAL), ['import']);
  t.deepEqual(missingPolicies(peer(LOCAL, null), LOCAL), []);
});

test('an iBGP peer without policies gets and gives all', (t) => {
  const policy = exportPolicyOf(peer(LOCAL, null), LOCAL, policies);
  t.is(policy.evaluate(routeTo('192.0.2.0/24')).action, 'accept');
  t.is(policy.key, importPolicyOf(peer(LOCAL, ['accept-all']), LOCAL, policies).key);
});

test('a chain that is empty or that nothing matches rejects, for iBGP too', (t) => {
  for (const asn of [LOCAL, 65001]) {
    t.is(importPolicyOf(peer(asn, []), LOCAL, policies).evaluate(routeTo('10.65.0.1/32')).action, 'reject');
    const chain = importPolicyOf(peer(asn, ['workloads']), LOCAL, policies);
    t.is(chain.evaluate(routeTo('10.65.0.1/32', 'bgp')).action, 'reject');
  }
});

const table: readonly [policy: string, route: string, source: RouteSource, accepted: boolean][] = [
  ['accept-all', '192.0.2.0/24', 'bgp', true],
  ['reject-all', '10.65.0.1/32', 'kernel', false],
  ['workloads', '10.65.0.1/32', 'kernel', true],
  ['workloads', '10.65.0.1/32', 'bgp', false],
  ['workloads', '10.65.8.0/26', 'static', false],
  ['pools', '10.65.0.1/32', 'bgp', true],
  ['pools', 'fd00:65:1::1/128', 'bgp', true],
  ['pools', '10.66.0.1/32', 'bgp', false],
  ['external', '102.25.78.9/32', 'bgp', true],
  ['external', '102.25.78.0/24', 'static', true],
  ['external', '102.25.0.0/16', 'static', false],
  ['external', '10.65.0.1/32', 'kernel', false],
];

for (const [name, route, source, accepted] of table) {
  test(`default policy ${name} on ${source} ${route}`, (t) => {
    const { action } = exportPolicyOf(peer(65001, [name]), LOCAL, policies).evaluate(routeTo(route, source));
    t.is(action, accepted ? 'accept' : 'reject');
  });
}

test('external ends a chain, workloads and pools do not', (t) => {
  const accepts = (names: readonly string[]): boolean =>
    exportPolicyOf(peer(65001, names), LOCAL, policies).evaluate(routeTo('192.0.2.0/24')).action === 'accept';
  t.false(accepts(['external', 'accept-all']));
  t.true(accepts(['workloads', 'pools', 'accept-all']));
});

test('kernel.install: all learned routes unless named policies say otherwise', (t) => {
  t.is(installPolicyOf([], policies).evaluate(routeTo('192.0.2.0/24')).action, 'accept');
  t.is(installPolicyOf(['pools'], policies).evaluate(routeTo('192.0.2.0/24')).action, 'reject');
  t.is(installPolicyOf(['pools'], policies).evaluate(routeTo('10.65.1.1/32')).action, 'accept');
});
