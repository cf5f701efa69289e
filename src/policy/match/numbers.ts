// Sets of numbers as sorted ranges: membership in a few steps, however long the list.

import type { NumberRange } from '../types.js';

export interface NumberSet {
  /** Equal for sets that hold the same numbers. */
  readonly key: string;
  /** Ascending, disjoint, not touching: pairs of first and last. */
  readonly bounds: Float64Array;
}

export function buildNumberSet(ranges: readonly NumberRange[]): NumberSet {
  const merged: { min: number; max: number }[] = [];
  for (const { min, max } of ranges.filter((range) => range.min <= range.max).sort((a, b) => a.min - b.min)) {
    const last = merged.at(-1);
    if (last === undefined || min > last.max + 1) merged.push({ min, max });
    else last.max = Math.max(last.max, max);
  }
  return {
    key: merged.map(({ min, max }) => (min === max ? `${min}` : `${min}-${max}`)).join(','),
    bounds: Float64Array.from(merged.flatMap(({ min, max }) => [min, max])),
  };
}

export function numberSetHas({ bounds }: NumberSet, value: number): boolean {
  let low = 0;
  let high = bounds.length >>> 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (value > bounds[middle * 2 + 1]!) low = middle + 1;
    else if (value < bounds[middle * 2]!) high = middle;
    else return true;
  }
  return false;
}
