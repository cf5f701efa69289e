// Shares of the traffic in proportion to what the links of a multipath set can carry
// (draft-ietf-idr-link-bandwidth 4). Numbers only.

/** What the kernel takes at most, in routes and in groups. */
const HIGHEST = 255;
/** A ratio of smaller numbers will do when no share is further off than this part of it. */
const TOLERANCE = 0.005;

/**
 * Fills `weights` for the first `count` of `bandwidths` (octets a second, -1 unknown): 1 to 255 each, as small as they may be. All are 1 unless
 * every bandwidth is known: half of a proportion says nothing.
 */
export function linkWeights(bandwidths: readonly number[], count: number, weights: number[]): void {
  let largest = 0;
  let known = true;
  for (let i = 0; i < count; i++) {
    largest = Math.max(largest, bandwidths[i]!);
    known &&= bandwidths[i]! > 0;
  }
  const unit = known ? largest / smallestScale(bandwidths, count, largest) : 1;
  for (let i = 0; i < count; i++) weights[i] = known ? Math.max(1, Math.round(bandwidths[i]! / unit)) : 1;
}

/** What the largest share has to be so that all are (nearly) whole numbers. */
function smallestScale(bandwidths: readonly number[], count: number, largest: number): number {
  let scale = 1;
  while (scale < HIGHEST && !isWhole(bandwidths, count, largest / scale)) scale++;
  return scale;
}

function isWhole(bandwidths: readonly number[], count: number, unit: number): boolean {
  for (let i = 0; i < count; i++) {
    const share = bandwidths[i]! / unit;
    if (Math.abs(share - Math.round(share)) > share * TOLERANCE) return false;
  }
  return true;
}
