// AIGP (RFC 7311 3): the accumulated IGP metric, a list of TLVs. Decides form only; the metric is for the decision.

import { readU16, readU32 } from '../../base/bytes.js';
import { ATTRIBUTE } from '../iana.js';
import type { Tlv } from '../types.js';
import { type AttributeCheck, type AttributeRow, OPTIONAL_NON_TRANSITIVE } from './row.js';
import { readTlvs, type TlvForm, writeTlvs } from './tlv-list.js';

const METRIC = 1;
/** Octets of type and length; the length counts them too. */
const HEAD = 3;
const AIGP_FORM: TlvForm = { lengthOctets: () => 2, headCounts: true };

/** RFC 7311 3.2: several TLVs of one type and unknown types are fine; the highest metric is as good as none. */
const checkAigp: AttributeCheck = (bytes, start, end) => {
  let metrics = 0;
  let at = start;
  while (end - at >= HEAD) {
    const length = readU16(bytes, at + 1);
    if (length < HEAD || at + length > end) return 'bad TLV length';
    if (bytes[at] === METRIC) {
      if (length !== HEAD + 8) return 'bad metric length';
      if (metrics++ === 0 && isHighest(bytes, at + HEAD)) return 'highest metric';
    }
    at += length;
  }
  return at === end && end > start ? null : 'bad length';
};

const isHighest = (bytes: Uint8Array, at: number): boolean =>
  readU32(bytes, at) === 0xffffffff && readU32(bytes, at + 4) === 0xffffffff;

export const AIGP_ROW = {
  code: ATTRIBUTE.aigp,
  flags: OPTIONAL_NON_TRANSITIVE,
  onMalformed: 'discard',
  onFlags: 'discard',
  fromEbgp: 'aigp',
  check: checkAigp,
  value: {
    read: (draft, bytes, start, end) => {
      draft.aigp = readTlvs(bytes, start, end, AIGP_FORM);
    },
    write: ({ aigp }) => (aigp.length === 0 ? null : writeTlvs(aigp, AIGP_FORM)),
  },
} as const satisfies AttributeRow;

/** Where the metric stands in a checked value, or -1. */
export function findAigpMetric(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at += readU16(bytes, at + 1)) if (bytes[at] === METRIC) return at + HEAD;
  return -1;
}

/** The metric, 0 to 2^64 - 1; null when no TLV carries one. */
export function aigpMetric(aigp: readonly Tlv[]): bigint | null {
  const value = aigp.find(({ type }) => type === METRIC)?.value;
  return value === undefined ? null : (BigInt(readU32(value, 0)) << 32n) | BigInt(readU32(value, 4));
}

export function aigpWithMetric(metric: bigint): readonly Tlv[] {
  const value = new Uint8Array(8);
  new DataView(value.buffer).setBigUint64(0, metric);
  return [{ type: METRIC, value }];
}
