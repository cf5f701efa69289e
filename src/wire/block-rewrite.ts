// Changes to an attribute block on its way in or out: one merge of the sorted TLVs with a sorted table of edits. What
// nearly every route gets is written in place; the rest goes through values of its own.

import { bytesEqual, readU32, writeU32 } from '../base/bytes.js';
import { prependInPlace, readSegments, segmentsValue } from './attributes/as-path.js';
import { editAsPath, editsAsPath, isPlainPrepend } from './attributes/as-path-edits.js';
import { editCommunities } from './attributes/community-edit.js';
import {
  COMMUNITY_WIDTH,
  EXTENDED_WIDTH,
  IPV6_EXTENDED_WIDTH,
  isEncapsulation,
  LARGE_WIDTH,
} from './attributes/lists.js';
import { editLocalFacts, LOCAL_FACTS, LOCAL_NUMBERS } from './attributes/local-facts.js';
import { OPTIONAL_NON_TRANSITIVE, OPTIONAL_TRANSITIVE, PARTIAL, WELL_KNOWN } from './attributes/row.js';
import { u32Value } from './attributes/scalars.js';
import { rowOf } from './attributes/table.js';
import {
  copyOctets,
  firstAttribute,
  tlvLength,
  valueEnd,
  valueStart,
  writeTlv,
  writeTlvHead,
} from './attributes/tlv.js';
import { ATTRIBUTE } from './iana.js';
import type { AttributeEdits, CommunityEdit } from './types.js';

/** The attribute's value in the block, null when it is absent. Shares memory with the block. */
type OldValue = Uint8Array | null;

interface EditRow {
  readonly code: number;
  readonly flags: number;
  readonly applies: (edits: AttributeEdits) => boolean;
  /** The new value; null removes the attribute. */
  readonly edit: (edits: AttributeEdits, old: OldValue) => Uint8Array | null;
  /** The same without making values. Writes the whole TLV; returns the offset behind it, or -1 where `edit` must do it. */
  readonly write?: InPlace;
}

/** `start` and `end` are those of the old value in `block`, equal to each other where the attribute is absent. */
type InPlace = (
  edits: AttributeEdits,
  block: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  out: number,
) => number;

/** Ascending by code. */
const EDITS: readonly EditRow[] = [
  {
    code: LOCAL_FACTS,
    flags: OPTIONAL_NON_TRANSITIVE,
    applies: ({ weight, metric, interface: name }) =>
      weight !== undefined || metric !== undefined || name !== undefined,
    edit: editLocalFacts,
  },
  {
    code: ATTRIBUTE.origin,
    flags: WELL_KNOWN,
    applies: ({ origin }) => origin !== undefined,
    edit: ({ origin }, old) => (origin === undefined ? old : Uint8Array.of(origin)),
  },
  {
    code: ATTRIBUTE.asPath,
    flags: WELL_KNOWN,
    applies: editsAsPath,
    edit: (edits, old) =>
      segmentsValue(editAsPath(old === null ? [] : readSegments(old, 0, old.length, 4), edits)),
    write: (edits, block, start, end, target, out) =>
      isPlainPrepend(edits) ? prependInPlace(edits.prependAs ?? [], block, start, end, target, out) : -1,
  },
  {
    code: ATTRIBUTE.med,
    flags: OPTIONAL_NON_TRANSITIVE,
    applies: ({ med, addMed }) => med !== undefined || addMed !== undefined,
    edit: ({ med, addMed }, old) => sum(med, addMed, old, 0),
    write: ({ med, addMed }, _block, _start, _end, target, out) =>
      addMed !== undefined ? -1 : writeWord(target, out, OPTIONAL_NON_TRANSITIVE, ATTRIBUTE.med, med),
  },
  {
    code: ATTRIBUTE.localPref,
    flags: WELL_KNOWN,
    applies: ({ localPref, addLocalPref }) => localPref !== undefined || addLocalPref !== undefined,
    edit: ({ localPref, addLocalPref }, old) => sum(localPref, addLocalPref, old, DEFAULT_LOCAL_PREF),
    write: ({ localPref, addLocalPref }, _block, _start, _end, target, out) =>
      addLocalPref !== undefined ? -1 : writeWord(target, out, WELL_KNOWN, ATTRIBUTE.localPref, localPref),
  },
  {
    code: ATTRIBUTE.communities,
    flags: OPTIONAL_TRANSITIVE,
    applies: ({ communities }) => communities !== undefined,
    edit: ({ communities }, old) =>
      communities === undefined ? old : editCommunities(old, communities, COMMUNITY_WIDTH),
  },
  {
    code: ATTRIBUTE.originatorId,
    flags: OPTIONAL_NON_TRANSITIVE,
    applies: ({ originatorIdIfAbsent, dropReflection }) =>
      originatorIdIfAbsent !== undefined || dropReflection === true,
    edit: ({ originatorIdIfAbsent, dropReflection }, old) =>
      (dropReflection ? null : old) ?? wordOrNull(originatorIdIfAbsent),
    write: ({ originatorIdIfAbsent, dropReflection }, block, start, end, target, out) =>
      !dropReflection && end > start
        ? copyOctets(block, start - 3, end, target, out)
        : writeWord(target, out, OPTIONAL_NON_TRANSITIVE, ATTRIBUTE.originatorId, originatorIdIfAbsent),
  },
  {
    code: ATTRIBUTE.clusterList,
    flags: OPTIONAL_NON_TRANSITIVE,
    applies: ({ clusterIdPrepend, dropReflection }) =>
      clusterIdPrepend !== undefined || dropReflection === true,
    edit: ({ clusterIdPrepend, dropReflection }, old) =>
      prependCluster(clusterIdPrepend, dropReflection ? null : old),
    write: ({ clusterIdPrepend, dropReflection }, _block, start, end, target, out) =>
      dropReflection || start === end
        ? writeWord(target, out, OPTIONAL_NON_TRANSITIVE, ATTRIBUTE.clusterList, clusterIdPrepend)
        : -1,
  },
  {
    code: ATTRIBUTE.extendedCommunities,
    flags: OPTIONAL_TRANSITIVE,
    applies: ({ dropInternal, extendedCommunities }) =>
      dropInternal === true || extendedCommunities !== undefined,
    edit: ({ dropInternal, extendedCommunities }, old) => {
      const kept = dropInternal ? dropInternalCommunities(old, EXTENDED_WIDTH) : old;
      return extendedCommunities === undefined
        ? kept
        : editCommunities(kept, extendedCommunities, EXTENDED_WIDTH);
    },
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
  {
    code: ATTRIBUTE.largeCommunities,
    flags: OPTIONAL_TRANSITIVE,
    applies: ({ largeCommunities }) => largeCommunities !== undefined,
    edit: ({ largeCommunities }, old) =>
      largeCommunities === undefined ? old : editCommunities(old, largeCommunities, LARGE_WIDTH),
  },
  {
    code: ATTRIBUTE.onlyToCustomer,
    flags: OPTIONAL_TRANSITIVE,
    applies: ({ onlyToCustomerIfAbsent }) => onlyToCustomerIfAbsent !== undefined,
    edit: ({ onlyToCustomerIfAbsent }, old) => old ?? wordOrNull(onlyToCustomerIfAbsent),
  },
];

/** What a missing LOCAL_PREF counts as. */
const DEFAULT_LOCAL_PREF = 100;
const LARGEST_WORD = 0xffffffff;

/** The attribute set to `set` (undefined: left as it is), then added to. */
function sum(
  set: number | null | undefined,
  add: number | undefined,
  old: OldValue,
  missing: number,
): Uint8Array | null {
  if (add === undefined) return wordOrNull(set);
  const before = set === undefined ? (old === null ? missing : readU32(old, 0)) : (set ?? missing);
  return u32Value(Math.min(Math.max(before + add, 0), LARGEST_WORD));
}

const wordOrNull = (value: number | null | undefined): Uint8Array | null =>
  value === null || value === undefined ? null : u32Value(value);

/** One attribute of four octets, or none. */
function writeWord(
  target: Uint8Array,
  out: number,
  flags: number,
  code: number,
  value: number | null | undefined,
): number {
  if (value === null || value === undefined) return out;
  const at = writeTlvHead(target, out, flags, code, 4);
  writeU32(target, at, value);
  return at + 4;
}

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

function isInternal(value: Uint8Array, at: number, width: number): boolean {
  if ((value[at]! & NON_TRANSITIVE) !== 0) return true;
  return width === EXTENDED_WIDTH && isEncapsulation(value, at);
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

const addedOctets = (edit: CommunityEdit | undefined): number => edit?.add.length ?? 0;

/** Octets that an edit can add: each new or changed TLV in its longest form. */
function roomFor(length: number, edits: AttributeEdits): number {
  const nextHop = edits.nextHop?.length ?? 0;
  const prepended = edits.prependAs?.length ?? 0;
  const path = tlvLength(prepended * 4) + Math.ceil(prepended / 255) * 2;
  const communities =
    addedOctets(edits.communities) +
    addedOctets(edits.extendedCommunities) +
    addedOctets(edits.largeCommunities);
  return length + nextHop + path + communities + EDITS.length * tlvLength(4) + LOCAL_NUMBERS;
}

/** Rewrites one block after the other into octets of its own, so that an edit makes no garbage. */
export class BlockRewriter {
  /** The result of the last `rewrite`, from octet 0. */
  bytes: Uint8Array = new Uint8Array(512);
  /** What a second step reads while it writes `bytes`. */
  #spare: Uint8Array = new Uint8Array(512);
  #edits: AttributeEdits | null = null;
  /** The rows that apply to `#edits`: the same edits serve many blocks. */
  #rows: readonly EditRow[] = [];

  /**
   * The canonical block from `start` to `end` of `block` with the edits applied; returns its length. `dropReflection`
   * comes before the edits that set ORIGINATOR_ID and CLUSTER_LIST.
   */
  rewrite(block: Uint8Array, start: number, end: number, edits: AttributeEdits): number {
    if (edits !== this.#edits) {
      this.#edits = edits;
      this.#rows = EDITS.filter((row) => row.applies(edits));
    }
    const room = roomFor(end - start, edits);
    if (this.bytes.length < room) this.bytes = new Uint8Array(room * 2);
    const target = this.bytes;
    let out = writeNextHop(block, start, edits, target);
    let at = firstAttribute(block, start);
    for (const row of this.#rows) {
      const from = at;
      while (at < end && block[at + 1]! < row.code) at = valueEnd(block, at);
      out = copyAttributes(block, from, at, edits, target, out);
      const next = at < end && block[at + 1] === row.code ? valueEnd(block, at) : at;
      out = applyRow(row, edits, block, at, next, target, out);
      at = next;
    }
    const length = copyAttributes(block, at, end, edits, target, out);
    return edits.more === undefined ? length : this.#again(length, edits.more);
  }

  #again(length: number, edits: AttributeEdits): number {
    const { bytes } = this;
    this.bytes = this.#spare;
    this.#spare = bytes;
    return this.rewrite(bytes, 0, length, edits);
  }
}

/** The row's attribute is at `at` to `next` of the block; it is absent where these are equal. */
function applyRow(
  row: EditRow,
  edits: AttributeEdits,
  block: Uint8Array,
  at: number,
  next: number,
  target: Uint8Array,
  out: number,
): number {
  const present = next > at;
  const start = present ? valueStart(block, at) : at;
  const written = row.write?.(edits, block, start, next, target, out) ?? -1;
  if (written >= 0) return written;
  const old = present ? block.subarray(start, next) : null;
  const value = row.edit(edits, old);
  if (value === old) return copyOctets(block, at, next, target, out);
  if (value === null) return out;
  return writeTlv(target, out, row.flags | (present ? block[at]! & PARTIAL : 0), row.code, value);
}

/** As `BlockRewriter`, for one block; returns `block` itself when nothing changed. */
export function rewriteBlock(block: Uint8Array, edits: AttributeEdits): Uint8Array {
  const rewriter = new BlockRewriter();
  const length = rewriter.rewrite(block, 0, block.length, edits);
  const result = rewriter.bytes.slice(0, length);
  return bytesEqual(result, block) ? block : result;
}

function writeNextHop(
  block: Uint8Array,
  start: number,
  { nextHop }: AttributeEdits,
  target: Uint8Array,
): number {
  if (nextHop === undefined) return copyOctets(block, start, firstAttribute(block, start), target, 0);
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
