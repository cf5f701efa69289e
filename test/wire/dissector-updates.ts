// UPDATEs for an independent dissector, each with what it must read of them. The values are kept to what that dissector
// understands; codes, flags and lengths are counted here by the RFCs.

import fc from 'fast-check';
import type { FamilyIndex } from '../../src/base/family.js';
import { formatIp, formatIpv4 } from '../../src/base/ip.js';
import { type Prefix, prefixWords } from '../../src/base/prefix.js';
import { aigpMetric, aigpWithMetric } from '../../src/wire/attributes/aigp.js';
import { encodeBlock } from '../../src/wire/block.js';
import type { PathAttributes } from '../../src/wire/types.js';
import { UpdatePacker } from '../../src/wire/update-packer.js';
import { type Row, rowOf } from './dissect.js';
import { internalAttributes, ipv4Prefix, ipv6Prefix, u32 } from './samples.js';

export interface Sample {
  readonly frame: Uint8Array;
  readonly expected: Row;
}

export const u16 = fc.integer({ min: 1, max: 0xfffe });
const octets = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

/** Route targets of 2-octet ASes. */
const routeTarget = fc
  .tuple(u16, u32)
  .map(([asn, number]) =>
    Uint8Array.of(0, 2, asn >>> 8, asn, number >>> 24, number >>> 16, number >>> 8, number),
  );
const ipv6RouteTarget = octets(18).map((rest) => Uint8Array.of(0, 2, ...rest));
/** An egress endpoint (RFC 9012 3.1) and a port; of a Color sub-TLV the dissector misjudges the end. */
const tunnel = fc.tuple(octets(4), octets(2)).map(([address, port]) => ({
  type: 8,
  subTlvs: [
    { type: 6, value: Uint8Array.of(0, 0, 0, 0, 0, 1, ...address) },
    { type: 8, value: port },
  ],
}));

const understood: fc.Arbitrary<PathAttributes> = fc
  .record({
    base: internalAttributes,
    communities: fc.array(fc.tuple(u16, u16), { maxLength: 70 }),
    extendedCommunities: fc.array(routeTarget, { maxLength: 4 }),
    ipv6ExtendedCommunities: fc.array(ipv6RouteTarget, { maxLength: 2 }),
    aigp: fc.option(fc.bigInt({ min: 0n, max: 0x7fffffffffffffffn })),
    tunnels: fc.array(tunnel, { maxLength: 2 }),
  })
  .map(({ base, communities, aigp, ...rest }) => ({
    ...base,
    ...rest,
    asPath: base.asPath.map(({ kind, asns }) => ({ kind, asns: asns.map((asn) => (asn | 0x10000) >>> 0) })),
    communities: communities.map(([high, low]) => high * 65536 + low),
    aigp: aigp === null ? [] : aigpWithMetric(aigp),
    others: [],
  }));

interface Attribute {
  readonly code: number;
  readonly flags: number;
  readonly length: number;
}

/** Codes, flags and lengths of what must be sent, besides the MP attributes; by the RFCs, not by our tables. */
function attributesOf(given: PathAttributes, classic: boolean): Attribute[] {
  const list = (code: number, flags: number, count: number, width: number): Attribute[] =>
    count === 0 ? [] : [{ code, flags, length: count * width }];
  const one = (code: number, flags: number, present: boolean, length: number): Attribute[] =>
    present ? [{ code, flags, length }] : [];
  const tunnels = given.tunnels.length;
  return [
    ...one(1, 0x40, true, 1),
    ...one(
      2,
      0x40,
      true,
      given.asPath.reduce((sum, { asns }) => sum + 2 + asns.length * 4, 0),
    ),
    ...one(3, 0x40, classic, 4),
    ...one(4, 0x80, given.med !== null, 4),
    ...one(5, 0x40, given.localPref !== null, 4),
    ...one(6, 0x40, given.atomicAggregate, 0),
    ...one(7, 0xc0, given.aggregator !== null, 8),
    ...list(8, 0xc0, given.communities.length, 4),
    ...one(9, 0x80, given.originatorId !== null, 4),
    ...list(10, 0x80, given.clusterList.length, 4),
    ...list(16, 0xc0, given.extendedCommunities.length, 8),
    ...list(23, 0xc0, tunnels, 4 + 12 + 4),
    ...list(25, 0xc0, given.ipv6ExtendedCommunities.length, 20),
    ...list(26, 0x80, given.aigp.length, 11),
    ...list(32, 0xc0, given.largeCommunities.length, 12),
    ...one(35, 0xc0, given.onlyToCustomer !== null, 4),
  ].map((row) => (row.length > 255 ? { ...row, flags: row.flags | 0x10 } : row));
}

const SEGMENTS = { set: 1, sequence: 2, confedSequence: 3, confedSet: 4 } as const;

const known = <T>(value: T | null): T[] => (value === null ? [] : [value]);

/** What does not depend on the family. */
const attributeFields = (given: PathAttributes): Row =>
  rowOf({
    origin: [given.origin],
    segmentType: given.asPath.map(({ kind }) => SEGMENTS[kind]),
    segmentLength: given.asPath.map(({ asns }) => asns.length),
    asn: given.asPath.flatMap(({ asns }) => asns),
    med: known(given.med),
    localPref: known(given.localPref),
    aggregatorAs: known(given.aggregator).map(({ asn }) => asn),
    aggregatorAddress: known(given.aggregator).map(({ address }) => formatIpv4(address)),
    communityAs: given.communities.map((community) => community >>> 16),
    communityValue: given.communities.map((community) => community & 0xffff),
    originatorId: known(given.originatorId).map(formatIpv4),
    clusterId: given.clusterList.map(formatIpv4),
    extendedType: given.extendedCommunities.map(([type]) => `0x${type!.toString(16).padStart(2, '0')}`),
    extendedAs: given.extendedCommunities.map((value) => value[2]! * 256 + value[3]!),
    extendedNumber: given.extendedCommunities.map((value) => new DataView(value.buffer).getUint32(4)),
    largeGlobal: given.largeCommunities.map(([global]) => global),
    largeFirst: given.largeCommunities.map(([, first]) => first),
    largeSecond: given.largeCommunities.map(([, , second]) => second),
    aigpType: given.aigp.map(({ type }) => type),
    aigpLength: given.aigp.map(() => 11),
    aigpMetric: known(aigpMetric(given.aigp)).map(String),
    tunnelType: given.tunnels.map(({ type }) => type),
    tunnelLength: given.tunnels.map(() => 16),
    subTlvType: given.tunnels.flatMap(({ subTlvs }) => subTlvs.map(({ type }) => type)),
  });

interface Routes {
  readonly family: FamilyIndex;
  /** Null: withdrawn. */
  readonly given: PathAttributes | null;
  readonly prefixes: readonly Prefix[];
  /** One for each prefix; empty for a session without path ids. */
  readonly pathIds: readonly number[];
}

function updateFrame({ family, given, prefixes, pathIds }: Routes): Uint8Array {
  const addPath = pathIds.length > 0;
  const packer = new UpdatePacker({ maxMessage: 65535, asn4: true, addPath: [addPath, addPath] });
  if (given === null) packer.unreach(family);
  else packer.reach(family, encodeBlock(given));
  for (const [i, prefix] of prefixes.entries()) {
    if (addPath) packer.path(pathIds[i]!, ...prefixWords(prefix), prefix.length);
    else packer.prefix(...prefixWords(prefix), prefix.length);
  }
  return packer.take();
}

const nlriLength = ({ prefixes, pathIds }: Routes): number =>
  prefixes.reduce((sum, { length }) => sum + 1 + Math.ceil(length / 8), pathIds.length * 4);

/** The MP attribute of the message, null for the classic form. */
function mpAttribute(routes: Routes): (Attribute & { readonly fields: Row }) | null {
  const { family, given, prefixes } = routes;
  const addresses = prefixes.map(({ address }) => formatIp(address));
  if (given === null) {
    if (family === 0) return null;
    const fields = rowOf({ mpUnreachAfi: [2], mpUnreachSafi: [1], mpUnreach6: addresses });
    return { code: 15, flags: 0x90, length: 3 + nlriLength(routes), fields };
  }
  if (given.nextHop?.family === 'ipv4') return null;
  const [global, local] = [known(given.nextHop), known(given.linkLocalNextHop)];
  const fields = rowOf({
    mpReachAfi: [family + 1],
    mpReachSafi: [1],
    mpNextHop: global.map(formatIp),
    mpLinkLocal: local.map(formatIp),
    [family === 0 ? 'mpReach4' : 'mpReach6']: addresses,
  });
  const length = 5 + (global.length + local.length) * 16 + nlriLength(routes);
  return { code: 14, flags: 0x90, length, fields };
}

const hex = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`;

function updateRow(routes: Routes, frame: Uint8Array): Row {
  const { given, prefixes, pathIds } = routes;
  const mp = mpAttribute(routes);
  const attributes = [...known(mp), ...(given === null ? [] : attributesOf(given, mp === null))];
  const attributesLength = attributes.reduce((sum, row) => sum + row.length + (row.flags & 0x10 ? 4 : 3), 0);
  const addresses = mp === null ? prefixes.map(({ address }) => formatIp(address)) : [];
  const nextHop = mp === null && given !== null ? known(given.nextHop) : [];
  return {
    ...rowOf({
      type: [2],
      length: [frame.length],
      withdrawnLength: [mp === null && given === null ? nlriLength(routes) : 0],
      attributesLength: [attributesLength],
      code: attributes.map(({ code }) => code),
      flags: attributes.map(({ flags }) => hex(flags)),
      attributeLength: attributes.map(({ length }) => length),
      nextHop: nextHop.map(formatIp),
      [given === null ? 'withdrawn' : 'nlri']: addresses,
      prefixLength: prefixes.map(({ length }) => length),
      pathId: pathIds,
    }),
    ...(given === null ? {} : attributeFields(given)),
    ...mp?.fields,
  };
}

/** Short prefixes next to each other make the dissector guess path ids. */
const long = (prefixes: fc.Arbitrary<Prefix>) => prefixes.filter(({ length }) => length > 8);

const routes: fc.Arbitrary<Routes> = fc
  .record({
    given: fc.option(understood, { freq: 4 }),
    second: fc.boolean(),
    withIds: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
    v4: fc.array(long(ipv4Prefix), { minLength: 1, maxLength: 30 }),
    v6: fc.array(long(ipv6Prefix), { minLength: 1, maxLength: 30 }),
  })
  .map(({ given, second, withIds, v4, v6 }) => {
    const family: FamilyIndex = given?.nextHop?.family === 'ipv4' ? 0 : second ? 1 : 0;
    const prefixes = family === 0 ? v4 : v6;
    return { family, given, prefixes, pathIds: withIds ? prefixes.map((_, i) => i + 1) : [] };
  });

export const updates: fc.Arbitrary<Sample> = routes.map((given): Sample => {
  const frame = updateFrame(given);
  return { frame, expected: updateRow(given, frame) };
});
