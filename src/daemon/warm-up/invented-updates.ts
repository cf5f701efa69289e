// What the invented peers of the warm-up say: octets of UPDATEs. Data only.

import type { FamilyIndex } from '../../base/family.js';
import { ipv4, ipv6 } from '../../base/ip.js';
import { encodeBlock, NO_ATTRIBUTES } from '../../wire/block.js';
import type { PathAttributes } from '../../wire/types.js';
import { UpdatePacker } from '../../wire/update-packer.js';

const ROUTES_PER_PEER = 200;
/** Routes that share their attributes. */
const SHARING = 2;
const LIMITS = { maxMessage: 4096, asn4: true } as const;

/** The UPDATEs of one peer, End-of-RIB at last. Every second peer tells the prefixes of the one before it. */
export function inventedUpdates(peer: number, kind: 'reach' | 'unreach'): Uint8Array {
  const packer = new UpdatePacker(LIMITS);
  for (const family of [0, 1] as const) {
    if (kind === 'unreach') packer.unreach(family);
    for (let i = 0; i < ROUTES_PER_PEER; i++) {
      const begins = kind === 'reach' && i % SHARING === 0;
      if (begins) packer.reach(family, encodeBlock(inventedAttributes(family, peer, i)));
      PREFIXES[family](packer, (peer >>> 1) * ROUTES_PER_PEER + i);
    }
    packer.endOfRib(family);
  }
  return packer.take();
}

/** One route of the peer, which comes, changes and goes in turn. */
export function inventedChange(peer: number, change: number): Uint8Array {
  const packer = new UpdatePacker(LIMITS);
  if (change % 3 === 2) packer.unreach(0);
  else packer.reach(0, encodeBlock(inventedAttributes(0, peer, change)));
  packer.prefix(0xc7000000 + peer, 0, 0, 0, 32);
  return packer.take();
}

/**
 * Of the lengths that real tables are full of. Words as large as real ones are: numbers of at most 31 bits are compiled to
 * other code.
 */
const PREFIXES = [
  (packer: UpdatePacker, n: number): void => {
    if (n % 2 === 0) packer.prefix(0xc6000000 + n, 0, 0, 0, 32);
    else packer.prefix(0xf0000000 + n * 4096, 0, 0, 0, 20 + (n % 5));
  },
  (packer: UpdatePacker, n: number): void => {
    if (n % 2 === 0) packer.prefix(0xfd000000, 0xf0000000 + n * 256, 0, n, 128);
    else packer.prefix(0xfd000000, 0xf0000000 + n * 256, 0, 0, 56);
  },
] as const;

const inventedAttributes = (family: FamilyIndex, peer: number, i: number): PathAttributes => ({
  ...NO_ATTRIBUTES,
  nextHop: family === 0 ? ipv4(0xc0000200 + peer) : ipv6([0x20010db8, 0, 0, 0x10000 + peer]),
  asPath: [
    { kind: 'sequence', asns: [i % 3 === 0 ? 4_200_000_001 : 65_001 + peer, 65_100 + (i % 7), 65_200 + i] },
  ],
  med: i % 4 === 0 ? 0xc0000000 + i : null,
  localPref: 100,
  communities: i % 4 < 2 ? [0xfc000000 + i] : [],
});
