// Repeatable numbers, so that all daemons and all runs get the same table. Pure.

/** Whole numbers from 0 to below `below`. */
export type Random = (below: number) => number;

/** xorshift32. */
export const randomFrom = (seed: number): Random => {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
};

/** Consecutive numbers from 0, of which about `share` have changed places. */
export const partlyShuffled = (count: number, share: number, random: Random): Int32Array => {
  const order = Int32Array.from({ length: count }, (_, index) => index);
  for (let swaps = Math.floor((count * share) / 2); swaps > 0; swaps -= 1) {
    const a = random(count);
    const b = random(count);
    const held = order[a]!;
    order[a] = order[b]!;
    order[b] = held;
  }
  return order;
};
