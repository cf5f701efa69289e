// The single values that Calico's resources are made of: addresses, ranges, AS numbers, durations, communities, selectors.

import type { AddressFamily } from '../../base/family.js';
import { formatIp, type IpAddress, isLinkLocal, isMulticast, isUnspecified, parseIp } from '../../base/ip.js';
import { formatPrefix, makePrefix, maxLength, type Prefix, parsePrefix } from '../../base/prefix.js';
import { parseSelector, type Selector } from '../selector/selector.js';
import { type Field, type Misfit, misfit, named, refuse, text } from './fields.js';

export const nodeName = text('the name of a node', (given) =>
  /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(given)
    ? given
    : misfit(`${JSON.stringify(given)} is no name`, 'use small letters, digits, dots and dashes'),
);

export const resourceName = nodeName;

const MAX_ASN = 0xffffffff;
const RESERVED_ASNS: readonly number[] = [0, 23456, 65535, MAX_ASN];

/** A number, or text in asplain or asdot (RFC 5396). */
export const asNumber: Field<number> = (value, path, issues) => {
  const asn = typeof value === 'number' ? value : typeof value === 'string' ? parseAsn(value) : null;
  const remedy = 'give an AS number such as 64512 or "1.10"';
  if (asn === null || !Number.isInteger(asn) || asn < 0 || asn > MAX_ASN) {
    return refuse(issues, path, `is ${named(value)}, no AS number`, remedy);
  }
  return RESERVED_ASNS.includes(asn) ? refuse(issues, path, `AS ${asn} is reserved`, remedy) : asn;
};

function parseAsn(given: string): number | null {
  const match = /^(?:(\d{1,5})\.)?(\d{1,10})$/.exec(given);
  if (match === null) return null;
  const [, high, low] = match;
  if (high === undefined) return Number(low);
  return Number(high) > 65535 || Number(low) > 65535 ? null : Number(high) * 65536 + Number(low);
}

export interface NodeAddress {
  readonly address: IpAddress;
  /** The subnet of the node's own interface; null where the address has no mask. */
  readonly subnet: Prefix | null;
}

/** `10.0.0.1/24`: an address with the length of its subnet; the length may be left out. */
export const nodeAddress = (family: AddressFamily): Field<NodeAddress> =>
  text(`an ${FAMILY_TEXT[family]} address with its subnet's length`, (given) => {
    const [head = '', digits] = given.split('/', 2);
    const address = parseIp(head);
    const length = Number(digits);
    if (address === null || address.family !== family) {
      return misfit(`${JSON.stringify(given)} is no ${FAMILY_TEXT[family]} address`, EXAMPLE[family]);
    }
    if (digits === undefined) return { address, subnet: null };
    return /^\d{1,3}$/.test(digits) && length <= maxLength(family)
      ? { address, subnet: makePrefix(address, length) }
      : misfit(`/${digits} is no mask length`, EXAMPLE[family]);
  });

export const FAMILY_TEXT = { ipv4: 'IPv4', ipv6: 'IPv6' } as const satisfies Record<AddressFamily, string>;
const EXAMPLE = {
  ipv4: 'give it such as 192.0.2.1/24',
  ipv6: 'give it such as 2001:db8::1/64',
} as const satisfies Record<AddressFamily, string>;

export const hostAddress = (given: string): IpAddress | Misfit => {
  const address = parseIp(given);
  if (address === null)
    return misfit(`${JSON.stringify(given)} is no address`, 'give an IPv4 or IPv6 address');
  return isUnspecified(address) || isMulticast(address)
    ? misfit(`${given} is no address of a host`, 'give the address of a host')
    : address;
};

export const address = text('an IPv4 or IPv6 address', hostAddress);

export const addressOf = (family: AddressFamily): Field<IpAddress> =>
  text(`an ${FAMILY_TEXT[family]} address`, (given) => {
    const found = hostAddress(given);
    if ('message' in found || found.family === family) return found;
    return misfit(`${given} is no ${FAMILY_TEXT[family]} address`, EXAMPLE[family]);
  });

export interface PeerAddress {
  readonly address: IpAddress;
  /** Null: none was given. */
  readonly port: number | null;
}

/** `192.0.2.1`, `192.0.2.1:1179`, `2001:db8::1`, `[2001:db8::1]:1179`. */
export const peerAddress = text<PeerAddress>('the address of a peer', (given) => {
  const bracketed = /^\[([^\]]*)\]:(\d{1,5})$/.exec(given);
  const plain = /^([\d.]+):(\d{1,5})$/.exec(given);
  const [, head, digits] = bracketed ?? plain ?? [given, given, undefined];
  const found = hostAddress(head ?? '');
  if ('message' in found) return found;
  if (found.family === 'ipv6' && isLinkLocal(found)) {
    return misfit(
      `${given} is link-local`,
      'Calico has no place for the interface: use peers in the native configuration',
    );
  }
  const port = digits === undefined ? null : Number(digits);
  return port !== null && (port < 1 || port > 65535)
    ? misfit(`${port} is no TCP port`, 'give a port from 1 to 65535')
    : { address: found, port };
});

/** A range without host bits, of one family or of both. */
export const range = (family: AddressFamily | null): Field<Prefix> =>
  text('a CIDR', (given) => {
    const prefix = given.includes('/') ? parsePrefix(given) : null;
    if (prefix === null) return misfit(`${JSON.stringify(given)} is no CIDR`, remedyForCidr(given));
    return family === null || prefix.address.family === family
      ? prefix
      : misfit(`${given} is no ${FAMILY_TEXT[family]} CIDR`, `give one of ${FAMILY_TEXT[family]}`);
  });

/** An address, with or without its full length behind it. */
export const hostRange = text<IpAddress>('an address such as 10.65.0.2/32', (given) => {
  const prefix = parsePrefix(given);
  if (prefix === null) return misfit(`${JSON.stringify(given)} is no CIDR`, remedyForCidr(given));
  return prefix.length === maxLength(prefix.address.family)
    ? prefix.address
    : misfit(`${given} is more than one address`, 'give one such as 10.65.0.2/32');
});

function remedyForCidr(given: string): string {
  const [head = '', digits = ''] = given.split('/', 2);
  const found = parseIp(head);
  const length = Number(digits);
  const hasHostBits = found !== null && /^\d{1,3}$/.test(digits) && length <= maxLength(found.family);
  if (hasHostBits) return `it has host bits: ${formatPrefix(makePrefix(found, length))}?`;
  return found === null
    ? 'give one such as 10.65.0.0/16'
    : `give one such as ${formatIp(found)}/${maxLength(found.family)}`;
}

const DURATION = /^(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?$/;

/** A Go duration such as `90s` or `1m30s`, in seconds, rounded. */
export const seconds = (min: number, max: number): Field<number> =>
  text('a duration such as 120s or 2m', (given) => {
    const match = DURATION.exec(given);
    if (match === null || given === '')
      return misfit(`${JSON.stringify(given)} is no duration`, 'give one such as 120s or 2m');
    const [hours, minutes, secs, millis] = match.slice(1).map((part) => Number(part ?? 0)) as [
      number,
      number,
      number,
      number,
    ];
    const total = Math.round(hours * 3600 + minutes * 60 + secs + millis / 1000);
    return total < min || total > max ? misfit(`${given} is out of range`, `give ${min}s to ${max}s`) : total;
  });

export type Community =
  | { readonly kind: 'standard'; readonly value: number }
  | { readonly kind: 'large'; readonly value: readonly [number, number, number] };

export const parseCommunity = (given: string): Community | Misfit => {
  const parts = /^\d+(:\d+){1,2}$/.test(given) ? given.split(':').map(Number) : [];
  const [a = 0, b = 0, c = 0] = parts;
  const limit = parts.length === 2 ? 0xffff : MAX_ASN;
  if (parts.length === 0 || parts.some((part) => part > limit)) {
    return misfit(
      `${JSON.stringify(given)} is no community`,
      'give aa:nn (16 bits each) or aa:nn:mm (32 bits each)',
    );
  }
  return parts.length === 2
    ? { kind: 'standard', value: a * 65536 + b }
    : { kind: 'large', value: [a, b, c] };
};

export const community = text('a community such as 65000:100', parseCommunity);

export interface GivenSelector {
  readonly text: string;
  readonly selector: Selector;
}

export const selector = text<GivenSelector>('a selector', (given) => {
  const parsed = parseSelector(given);
  return parsed.ok
    ? { text: given, selector: parsed.selector }
    : misfit(parsed.message, 'write it such as rack == "a" && has(rr)');
});

export const port: Field<number> = (value, path, issues) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65535
    ? value
    : refuse(issues, path, `is ${named(value)}`, 'give a TCP port from 1 to 65535');

/** An interface or a pattern with `*`. */
export const interfaceGlob = text('an interface, or a pattern such as eth*', (given) =>
  /^[^\s/]{1,15}$/.test(given)
    ? given
    : misfit(
        `${JSON.stringify(given)} is no interface`,
        'give a name of 1 to 15 characters; * stands for any',
      ),
);

/** A cluster id, written as an IPv4 address. */
export const clusterId = text<number>('a cluster id such as 244.0.0.1', (given) => {
  const found = parseIp(given);
  return found !== null && found.family === 'ipv4' && found.word !== 0
    ? found.word
    : misfit(`${JSON.stringify(given)} is no cluster id`, 'give an IPv4 address such as 244.0.0.1');
});
