// Reading and making attribute blocks (see types.ts for their form). Blocks come from the decoder or from here, so
// nothing is checked again.

import { ByteWriter, copyBytes, readU32 } from '../base/bytes.js';
import { type IpAddress, ipFromBytes, ipToBytes } from '../base/ip.js';
import { WIDE_ZERO } from '../base/wide.js';
import { findAigpMetric } from './attributes/aigp.js';
import { asPathLength, countAsn, neighbourAs, originAs } from './attributes/as-path.js';
import {
  LOCAL_FACTS,
  LOCAL_FIELD,
  localFactsValue,
  localField,
  NO_LOCAL_FACTS,
  readLocalFacts,
} from './attributes/local-facts.js';
import { type AttributeDraft, OPTIONAL_NON_TRANSITIVE } from './attributes/row.js';
import { ATTRIBUTE_ROWS, canonicalFlags, rowOf } from './attributes/table.js';
import {
  findAttribute,
  firstAttribute,
  tlvLength,
  valueEnd,
  valueStart,
  writeTlv,
} from './attributes/tlv.js';
import { ATTRIBUTE } from './iana.js';
import type { AttributeFacts, PathAttributes } from './types.js';

export { BlockRewriter, rewriteBlock } from './block-rewrite.js';

export function emptyFacts(): AttributeFacts {
  const facts: AttributeFacts = {
    origin: 0,
    asPathLength: 0,
    neighbourAs: WIDE_ZERO,
    med: WIDE_ZERO,
    localPref: WIDE_ZERO,
    originatorId: WIDE_ZERO,
    clusterListLength: 0,
    hasAigp: false,
    weight: 0,
  };
  facts.med = facts.localPref = facts.originatorId = -1;
  return facts;
}

/** Fills `facts` from the block at `start` to `end` of `bytes`. An absent ORIGIN counts as INCOMPLETE. */
export function readFacts(bytes: Uint8Array, start: number, end: number, facts: AttributeFacts): void {
  facts.origin = 2;
  facts.asPathLength = facts.neighbourAs = facts.clusterListLength = 0;
  facts.med = facts.localPref = facts.originatorId = -1;
  facts.hasAigp = false;
  facts.weight = 0;
  let at = firstAttribute(bytes, start);
  while (at < end) {
    const code = bytes[at + 1]!;
    if (code > ATTRIBUTE.aigp) return;
    const value = valueStart(bytes, at);
    const next = valueEnd(bytes, at);
    readFact(facts, code, bytes, value, next);
    at = next;
  }
}

function weightOf(bytes: Uint8Array, value: number, end: number): number {
  const at = localField(bytes, value, end, LOCAL_FIELD.weight);
  return at < 0 ? 0 : readU32(bytes, at);
}

function readFact(facts: AttributeFacts, code: number, bytes: Uint8Array, value: number, end: number): void {
  switch (code) {
    case LOCAL_FACTS:
      facts.weight = weightOf(bytes, value, end);
      break;
    case ATTRIBUTE.origin:
      facts.origin = bytes[value]!;
      break;
    case ATTRIBUTE.asPath:
      facts.asPathLength = asPathLength(bytes, value, end);
      facts.neighbourAs = neighbourAs(bytes, value, end);
      break;
    case ATTRIBUTE.med:
      facts.med = readU32(bytes, value);
      break;
    case ATTRIBUTE.localPref:
      facts.localPref = readU32(bytes, value);
      break;
    case ATTRIBUTE.originatorId:
      facts.originatorId = readU32(bytes, value);
      break;
    case ATTRIBUTE.clusterList:
      facts.clusterListLength = (end - value) >>> 2;
      break;
    case ATTRIBUTE.aigp:
      facts.hasAigp = findAigpMetric(bytes, value, end) >= 0;
      break;
  }
}

/** A view of the next hop: 0, 4, 16 or 32 octets. */
export const nextHopOf = (bytes: Uint8Array, start = 0): Uint8Array =>
  bytes.subarray(start + 1, firstAttribute(bytes, start));

/** How often an AS number stands in AS_PATH. */
export function asPathCount(block: Uint8Array, asn: number, start = 0, end = block.length): number {
  const at = findAttribute(block, start, end, ATTRIBUTE.asPath);
  return at < 0 ? 0 : countAsn(block, valueStart(block, at), valueEnd(block, at), asn);
}

/** The AS number of ONLY_TO_CUSTOMER (RFC 9234 5); -1 without. */
export function onlyToCustomerOf(block: Uint8Array, start = 0, end = block.length): number {
  const at = findAttribute(block, start, end, ATTRIBUTE.onlyToCustomer);
  return at < 0 ? -1 : readU32(block, valueStart(block, at));
}

export const asPathContains = (block: Uint8Array, asn: number, start = 0, end = block.length): boolean =>
  asPathCount(block, asn, start, end) > 0;

/** Both blocks of `bytes` have the same AS_PATH. */
export function sameAsPath(bytes: Uint8Array, a: number, endA: number, b: number, endB: number): boolean {
  const [atA, atB] = [
    findAttribute(bytes, a, endA, ATTRIBUTE.asPath),
    findAttribute(bytes, b, endB, ATTRIBUTE.asPath),
  ];
  if (atA < 0 || atB < 0) return atA === atB;
  const length = valueEnd(bytes, atA) - atA;
  if (valueEnd(bytes, atB) - atB !== length) return false;
  for (let i = 0; i < length; i++) if (bytes[atA + i] !== bytes[atB + i]) return false;
  return true;
}

/** RFC 6811 2: the rightmost AS of AS_PATH; 0 where it is empty or does not end in a sequence. */
export function originAsOf(block: Uint8Array, start = 0, end = block.length): number {
  const at = findAttribute(block, start, end, ATTRIBUTE.asPath);
  return at < 0 ? 0 : originAs(block, valueStart(block, at), valueEnd(block, at));
}

/** COMMUNITIES holds one of the range that RFC 1997 reserves (65535:*): only these can forbid to pass a route on. */
export function hasWellKnownCommunity(block: Uint8Array, start: number, end: number): boolean {
  const at = findAttribute(block, start, end, ATTRIBUTE.communities);
  if (at < 0) return false;
  const last = valueEnd(block, at);
  for (let word = valueStart(block, at); word < last; word += 4) {
    if (block[word] === 0xff && block[word + 1] === 0xff) return true;
  }
  return false;
}

/** The metric of AIGP (RFC 7311 3), 0 to 2^64 - 1; null without. */
export function aigpOf(block: Uint8Array): bigint | null {
  const at = findAttribute(block, 0, block.length, ATTRIBUTE.aigp);
  const metric = at < 0 ? -1 : findAigpMetric(block, valueStart(block, at), valueEnd(block, at));
  return metric < 0 ? null : (BigInt(readU32(block, metric)) << 32n) | BigInt(readU32(block, metric + 4));
}

/** Octets of one community of each kind (RFC 1997, RFC 4360, RFC 5701, RFC 8092). */
const COMMUNITY_OCTETS: Readonly<Record<number, number>> = {
  [ATTRIBUTE.communities]: 4,
  [ATTRIBUTE.extendedCommunities]: 8,
  [ATTRIBUTE.ipv6ExtendedCommunities]: 20,
  [ATTRIBUTE.largeCommunities]: 12,
};

/** Communities of all kinds together. */
export function communityCount(block: Uint8Array): number {
  let count = 0;
  for (let at = firstAttribute(block, 0); at < block.length; at = valueEnd(block, at)) {
    const octets = COMMUNITY_OCTETS[block[at + 1]!];
    if (octets !== undefined) count += (valueEnd(block, at) - valueStart(block, at)) / octets;
  }
  return count;
}

/** RFC 4456 8: the loop test of a route reflector. */
export function clusterListContains(block: Uint8Array, id: number, start = 0, end = block.length): boolean {
  const at = findAttribute(block, start, end, ATTRIBUTE.clusterList);
  if (at < 0) return false;
  const last = valueEnd(block, at);
  for (let word = valueStart(block, at); word < last; word += 4) {
    if (readU32(block, word) === id) return true;
  }
  return false;
}

/** Nothing but ORIGIN INCOMPLETE and an empty AS_PATH: to be spread into attributes that are made here. */
export const NO_ATTRIBUTES: PathAttributes = {
  local: NO_LOCAL_FACTS,
  nextHop: null,
  linkLocalNextHop: null,
  origin: 2,
  asPath: [],
  med: null,
  localPref: null,
  atomicAggregate: false,
  aggregator: null,
  communities: [],
  extendedCommunities: [],
  largeCommunities: [],
  originatorId: null,
  clusterList: [],
  tunnels: [],
  ipv6ExtendedCommunities: [],
  aigp: [],
  onlyToCustomer: null,
  others: [],
};

/** The block as data; everything in it is copied. A next hop that is link-local alone is `nextHop`. */
export function decodeBlock(block: Uint8Array): PathAttributes {
  const draft: AttributeDraft = { ...NO_ATTRIBUTES };
  const others: PathAttributes['others'][number][] = [];
  readNextHop(draft, block);
  let at = firstAttribute(block, 0);
  while (at < block.length) {
    const code = block[at + 1]!;
    const start = valueStart(block, at);
    const end = valueEnd(block, at);
    const codec = rowOf(code)?.value;
    if (code === LOCAL_FACTS) draft.local = readLocalFacts(block);
    else if (codec) codec.read(draft, block, start, end);
    else others.push({ code, flags: block[at]!, value: copyBytes(block, start, end) });
    at = end;
  }
  draft.others = others;
  return draft;
}

function readNextHop(draft: AttributeDraft, block: Uint8Array): void {
  const length = block[0]!;
  if (length === 4) draft.nextHop = ipFromBytes(block, 1, 4);
  if (length >= 16) draft.nextHop = ipFromBytes(block, 1, 16);
  if (length === 32) draft.linkLocalNextHop = ipFromBytes(block, 17, 16);
}

interface Tlv {
  readonly code: number;
  readonly flags: number;
  readonly value: Uint8Array;
}

/** The canonical block of these attributes. The Partial bit of attributes with a field of their own is not set. */
export function encodeBlock(attributes: PathAttributes): Uint8Array {
  const tlvs: Tlv[] = [];
  const local = localFactsValue(attributes.local);
  if (local !== null)
    tlvs.push({
      code: LOCAL_FACTS,
      flags: canonicalFlags(null, OPTIONAL_NON_TRANSITIVE, local.length),
      value: local,
    });
  for (const row of ATTRIBUTE_ROWS) {
    const value = row.value?.write(attributes) ?? null;
    if (value !== null) tlvs.push({ code: row.code, flags: canonicalFlags(row, 0, value.length), value });
  }
  for (const { code, flags, value } of attributes.others) {
    tlvs.push({ code, flags: canonicalFlags(rowOf(code), flags, value.length), value });
  }
  tlvs.sort((a, b) => a.code - b.code);
  const nextHop = nextHopOctets(attributes.nextHop, attributes.linkLocalNextHop);
  let length = 1 + nextHop.length;
  for (const { value } of tlvs) length += tlvLength(value.length);
  const block = new Uint8Array(length);
  block[0] = nextHop.length;
  block.set(nextHop, 1);
  let at = 1 + nextHop.length;
  for (const { code, flags, value } of tlvs) at = writeTlv(block, at, flags, code, value);
  return block;
}

function nextHopOctets(global: IpAddress | null, linkLocal: IpAddress | null): Uint8Array {
  const writer = new ByteWriter(32);
  if (global !== null) writer.raw(ipToBytes(global));
  if (linkLocal !== null && global?.family !== 'ipv4') writer.raw(ipToBytes(linkLocal));
  return writer.take();
}
