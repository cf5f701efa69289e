// The rows of all path attributes that the codec knows, by code. Adding an attribute means adding a row.

import { AGGREGATOR_ROWS } from './aggregator.js';
import { AIGP_ROW } from './aigp.js';
import { AS_PATH_ROWS } from './as-path.js';
import { LIST_ROWS } from './lists.js';
import { MP_ROWS } from './mp-nlri.js';
import { NEXT_HOP_ROW } from './next-hop.js';
import { type AttributeRow, EXTENDED_LENGTH, OPTIONAL_TRANSITIVE, PARTIAL, TRANSITIVE } from './row.js';
import { SCALAR_ROWS } from './scalars.js';
import { TUNNELS_ROW } from './tunnels.js';

/** Ascending by code. */
export const ATTRIBUTE_ROWS: readonly AttributeRow[] = [
  ...SCALAR_ROWS,
  ...AS_PATH_ROWS,
  NEXT_HOP_ROW,
  ...AGGREGATOR_ROWS,
  ...LIST_ROWS,
  ...MP_ROWS,
  TUNNELS_ROW,
  AIGP_ROW,
].sort((a, b) => a.code - b.code);

/** By code; null where there is no row. */
const BY_CODE: readonly (AttributeRow | null)[] = Array.from(
  { length: 256 },
  (_, code) => ATTRIBUTE_ROWS.find((row) => row.code === code) ?? null,
);

export const rowOf = (code: number): AttributeRow | null => BY_CODE[code]!;

/**
 * The flags octet that an attribute has in a block. The Partial bit of an optional transitive attribute is kept once
 * set (RFC 4271 5), and set on one that we do not know.
 */
export function canonicalFlags(row: AttributeRow | null, flags: number, length: number): number {
  const extended = length > 255 ? EXTENDED_LENGTH : 0;
  if (row === null) return (flags & OPTIONAL_TRANSITIVE) | ((flags & TRANSITIVE) >>> 1) | extended;
  return row.flags | (row.flags === OPTIONAL_TRANSITIVE ? flags & PARTIAL : 0) | extended;
}
