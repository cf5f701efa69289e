// Packs routes into full UPDATEs, back to back in one growing chunk. Hot path of the update groups: a prefix is written
// where it will be sent from, nothing is allocated per prefix or per message.

import { EMPTY, writeU16, writeU32 } from '../base/bytes.js';
import type { FamilyIndex } from '../base/family.js';
import { copyOctets } from './attributes/tlv.js';
import { ATTRIBUTE, afiSafiOf, MESSAGE } from './iana.js';
import { writeHeader } from './message.js';
import { writeNlri } from './nlri.js';
import { emptyShape, shapeReach, shapeUnreach } from './update-shape.js';

export interface PackerOptions {
  /** Octets: 4096, or 65535 with extended messages. */
  readonly maxMessage: number;
  /** False towards a peer without 4-octet AS numbers (RFC 6793). */
  readonly asn4: boolean;
  /** By family index: prefixes are sent with path ids (RFC 7911). Absent: none are. */
  readonly addPath?: readonly [boolean, boolean];
}

/** The most octets that one prefix takes: path id, length octet and 16 of IPv6. */
const LONGEST_PREFIX = 21;

export class UpdatePacker {
  /** Prefixes left out because their attributes leave no room for them in a message, or name no usable next hop. */
  unsendable = 0;
  readonly #options: PackerOptions;
  #bytes = new Uint8Array(16384);
  /** Octets of closed messages: the open one, if any, begins here. */
  #closed = 0;
  /** Where the next prefix goes; equal to `#closed` when no message is open. */
  #at = 0;
  /** The open message's prefixes must end here to leave room for its tail. */
  #limit = 0;
  readonly #shape = emptyShape();
  /** The prefixes of this shape carry path ids. */
  #pathIds = false;

  constructor(options: PackerOptions) {
    this.#options = options;
  }

  /** The prefixes that follow are reachable with these attributes. Closes an open message. */
  reach(family: FamilyIndex, block: Uint8Array): void {
    this.close();
    this.#pathIds = this.#options.addPath?.[family] ?? false;
    shapeReach(this.#shape, family, block, this.#options.asn4);
  }

  /** The prefixes that follow are withdrawn. Closes an open message. */
  unreach(family: FamilyIndex): void {
    this.close();
    this.#pathIds = this.#options.addPath?.[family] ?? false;
    shapeUnreach(this.#shape, family);
  }

  /**
   * Adds one prefix as address words and mask length. Begins a message where there is none or the last one is full.
   * Throws in a family with path ids.
   */
  prefix(w0: number, w1: number, w2: number, w3: number, length: number): void {
    const size = 1 + ((length + 7) >>> 3);
    if (this.#at + size > this.#limit || this.#at === this.#closed) {
      if (this.#pathIds) throw new Error('a prefix without a path id in a family that has them');
      if (!this.#begin(size)) return;
    }
    this.#at = writeNlri(this.#bytes, this.#at, w0, w1, w2, w3, length);
  }

  /** As `prefix`, with the path id that a family with ADD-PATH demands (RFC 7911 3). Throws in any other family. */
  path(pathId: number, w0: number, w1: number, w2: number, w3: number, length: number): void {
    const size = 5 + ((length + 7) >>> 3);
    if (this.#at + size > this.#limit || this.#at === this.#closed) {
      if (!this.#pathIds) throw new Error('a path id in a family that has none');
      if (!this.#begin(size)) return;
    }
    writeU32(this.#bytes, this.#at, pathId);
    this.#at = writeNlri(this.#bytes, this.#at + 4, w0, w1, w2, w3, length);
  }

  /** RFC 4724 2. Closes an open message. */
  endOfRib(family: FamilyIndex): void {
    this.close();
    this.#reserve(32);
    const bytes = this.#bytes;
    const body = this.#closed + 19;
    bytes.fill(0, body, body + 4);
    let end = body + 4;
    if (family === 1) {
      const { afi, safi } = afiSafiOf(family);
      const attribute = [0x80, ATTRIBUTE.mpUnreach, 3, afi >>> 8, afi, safi];
      bytes.set(attribute, end);
      end += attribute.length;
      bytes[body + 3] = attribute.length;
    }
    writeHeader(bytes, this.#closed, end, MESSAGE.update);
    this.#closed = this.#at = end;
  }

  /** Completes the open message, if any; the attributes stay for the prefixes that follow. */
  close(): void {
    const start = this.#closed;
    const shape = this.#shape;
    if (this.#at === start) return;
    const bytes = this.#bytes;
    const nlriEnd = this.#at;
    const end = copyOctets(shape.tail, 0, shape.tailLength, bytes, nlriEnd);
    writeU16(bytes, start + 16, end - start);
    if (shape.kind === 'classicUnreach') writeU16(bytes, start + 19, nlriEnd - start - 21);
    if (shape.kind === 'multiprotocol') {
      writeU16(bytes, start + 21, end - start - 23);
      writeU16(bytes, start + 25, nlriEnd - start - 27);
    }
    this.#closed = this.#at = end;
  }

  /** Octets of closed messages. */
  get length(): number {
    return this.#closed;
  }

  /** The messages so far, the open one closed, as one exact chunk that the caller owns. The packer is empty again. */
  take(): Uint8Array {
    this.close();
    const chunk = this.#closed === 0 ? EMPTY : this.#bytes.slice(0, this.#closed);
    this.#closed = this.#at = this.#limit = 0;
    return chunk;
  }

  /** Opens a message with room for a prefix of `size` octets; false when there can be none. */
  #begin(size: number): boolean {
    this.close();
    const shape = this.#shape;
    const { maxMessage } = this.#options;
    if (shape.kind === 'unusable' || shape.headLength + size + shape.tailLength > maxMessage) {
      this.unsendable++;
      return false;
    }
    this.#reserve(maxMessage + LONGEST_PREFIX);
    this.#limit = this.#closed + maxMessage - shape.tailLength;
    this.#at = copyOctets(shape.head, 0, shape.headLength, this.#bytes, this.#closed);
    return true;
  }

  #reserve(extra: number): void {
    const needed = this.#closed + extra;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#closed));
    this.#bytes = grown;
  }
}
