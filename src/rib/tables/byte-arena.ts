// Octet storage for interned blocks: one growing buffer, free lists by size class. Owns the octets; never looks at them.

import { readU32, writeU32 } from '../../base/bytes.js';
import { grownCapacity, growUint8 } from './columns.js';

const GRAIN = 16;
/** Size classes: a block is the attributes of one message, 65,535 octets at most (RFC 8654). */
const CLASSES = 65_536 / GRAIN + 1;
const NONE = -1;

/** Offsets stay valid until freed; views do not survive the next `store`, which may move the buffer. */
export class ByteArena {
  bytes: Uint8Array;
  #end = 0;
  /** By size class: the offset of a free piece, whose first four octets say where the next one is. */
  readonly #free = new Int32Array(CLASSES).fill(NONE);
  #used = 0;

  constructor(capacity = 1 << 16) {
    this.bytes = new Uint8Array(capacity);
  }

  /** Copies `source[start, end)` in and returns its offset. */
  store(source: Uint8Array, start: number, end: number): number {
    const size = end - start;
    const offset = this.#allocate(sizeClass(size));
    this.#used += sizeClass(size) * GRAIN;
    const target = this.bytes;
    if (size > 64) target.set(source.subarray(start, end), offset);
    else for (let i = 0; i < size; i++) target[offset + i] = source[start + i]!;
    return offset;
  }

  free(offset: number, size: number): void {
    const kind = sizeClass(size);
    this.#used -= kind * GRAIN;
    writeU32(this.bytes, offset, this.#free[kind]!);
    this.#free[kind] = offset;
  }

  view(offset: number, size: number): Uint8Array {
    return this.bytes.subarray(offset, offset + size);
  }

  /** Octets in use, rounded up as they are stored. */
  get used(): number {
    return this.#used;
  }

  get capacity(): number {
    return this.bytes.length;
  }

  #allocate(kind: number): number {
    // A block that its edits made longer than any message is not kept for reuse.
    const reused = this.#free[kind] ?? NONE;
    if (reused !== NONE) {
      this.#free[kind] = readU32(this.bytes, reused);
      return reused;
    }
    const offset = this.#end;
    this.#end += kind * GRAIN;
    if (this.#end > this.bytes.length)
      this.bytes = growUint8(this.bytes, grownCapacity(this.bytes.length, this.#end));
    return offset;
  }
}

const sizeClass = (size: number): number => Math.max(1, (size + GRAIN - 1) >>> 4);
