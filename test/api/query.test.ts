import test from 'ava';
import fc from 'fast-check';
import type { RouteQuery } from '../../src/api/model/types.js';
import { readRouteQuery } from '../../src/api/query.js';

const GOOD: readonly (readonly [query: string, expected: RouteQuery])[] = [
  ['', { limit: 1000 }],
  ['family=ipv6-unicast', { limit: 1000, family: 'ipv6-unicast' }],
  ['prefix=10.65.0.0/26', { limit: 1000, prefix: '10.65.0.0/26' }],
  ['prefix=10.65.0.7', { limit: 1000, prefix: '10.65.0.7' }],
  ['prefix=FD00:0065::/64', { limit: 1000, prefix: 'fd00:65::/64' }],
  ['prefix=fd00::1&family=ipv6-unicast', { limit: 1000, prefix: 'fd00::1', family: 'ipv6-unicast' }],
  ['peer=tor-a', { limit: 1000, peer: 'tor-a', direction: 'in' }],
  ['peer=tor-a&direction=out', { limit: 1000, peer: 'tor-a', direction: 'out' }],
  ['all=true', { limit: 1000, all: true }],
  ['all', { limit: 1000, all: true }],
  ['all=0', { limit: 1000, all: false }],
  ['limit=1', { limit: 1 }],
  ['limit=100000', { limit: 100_000 }],
];

const BAD: readonly (readonly [query: string, error: RegExp])[] = [
  ['famly=ipv4-unicast', /^unknown query key "famly": use family, prefix, peer, direction, all, limit$/],
  ['__proto__=1', /^unknown query key/],
  ['toString=1', /^unknown query key/],
  ['family=ipv5', /^unknown family "ipv5": use ipv4-unicast or ipv6-unicast$/],
  ['prefix=', /is neither a prefix nor an address/],
  ['prefix=10.65.0.0/33', /is neither a prefix nor an address/],
  ['prefix=host-a', /is neither a prefix nor an address/],
  ['prefix=10.65.0.1/24', /^10.65.0.1\/24 has host bits set: write 10.65.0.0\/24$/],
  ['prefix=fd00::1/64', /has host bits set: write fd00::\/64$/],
  ['prefix=10.0.0.0/8&family=ipv6-unicast', /leave family out or use ipv4-unicast$/],
  ['peer=', /^peer is empty/],
  ['direction=in', /^direction needs peer/],
  ['peer=a&direction=up', /use in \(received from the peer\) or out/],
  ['all=maybe', /use true or false$/],
  ['limit=0', /whole number from 1 to 100000$/],
  ['limit=100001', /whole number from 1 to 100000$/],
  ['limit=-1', /whole number/],
  ['limit=1e3', /whole number/],
  ['limit=', /whole number/],
  ['family=ipv4-unicast&family=ipv6-unicast', /^family is given more than once/],
];

/** As the server's query parser: a key that comes again makes a list. */
function parse(query: string): Record<string, unknown> {
  const result = new Map<string, unknown>();
  for (const [key, value] of new URLSearchParams(query)) {
    const before = result.get(key);
    result.set(key, before === undefined ? value : [before, value]);
  }
  return Object.fromEntries(result);
}

for (const [query, expected] of GOOD) {
  test(`reads ?${query}`, (t) => {
    t.deepEqual(readRouteQuery(parse(query)), { ok: true, value: expected });
  });
}

for (const [query, error] of BAD) {
  test(`refuses ?${query}`, (t) => {
    const result = readRouteQuery(parse(query));
    t.false(result.ok);
    if (!result.ok) t.regex(result.error, error);
  });
}

test('any query is read or refused with one line, never an exception', (t) => {
  const key = fc.oneof(fc.constantFrom('family', 'prefix', 'peer', 'direction', 'all', 'limit'), fc.string());
  const value = fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.nat().map(String), fc.array(fc.string()));
  fc.assert(
    fc.property(fc.dictionary(key, value), (raw) => {
      const result = readRouteQuery(raw);
      if (!result.ok) return result.error.length > 10;
      const { limit = 0 } = result.value;
      return limit >= 1 && limit <= 100_000;
    }),
  );
  t.pass();
});
