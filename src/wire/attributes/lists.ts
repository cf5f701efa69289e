// Attributes that are lists of fixed-width values: the community kinds and CLUSTER_LIST.

import { concatBytes, copyBytes, readU32, writeU32 } from '../../base/bytes.js';
import { ATTRIBUTE } from '../iana.js';
import { type AttributeRow, listOf, OPTIONAL_NON_TRANSITIVE, OPTIONAL_TRANSITIVE } from './row.js';

/** Octets of one community: RFC 1997, RFC 4360 2, RFC 5701 2, RFC 8092 3. */
export const COMMUNITY_WIDTH = 4;
export const EXTENDED_WIDTH = 8;
export const IPV6_EXTENDED_WIDTH = 20;
export const LARGE_WIDTH = 12;

const OPAQUE = 0x03;
const ENCAPSULATION = 0x0c;

/** RFC 9012 4.1: the Encapsulation extended community. */
export const isEncapsulation = (bytes: Uint8Array, at: number): boolean =>
  bytes[at] === OPAQUE && bytes[at + 1] === ENCAPSULATION;

/** Of a checked list of extended communities. */
export function hasEncapsulation(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += EXTENDED_WIDTH) if (isEncapsulation(bytes, at)) return true;
  return false;
}

function readList<T>(start: number, end: number, width: number, read: (at: number) => T): T[] {
  const rows: T[] = [];
  for (let at = start; at < end; at += width) rows.push(read(at));
  return rows;
}

const readWords = (bytes: Uint8Array, start: number, end: number): number[] =>
  readList(start, end, 4, (at) => readU32(bytes, at));

function writeWords(words: readonly number[]): Uint8Array | null {
  if (words.length === 0) return null;
  const value = new Uint8Array(words.length * 4);
  for (let i = 0; i < words.length; i++) writeU32(value, i * 4, words[i]!);
  return value;
}

const readOctets = (bytes: Uint8Array, start: number, end: number, width: number): Uint8Array[] =>
  readList(start, end, width, (at) => copyBytes(bytes, at, at + width));

const writeOctets = (communities: readonly Uint8Array[]): Uint8Array | null =>
  communities.length === 0 ? null : concatBytes(communities);

export const LIST_ROWS = [
  {
    code: ATTRIBUTE.communities,
    flags: OPTIONAL_TRANSITIVE,
    onMalformed: 'withdraw',
    fromEbgp: 'accept',
    check: listOf(4),
    value: {
      read: (draft, bytes, start, end) => {
        draft.communities = readWords(bytes, start, end);
      },
      write: ({ communities }) => writeWords(communities),
    },
  },
  {
    code: ATTRIBUTE.clusterList,
    flags: OPTIONAL_NON_TRANSITIVE,
    onMalformed: 'withdraw',
    fromEbgp: 'discard',
    check: listOf(4),
    value: {
      read: (draft, bytes, start, end) => {
        draft.clusterList = readWords(bytes, start, end);
      },
      write: ({ clusterList }) => writeWords(clusterList),
    },
  },
  {
    code: ATTRIBUTE.extendedCommunities,
    flags: OPTIONAL_TRANSITIVE,
    onMalformed: 'withdraw',
    fromEbgp: 'accept',
    check: listOf(EXTENDED_WIDTH),
    value: {
      read: (draft, bytes, start, end) => {
        draft.extendedCommunities = readOctets(bytes, start, end, EXTENDED_WIDTH);
      },
      write: ({ extendedCommunities }) => writeOctets(extendedCommunities),
    },
  },
  {
    code: ATTRIBUTE.ipv6ExtendedCommunities,
    flags: OPTIONAL_TRANSITIVE,
    onMalformed: 'withdraw',
    fromEbgp: 'accept',
    check: listOf(IPV6_EXTENDED_WIDTH),
    value: {
      read: (draft, bytes, start, end) => {
        draft.ipv6ExtendedCommunities = readOctets(bytes, start, end, IPV6_EXTENDED_WIDTH);
      },
      write: ({ ipv6ExtendedCommunities }) => writeOctets(ipv6ExtendedCommunities),
    },
  },
  {
    code: ATTRIBUTE.largeCommunities,
    flags: OPTIONAL_TRANSITIVE,
    onMalformed: 'withdraw',
    fromEbgp: 'accept',
    check: listOf(12),
    value: {
      read: (draft, bytes, start, end) => {
        draft.largeCommunities = readList(
          start,
          end,
          12,
          (at) => [readU32(bytes, at), readU32(bytes, at + 4), readU32(bytes, at + 8)] as const,
        );
      },
      write: ({ largeCommunities }) => writeWords(largeCommunities.flat()),
    },
  },
] as const satisfies readonly AttributeRow[];
