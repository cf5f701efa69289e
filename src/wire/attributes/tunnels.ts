// TUNNEL_ENCAP (RFC 9012): tunnels with their sub-TLVs. Nothing here builds a tunnel; the attribute is checked, kept and
// passed on.

import { ByteWriter, readU16 } from '../../base/bytes.js';
import { ATTRIBUTE, TUNNEL_SUB_TLV } from '../iana.js';
import type { Tunnel } from '../types.js';
import { type AttributeCheck, type AttributeRow, OPTIONAL_TRANSITIVE } from './row.js';
import { copyOctets } from './tlv.js';
import { readTlvs, type TlvForm, writeTlvs } from './tlv-list.js';

/** Octets of the type and the length of a tunnel. */
const HEAD = 4;
/** RFC 9012 2: sub-TLV types from 128 on have two octets of length. */
const SUB_TLV_FORM: TlvForm = { lengthOctets: (type) => (type < 128 ? 1 : 2), headCounts: false };
/** Octets of the Tunnel Egress Endpoint sub-TLV before the address (RFC 9012 3.1). */
const ENDPOINT_HEAD = 6;
const ENDPOINT_ADDRESS: Readonly<Record<number, number>> = { 0: 0, 1: 4, 2: 16 };

/** Offset behind the sub-TLV at `at`, beyond `end` when it does not fit. */
function subTlvEnd(bytes: Uint8Array, at: number, end: number): number {
  const octets = SUB_TLV_FORM.lengthOctets(bytes[at]!);
  const valueAt = at + 1 + octets;
  if (valueAt > end) return end + 1;
  return valueAt + (octets === 1 ? bytes[at + 1]! : readU16(bytes, at + 1));
}

/** RFC 9012 13: the last sub-TLV must end where its tunnel ends. */
function subTlvsFit(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end) at = subTlvEnd(bytes, at, end);
  return at === end;
}

/** RFC 9012 13: without exactly one well-formed egress endpoint, a tunnel is ignored and not passed on. */
function isUsable(bytes: Uint8Array, start: number, end: number): boolean {
  let endpoints = 0;
  for (let at = start; at < end; ) {
    const next = subTlvEnd(bytes, at, end);
    if (bytes[at] === TUNNEL_SUB_TLV.egressEndpoint) {
      endpoints++;
      // Its type is below 128: one octet of length.
      const length = next - at - 2;
      if (length < ENDPOINT_HEAD) return false;
      if (length - ENDPOINT_HEAD !== ENDPOINT_ADDRESS[readU16(bytes, at + 6)]) return false;
    }
    at = next;
  }
  return endpoints === 1;
}

const checkTunnels: AttributeCheck = (bytes, start, end) => {
  let usable = false;
  let at = start;
  while (end - at >= HEAD) {
    const next = at + HEAD + readU16(bytes, at + 2);
    if (next > end) return 'truncated tunnel';
    if (!subTlvsFit(bytes, at + HEAD, next)) return 'truncated sub-TLV';
    usable ||= isUsable(bytes, at + HEAD, next);
    at = next;
  }
  if (at !== end) return 'truncated tunnel';
  return usable ? null : 'no valid tunnel';
};

/** Writes the usable tunnels of a checked value to `at` of `target`; returns the offset behind them. */
export function copyUsableTunnels(
  bytes: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
): number {
  let to = at;
  for (let from = start; from < end; ) {
    const next = from + HEAD + readU16(bytes, from + 2);
    if (isUsable(bytes, from + HEAD, next)) to = copyOctets(bytes, from, next, target, to);
    from = next;
  }
  return to;
}

function readTunnels(bytes: Uint8Array, start: number, end: number): Tunnel[] {
  const tunnels: Tunnel[] = [];
  for (let at = start; at < end; ) {
    const next = at + HEAD + readU16(bytes, at + 2);
    tunnels.push({ type: readU16(bytes, at), subTlvs: readTlvs(bytes, at + HEAD, next, SUB_TLV_FORM) });
    at = next;
  }
  return tunnels;
}

/** Throws when a tunnel or one of its sub-TLVs is too long for its length field. */
function tunnelsValue(tunnels: readonly Tunnel[]): Uint8Array {
  const writer = new ByteWriter(64);
  for (const { type, subTlvs } of tunnels) {
    const value = writeTlvs(subTlvs, SUB_TLV_FORM);
    if (value.length > 0xffff) throw new RangeError(`a tunnel cannot hold ${value.length} octets`);
    writer.u16(type);
    writer.u16(value.length);
    writer.raw(value);
  }
  return writer.take();
}

export const TUNNELS_ROW = {
  code: ATTRIBUTE.tunnelEncapsulation,
  flags: OPTIONAL_TRANSITIVE,
  onMalformed: 'withdraw',
  fromEbgp: 'tunnelEncapsulation',
  check: checkTunnels,
  value: {
    read: (draft, bytes, start, end) => {
      draft.tunnels = readTunnels(bytes, start, end);
    },
    write: ({ tunnels }) => (tunnels.length === 0 ? null : tunnelsValue(tunnels)),
  },
} as const satisfies AttributeRow;
