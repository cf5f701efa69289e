// Hashes for open-addressed tables. Not cryptographic; table owners that face hostile input pass a random seed.

/** Final avalanche of a 32-bit hash (murmur3's finaliser), as an unsigned number. */
export function mix32(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Hash of an octet range, four octets at a step. */
export function hashBytes(bytes: Uint8Array, start: number, end: number, seed: number): number {
  let h = seed ^ (end - start);
  let i = start;
  for (; i + 4 <= end; i += 4) {
    const word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    h = Math.imul(h ^ word, 0x9e3779b1);
    h ^= h >>> 15;
  }
  for (; i < end; i++) h = Math.imul(h ^ bytes[i]!, 0x01000193);
  return mix32(h);
}

/** Hash of a prefix given as four words (IPv4 uses the first) and its length. */
export function hashPrefix(
  w0: number,
  w1: number,
  w2: number,
  w3: number,
  length: number,
  seed: number,
): number {
  let h = Math.imul(w0 ^ seed, 0x9e3779b1) ^ Math.imul(w1, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15) ^ w2, 0xc2b2ae35) ^ Math.imul(w3, 0x27d4eb2f);
  return mix32(h ^ Math.imul(length + 1, 0x165667b1));
}
