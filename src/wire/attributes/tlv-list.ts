// Lists of TLVs inside an attribute's value: AIGP and the sub-TLVs of TUNNEL_ENCAP. Reads what was checked before.

import { ByteWriter, copyBytes, readU16 } from '../../base/bytes.js';
import type { Tlv } from '../types.js';

/** How the TLVs of a list are laid out: one octet of type, then the length. */
export interface TlvForm {
  readonly lengthOctets: (type: number) => 1 | 2;
  /** The length counts type and length, too. */
  readonly headCounts: boolean;
}

export function readTlvs(bytes: Uint8Array, start: number, end: number, form: TlvForm): Tlv[] {
  const tlvs: Tlv[] = [];
  for (let at = start; at < end; ) {
    const type = bytes[at]!;
    const octets = form.lengthOctets(type);
    const length = octets === 1 ? bytes[at + 1]! : readU16(bytes, at + 1);
    const valueAt = at + 1 + octets;
    at = form.headCounts ? at + length : valueAt + length;
    tlvs.push({ type, value: copyBytes(bytes, valueAt, at) });
  }
  return tlvs;
}

/** Throws when a value is too long for the length field of its type. */
export function writeTlvs(tlvs: readonly Tlv[], form: TlvForm): Uint8Array {
  const writer = new ByteWriter(64);
  for (const { type, value } of tlvs) {
    const octets = form.lengthOctets(type);
    const length = value.length + (form.headCounts ? 1 + octets : 0);
    if (length >= 256 ** octets)
      throw new RangeError(`a TLV of type ${type} cannot hold ${value.length} octets`);
    writer.u8(type);
    if (octets === 1) writer.u8(length);
    else writer.u16(length);
    writer.raw(value);
  }
  return writer.take();
}
