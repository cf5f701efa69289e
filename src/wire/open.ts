// OPEN (RFC 4271 4.2) with capabilities (RFC 5492) and extended optional parameters (RFC 9072). Judges form only:
// what the values mean for a session is decided in fsm/.

import { ByteReader, readU16, readU32 } from '../base/bytes.js';
import { decodeCapabilities, encodeCapabilities } from './capability.js';
import { MESSAGE, OPEN_ERROR } from './iana.js';
import { buildFrame } from './message.js';
import {
  badBgpIdentifier,
  badPeerAs,
  openError,
  unacceptableHoldTime,
  unsupportedVersion,
} from './notification.js';
import type { Capability, Notification, OpenMessage } from './types.js';

const VERSION = 4;
const CAPABILITIES_PARAMETER = 2;
/** RFC 9072: as a parameter type it says that two-octet lengths follow. */
const EXTENDED_PARAMETERS = 255;
const PARAMETERS_OFFSET = 29;

export type OpenResult =
  | { readonly ok: true; readonly open: OpenMessage }
  | { readonly ok: false; readonly notification: Notification };

type ParametersResult =
  | { readonly ok: true; readonly capabilities: readonly Capability[] }
  | { readonly ok: false; readonly notification: Notification };

/** Decodes a whole OPEN message, header included. */
export function decodeOpen(frame: Uint8Array): OpenResult {
  if (frame.length < PARAMETERS_OFFSET) return refuse(openError(OPEN_ERROR.unspecific));
  const version = frame[19]!;
  if (version !== VERSION) return refuse(unsupportedVersion());
  const asn = readU16(frame, 20);
  const holdTime = readU16(frame, 22);
  const routerId = readU32(frame, 24);
  const parameters = decodeParameters(frame);
  if (!parameters.ok) return parameters;
  const { capabilities } = parameters;
  if (asn === 0 || capabilities.some(isZeroAs)) return refuse(badPeerAs());
  if (routerId === 0) return refuse(badBgpIdentifier());
  if (holdTime === 1 || holdTime === 2) return refuse(unacceptableHoldTime());
  return { ok: true, open: { version, asn, holdTime, routerId, capabilities } };
}

/** RFC 7607 2: AS 0 is never a peer. */
const isZeroAs = (capability: Capability): boolean =>
  capability.kind === 'fourOctetAs' && capability.asn === 0;

function decodeParameters(frame: Uint8Array): ParametersResult {
  const extended = frame[28]! > 0 && frame[29] === EXTENDED_PARAMETERS;
  const reader = new ByteReader(frame, extended ? 30 : 28);
  const length = extended ? reader.u16() : reader.u8();
  if (reader.overrun || length !== reader.remaining) return refuse(openError(OPEN_ERROR.unspecific));
  const capabilities: Capability[] = [];
  while (reader.remaining > 0) {
    const type = reader.u8();
    const value = reader.view(extended ? reader.u16() : reader.u8());
    if (reader.overrun) return refuse(openError(OPEN_ERROR.unspecific));
    if (type !== CAPABILITIES_PARAMETER) return refuse(openError(OPEN_ERROR.unsupportedOptionalParameter));
    const found = decodeCapabilities(value);
    if (found === null) return refuse(openError(OPEN_ERROR.unspecific));
    capabilities.push(...found);
  }
  return { ok: true, capabilities };
}

const refuse = (notification: Notification): { readonly ok: false; readonly notification: Notification } => ({
  ok: false,
  notification,
});

/** All capabilities go into one parameter; the extended form (RFC 9072) is used only where they need it. */
export function encodeOpen(open: OpenMessage): Uint8Array {
  const capabilities = encodeCapabilities(open.capabilities);
  return buildFrame(MESSAGE.open, (body) => {
    body.u8(open.version);
    body.u16(open.asn);
    body.u16(open.holdTime);
    body.u32(open.routerId);
    body.raw(encodeParameters(capabilities));
  });
}

function encodeParameters(capabilities: Uint8Array): Uint8Array {
  const length = capabilities.length;
  if (length === 0) return new Uint8Array(1);
  if (length <= 253) return Uint8Array.of(length + 2, CAPABILITIES_PARAMETER, length, ...capabilities);
  const inner = length + 3;
  const head = [EXTENDED_PARAMETERS, EXTENDED_PARAMETERS, inner >>> 8, inner & 255];
  return Uint8Array.of(...head, CAPABILITIES_PARAMETER, length >>> 8, length & 255, ...capabilities);
}
