// Makes new messages from old ones. Knows where the lengths and the attributes of an UPDATE are, so that most of what it
// makes gets past the first check.

import { readU16, writeU16 } from '../../src/base/bytes.js';
import { MESSAGE } from '../../src/wire/iana.js';
import type { Random } from './random.js';

const HEADER = 19;
const LARGEST = 65535;
/** Values at which decoders turn. */
const EDGES = [0, 1, 2, 3, 4, 7, 8, 15, 16, 24, 31, 32, 33, 127, 128, 129, 254, 255] as const;
const CODES = [
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14, 15, 16, 17, 18, 22, 23, 25, 26, 32, 35, 40, 99, 128,
] as const;
const FLAGS = [0x40, 0x80, 0xc0, 0xe0, 0x50, 0x90, 0xd0, 0xf0, 0x00, 0x20] as const;
/** An insertion or a removal is at most this long. */
const SPAN = 12;

/** An attribute in the message at hand: offsets of its flags octet and behind it. */
interface Found {
  at: number;
  end: number;
}

export class Mutator {
  /** The message at hand is `bytes.subarray(0, length)`; overwritten by the next `mutate`. */
  readonly bytes = new Uint8Array(LARGEST + 1);
  length = 0;
  readonly #random: Random;
  readonly #found: Found = { at: 0, end: 0 };
  readonly #donor: Found = { at: 0, end: 0 };

  constructor(random: Random) {
    this.#random = random;
  }

  /** A message made from `seed`; parts of `other` may get into it. */
  mutate(seed: Uint8Array, other: Uint8Array): void {
    this.bytes.set(seed);
    this.length = seed.length;
    const random = this.#random;
    for (let left = 1 + random.below(4); left > 0; left -= 1) {
      const structured = this.bytes[18] === MESSAGE.update && !random.oneIn(3);
      if (!structured || !this.#changeAttribute(other)) this.#changeOctets();
    }
    // Once in a while the header stays wrong.
    if (this.length >= HEADER && !random.oneIn(16)) writeU16(this.bytes, 16, this.length);
  }

  #changeOctets(): void {
    const random = this.#random;
    const from = random.oneIn(40) ? 0 : Math.min(HEADER, this.length);
    const at = from + random.below(this.length - from);
    switch (random.below(6)) {
      case 0:
        this.bytes[at] = random.pick(EDGES);
        break;
      case 1:
        this.bytes[at]! ^= 1 << random.below(8);
        break;
      case 2:
        this.bytes[at] = random.next();
        break;
      case 3:
        this.#remove(at, Math.min(this.length, at + 1 + random.below(SPAN)));
        break;
      case 4:
        this.#fill(at, this.#insert(at, 1 + random.below(SPAN)));
        break;
      case 5:
        this.#repeat(at, Math.min(this.length, at + 1 + random.below(40)));
        break;
    }
  }

  /** False when the message has no attribute to change. */
  #changeAttribute(other: Uint8Array): boolean {
    const section = attributesAt(this.bytes, this.length);
    if (section < 0) return false;
    const { bytes } = this;
    const random = this.#random;
    const found = this.#found;
    if (!pickAttribute(bytes, this.length, random, found)) return false;
    const before = this.length;
    const extended = (bytes[found.at]! & 0x10) !== 0;
    const valueAt = found.at + (extended ? 4 : 3);
    switch (random.below(9)) {
      case 0:
        bytes[found.at] = random.pick(FLAGS) | (extended ? 0x10 : 0);
        break;
      case 1:
        bytes[found.at + 1] = random.pick(CODES);
        break;
      case 2:
        this.#remove(found.at, found.end);
        break;
      case 3:
        this.#repeat(found.at, found.end);
        break;
      case 4:
        this.#adopt(other, found.at);
        break;
      case 5:
        if (valueAt < found.end) bytes[valueAt + random.below(found.end - valueAt)] = random.pick(EDGES);
        break;
      case 6:
        this.#resize(found, valueAt, extended);
        break;
      case 7:
        this.#changeLength(found.at, extended);
        break;
      case 8:
        this.#changeNlri();
        break;
    }
    // The section is as long as it was, longer or shorter by what happened inside it.
    const length = readU16(bytes, section - 2) + this.length - before;
    if (length >= 0 && length <= LARGEST && !random.oneIn(20)) writeU16(bytes, section - 2, length);
    return true;
  }

  /** Makes the value longer or shorter, and its length field with it. */
  #resize(found: Found, valueAt: number, extended: boolean): void {
    const before = this.length;
    const random = this.#random;
    const count = 1 + random.below(SPAN);
    // The end of a value is where a missing octet is missed most.
    const at = random.oneIn(2) ? found.end : valueAt + random.below(found.end - valueAt);
    if (random.oneIn(2)) this.#fill(at, this.#insert(at, count));
    else if (at === found.end) this.#remove(Math.max(valueAt, at - count), at);
    else this.#remove(at, Math.min(found.end, at + count));
    const length = found.end - valueAt + this.length - before;
    if (extended) writeU16(this.bytes, found.at + 2, length);
    else this.bytes[found.at + 2] = length;
  }

  /** A length field that does not fit, once in four times with the other form of length. */
  #changeLength(at: number, extended: boolean): void {
    const random = this.#random;
    if (random.oneIn(4)) this.bytes[at]! ^= 0x10;
    else if (extended && random.oneIn(2)) this.bytes[at + 2] = random.pick(EDGES);
    else this.bytes[at + (extended ? 3 : 2)]! += random.below(5) - 2;
  }

  /** Behind the attributes: mask lengths and addresses. The section does not change. */
  #changeNlri(): void {
    const { bytes } = this;
    const section = attributesAt(bytes, this.length);
    const at = section + readU16(bytes, section - 2);
    if (at >= this.length) return;
    bytes[at + this.#random.below(this.length - at)] = this.#random.pick(EDGES);
  }

  /** Puts an attribute of another UPDATE in front of the one at `at`. */
  #adopt(other: Uint8Array, at: number): void {
    const donor = this.#donor;
    if (other[18] !== MESSAGE.update || !pickAttribute(other, other.length, this.#random, donor)) return;
    const made = this.#insert(at, donor.end - donor.at);
    for (let i = 0; i < made; i += 1) this.bytes[at + i] = other[donor.at + i]!;
  }

  /** Opens a gap at `at`; returns its length, 0 where there is no room. */
  #insert(at: number, count: number): number {
    if (this.length + count > LARGEST) return 0;
    this.bytes.copyWithin(at + count, at, this.length);
    this.length += count;
    return count;
  }

  #fill(at: number, count: number): void {
    for (let i = 0; i < count; i += 1) this.bytes[at + i] = this.#random.next();
  }

  #remove(at: number, end: number): void {
    this.bytes.copyWithin(at, end, this.length);
    this.length -= end - at;
  }

  #repeat(at: number, end: number): void {
    const count = this.#insert(end, end - at);
    this.bytes.copyWithin(end, at, at + count);
  }
}

/** Offset of the attributes of an UPDATE, -1 where its sections do not fit. */
function attributesAt(bytes: Uint8Array, length: number): number {
  if (length < 23) return -1;
  const section = HEADER + 4 + readU16(bytes, HEADER);
  if (section > length) return -1;
  return section + readU16(bytes, section - 2) > length ? -1 : section;
}

/** Any attribute of the message; false when it has none. */
function pickAttribute(bytes: Uint8Array, length: number, random: Random, found: Found): boolean {
  const section = attributesAt(bytes, length);
  if (section < 0) return false;
  const sectionEnd = section + readU16(bytes, section - 2);
  found.end = -1;
  let seen = 0;
  let at = section;
  while (at + 3 <= sectionEnd) {
    const extended = (bytes[at]! & 0x10) !== 0;
    const end = at + (extended ? 4 + readU16(bytes, at + 2) : 3 + bytes[at + 2]!);
    if (end > sectionEnd) break;
    seen += 1;
    if (random.oneIn(seen)) {
      found.at = at;
      found.end = end;
    }
    at = end;
  }
  return found.end >= 0;
}
