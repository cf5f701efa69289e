// What a path attribute is to the codec: one row with its flags, its RFC 7606 rule, its check and its value codec.

import type { DecodeContext, PathAttributes } from '../types.js';

/** Attribute flags (RFC 4271 4.3). */
export const OPTIONAL = 0x80;
export const TRANSITIVE = 0x40;
export const PARTIAL = 0x20;
export const EXTENDED_LENGTH = 0x10;

export const WELL_KNOWN = TRANSITIVE;
export const OPTIONAL_TRANSITIVE = OPTIONAL | TRANSITIVE;
export const OPTIONAL_NON_TRANSITIVE = OPTIONAL;

/** Why the value at `start` to `end` is malformed, or null. Allocates nothing. */
export type AttributeCheck = (
  bytes: Uint8Array,
  start: number,
  end: number,
  context: DecodeContext,
) => string | null;

/** PathAttributes in the making. */
export type AttributeDraft = { -readonly [K in keyof PathAttributes]: PathAttributes[K] };

/** How a value travels between a block and `PathAttributes`. */
export interface ValueCodec {
  /** Sets its field from a checked value. */
  readonly read: (draft: AttributeDraft, bytes: Uint8Array, start: number, end: number) => void;
  /** The value's octets, or null when the attribute is absent. */
  readonly write: (attributes: PathAttributes) => Uint8Array | null;
}

export interface AttributeRow {
  readonly code: number;
  /** The Optional and Transitive bits that the attribute must have. */
  readonly flags: number;
  /** RFC 7606 7: what becomes of an UPDATE in which `check` fails. */
  readonly onMalformed: 'discard' | 'withdraw' | 'reset';
  /** RFC 7606 3 c: an attribute whose flags are wrong makes withdrawals, unless its own RFC says otherwise. */
  readonly onFlags?: 'discard';
  /**
   * RFC 7606 7.5, 7.9, 7.10: some attributes have no business on an external session. Others are ignored there without
   * a word, unless this field of the context says that the session carries them.
   */
  readonly fromEbgp: 'accept' | 'discard' | 'aigp' | 'tunnelEncapsulation';
  readonly check: AttributeCheck;
  /** Null: the attribute has no field of its own in `PathAttributes`. */
  readonly value: ValueCodec | null;
}

const BAD_LENGTH = 'bad length';

export const exactly =
  (length: number): AttributeCheck =>
  (_bytes, start, end) =>
    end - start === length ? null : BAD_LENGTH;

/** A list with at least one element of `width` octets. */
export const listOf =
  (width: number): AttributeCheck =>
  (_bytes, start, end) =>
    end > start && (end - start) % width === 0 ? null : BAD_LENGTH;
