// What this host knows of a route and never tells anybody: it rides in the block as attribute 0, which is reserved and
// so can't come from a peer (`section.ts` drops it) and is not sent (`update-shape.ts` leaves it out).
// The value is a row of fields, ascending: kind, length, octets.

import { concatBytes, readU32, writeU32 } from '../../base/bytes.js';
import type { AttributeEdits, LocalFacts } from '../types.js';
import { findAttribute, valueEnd, valueStart } from './tlv.js';

export const LOCAL_FACTS = 0;

/** Kinds of fields. */
export const LOCAL_FIELD = { weight: 1, metric: 2, interface: 3 } as const;
type FieldKind = (typeof LOCAL_FIELD)[keyof typeof LOCAL_FIELD];

/** Where the octets of a field begin in the block at `start` to `end` of `bytes`, or -1; the length is in front of it. */
export function findLocalField(bytes: Uint8Array, start: number, end: number, kind: FieldKind): number {
  const at = findAttribute(bytes, start, end, LOCAL_FACTS);
  if (at < 0) return -1;
  return localField(bytes, valueStart(bytes, at), valueEnd(bytes, at), kind);
}

/** The same in the value of attribute 0. */
export function localField(bytes: Uint8Array, start: number, end: number, kind: FieldKind): number {
  for (let field = start; field < end; field += 2 + bytes[field + 1]!) {
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

/** Octets of the number fields. */
export const LOCAL_NUMBERS = 12;

/** Of a block. */
export function readLocalFacts(block: Uint8Array): LocalFacts {
  const at = findAttribute(block, 0, block.length, LOCAL_FACTS);
  return at < 0 ? NO_LOCAL_FACTS : factsOf(block, valueStart(block, at), valueEnd(block, at));
}

function factsOf(bytes: Uint8Array, start: number, end: number): LocalFacts {
  const number = (kind: FieldKind): number | null => {
    const at = localField(bytes, start, end, kind);
    return at < 0 ? null : readU32(bytes, at);
  };
  const name = localField(bytes, start, end, LOCAL_FIELD.interface);
  return {
    weight: number(LOCAL_FIELD.weight),
    metric: number(LOCAL_FIELD.metric),
    interface: name < 0 ? null : new TextDecoder().decode(bytes.subarray(name, name + bytes[name - 1]!)),
  };
}

/** The value of attribute 0 with other facts. */
export function editLocalFacts(
  { weight, metric, interface: name }: Pick<AttributeEdits, 'weight' | 'metric' | 'interface'>,
  old: Uint8Array | null,
): Uint8Array | null {
  const facts = old === null ? NO_LOCAL_FACTS : factsOf(old, 0, old.length);
  return localFactsValue({
    ...facts,
    weight: weight ?? facts.weight,
    metric: metric ?? facts.metric,
    interface: name ?? facts.interface,
  });
}

/** The value of attribute 0, or null when there is nothing to say. */
export function localFactsValue({ weight, metric, interface: name }: LocalFacts): Uint8Array | null {
  const fields = [
    ...numberField(LOCAL_FIELD.weight, weight),
    ...numberField(LOCAL_FIELD.metric, metric),
    ...textField(LOCAL_FIELD.interface, name),
  ];
  return fields.length === 0 ? null : concatBytes(fields);
}

function numberField(kind: FieldKind, value: number | null): readonly Uint8Array[] {
  if (value === null) return [];
  const field = Uint8Array.of(kind, 4, 0, 0, 0, 0);
  writeU32(field, 2, value);
  return [field];
}

function textField(kind: FieldKind, text: string | null): readonly Uint8Array[] {
  if (text === null) return [];
  const octets = new TextEncoder().encode(text).subarray(0, 255);
  return [Uint8Array.of(kind, octets.length), octets];
}
