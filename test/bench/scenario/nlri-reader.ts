// NLRI of an UPDATE as numbers of a catalogue. Long runs that come again octet for octet, as they do to each client of a
// reflector, are recognised and not read again. Also compares attributes with those that each route must have.

import type { FamilyIndex } from '../../../src/base/family.js';
import type { LoadFeed } from './load-feed.js';

export interface Run {
  readonly family: FamilyIndex;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** What a run holds. Valid until the next read. */
export interface Ids {
  /** Prefixes that the catalogue has; more entries than `count` may follow. */
  readonly ids: Int32Array;
  readonly count: number;
  /** Prefixes that it does not have. */
  readonly unexpected: number;
  /** Prefixes that must have other attributes. */
  readonly wrong: number;
  /** The first, when each is one more than the one before; else -1. */
  readonly lowest: number;
}

interface Known extends Ids {
  readonly octets: Buffer;
}

/** Octets from which on comparing is cheaper than reading. */
const WORTH_KNOWING = 100;
/** One prefix takes at least an octet. */
const MOST_IDS = 65_536;

export class NlriReader {
  readonly #feed: LoadFeed;
  readonly #scratch = new Int32Array(MOST_IDS);
  readonly #known = new Map<number, Known>();

  constructor(feed: LoadFeed) {
    this.#feed = feed;
  }

  /** Announced routes with attributes of this digest. */
  reach(run: Run, digest: number): Ids {
    const { bytes, start, end } = run;
    if (end - start < WORTH_KNOWING) return this.#compared(run, digest);
    const known = this.#known.get(digest);
    if (known !== undefined && known.octets.compare(bytes, start, end) === 0) return known;
    const found = this.#compared(run, digest);
    const octets = Buffer.from(bytes.subarray(start, end));
    this.#known.set(digest, { ...found, ids: found.ids.slice(0, found.count), octets });
    return found;
  }

  /** Withdrawn routes. */
  unreach(run: Run): Ids {
    const all = this.#decode(run);
    const ids = this.#scratch;
    let count = 0;
    for (let i = 0; i < all; i += 1) if (ids[i]! >= 0) ids[count++] = ids[i]!;
    return { ids, count, unexpected: all - count, wrong: 0, lowest: -1 };
  }

  #compared(run: Run, digest: number): Ids {
    const { setOf, digests, thirdParty } = this.#feed;
    const found = this.unreach(run);
    const { ids, count } = found;
    let wrong = 0;
    let lowest = count > 0 ? ids[0]! : -1;
    for (let i = 0; i < count; i += 1) {
      const id = ids[i]!;
      const difference = (digest - digests[setOf[id]!]!) | 0;
      if (difference !== 0 && difference !== thirdParty) wrong += 1;
      if (id !== ids[0]! + i) lowest = -1;
    }
    return { ids, count, unexpected: found.unexpected, wrong, lowest };
  }

  /** Into the scratch, -1 for what the catalogue does not have. */
  #decode({ family, bytes, start, end }: Run): number {
    const { idOf, family: expected } = this.#feed.catalogue;
    const scratch = this.#scratch;
    const long = family === 1;
    let count = 0;
    for (let at = start; at < end; count += 1) {
      const length = bytes[at]!;
      const w0 = word(bytes, at + 1, length);
      const w1 = long ? word(bytes, at + 5, length - 32) : 0;
      const w2 = long ? word(bytes, at + 9, length - 64) : 0;
      const w3 = long ? word(bytes, at + 13, length - 96) : 0;
      scratch[count] = family === expected ? idOf(w0, w1, w2, w3, length) : -1;
      at += 1 + ((length + 7) >>> 3);
    }
    return count;
  }
}

/** The word at `at` of a prefix of which `bits` bits fall into it or later. Octets behind the end count as 0. */
const word = (bytes: Uint8Array, at: number, bits: number): number => {
  if (bits <= 0) return 0;
  const all = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  return bits >= 32 ? all >>> 0 : (all & (-1 << (32 - bits))) >>> 0;
};
