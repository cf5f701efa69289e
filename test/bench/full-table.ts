// A stream of UPDATEs shaped like a full Internet table, made from a seed: prefix lengths, shared attributes and path
// lengths in about the proportions that route collectors see. Pure.

import { ipv4 } from '../../src/base/ip.js';
import { encodeBlock, NO_ATTRIBUTES } from '../../src/wire/block.js';
import type { PathAttributes } from '../../src/wire/types.js';
import type { UpdatePacker } from '../../src/wire/update-packer.js';

export interface TableShape {
  readonly prefixes: number;
  /** Mean of prefixes that share one set of attributes and travel in one UPDATE. */
  readonly perUpdate: number;
  readonly seed: number;
}

/** Prefixes of one attribute set: `words[i]` is the address, `lengths[i]` the mask length, from `start` to `end`. */
export interface RouteGroup {
  readonly block: Uint8Array;
  readonly start: number;
  readonly end: number;
}

export interface Table {
  readonly words: Uint32Array;
  readonly lengths: Uint8Array;
  readonly groups: readonly RouteGroup[];
}

/** Of a thousand prefixes, those of each length; the rest are /24. */
const LENGTHS: readonly (readonly [length: number, perMille: number])[] = [
  [16, 13],
  [17, 8],
  [18, 14],
  [19, 25],
  [20, 42],
  [21, 47],
  [22, 107],
  [23, 97],
];

type Random = (below: number) => number;

/** A repeatable source of whole numbers (xorshift32); never 0 inside. */
function randomFrom(seed: number): Random {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function lengthOf(random: Random): number {
  let left = random(1000);
  for (const [length, share] of LENGTHS) {
    if (left < share) return length;
    left -= share;
  }
  return 24;
}

const list = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

/** Three to six ASes, sometimes prepended; every other route with communities, some with MED or AGGREGATOR. */
function attributesOf(random: Random): PathAttributes {
  const asns = list(3 + random(4), () => 1000 + random(60_000));
  const origin = asns.at(-1) ?? 1;
  if (random(5) === 0) asns.push(...list(1 + random(3), () => origin));
  return {
    ...NO_ATTRIBUTES,
    nextHop: ipv4(0xc0000200 + random(20)),
    origin: random(10) === 0 ? 2 : 0,
    asPath: [{ kind: 'sequence', asns }],
    med: random(4) === 0 ? random(1000) : null,
    localPref: 100,
    aggregator: random(12) === 0 ? { asn: origin, address: 0x0a000000 + random(60_000) } : null,
    communities: random(2) === 0 ? list(1 + random(8), () => (asns[0] ?? 1) * 65536 + random(2000)) : [],
  };
}

export function makeTable({ prefixes, perUpdate, seed }: TableShape): Table {
  const random = randomFrom(seed);
  const words = new Uint32Array(prefixes);
  const lengths = new Uint8Array(prefixes);
  const groups: RouteGroup[] = [];
  let address = 0x01000000;
  for (let start = 0; start < prefixes; ) {
    const end = Math.min(prefixes, start + 1 + random(2 * perUpdate - 1));
    for (let i = start; i < end; i += 1) {
      const length = lengthOf(random);
      const size = 2 ** (32 - length);
      address = Math.ceil(address / size) * size;
      words[i] = address;
      lengths[i] = length;
      address += size;
      // A million prefixes of this mix fill the address space about twice.
      if (address > 0xdf000000) address = 0x01000000;
    }
    groups.push({ block: encodeBlock(attributesOf(random)), start, end });
    start = end;
  }
  return { words, lengths, groups };
}

/** Packs the groups from `first` on until about `octets` are there; returns the next group. */
export function packGroups(packer: UpdatePacker, table: Table, first: number, octets: number): number {
  const { words, lengths, groups } = table;
  let next = first;
  while (next < groups.length && packer.length < octets) {
    const { block, start, end } = groups[next]!;
    packer.reach(0, block);
    for (let i = start; i < end; i += 1) packer.prefix(words[i]!, 0, 0, 0, lengths[i]!);
    next += 1;
  }
  return next;
}
