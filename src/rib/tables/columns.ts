// Growth of typed-array columns: the one place that decides how tables get larger, and when they get smaller.

/** The next capacity that holds `needed` rows. */
export function grownCapacity(current: number, needed: number): number {
  let capacity = Math.max(current, 64);
  while (capacity < needed) capacity *= 2;
  return capacity;
}

/** A column of `capacity` rows with the values of `column` that fit; it may be a smaller one. */
export function growInt32(column: Int32Array, capacity: number, fill = 0): Int32Array {
  if (capacity <= column.length) return column.slice(0, capacity);
  const grown = new Int32Array(capacity);
  grown.set(column);
  if (fill !== 0) grown.fill(fill, column.length);
  return grown;
}

export function growUint32(column: Uint32Array, capacity: number): Uint32Array {
  if (capacity <= column.length) return column.slice(0, capacity);
  const grown = new Uint32Array(capacity);
  grown.set(column);
  return grown;
}

export function growUint16(column: Uint16Array, capacity: number): Uint16Array {
  if (capacity <= column.length) return column.slice(0, capacity);
  const grown = new Uint16Array(capacity);
  grown.set(column);
  return grown;
}

export function growUint8(column: Uint8Array, capacity: number): Uint8Array {
  if (capacity <= column.length) return column.slice(0, capacity);
  const grown = new Uint8Array(capacity);
  grown.set(column);
  return grown;
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
