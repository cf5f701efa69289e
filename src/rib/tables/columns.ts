// Growth of typed-array columns: the one place that decides how tables get larger, and when they get smaller.

/** The next capacity that holds `needed` rows. */
export function grownCapacity(current: number, needed: number): number {
  let capacity = Math.max(current, 64);
  while (capacity < needed) capacity *= 2;
  return capacity;
}

/** Octets from which a column grows in place. */
const IN_PLACE_FROM = 32 * 1024;
/** Address space, in octets, that such a column gets at least; memory only as far as it has grown. */
const RESERVED = 16 * 1024 * 1024;
/** Beyond that: how far it can grow before it has to move. */
const AHEAD = 16;

type Column = Int32Array | Uint32Array | Uint16Array | Uint8Array;

/** A column of `capacity` rows with the values of `column` that fit; it may be a smaller one, and may share its memory. */
export function growInt32(column: Int32Array, capacity: number, fill = 0): Int32Array {
  if (capacity <= column.length) return column.slice(0, capacity);
  const grown = new Int32Array(grownBuffer(column, capacity), 0, capacity);
  if (fill !== 0) grown.fill(fill, column.length);
  return grown;
}

export const growUint32 = (column: Uint32Array, capacity: number): Uint32Array =>
  capacity <= column.length
    ? column.slice(0, capacity)
    : new Uint32Array(grownBuffer(column, capacity), 0, capacity);

export const growUint16 = (column: Uint16Array, capacity: number): Uint16Array =>
  capacity <= column.length
    ? column.slice(0, capacity)
    : new Uint16Array(grownBuffer(column, capacity), 0, capacity);

export const growUint8 = (column: Uint8Array, capacity: number): Uint8Array =>
  capacity <= column.length
    ? column.slice(0, capacity)
    : new Uint8Array(grownBuffer(column, capacity), 0, capacity);

/**
 * Large columns lie in growable shared memory, though nobody shares it: it grows without a copy, and the collector does
 * not count it, so that a filling table never has it look for garbage that is not there.
 */
function grownBuffer(column: Column, capacity: number): ArrayBufferLike {
  const octets = capacity * column.BYTES_PER_ELEMENT;
  const { buffer } = column;
  if (buffer instanceof SharedArrayBuffer && buffer.growable && octets <= buffer.maxByteLength) {
    if (octets > buffer.byteLength) buffer.grow(octets);
    return buffer;
  }
  const grown = octets < IN_PLACE_FROM ? new ArrayBuffer(octets) : reserved(octets);
  new Uint8Array(grown).set(new Uint8Array(buffer, column.byteOffset, column.byteLength));
  return grown;
}

function reserved(octets: number): ArrayBufferLike {
  try {
    return new SharedArrayBuffer(octets, { maxByteLength: Math.max(RESERVED, octets * AHEAD) });
  } catch {
    // No address space for it: RLIMIT_AS, or more than the engine allows for one buffer.
    return new ArrayBuffer(octets);
  }
}

/** For a column that is mostly 0: rows of a page that nobody has written cost no memory, and reading writes nothing. */
export function setSparse(column: Column, row: number, value: number): void {
  if (column[row] !== value) column[row] = value;
}

/** Rows below which no table is worth shrinking. */
const SMALLEST = 1024;

/** Less than a quarter of the rows is in use. */
export const isSparse = (used: number, capacity: number): boolean =>
  capacity > SMALLEST && used * 4 < capacity;

/**
 * Whether to look for rows to give back. `tried` is what was in use the last time: rows in use at the end of a table
 * hold all before them, so that looking again pays only when half of them have gone.
 */
export const worthTrimming = (used: number, capacity: number, tried: number): boolean =>
  isSparse(used, capacity) && used * 2 <= tried;
