// Growth of typed-array columns: the one place that decides how tables get larger.

/** The next capacity that holds `needed` rows. */
export function grownCapacity(current: number, needed: number): number {
  let capacity = Math.max(current, 64);
  while (capacity < needed) capacity *= 2;
  return capacity;
}

export function growInt32(column: Int32Array, capacity: number, fill = 0): Int32Array {
  const grown = new Int32Array(capacity);
  grown.set(column);
  if (fill !== 0) grown.fill(fill, column.length);
  return grown;
}

export function growUint32(column: Uint32Array, capacity: number): Uint32Array {
  const grown = new Uint32Array(capacity);
  grown.set(column);
  return grown;
}

export function growUint16(column: Uint16Array, capacity: number): Uint16Array {
  const grown = new Uint16Array(capacity);
  grown.set(column);
  return grown;
}

export function growUint8(column: Uint8Array, capacity: number): Uint8Array {
  const grown = new Uint8Array(capacity);
  grown.set(column);
  return grown;
}
