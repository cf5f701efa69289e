// Communities as people write them -> octets, and patterns of octets where `*` and ranges stand for parts of them.

import { writeU16, writeU32 } from '../base/bytes.js';
import { parseIpv4 } from '../base/ip.js';
import { WELL_KNOWN_COMMUNITIES } from '../wire/iana.js';
import type { OctetRange } from '../wire/types.js';
import type { CommunityPattern, CommunityType, NumberRange } from './types.js';

/** Octets of one community. */
export const COMMUNITY_OCTETS = { standard: 4, extended: 8, large: 12 } as const satisfies Record<
  CommunityType,
  number
>;

/** What would be right, for messages. */
export const COMMUNITY_FORMS = {
  standard: '65000:100, a name such as no-export, and in matches 65000:* or 65000:100-199',
  extended:
    'rt:65000:100, soo:192.0.2.1:7, color:5, bandwidth:65000:125000000, 0x and 16 digits, and in matches rt:65000:* or rt:*',
  large: '65000:1:2, and in matches 65000:1:* or 65000:1:10-19',
} as const satisfies Record<CommunityType, string>;

const LARGEST = { 1: 0xff, 2: 0xffff, 4: 0xffffffff } as const;

/** Where a number stands in a community. */
interface Part {
  readonly at: number;
  readonly size: 2 | 4;
}

const STANDARD: readonly Part[] = [
  { at: 0, size: 2 },
  { at: 2, size: 2 },
];
const LARGE: readonly Part[] = [
  { at: 0, size: 4 },
  { at: 4, size: 4 },
  { at: 8, size: 4 },
];

/** Sub-types of extended communities that have an administrator (RFC 4360 4 and 5). */
const ADMINISTERED: Readonly<Record<string, number>> = { rt: 2, soo: 3 };
/** Types by the form of the administrator: 2-octet AS, IPv4 address, 4-octet AS (RFC 5668). */
const FORMS = { asn2: 0, ipv4: 1, asn4: 2 } as const;

const NAMES: ReadonlyMap<string, number> = new Map(
  Object.entries(WELL_KNOWN_COMMUNITIES).map(([value, name]) => [
    name.toLowerCase().replace(/_/g, '-'),
    Number(value),
  ]),
);

/** Null: no such form. */
export function parseCommunityPattern(text: string, type: CommunityType): CommunityPattern | null {
  if (text === '*') return [];
  switch (type) {
    case 'standard': {
      const known = NAMES.get(text.toLowerCase().replace(/_/g, '-'));
      return known === undefined ? parts(text, STANDARD) : [exact(0, 4, known)];
    }
    case 'large':
      return parts(text, LARGE);
    case 'extended':
      return extendedPattern(text);
  }
}

/** The octets of one community; null where the text means none or many. */
export function parseCommunity(text: string, type: CommunityType): readonly number[] | null {
  const pattern = parseCommunityPattern(text, type);
  return pattern === null ? null : exactOctets(pattern, COMMUNITY_OCTETS[type]);
}

/** The one community that a pattern means; null where it means many. */
export function exactOctets(pattern: CommunityPattern, width: number): readonly number[] | null {
  const octets = new Uint8Array(width);
  let known = 0;
  for (const { at, size, min, max } of pattern) {
    if (min !== max) return null;
    if (size === 4) writeU32(octets, at, min);
    else if (size === 2) writeU16(octets, at, min);
    else octets[at] = min;
    known += size;
  }
  return known === width ? [...octets] : null;
}

const exact = (at: number, size: OctetRange['size'], value: number): OctetRange => ({
  at,
  size,
  min: value,
  max: value,
});

/** Numbers between colons, one for each place. */
function parts(text: string, places: readonly Part[]): CommunityPattern | null {
  const fields = text.split(':');
  if (fields.length !== places.length) return null;
  const ranges = places.map((place, i) => rangeAt(place, fields[i]!));
  return ranges.includes(null) ? null : ranges.flatMap((range) => range ?? []);
}

/** A place that may hold anything asks for nothing. */
function rangeAt({ at, size }: Part, text: string): readonly OctetRange[] | null {
  if (text === '*') return [];
  const range = parseRange(text, LARGEST[size]);
  return range === null ? null : [{ at, size, ...range }];
}

/** `5` or `5-9`. */
export function parseRange(text: string, largest: number): NumberRange | null {
  const form = /^(\d{1,10})(?:-(\d{1,10}))?$/.exec(text.trim());
  if (form === null) return null;
  const min = Number(form[1]);
  const max = form[2] === undefined ? min : Number(form[2]);
  return min <= max && max <= largest ? { min, max } : null;
}

function extendedPattern(text: string): CommunityPattern | null {
  const octets = /^0x([0-9a-f]{16})$/i.exec(text)?.[1];
  if (octets !== undefined) {
    return Array.from({ length: 8 }, (_, i) =>
      exact(i, 1, Number.parseInt(octets.slice(i * 2, i * 2 + 2), 16)),
    );
  }
  const [name = '', administrator = '', value, ...rest] = text.split(':');
  if (rest.length > 0) return null;
  if (name === 'bandwidth') return value === undefined ? null : bandwidthPattern(administrator, value);
  if (name === 'color') return value === undefined ? colorPattern(administrator) : null;
  const subtype = ADMINISTERED[name];
  if (subtype === undefined) return null;
  if (value === undefined) {
    return administrator === '*' ? [{ at: 0, size: 1, min: 0, max: 2 }, exact(1, 1, subtype)] : null;
  }
  return administered(subtype, administrator, value);
}

/** RFC 9012 4.3: opaque, flags of zero. */
function colorPattern(text: string): CommunityPattern | null {
  const color = rangeAt({ at: 4, size: 4 }, text);
  return color === null ? null : [exact(0, 2, 0x030b), exact(2, 2, 0), ...color];
}

/** draft-ietf-idr-link-bandwidth: not transitive, a 2-octet AS, octets a second as a float. */
function bandwidthPattern(administrator: string, value: string): CommunityPattern | null {
  const asn = rangeAt({ at: 2, size: 2 }, administrator);
  if (asn === null) return null;
  const head = [exact(0, 2, 0x4004), ...asn];
  if (value === '*') return head;
  if (!/^\d{1,15}$/.test(value)) return null;
  const octets = new DataView(new ArrayBuffer(4));
  octets.setFloat32(0, Number(value));
  return [...head, exact(4, 4, octets.getUint32(0))];
}

function administered(subtype: number, administrator: string, value: string): CommunityPattern | null {
  const address = parseIpv4(administrator);
  const asn = /^\d+$/.test(administrator) ? Number(administrator) : null;
  const form = address !== null ? FORMS.ipv4 : asn !== null && asn > 0xffff ? FORMS.asn4 : FORMS.asn2;
  const wide = form !== FORMS.asn2;
  const who =
    address === null ? rangeAt({ at: 2, size: wide ? 4 : 2 }, administrator) : [exact(2, 4, address)];
  const what = rangeAt(wide ? { at: 6, size: 2 } : { at: 4, size: 4 }, value);
  return who === null || what === null ? null : [exact(0, 1, form), exact(1, 1, subtype), ...who, ...what];
}
