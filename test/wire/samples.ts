// Arbitrary attributes and prefixes for the property tests.

import fc from 'fast-check';
import { ipv4, ipv6 } from '../../src/base/ip.js';
import { makePrefix, type Prefix } from '../../src/base/prefix.js';
import { aigpWithMetric } from '../../src/wire/attributes/aigp.js';
import { NO_LOCAL_FACTS } from '../../src/wire/attributes/local-facts.js';
import type { AsPathSegment, PathAttributes, Tlv, Tunnel } from '../../src/wire/types.js';

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

/** Of the kinds that are told apart on the way out. */
const extended = fc
  .tuple(fc.constantFrom([0x00, 0x02], [0x40, 0x04], [0x03, 0x0c], [0x43, 0x00]), octets(6))
  .map(([head, rest]) => Uint8Array.from([...head, ...rest]));

const tlv = (types: fc.Arbitrary<number>, longest: number): fc.Arbitrary<Tlv> =>
  fc.record({ type: types, value: fc.uint8Array({ maxLength: longest }) });

/** Egress endpoints of all three forms (RFC 9012 3.1). */
const endpoint: fc.Arbitrary<Tlv> = fc
  .constantFrom([0, 0], [1, 4], [2, 16])
  .chain(([family, length]) =>
    octets(length!).map((address) => Uint8Array.of(0, 0, 0, 0, 0, family!, ...address)),
  )
  .map((value) => ({ type: 6, value }));

const tunnel: fc.Arbitrary<Tunnel> = fc
  .tuple(
    fc.constantFrom(2, 8, 13, 15, 60000),
    fc.array(
      fc.oneof(tlv(fc.integer({ min: 7, max: 127 }), 255), tlv(fc.integer({ min: 128, max: 255 }), 300)),
      {
        maxLength: 3,
      },
    ),
    endpoint,
    fc.array(tlv(fc.integer({ min: 0, max: 5 }), 9), { maxLength: 2 }),
  )
  .map(([type, after, own, before]) => ({ type, subTlvs: [...before, own, ...after] }));
const tunnels = fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(tunnel, { maxLength: 3 }));

const metric = fc.bigInt({ min: 0n, max: 0xfffffffffffffffen }).map((value) => aigpWithMetric(value)[0]!);
const aigp = fc.array(fc.oneof(metric, tlv(fc.integer({ min: 2, max: 255 }), 20)), { maxLength: 3 });

const fields = fc.record({
  origin: fc.integer({ min: 0, max: 2 }),
  asPath,
  med: fc.option(u32),
  localPref: fc.option(u32),
  atomicAggregate: fc.boolean(),
  aggregator: fc.option(fc.record({ asn, address: u32 })),
  communities: fc.array(u32, { maxLength: 70 }),
  extendedCommunities: fc.array(fc.oneof(octets(8), extended), { maxLength: 4 }),
  largeCommunities: fc.array(fc.tuple(u32, u32, u32), { maxLength: 3 }),
  originatorId: fc.option(u32),
  clusterList: fc.array(u32, { maxLength: 3 }),
  tunnels,
  ipv6ExtendedCommunities: fc.array(octets(20), { maxLength: 3 }),
  aigp,
  onlyToCustomer: fc.option(u32),
  others,
  local: fc.constant(NO_LOCAL_FACTS),
});

export const attributes: fc.Arbitrary<PathAttributes> = fc
  .tuple(fields, nextHops)
  .map(([rest, hops]) => ({ ...rest, ...hops }));

/** With what never leaves this host. */
export const localAttributes: fc.Arbitrary<PathAttributes> = fc
  .tuple(
    attributes,
    fc.record({
      weight: fc.option(u32),
      metric: fc.option(u32),
      interface: fc.option(fc.string({ minLength: 1, maxLength: 15 })),
    }),
  )
  .map(([rest, local]) => ({ ...rest, local }));

/** What an internal peer sends: LOCAL_PREF is there. */
export const internalAttributes: fc.Arbitrary<PathAttributes> = fc
  .tuple(attributes, u32)
  .map(([rest, localPref]) => ({ ...rest, localPref }));
