// A NOTIFICATION in plain words for logs and status. The data comes from a peer: every text in it is made harmless.

import { readU16, readU32, toHex } from '../base/bytes.js';
import { decodeCapabilities, formatCapability } from './capability.js';
import { ATTRIBUTE_NAMES, CEASE, ERROR, ERROR_NAMES, HEADER_ERROR, OPEN_ERROR } from './iana.js';
import { formatAfiSafi, sanitizeText } from './text.js';
import type { Notification } from './types.js';

/** For example `Cease: administrative shutdown ("upgrade at 10:00")`. */
export function describeNotification(notification: Notification): string {
  const { code, subcode } = notification;
  const names = ERROR_NAMES[code];
  if (names === undefined) return `error ${code} subcode ${subcode}${dataText(notification.data)}`;
  const name = subcode === 0 ? '' : (names.subcodes[subcode] ?? `subcode ${subcode}`);
  const head = name === '' ? names.name : `${names.name}: ${name}`;
  const detail = describeData(notification);
  return detail === null
    ? `${head}${dataText(notification.data)}`
    : detail === ''
      ? head
      : `${head} (${detail})`;
}

const dataText = (data: Uint8Array): string =>
  data.length === 0 ? '' : ` (data 0x${toHex(data.subarray(0, 64))}${data.length > 64 ? '…' : ''})`;

/** What the data says, an empty text when it says nothing, null when its form is unknown. */
function describeData({ code, subcode, data }: Notification): string | null {
  switch (code) {
    case ERROR.header:
      return describeHeaderData(subcode, data);
    case ERROR.open:
      return describeOpenData(subcode, data);
    case ERROR.update:
      return data.length < 2 ? null : `${attributeName(data[1]!)} 0x${toHex(data.subarray(0, 64))}`;
    case ERROR.fsm:
      return data.length === 1 ? `message type ${data[0]}` : null;
    case ERROR.cease:
      return describeCeaseData(subcode, data);
    default:
      return null;
  }
}

const attributeName = (code: number): string => ATTRIBUTE_NAMES[code] ?? `attribute ${code}`;

function describeHeaderData(subcode: number, data: Uint8Array): string | null {
  if (subcode === HEADER_ERROR.badMessageLength && data.length === 2) return `length ${readU16(data, 0)}`;
  if (subcode === HEADER_ERROR.badMessageType && data.length === 1) return `type ${data[0]}`;
  return null;
}

function describeOpenData(subcode: number, data: Uint8Array): string | null {
  switch (subcode) {
    case OPEN_ERROR.unsupportedVersion:
      return data.length === 2 ? `the sender speaks version ${readU16(data, 0)}` : null;
    case OPEN_ERROR.badPeerAs:
      return 'the sender expects another AS number from its peer';
    case OPEN_ERROR.badBgpIdentifier:
      return 'the router id is invalid or also in use by the sender';
    case OPEN_ERROR.unsupportedCapability:
      return data.length === 0 ? null : (decodeCapabilities(data)?.map(formatCapability).join(', ') ?? null);
    default:
      return null;
  }
}

function describeCeaseData(subcode: number, data: Uint8Array): string | null {
  switch (subcode) {
    case CEASE.maximumPrefixesReached:
      if (data.length !== 7) return null;
      return `${formatAfiSafi(readU16(data, 0), data[2]!)}, limit ${readU32(data, 3)}`;
    case CEASE.administrativeShutdown:
    case CEASE.administrativeReset:
      return describeCommunication(data);
    case CEASE.hardReset:
      return data.length < 2 ? null : describeInner(data);
    default:
      return null;
  }
}

/** RFC 9003: one length octet, then UTF-8. */
function describeCommunication(data: Uint8Array): string | null {
  if (data.length === 0 || data.length - 1 !== data[0]) return null;
  return data.length === 1 ? '' : `"${sanitizeText(data.subarray(1))}"`;
}

/** One level only: a hard reset inside a hard reset is shown as data. */
function describeInner(data: Uint8Array): string {
  const inner = { code: data[0]!, subcode: data[1]!, data: data.subarray(2) };
  const nested = inner.code === ERROR.cease && inner.subcode === CEASE.hardReset;
  return nested ? `hard reset${dataText(inner.data)}` : describeNotification(inner);
}
