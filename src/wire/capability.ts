// Capabilities of the OPEN message (RFC 5492): octets <-> data, and their text. A capability we know but cannot parse
// is kept as `unknown`, as if we had never heard of it; it never ends the session.

import { ByteReader, ByteWriter, copyBytes, EMPTY, toHex } from '../base/bytes.js';
import { CAPABILITY } from './iana.js';
import { encodeText, formatAfiSafi, sanitizeText } from './text.js';
import type { AddPathMode, AfiSafi, Capability } from './types.js';

type ValueDecoder = (reader: ByteReader) => Capability | null;

/** By capability code. A decoder that leaves octets behind or runs past the end has failed. */
const DECODERS: Readonly<Record<number, ValueDecoder>> = {
  [CAPABILITY.multiprotocol]: (r) => ({ kind: 'multiprotocol', afi: r.u16(), safi: r.u16() & 0xff }),
  [CAPABILITY.routeRefresh]: () => ({ kind: 'routeRefresh' }),
  [CAPABILITY.extendedNextHop]: (r) => ({
    kind: 'extendedNextHop',
    families: tuples(r, () => ({ afi: r.u16(), safi: r.u16(), nextHopAfi: r.u16() })),
  }),
  [CAPABILITY.extendedMessage]: () => ({ kind: 'extendedMessage' }),
  [CAPABILITY.role]: (r) => ({ kind: 'role', role: r.u8() }),
  [CAPABILITY.gracefulRestart]: decodeGracefulRestart,
  [CAPABILITY.fourOctetAs]: (r) => ({ kind: 'fourOctetAs', asn: r.u32() }),
  [CAPABILITY.addPath]: decodeAddPath,
  [CAPABILITY.enhancedRouteRefresh]: () => ({ kind: 'enhancedRouteRefresh' }),
  [CAPABILITY.longLivedGracefulRestart]: (r) => ({
    kind: 'longLivedGracefulRestart',
    families: tuples(r, () => ({ ...afiSafi(r), forwarding: flag(r), staleTime: r.u8() * 65536 + r.u16() })),
  }),
  [CAPABILITY.fqdn]: (r) => ({ kind: 'fqdn', host: shortText(r), domain: shortText(r) }),
  [CAPABILITY.softwareVersion]: (r) => ({ kind: 'softwareVersion', version: shortText(r) }),
};

export function decodeCapability(code: number, value: Uint8Array): Capability {
  const reader = new ByteReader(value);
  const capability = DECODERS[code]?.(reader) ?? null;
  if (capability === null || reader.overrun || reader.remaining > 0) {
    return { kind: 'unknown', code, value: copyBytes(value) };
  }
  return capability;
}

function decodeGracefulRestart(reader: ByteReader): Capability {
  const head = reader.u16();
  return {
    kind: 'gracefulRestart',
    restarting: (head & 0x8000) !== 0,
    notification: (head & 0x4000) !== 0,
    restartTime: head & 0xfff,
    families: tuples(reader, () => ({ ...afiSafi(reader), forwarding: flag(reader) })),
  };
}

/** RFC 7911 4: a mode other than 1 to 3 makes the capability one that is not understood. */
function decodeAddPath(reader: ByteReader): Capability | null {
  const families = tuples(reader, () => ({ ...afiSafi(reader), mode: addPathMode(reader.u8()) }));
  const valid = families.filter(hasMode);
  return valid.length === families.length ? { kind: 'addPath', families: valid } : null;
}

const addPathMode = (value: number): AddPathMode | null =>
  value === 1 || value === 2 || value === 3 ? value : null;

const hasMode = (row: AfiSafi & { mode: AddPathMode | null }): row is AfiSafi & { mode: AddPathMode } =>
  row.mode !== null;

function tuples<T>(reader: ByteReader, read: () => T): T[] {
  const rows: T[] = [];
  while (reader.remaining > 0 && !reader.overrun) rows.push(read());
  return rows;
}

const afiSafi = (reader: ByteReader): AfiSafi => ({ afi: reader.u16(), safi: reader.u8() });
const flag = (reader: ByteReader): boolean => (reader.u8() & 0x80) !== 0;
const shortText = (reader: ByteReader): string => sanitizeText(reader.view(reader.u8()));

/** The capability as a TLV. Texts are cut to 64 octets, the limit of their drafts. */
export function encodeCapability(capability: Capability): Uint8Array {
  const writer = new ByteWriter(16);
  writer.u8(capability.kind === 'unknown' ? capability.code : CAPABILITY[capability.kind]);
  writer.u8(0);
  writeValue(writer, capability);
  if (writer.length > 257) throw new RangeError(`capability ${capability.kind} exceeds 255 octets`);
  writer.patchU8(1, writer.length - 2);
  return writer.take();
}

function writeValue(writer: ByteWriter, capability: Capability): void {
  switch (capability.kind) {
    case 'multiprotocol':
      writer.u16(capability.afi);
      writer.u16(capability.safi);
      break;
    case 'routeRefresh':
    case 'enhancedRouteRefresh':
    case 'extendedMessage':
      break;
    case 'fourOctetAs':
      writer.u32(capability.asn);
      break;
    case 'gracefulRestart':
      writeGracefulRestart(writer, capability);
      break;
    case 'longLivedGracefulRestart':
      for (const row of capability.families) {
        writeAfiSafi(writer, row);
        writer.u8(row.forwarding ? 0x80 : 0);
        writer.u8(row.staleTime >>> 16);
        writer.u16(row.staleTime & 0xffff);
      }
      break;
    case 'addPath':
      for (const row of capability.families) {
        writeAfiSafi(writer, row);
        writer.u8(row.mode);
      }
      break;
    case 'extendedNextHop':
      for (const row of capability.families) {
        writer.u16(row.afi);
        writer.u16(row.safi);
        writer.u16(row.nextHopAfi);
      }
      break;
    case 'role':
      writer.u8(capability.role);
      break;
    case 'fqdn':
      writeShortText(writer, capability.host);
      writeShortText(writer, capability.domain);
      break;
    case 'softwareVersion':
      writeShortText(writer, capability.version);
      break;
    case 'unknown':
      writer.raw(capability.value);
      break;
  }
}

function writeGracefulRestart(
  writer: ByteWriter,
  capability: Extract<Capability, { kind: 'gracefulRestart' }>,
): void {
  const flags = (capability.restarting ? 0x8000 : 0) | (capability.notification ? 0x4000 : 0);
  writer.u16(flags | Math.min(capability.restartTime, 0xfff));
  for (const row of capability.families) {
    writeAfiSafi(writer, row);
    writer.u8(row.forwarding ? 0x80 : 0);
  }
}

function writeAfiSafi(writer: ByteWriter, row: AfiSafi): void {
  writer.u16(row.afi);
  writer.u8(row.safi);
}

function writeShortText(writer: ByteWriter, text: string): void {
  const octets = encodeText(text, 64);
  writer.u8(octets.length);
  writer.raw(octets);
}

const ADD_PATH_MODES = { 1: 'receive', 2: 'send', 3: 'both' } as const;
const ROLES: Readonly<Record<number, string>> = {
  0: 'provider',
  1: 'route server',
  2: 'route server client',
  3: 'customer',
  4: 'peer',
};

/** One phrase for people, for example `graceful restart 120 s (ipv4-unicast forwarding)`. */
export function formatCapability(capability: Capability): string {
  switch (capability.kind) {
    case 'multiprotocol':
      return `multiprotocol ${family(capability)}`;
    case 'routeRefresh':
      return 'route refresh';
    case 'enhancedRouteRefresh':
      return 'enhanced route refresh';
    case 'extendedMessage':
      return 'extended message';
    case 'fourOctetAs':
      return `4-octet AS ${capability.asn}`;
    case 'gracefulRestart':
      return formatGracefulRestart(capability);
    case 'longLivedGracefulRestart':
      return `long-lived graceful restart${list(capability.families, (row) => `${family(row)} ${row.staleTime} s${row.forwarding ? ' forwarding' : ''}`)}`;
    case 'addPath':
      return `add-path${list(capability.families, (row) => `${family(row)} ${ADD_PATH_MODES[row.mode]}`)}`;
    case 'extendedNextHop':
      return `extended next hop${list(capability.families, (row) => `${family(row)} over afi ${row.nextHopAfi}`)}`;
    case 'role':
      return `role ${ROLES[capability.role] ?? capability.role}`;
    case 'fqdn':
      return `host name ${capability.host}${capability.domain === '' ? '' : `.${capability.domain}`}`;
    case 'softwareVersion':
      return `software ${capability.version}`;
    case 'unknown':
      return `capability ${capability.code}${capability.value.length > 0 ? ` 0x${toHex(capability.value)}` : ''}`;
  }
}

function formatGracefulRestart(capability: Extract<Capability, { kind: 'gracefulRestart' }>): string {
  const restarting = capability.restarting ? ' restarting' : '';
  const notification = capability.notification ? ' with notification' : '';
  const families = list(capability.families, (row) => `${family(row)}${row.forwarding ? ' forwarding' : ''}`);
  return `graceful restart ${capability.restartTime} s${restarting}${notification}${families}`;
}

const family = (row: AfiSafi): string => formatAfiSafi(row.afi, row.safi);

const list = <T>(rows: readonly T[], format: (row: T) => string): string =>
  rows.length === 0 ? '' : ` (${rows.map(format).join(', ')})`;

/** The TLVs of an OPEN parameter or of the data of an Unsupported Capability error; null when they do not fit. */
export function decodeCapabilities(bytes: Uint8Array): Capability[] | null {
  const reader = new ByteReader(bytes);
  const capabilities: Capability[] = [];
  while (reader.remaining > 0) {
    const code = reader.u8();
    const value = reader.view(reader.u8());
    if (reader.overrun) return null;
    capabilities.push(decodeCapability(code, value));
  }
  return capabilities;
}

export const encodeCapabilities = (capabilities: readonly Capability[]): Uint8Array => {
  const writer = new ByteWriter(64);
  for (const capability of capabilities) writer.raw(encodeCapability(capability));
  return writer.length === 0 ? EMPTY : writer.take();
};
