// AGGREGATOR (RFC 4271 5.1.7) and AS4_AGGREGATOR (RFC 6793): one AS number and the address of the aggregating router.

import { readU16, readU32, writeU16, writeU32 } from '../../base/bytes.js';
import { AS_TRANS, ATTRIBUTE } from '../iana.js';
import { type AttributeCheck, type AttributeRow, OPTIONAL_TRANSITIVE } from './row.js';

/** RFC 7607 2: AS 0 makes it malformed. */
const checkAggregator: AttributeCheck = (bytes, start, end, { asn4 }) => {
  if (end - start !== (asn4 ? 8 : 6)) return 'bad length';
  return (asn4 ? readU32(bytes, start) : readU16(bytes, start)) === 0 ? 'AS 0' : null;
};

const checkAs4Aggregator: AttributeCheck = (bytes, start, end, { asn4 }) => {
  if (asn4) return 'sent by a 4-octet AS speaker';
  if (end - start !== 8) return 'bad length';
  return readU32(bytes, start) === 0 ? 'AS 0' : null;
};

export const AGGREGATOR_ROWS = [
  {
    code: ATTRIBUTE.aggregator,
    flags: OPTIONAL_TRANSITIVE,
    onMalformed: 'discard',
    fromEbgp: 'accept',
    check: checkAggregator,
    value: {
      read: (draft, bytes, start) => {
        draft.aggregator = { asn: readU32(bytes, start), address: readU32(bytes, start + 4) };
      },
      write: ({ aggregator }) => (aggregator === null ? null : aggregatorValue(aggregator)),
    },
  },
  {
    code: ATTRIBUTE.as4Aggregator,
    flags: OPTIONAL_TRANSITIVE,
    onMalformed: 'discard',
    fromEbgp: 'accept',
    check: checkAs4Aggregator,
    value: null,
  },
] as const satisfies readonly AttributeRow[];

function aggregatorValue({ asn, address }: { asn: number; address: number }): Uint8Array {
  const value = new Uint8Array(8);
  writeU32(value, 0, asn);
  writeU32(value, 4, address);
  return value;
}

/**
 * Writes the 8-octet value that a 6-octet AGGREGATOR at `start` and an AS4_AGGREGATOR at `as4Start` (-1 for none) mean
 * together (RFC 6793 4.2.3).
 */
export function widenAggregator(
  bytes: Uint8Array,
  start: number,
  as4Start: number,
  target: Uint8Array,
  at: number,
): void {
  const asn = readU16(bytes, start);
  const replaced = asn === AS_TRANS && as4Start >= 0;
  writeU32(target, at, replaced ? readU32(bytes, as4Start) : asn);
  writeU32(target, at + 4, readU32(bytes, replaced ? as4Start + 4 : start + 2));
}

/** The 6-octet form of an 8-octet value, with AS_TRANS where the AS number does not fit. */
export function narrowAggregator(value: Uint8Array): Uint8Array {
  const asn = readU32(value, 0);
  const narrow = new Uint8Array(6);
  writeU16(narrow, 0, asn > 0xffff ? AS_TRANS : asn);
  narrow.set(value.subarray(4, 8), 2);
  return narrow;
}
