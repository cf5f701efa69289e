// RTR PDUs (RFC 6810, RFC 8210 5, version 2: draft-ietf-sidrops-8210bis): octets <-> data. Keeps no state.

import { copyBytes, readU16, readU32, writeU16, writeU32 } from '../base/bytes.js';
import { maskWord } from '../base/prefix.js';
import { RTR_ERROR, type RtrPdu, type RtrVersion, type Vrp } from './types.js';

export const NEWEST_VERSION: RtrVersion = 2;

/** Octets in front of every PDU: version, type, session or code, length. */
export const RTR_HEADER = 8;
/** The longest we take: an Error Report can hold another PDU and a text. */
export const LONGEST_PDU = 65_536;

const TYPE = {
  serialNotify: 0,
  serialQuery: 1,
  resetQuery: 2,
  cacheResponse: 3,
  ipv4Prefix: 4,
  ipv6Prefix: 6,
  endOfData: 7,
  cacheReset: 8,
  routerKey: 9,
  error: 10,
  aspa: 11,
} as const;

/** What is wrong with a PDU: an error code of RFC 8210 12. */
export interface RtrFault {
  readonly kind: 'fault';
  readonly code: number;
  readonly text: string;
}

const fault = (code: number, text: string): RtrFault => ({ kind: 'fault', code, text });
const corrupt = (text: string): RtrFault => fault(RTR_ERROR.corruptData, text);

/** Octets of the PDU that begins at `at`, as its header says; the header must be there. */
export const lengthOfPdu = (bytes: Uint8Array, at: number): number => readU32(bytes, at + 4);

/** A whole PDU. Its version was looked at before. */
export function decodePdu(pdu: Uint8Array): RtrPdu | RtrFault {
  const type = pdu[1]!;
  const session = readU16(pdu, 2);
  switch (type) {
    case TYPE.serialNotify:
      return pdu.length === 12 ? { kind: 'serialNotify', session, serial: readU32(pdu, 8) } : badLength(pdu);
    case TYPE.serialQuery:
      return pdu.length === 12 ? { kind: 'serialQuery', session, serial: readU32(pdu, 8) } : badLength(pdu);
    case TYPE.resetQuery:
      return pdu.length === 8 ? { kind: 'resetQuery' } : badLength(pdu);
    case TYPE.cacheResponse:
      return pdu.length === 8 ? { kind: 'cacheResponse', session } : badLength(pdu);
    case TYPE.ipv4Prefix:
      return pdu.length === 20 ? decodePrefix(pdu, 32) : badLength(pdu);
    case TYPE.ipv6Prefix:
      return pdu.length === 32 ? decodePrefix(pdu, 128) : badLength(pdu);
    case TYPE.endOfData:
      return decodeEndOfData(pdu, session);
    case TYPE.cacheReset:
      return pdu.length === 8 ? { kind: 'cacheReset' } : badLength(pdu);
    case TYPE.routerKey:
    case TYPE.aspa:
      return isKnownTo(pdu[0]!, type) ? { kind: 'ignored', type } : unknownType(type);
    case TYPE.error:
      return decodeError(pdu, session);
    default:
      return unknownType(type);
  }
}

const badLength = (pdu: Uint8Array): RtrFault => corrupt(`type ${pdu[1]} with ${pdu.length} octets`);
const unknownType = (type: number): RtrFault => fault(RTR_ERROR.unsupportedType, `type ${type}`);

const isKnownTo = (version: number, type: number): boolean => version >= (type === TYPE.aspa ? 2 : 1);

function decodePrefix(pdu: Uint8Array, longest: 32 | 128): RtrPdu | RtrFault {
  const length = pdu[9]!;
  const maxLength = pdu[10]!;
  if (length > maxLength || maxLength > longest)
    return corrupt(`mask length ${length}, at most ${maxLength}`);
  const six = longest === 128;
  const word = (i: number): number => (readU32(pdu, 12 + i * 4) & maskWord(length - i * 32)) >>> 0;
  const vrp: Vrp = {
    family: six ? 1 : 0,
    w0: word(0),
    w1: six ? word(1) : 0,
    w2: six ? word(2) : 0,
    w3: six ? word(3) : 0,
    length,
    maxLength,
    asn: readU32(pdu, six ? 28 : 16),
  };
  return { kind: 'prefix', announce: (pdu[8]! & 1) === 1, vrp };
}

function decodeEndOfData(pdu: Uint8Array, session: number): RtrPdu | RtrFault {
  const wanted = pdu[0] === 0 ? 12 : 24;
  if (pdu.length !== wanted) return badLength(pdu);
  const intervals =
    wanted === 12 ? null : { refresh: readU32(pdu, 12), retry: readU32(pdu, 16), expire: readU32(pdu, 20) };
  return { kind: 'endOfData', session, serial: readU32(pdu, 8), intervals };
}

function decodeError(pdu: Uint8Array, code: number): RtrPdu | RtrFault {
  if (pdu.length < 16) return badLength(pdu);
  const inner = readU32(pdu, 8);
  if (inner > pdu.length - 16) return corrupt('an Error Report whose parts do not fit');
  const length = readU32(pdu, 12 + inner);
  if (length !== pdu.length - 16 - inner) return corrupt('an Error Report whose parts do not fit');
  const text = new TextDecoder().decode(pdu.subarray(16 + inner));
  return { kind: 'error', code, text: text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd').slice(0, 200) };
}

export const encodeResetQuery = (version: RtrVersion): Uint8Array => header(version, TYPE.resetQuery, 0, 8);

export function encodeSerialQuery(version: RtrVersion, session: number, serial: number): Uint8Array {
  const pdu = header(version, TYPE.serialQuery, session, 12);
  writeU32(pdu, 8, serial);
  return pdu;
}

/** RFC 8210 5.11; `erroneous` is the PDU that is answered. */
export function encodeError(version: number, code: number, erroneous: Uint8Array, text: string): Uint8Array {
  const inner = copyBytes(erroneous, 0, Math.min(erroneous.length, 256));
  const words = new TextEncoder().encode(text);
  const pdu = header(version, TYPE.error, code, 16 + inner.length + words.length);
  writeU32(pdu, 8, inner.length);
  pdu.set(inner, 12);
  writeU32(pdu, 12 + inner.length, words.length);
  pdu.set(words, 16 + inner.length);
  return pdu;
}

export const isErrorReport = (pdu: Uint8Array): boolean => pdu[1] === TYPE.error;

function header(version: number, type: number, session: number, length: number): Uint8Array {
  const pdu = new Uint8Array(length);
  pdu[0] = version;
  pdu[1] = type;
  writeU16(pdu, 2, session);
  writeU32(pdu, 4, length);
  return pdu;
}
