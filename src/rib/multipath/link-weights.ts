// Shares of the traffic in proportion to what the links of a multipath set can carry
// (draft-ietf-idr-link-bandwidth 4). Numbers only.

/** What the kernel takes at most. */
const HIGHEST = 256;

/**
 * Fills `weights` for the first `count` of `bandwidths` (octets a second, -1 unknown): 1 to 256 each. All are 1 unless
 * every bandwidth is known: half of a proportion says nothing.
 */
export function linkWeights(bandwidths: readonly number[], count: number, weights: number[]): void {
  let largest = 0;
  let known = true;
  for (let i = 0; i < count; i++) {
    largest = Math.max(largest, bandwidths[i]!);
    known &&= bandwidths[i]! > 0;
  }
  let divisor = 0;
  for (let i = 0; i < count; i++) {
    weights[i] = known ? Math.max(1, Math.round((bandwidths[i]! / largest) * HIGHEST)) : 1;
    divisor = commonDivisor(divisor, weights[i]!);
  }
  for (let i = 0; i < count; i++) weights[i]! /= divisor;
}

function commonDivisor(a: number, b: number): number {
  let [high, low] = [a, b];
  while (low !== 0) [high, low] = [low, high % low];
  return high;
}
