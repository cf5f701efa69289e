// Order statistics of small samples. Pure.

/** Middle of the sorted values; the mean of the middle two when their number is even. NaN of nothing. */
export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/** Nearest rank: the smallest value that at least `percent` of the values do not exceed. NaN of nothing. */
export const percentile = (values: readonly number[], percent: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = Math.ceil((percent / 100) * sorted.length);
  return sorted[Math.max(rank, 1) - 1] ?? Number.NaN;
};

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export const spread = (values: readonly number[]): Spread => ({
  median: median(values),
  min: Math.min(...values),
  max: Math.max(...values),
});

/** The longest pause between neighbours of an ascending list, with `from` and `until` as its ends. */
export const largestGap = (times: readonly number[], from: number, until: number): number => {
  let last = from;
  let largest = 0;
  for (const time of [...times.filter((value) => value > from && value < until), until]) {
    largest = Math.max(largest, time - last);
    last = time;
  }
  return largest;
};
