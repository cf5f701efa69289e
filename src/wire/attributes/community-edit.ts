// Communities of one width taken out of a list and put into it. Knows patterns of octets, no kinds and no words.

import { readU16, readU32 } from '../../base/bytes.js';
import type { CommunityEdit, CommunityPattern, OctetRange } from '../types.js';

/** True when the community at `at` is one that the pattern means. */
export function matchesPattern(bytes: Uint8Array, at: number, pattern: CommunityPattern): boolean {
  for (let i = 0; i < pattern.length; i++) if (!inRange(bytes, at, pattern[i]!)) return false;
  return true;
}

function inRange(bytes: Uint8Array, community: number, { at, size, min, max }: OctetRange): boolean {
  const from = community + at;
  const value = size === 4 ? readU32(bytes, from) : size === 2 ? readU16(bytes, from) : bytes[from]!;
  return value >= min && value <= max;
}

/** The edited list, null when nothing is left; `old` itself when it stays as it is. */
export function editCommunities(
  old: Uint8Array | null,
  { remove, add }: CommunityEdit,
  width: number,
): Uint8Array | null {
  const before = old?.length ?? 0;
  const list = new Uint8Array(before + add.length);
  let length = 0;
  for (let at = 0; at < before; at += width) {
    if (remove.some((pattern) => matchesPattern(old!, at, pattern))) continue;
    length = append(list, length, old!, at, width);
  }
  const kept = length;
  for (let at = 0; at < add.length; at += width) {
    if (!includes(list, length, add, at, width)) length = append(list, length, add, at, width);
  }
  if (kept === before && length === before) return old;
  return length === 0 ? null : list.subarray(0, length);
}

function append(list: Uint8Array, length: number, from: Uint8Array, at: number, width: number): number {
  for (let i = 0; i < width; i++) list[length + i] = from[at + i]!;
  return length + width;
}

function includes(list: Uint8Array, length: number, from: Uint8Array, at: number, width: number): boolean {
  for (let start = 0; start < length; start += width) {
    let i = 0;
    while (i < width && list[start + i] === from[at + i]) i++;
    if (i === width) return true;
  }
  return false;
}
