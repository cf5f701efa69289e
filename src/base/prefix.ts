// IP prefixes as values: canonical (host bits zero), parse, format, containment.

import type { AddressFamily } from './family.js';
import { compareIp, formatIp, type IpAddress, type Ipv6Words, ipv4, ipv6, parseIp } from './ip.js';

export interface Prefix {
  readonly address: IpAddress;
  /** Mask length in bits, 0 to 32 or 128. */
  readonly length: number;
}

export const maxLength = (family: AddressFamily): 32 | 128 => (family === 'ipv4' ? 32 : 128);

/** `a.b.c.d/n` or `x::/n`; without `/n` a host prefix. Host bits must be zero. Null when it is no prefix. */
export function parsePrefix(text: string): Prefix | null {
  const slash = text.indexOf('/');
  const address = parseIp(slash < 0 ? text : text.slice(0, slash));
  if (address === null) return null;
  if (slash < 0) return hostPrefix(address);
  const digits = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(digits)) return null;
  const length = Number(digits);
  if (length > maxLength(address.family)) return null;
  const prefix = makePrefix(address, length);
  return compareIp(prefix.address, address) === 0 ? prefix : null;
}

/** The prefix of `length` bits that holds `address`. */
export function makePrefix(address: IpAddress, length: number): Prefix {
  if (address.family === 'ipv4') return { address: ipv4((address.word & maskWord(length)) >>> 0), length };
  const words = address.words.map((word, i) => (word & maskWord(length - i * 32)) >>> 0);
  return { address: ipv6(words as unknown as Ipv6Words), length };
}

export const hostPrefix = (address: IpAddress): Prefix => ({ address, length: maxLength(address.family) });

export const formatPrefix = (prefix: Prefix): string => `${formatIp(prefix.address)}/${prefix.length}`;

export const prefixEquals = (a: Prefix, b: Prefix): boolean =>
  a.length === b.length && compareIp(a.address, b.address) === 0;

export const comparePrefix = (a: Prefix, b: Prefix): number =>
  compareIp(a.address, b.address) || a.length - b.length;

export const prefixContainsIp = (prefix: Prefix, ip: IpAddress): boolean =>
  prefix.address.family === ip.family &&
  compareIp(makePrefix(ip, prefix.length).address, prefix.address) === 0;

/** True when `inner` is `outer` or more specific than it. */
export const prefixContains = (outer: Prefix, inner: Prefix): boolean =>
  inner.length >= outer.length && prefixContainsIp(outer, inner.address);

/** The mask of `bits` leading ones in one 32-bit word; below 0 counts as 0, above 32 as 32. */
export const maskWord = (bits: number): number =>
  bits <= 0 ? 0 : bits >= 32 ? 0xffffffff : (-1 << (32 - bits)) >>> 0;

/** The four words of a prefix's address, as the prefix tables key them; IPv4 uses the first. */
export const prefixWords = (prefix: Prefix): Ipv6Words =>
  prefix.address.family === 'ipv4' ? [prefix.address.word, 0, 0, 0] : prefix.address.words;

export const prefixFromWords = (
  family: AddressFamily,
  w0: number,
  w1: number,
  w2: number,
  w3: number,
  length: number,
): Prefix => ({
  address: family === 'ipv4' ? ipv4(w0) : ipv6([w0 >>> 0, w1 >>> 0, w2 >>> 0, w3 >>> 0]),
  length,
});
