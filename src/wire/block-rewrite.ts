// Changes to an attribute block on its way in or out: one merge of the sorted TLVs with a sorted table of edits.

import { bytesEqual } from '../base/bytes.js';
import { prependAsns, readSegments, segmentsValue } from './attributes/as-path.js';
import { EXTENDED_WIDTH, IPV6_EXTENDED_WIDTH } from './attributes/lists.js';
import { OPTIONAL_NON_TRANSITIVE, OPTIONAL_TRANSITIVE, PARTIAL, WELL_KNOWN } from './attributes/row.js';
import { u32Value } from './attributes/scalars.js';
import { rowOf } from './attributes/table.js';
import { copyOctets, firstAttribute, tlvLength, valueEnd, valueStart, writeTlv } from './attributes/tlv.js';
import { ATTRIBUTE } from './iana.js';
import type { AttributeEdits } from './types.js';

/** The attribute's value in the block, null when it is absent. Shares memory with the block. */
type OldValue = Uint8Array | null;

interface EditRow {
  readonly code: number;
  readonly flags: number;
  readonly applies: (edits: AttributeEdits) => boolean;
  /** The new value; null removes the attribute. */
  readonly edit: (edits: AttributeEdits, old: OldValue) => Uint8Array | null;
}

/** Ascending by code. */
const EDITS: readonly EditRow[] = [
  {
    code: ATTRIBUTE.origin,
    flags: WELL_KNOWN,
    applies: ({ origin }) => origin !== undefined,
    edit: ({ origin }, old) => (origin === undefined ? old : Uint8Array.of(origin)),
  },
  {
    code: ATTRIBUTE.asPath,
    flags: WELL_KNOWN,
    applies: ({ prependAs }) => prependAs !== undefined && prependAs.length > 0,
    edit: ({ prependAs = [] }, old) =>
      segmentsValue(prependAsns(old === null ? [] : readSegments(old, 0, old.length, 4), prependAs)),
  },
  {
    code: ATTRIBUTE.med,
    flags: OPTIONAL_NON_TRANSITIVE,
    applies: ({ med }) => med !== undefined,
    edit: ({ med }) => wordOrNull(med),
  },
  {
    code: ATTRIBUTE.localPref,
    flags: WELL_KNOWN,
    applies: ({ localPref }) => localPref !== undefined,
    edit: ({ localPref }) => wordOrNull(localPref),
  },
  {
    code: ATTRIBUTE.originatorId,
    flags: OPTIONAL_NON_TRANSITIVE,
    applies: ({ originatorIdIfAbsent, dropReflection }) =>
      originatorIdIfAbsent !== undefined || dropReflection === true,
    edit: ({ originatorIdIfAbsent, dropReflection }, old) =>
      (dropReflection ? null : old) ?? wordOrNull(originatorIdIfAbsent),
  },
  {
    code: ATTRIBUTE.clusterList,
    flags: OPTIONAL_NON_TRANSITIVE,
    applies: ({ clusterIdPrepend, dropReflection }) =>
      clusterIdPrepend !== undefined || dropReflection === true,
    edit: ({ clusterIdPrepend, dropReflection }, old) =>
      prependCluster(clusterIdPrepend, dropReflection ? null : old),
  },
  {
    code: ATTRIBUTE.extendedCommunities,
    flags: OPTIONAL_TRANSITIVE,
    applies: ({ dropInternal }) => dropInternal === true,
    edit: (_edits, old) => dropInternalCommunities(old, EXTENDED_WIDTH),
  },
  {
    code: ATTRIBUTE.tunnelEncapsulation,
    flags: OPTIONAL_TRANSITIVE,
    applies: ({ dropInternal }) => dropInternal === true,
    edit: () => null,
  },
  {
    code: ATTRIBUTE.ipv6ExtendedCommunities,
    flags: OPTIONAL_TRANSITIVE,
    applies: ({ dropInternal }) => dropInternal === true,
    edit: (_edits, old) => dropInternalCommunities(old, IPV6_EXTENDED_WIDTH),
  },
  {
    code: ATTRIBUTE.aigp,
    flags: OPTIONAL_NON_TRANSITIVE,
    applies: ({ dropAigp, dropInternal }) => dropAigp === true || dropInternal === true,
    edit: () => null,
  },
];

const wordOrNull = (value: number | null | undefined): Uint8Array | null =>
  value === null || value === undefined ? null : u32Value(value);

function prependCluster(id: number | undefined, old: OldValue): Uint8Array | null {
  if (id === undefined) return old;
  if (old === null) return u32Value(id);
  const value = new Uint8Array(4 + old.length);
  value.set(u32Value(id));
  value.set(old, 4);
  return value;
}

/** The bit of an extended community's type that says: not across ASes (RFC 4360 2, RFC 5701 2). */
const NON_TRANSITIVE = 0x40;
const OPAQUE = 0x03;
const ENCAPSULATION = 0x0c;

function isInternal(value: Uint8Array, at: number, width: number): boolean {
  if ((value[at]! & NON_TRANSITIVE) !== 0) return true;
  return width === EXTENDED_WIDTH && value[at] === OPAQUE && value[at + 1] === ENCAPSULATION;
}

/** `old` itself when it has no internal one. */
function dropInternalCommunities(old: OldValue, width: number): Uint8Array | null {
  if (old === null) return null;
  const kept = new Uint8Array(old.length);
  let length = 0;
  for (let at = 0; at < old.length; at += width) {
    if (!isInternal(old, at, width)) length = copyOctets(old, at, at + width, kept, length);
  }
  if (length === old.length) return old;
  return length === 0 ? null : kept.subarray(0, length);
}

/** Octets that an edit can add: each new or changed TLV in its longest form. */
function roomFor(block: Uint8Array, edits: AttributeEdits): number {
  const nextHop = edits.nextHop?.length ?? 0;
  const prepended = edits.prependAs?.length ?? 0;
  const path = tlvLength(prepended * 4) + Math.ceil(prepended / 255) * 2;
  return block.length + nextHop + path + EDITS.length * tlvLength(4);
}

/**
 * The canonical block with the edits applied; `block` stays as it is. `dropReflection` comes before the edits that set
 * ORIGINATOR_ID and CLUSTER_LIST. Returns `block` itself when nothing changed.
 */
export function rewriteBlock(block: Uint8Array, edits: AttributeEdits): Uint8Array {
  const target = new Uint8Array(roomFor(block, edits));
  let out = writeNextHop(block, edits, target);
  let at = firstAttribute(block, 0);
  for (const row of EDITS) {
    if (!row.applies(edits)) continue;
    const from = at;
    while (at < block.length && block[at + 1]! < row.code) at = valueEnd(block, at);
    out = copyAttributes(block, from, at, edits, target, out);
    const present = at < block.length && block[at + 1] === row.code;
    const next = present ? valueEnd(block, at) : at;
    const old = present ? block.subarray(valueStart(block, at), next) : null;
    const partial = present ? block[at]! & PARTIAL : 0;
    const value = row.edit(edits, old);
    if (value === old) out = copyOctets(block, at, next, target, out);
    else if (value !== null) out = writeTlv(target, out, row.flags | partial, row.code, value);
    at = next;
  }
  out = copyAttributes(block, at, block.length, edits, target, out);
  const result = target.slice(0, out);
  return bytesEqual(result, block) ? block : result;
}

function writeNextHop(block: Uint8Array, { nextHop }: AttributeEdits, target: Uint8Array): number {
  if (nextHop === undefined) return copyOctets(block, 0, firstAttribute(block, 0), target, 0);
  target[0] = nextHop.length;
  target.set(nextHop, 1);
  return 1 + nextHop.length;
}

/** Copies whole TLVs, without those that the edits drop by kind. */
function copyAttributes(
  block: Uint8Array,
  start: number,
  end: number,
  edits: AttributeEdits,
  target: Uint8Array,
  out: number,
): number {
  if (!edits.dropUnknownNonTransitive) return copyOctets(block, start, end, target, out);
  let to = out;
  for (let at = start; at < end; ) {
    const next = valueEnd(block, at);
    if (!isUnknownNonTransitive(block, at)) to = copyOctets(block, at, next, target, to);
    at = next;
  }
  return to;
}

const isUnknownNonTransitive = (block: Uint8Array, at: number): boolean =>
  (block[at]! & OPTIONAL_TRANSITIVE) === OPTIONAL_NON_TRANSITIVE && rowOf(block[at + 1]!) === null;
