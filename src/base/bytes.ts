// Octet cursors in network byte order. A reader past its end returns 0 and sets a sticky flag, so that a decoder reads
// straight on and checks once after the last field. A writer grows by doubling and back-patches lengths.

export class ByteReader {
  readonly bytes: Uint8Array;
  offset: number;
  readonly end: number;
  /** True once a read went past `end`; never reset. */
  overrun = false;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.offset = start;
    this.end = end;
  }

  get remaining(): number {
    return this.end - this.offset;
  }

  u8(): number {
    return this.#take(1) ? this.bytes[this.offset - 1]! : 0;
  }

  u16(): number {
    return this.#take(2) ? readU16(this.bytes, this.offset - 2) : 0;
  }

  u32(): number {
    return this.#take(4) ? readU32(this.bytes, this.offset - 4) : 0;
  }

  /** A view of the next `length` octets, empty on overrun; it shares memory with the input. */
  view(length: number): Uint8Array {
    return this.#take(length) ? this.bytes.subarray(this.offset - length, this.offset) : EMPTY;
  }

  skip(length: number): void {
    this.#take(length);
  }

  #take(length: number): boolean {
    if (this.overrun || this.offset + length > this.end) {
      this.overrun = true;
      return false;
    }
    this.offset += length;
    return true;
  }
}

export class ByteWriter {
  bytes: Uint8Array;
  length = 0;

  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity);
  }

  u8(value: number): void {
    this.#reserve(1);
    this.bytes[this.length++] = value;
  }

  u16(value: number): void {
    this.#reserve(2);
    writeU16(this.bytes, this.length, value);
    this.length += 2;
  }

  u32(value: number): void {
    this.#reserve(4);
    writeU32(this.bytes, this.length, value);
    this.length += 4;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  patchU8(offset: number, value: number): void {
    this.bytes[offset] = value;
  }

  patchU16(offset: number, value: number): void {
    writeU16(this.bytes, offset, value);
  }

  reset(): void {
    this.length = 0;
  }

  /** A copy of what was written. */
  take(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  #reserve(extra: number): void {
    const needed = this.length + extra;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }
}

export const EMPTY = new Uint8Array(0);

/** A copy that is a plain Uint8Array: `slice` of a Buffer would share its memory. */
export const copyBytes = (bytes: Uint8Array, start = 0, end = bytes.length): Uint8Array =>
  new Uint8Array(bytes.subarray(start, end));

export const readU16 = (bytes: Uint8Array, offset: number): number =>
  (bytes[offset]! << 8) | bytes[offset + 1]!;

export const readU32 = (bytes: Uint8Array, offset: number): number =>
  ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>>
  0;

export function writeU16(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 8;
  bytes[offset + 1] = value;
}

export function writeU32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 24;
  bytes[offset + 1] = value >>> 16;
  bytes[offset + 2] = value >>> 8;
  bytes[offset + 3] = value;
}

export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Hex digits to octets; white space is ignored. Null when the text is not whole octets of hex. */
export function fromHex(text: string): Uint8Array | null {
  const digits = text.replace(/\s+/g, '');
  if (digits.length % 2 !== 0 || /[^0-9a-fA-F]/.test(digits)) return null;
  return new Uint8Array(Buffer.from(digits, 'hex'));
}
