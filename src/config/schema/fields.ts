// The single values of the configuration: what each accepts, and in plain words what would be right.

import { z } from 'zod';
import { FAMILY_NAMES, type FamilyName } from '../../base/family.js';
import {
  formatIp,
  type IpAddress,
  isLinkLocal,
  isMulticast,
  isUnspecified,
  parseIp,
  parseIpv4,
} from '../../base/ip.js';
import { formatPrefix, makePrefix, maxLength, type Prefix, parsePrefix } from '../../base/prefix.js';
import { describe } from '../problem.js';
import { suggest } from './suggestion.js';

/** What a field answers when it can't take a value. */
export interface Fault {
  readonly kind: 'fault';
  readonly message: string;
  readonly remedy: string;
}

export const fault = (message: string, remedy: string): Fault => ({ kind: 'fault', message, remedy });

export const isFault = (value: unknown): value is Fault =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'fault';

/** A value that `read` takes or explains. `want` says what would be right: it ends "give ...". */
export const field = <T>(want: string, read: (value: unknown) => T | Fault) =>
  z.unknown().transform((value, context): T => {
    const result = value === undefined || value === null ? absent(value, want) : read(value);
    if (!isFault(result)) return result;
    context.issues.push({
      code: 'custom',
      message: result.message,
      input: value,
      params: { remedy: result.remedy },
    });
    return z.NEVER;
  });

const absent = (value: null | undefined, want: string): Fault =>
  fault(value === undefined ? 'is missing' : 'is empty', `give ${want}`);

const unfit = (value: unknown, want: string): Fault => fault(`is ${describe(value)}`, `give ${want}`);

/** A field whose values are text. */
export const textField = <T = string>(want: string, read: (text: string) => T | Fault) =>
  field<T>(want, (value) => (typeof value === 'string' ? read(value) : unfit(value, want)));

export const integerField = (what: string, min: number, max: number) => {
  const want = `${what} from ${min} to ${max}`;
  return field<number>(want, (value) => {
    if (typeof value !== 'number' || !Number.isInteger(value)) return unfit(value, want);
    return value < min || value > max ? fault(`${value} is out of range`, `give ${want}`) : value;
  });
};

/** `30`, `0.5` (YAML gives decimals as text) or `500ms`; the value is in seconds. */
export const secondsField = (min: number, max: number) => {
  const want = `seconds from ${min} to ${max}, such as 30, 0.5 or 500ms`;
  return field<number>(want, (value) => {
    const seconds = readSeconds(value);
    if (seconds === null) return unfit(value, want);
    return seconds < min || seconds > max ? fault(`${seconds} s is out of range`, `give ${want}`) : seconds;
  });
};

function readSeconds(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  const match = typeof value === 'string' ? /^(\d{1,8}(?:\.\d{1,3})?)(ms|s)?$/.exec(value) : null;
  if (match === null) return null;
  return match[2] === 'ms' ? Number(match[1]) / 1000 : Number(match[1]);
}

export const booleanField = field<boolean>('true or false', (value) =>
  typeof value === 'boolean' ? value : unfit(value, 'true or false'),
);

export const choiceField = <const T extends string>(words: readonly T[]) => {
  const want = `one of ${words.join(', ')}`;
  return textField<T>(want, (text) => {
    const word = words.find((candidate) => candidate === text);
    return word ?? fault(`${JSON.stringify(text)} is not known`, suggest(text, words, 'known'));
  });
};

export const familyField = choiceField<FamilyName>(FAMILY_NAMES);
export const portField = integerField('a TCP port', 1, 65535);
export const policyNameField = nameField('the name of a policy');

/** A word without white space, so that it can stand in a table or on a command line. */
export function nameField(want: string) {
  return textField(want, (text) =>
    /^\S{1,128}$/.test(text)
      ? text
      : fault(`${describe(text)} is no name`, 'use 1 to 128 characters without white space'),
  );
}

const RESERVED_ASNS: Readonly<Record<number, string>> = {
  0: 'reserved (RFC 7607)',
  23456: 'AS_TRANS (RFC 6793), which stands for others',
  65535: 'reserved (RFC 7300)',
  4294967295: 'reserved (RFC 7300)',
};
const ASN = 'an AS number such as 64512 or 1.10';

export const asnField = field<number>(ASN, readAsn);

function readAsn(value: unknown): number | Fault {
  const asn = typeof value === 'number' ? value : typeof value === 'string' ? parseAsn(value) : null;
  if (asn === null || !Number.isInteger(asn)) return unfit(value, ASN);
  if (asn < 0 || asn > 0xffffffff) return fault(`${asn} is out of range`, 'AS numbers end at 4294967295');
  const reserved = RESERVED_ASNS[asn];
  return reserved === undefined ? asn : fault(`AS ${asn} is ${reserved}`, `give ${ASN}`);
}

const PEER_ASN = `${ASN}, internal or external`;

/** The AS of a peer, or how it stands to ours. */
export const peerAsnField = field<number | 'internal' | 'external'>(PEER_ASN, (value) => {
  if (value === 'internal' || value === 'external') return value;
  const read = readAsn(value);
  return isFault(read) && typeof value === 'string' && parseAsn(value) === null
    ? unfit(value, PEER_ASN)
    : read;
});

/** asplain or asdot (RFC 5396). */
function parseAsn(text: string): number | null {
  const match = /^(?:(\d{1,5})\.)?(\d{1,10})$/.exec(text);
  if (match === null) return null;
  const [, high, low] = match;
  if (high === undefined) return Number(low);
  return Number(high) > 65535 || Number(low) > 65535 ? null : Number(high) * 65536 + Number(low);
}

const ADDRESS = 'an IPv4 or IPv6 address';

export const addressField = textField<IpAddress>(ADDRESS, readAddress);

function readAddress(text: string): IpAddress | Fault {
  const address = parseIp(text);
  if (address !== null) return address;
  if (text.includes('%')) return fault(`${describe(text)} has a zone`, 'a zone has no meaning here');
  return fault(
    `${describe(text)} is no address`,
    text.includes('/') ? 'leave the mask length out' : `give ${ADDRESS}`,
  );
}

export interface PeerAddress {
  readonly address: IpAddress;
  readonly interface: string | null;
}

/** An address that a TCP connection can go to; a link-local IPv6 one names its interface: `fe80::1%eth1`. */
export const peerAddressField = textField<PeerAddress>(`${ADDRESS}, or fe80::1%eth1`, (text) => {
  const percent = text.indexOf('%');
  const zone = percent < 0 ? null : text.slice(percent + 1);
  const address = readAddress(percent < 0 ? text : text.slice(0, percent));
  if (isFault(address)) return address;
  if (isUnspecified(address) || isMulticast(address)) {
    return fault(`${text} is no address of a host`, 'give the address of the peer');
  }
  const wantsZone = address.family === 'ipv6' && isLinkLocal(address);
  if (wantsZone && zone === null) {
    return fault(`${text} is link-local and has no interface`, `write ${text}%eth0, with the interface`);
  }
  if (!wantsZone && zone !== null) {
    return fault(`${text} names an interface`, `only link-local IPv6 addresses do: ${formatIp(address)}`);
  }
  const name = zone === null ? null : readInterface(zone);
  if (isFault(name)) return name;
  return { address, interface: zone };
});

/** Linux: IFNAMSIZ is 16, with the closing NUL. */
const readInterface = (text: string): string | Fault =>
  /^[^\s/]{1,15}$/.test(text)
    ? text
    : fault(`${JSON.stringify(text)} is no interface name`, 'use 1 to 15 characters');

export const interfaceField = textField('the name of an interface such as eth1', readInterface);

const PREFIX = 'a prefix such as 10.65.0.0/16 or fd00:65::/48';

export const prefixField = textField<Prefix>(PREFIX, readPrefix);

export function readPrefix(text: string): Prefix | Fault {
  const prefix = parsePrefix(text);
  if (prefix !== null) return prefix;
  const [head = '', digits = ''] = text.split('/', 2);
  const address = parseIp(head);
  if (address === null) return fault(`${describe(text)} is no prefix`, `give ${PREFIX}`);
  const longest = maxLength(address.family);
  const length = Number(digits);
  if (!/^\d{1,3}$/.test(digits) || length > longest) {
    return fault(`${describe(text)} has no such mask length`, `give 0 to ${longest} after the slash`);
  }
  return fault(`${text} has host bits`, `${formatPrefix(makePrefix(address, length))}?`);
}

/** A 32-bit identifier written as an IPv4 address; 0.0.0.0 is none (RFC 6286 2.1). */
export function identifierField(want: string) {
  return textField<number>(want, (text) => readIdentifier(text, want));
}

export function readIdentifier(text: string, want: string): number | Fault {
  const word = parseIpv4(text);
  if (word === null) return unfit(text, want);
  return word === 0 ? fault('0.0.0.0 is no identifier', `give ${want}`) : word;
}

/** The word that switches something off, or what `read` makes of the text. */
export const textOrNone = <T>(want: string, read: (text: string) => T | Fault) =>
  textField<T | null>(`${want}, or none`, (text) => (text === 'none' ? null : read(text)));
