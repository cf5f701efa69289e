// IP addresses as words: IPv4 is one unsigned 32-bit number, IPv6 is four. Parse, format (RFC 5952), octets, compare.
// A link-local address does not carry its zone here: the interface travels beside it.

import { readU32, writeU32 } from './bytes.js';

export type Ipv6Words = readonly [number, number, number, number];
export interface Ipv4Address {
  readonly family: 'ipv4';
  readonly word: number;
}
export interface Ipv6Address {
  readonly family: 'ipv6';
  readonly words: Ipv6Words;
}
export type IpAddress = Ipv4Address | Ipv6Address;

export const ipv4 = (word: number): Ipv4Address => ({ family: 'ipv4', word: word >>> 0 });
export const ipv6 = (words: Ipv6Words): Ipv6Address => ({ family: 'ipv6', words });

/** Null when the text is no address. No zone, no leading zeros in IPv4, no mask. */
export function parseIp(text: string): IpAddress | null {
  if (text.includes(':')) {
    const words = parseIpv6(text);
    return words === null ? null : ipv6(words);
  }
  const word = parseIpv4(text);
  return word === null ? null : ipv4(word);
}

export function parseIpv4(text: string): number | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return null;
  let word = 0;
  for (let i = 1; i <= 4; i++) {
    const part = match[i]!;
    const octet = Number(part);
    if (octet > 255 || (part.length > 1 && part.startsWith('0'))) return null;
    word = word * 256 + octet;
  }
  return word;
}

export function parseIpv6(text: string): Ipv6Words | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const head = parseGroups(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1]!, true) : [];
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  const word = (i: number): number => ((groups[i]! << 16) | groups[i + 1]!) >>> 0;
  return [word(0), word(2), word(4), word(6)];
}

function parseGroups(text: string, mayEndInIpv4: boolean): number[] | null {
  if (text === '') return [];
  const parts = text.split(':');
  const groups: number[] = [];
  for (const [i, part] of parts.entries()) {
    if (mayEndInIpv4 && i === parts.length - 1 && part.includes('.')) {
      const word = parseIpv4(part);
      if (word === null) return null;
      groups.push(word >>> 16, word & 0xffff);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else return null;
  }
  return groups;
}

export const formatIp = (ip: IpAddress): string =>
  ip.family === 'ipv4' ? formatIpv4(ip.word) : formatIpv6(ip.words);

export const formatIpv4 = (word: number): string =>
  `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`;

export function formatIpv6(words: Ipv6Words): string {
  if (words[0] === 0 && words[1] === 0 && words[2] === 0xffff) return `::ffff:${formatIpv4(words[3])}`;
  const groups = words.flatMap((word) => [word >>> 16, word & 0xffff]);
  const { start, length } = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let i = 0; i <= groups.length; i++) {
    if (groups[i] === 0) continue;
    if (i - start > best.length) best = { start, length: i - start };
    start = i + 1;
  }
  return best;
}

/** An address from 4 or 16 octets at `offset`. */
export function ipFromBytes(bytes: Uint8Array, offset: number, length: 4 | 16): IpAddress {
  if (length === 4) return ipv4(readU32(bytes, offset));
  return ipv6([
    readU32(bytes, offset),
    readU32(bytes, offset + 4),
    readU32(bytes, offset + 8),
    readU32(bytes, offset + 12),
  ]);
}

export function ipToBytes(ip: IpAddress): Uint8Array {
  const words = ip.family === 'ipv4' ? [ip.word] : ip.words;
  const bytes = new Uint8Array(words.length * 4);
  for (const [i, word] of words.entries()) writeU32(bytes, i * 4, word);
  return bytes;
}

/** IPv4 before IPv6, then numerically. */
export function compareIp(a: IpAddress, b: IpAddress): number {
  if (a.family === 'ipv4') return b.family === 'ipv4' ? a.word - b.word : -1;
  if (b.family === 'ipv4') return 1;
  for (let i = 0; i < 4; i++) if (a.words[i] !== b.words[i]) return a.words[i]! - b.words[i]!;
  return 0;
}

export const ipEquals = (a: IpAddress, b: IpAddress): boolean => compareIp(a, b) === 0;

/** fe80::/10 (RFC 4291 2.5.6) or 169.254.0.0/16 (RFC 3927). */
export const isLinkLocal = (ip: IpAddress): boolean =>
  ip.family === 'ipv4' ? ip.word >>> 16 === 0xa9fe : ip.words[0] >>> 22 === 0xfe80 >>> 6;

export const isUnspecified = (ip: IpAddress): boolean =>
  ip.family === 'ipv4' ? ip.word === 0 : ip.words.every((word) => word === 0);

export const isLoopback = (ip: IpAddress): boolean =>
  ip.family === 'ipv4'
    ? ip.word >>> 24 === 127
    : ip.words[0] === 0 && ip.words[1] === 0 && ip.words[2] === 0 && ip.words[3] === 1;

/** 224.0.0.0/4 or ff00::/8. */
export const isMulticast = (ip: IpAddress): boolean =>
  ip.family === 'ipv4' ? ip.word >>> 28 === 0xe : ip.words[0] >>> 24 === 0xff;
