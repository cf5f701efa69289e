// The link bandwidth extended community: found among others, transitive or not; what is no rate is none.

import test from 'ava';
import { encodeBlock, NO_ATTRIBUTES } from '../../src/wire/block.js';
import { linkBandwidthOf } from '../../src/wire/link-bandwidth.js';

const community = (type: number, subtype: number, float: number): Uint8Array => {
  const octets = Uint8Array.of(type, subtype, 0xfd, 0xe9, 0, 0, 0, 0);
  new DataView(octets.buffer).setFloat32(4, float);
  return octets;
};

const RATE = 1.25e9;

const ROWS: readonly (readonly [what: string, communities: readonly Uint8Array[], rate: number])[] = [
  ['none', [], -1],
  ['not transitive', [community(0x40, 4, RATE)], RATE],
  ['transitive', [community(0x00, 4, RATE)], RATE],
  ['behind others', [community(0x00, 2, 1), community(0x40, 6, 1), community(0x40, 4, RATE)], RATE],
  ['the first of two', [community(0x40, 4, RATE), community(0x00, 4, 1)], RATE],
  ['of another kind of administrator', [community(0x41, 4, RATE)], -1],
  ['no number', [community(0x40, 4, Number.NaN)], -1],
  ['infinite', [community(0x40, 4, Number.POSITIVE_INFINITY)], -1],
  ['zero', [community(0x40, 4, 0)], -1],
  ['negative', [community(0x40, 4, -1)], -1],
];

for (const [what, extendedCommunities, rate] of ROWS) {
  test(what, (t) => {
    const block = encodeBlock({ ...NO_ATTRIBUTES, extendedCommunities });
    const framed = Uint8Array.of(9, 9, ...block, 9);
    t.is(linkBandwidthOf(framed, 2, 2 + block.length), rate);
  });
}
