// What this host knows of a route and never tells anybody: it rides in the block as attribute 0, which is reserved and
// so can't come from a peer (`section.ts` drops it) and is not sent (`update-shape.ts` leaves it out).
// The value is a row of fields, ascending: kind, length, octets.

import { readU32, writeU32 } from '../../base/bytes.js';
import type { LocalFacts } from '../types.js';
import { findAttribute, valueEnd, valueStart } from './tlv.js';

export const LOCAL_FACTS = 0;

/** Kinds of fields. */
export const LOCAL_FIELD = { weight: 1, metric: 2, interface: 3 } as const;
type FieldKind = (typeof LOCAL_FIELD)[keyof typeof LOCAL_FIELD];

/** Where the octets of a field begin in the block at `start` to `end` of `bytes`, or -1; the length is in front of it. */
export function findLocalField(bytes: Uint8Array, start: number, end: number, kind: FieldKind): number {
  const at = findAttribute(bytes, start, end, LOCAL_FACTS);
  if (at < 0) return -1;
  const last = valueEnd(bytes, at);
  for (let field = valueStart(bytes, at); field < last; field += 2 + bytes[field + 1]!) {
    if (bytes[field] === kind) return field + 2;
  }
  return -1;
}

/** The value of a number field, or -1. */
export function localNumber(bytes: Uint8Array, start: number, end: number, kind: FieldKind): number {
  const at = findLocalField(bytes, start, end, kind);
  return at < 0 ? -1 : readU32(bytes, at);
}

export const NO_LOCAL_FACTS: LocalFacts = { weight: null, metric: null, interface: null };

/** Of a block. */
export function readLocalFacts(block: Uint8Array): LocalFacts {
  const number = (kind: FieldKind): number | null => {
    const value = localNumber(block, 0, block.length, kind);
    return value < 0 ? null : value;
  };
  const name = findLocalField(block, 0, block.length, LOCAL_FIELD.interface);
  return {
    weight: number(LOCAL_FIELD.weight),
    metric: number(LOCAL_FIELD.metric),
    interface: name < 0 ? null : new TextDecoder().decode(block.subarray(name, name + block[name - 1]!)),
  };
}

/** The value of attribute 0, or null when there is nothing to say. */
export function localFactsValue(facts: LocalFacts): Uint8Array | null {
  const name = facts.interface === null ? null : new TextEncoder().encode(facts.interface).subarray(0, 255);
  const length =
    (facts.weight === null ? 0 : 6) +
    (facts.metric === null ? 0 : 6) +
    (name === null ? 0 : 2 + name.length);
  if (length === 0) return null;
  const value = new Uint8Array(length);
  let at = 0;
  for (const [kind, number] of [
    [LOCAL_FIELD.weight, facts.weight],
    [LOCAL_FIELD.metric, facts.metric],
  ] as const) {
    if (number === null) continue;
    value[at] = kind;
    value[at + 1] = 4;
    writeU32(value, at + 2, number);
    at += 6;
  }
  if (name !== null) {
    value[at] = LOCAL_FIELD.interface;
    value[at + 1] = name.length;
    value.set(name, at + 2);
  }
  return value;
}
