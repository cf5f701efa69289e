// Arbitrary attributes and prefixes for the property tests.

import fc from 'fast-check';
import { ipv4, ipv6 } from '../../src/base/ip.js';
import { makePrefix, type Prefix } from '../../src/base/prefix.js';
import type { AsPathSegment, PathAttributes } from '../../src/wire/types.js';

export const u32 = fc.integer({ min: 0, max: 0xffffffff });
export const asn = fc.oneof(fc.integer({ min: 1, max: 0xffff }), fc.integer({ min: 1, max: 0xffffffff }));
const octets = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

export const ipv4Prefix: fc.Arbitrary<Prefix> = fc
  .tuple(u32, fc.integer({ min: 0, max: 32 }))
  .map(([word, length]) => makePrefix(ipv4(word), length));
export const ipv6Prefix: fc.Arbitrary<Prefix> = fc
  .tuple(u32, u32, u32, u32, fc.integer({ min: 0, max: 128 }))
  .map(([a, b, c, d, length]) => makePrefix(ipv6([a, b, c, d]), length));

const kind = fc.constantFrom('sequence', 'set', 'sequence', 'confedSequence', 'confedSet');
export const segment: fc.Arbitrary<AsPathSegment> = fc.record({
  kind,
  asns: fc.oneof(
    { weight: 9, arbitrary: fc.array(asn, { minLength: 1, maxLength: 6 }) },
    { weight: 1, arbitrary: fc.array(asn, { minLength: 250, maxLength: 255 }) },
  ),
});
export const asPath = fc.array(segment, { maxLength: 4 });

const globalNextHop = fc.tuple(u32, u32, u32).map(([a, b, c]) => ipv6([0x20010db8, a, b, c]));
const linkLocal = fc.tuple(u32, u32).map(([a, b]) => ipv6([0xfe800000, 0, a, b]));
const hostNextHop = fc.integer({ min: 0x01000000, max: 0x7effffff }).map(ipv4);

/** The next hop forms of a block: IPv4, global IPv6, global with link-local, link-local alone. */
const nextHops = fc.oneof(
  hostNextHop.map((nextHop) => ({ nextHop, linkLocalNextHop: null })),
  globalNextHop.map((nextHop) => ({ nextHop, linkLocalNextHop: null })),
  fc.tuple(globalNextHop, linkLocal).map(([nextHop, local]) => ({ nextHop, linkLocalNextHop: local })),
  linkLocal.map((nextHop) => ({ nextHop, linkLocalNextHop: null })),
);

/** Codes without a field of their own: transitive ones are received with the Partial bit. */
const others = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 40, max: 255 }), fc.uint8Array({ maxLength: 300 })), {
    maxLength: 3,
    selector: ([code]) => code,
  })
  .map((rows) =>
    rows
      .sort(([a], [b]) => a - b)
      .map(([code, value]) => ({ code, flags: value.length > 255 ? 0xf0 : 0xe0, value })),
  );

const fields = fc.record({
  origin: fc.integer({ min: 0, max: 2 }),
  asPath,
  med: fc.option(u32),
  localPref: fc.option(u32),
  atomicAggregate: fc.boolean(),
  aggregator: fc.option(fc.record({ asn, address: u32 })),
  communities: fc.array(u32, { maxLength: 70 }),
  extendedCommunities: fc.array(octets(8), { maxLength: 3 }),
  largeCommunities: fc.array(fc.tuple(u32, u32, u32), { maxLength: 3 }),
  originatorId: fc.option(u32),
  clusterList: fc.array(u32, { maxLength: 3 }),
  others,
});

export const attributes: fc.Arbitrary<PathAttributes> = fc
  .tuple(fields, nextHops)
  .map(([rest, hops]) => ({ ...rest, ...hops }));

/** What an internal peer sends: LOCAL_PREF is there. */
export const internalAttributes: fc.Arbitrary<PathAttributes> = fc
  .tuple(attributes, u32)
  .map(([rest, localPref]) => ({ ...rest, localPref }));
