// How late keepalives were. Pure.

import { largestGap } from '../statistics.js';
import { KEEPALIVE_INTERVAL_MS } from './plan.js';

/**
 * By witness the times of its keepalives, ascending, and the window that counts. The largest pause beyond the interval,
 * in milliseconds, at least 0. A daemon that sends them early by chance (RFC 4271 10) hides as much of a delay.
 */
export const keepaliveLateness = (
  witnesses: readonly (readonly number[])[],
  from: number,
  until: number,
): number => {
  const late = witnesses.map((times) => {
    const before = times.findLast((time) => time <= from) ?? from;
    return largestGap(times, before, until) - KEEPALIVE_INTERVAL_MS;
  });
  return Math.max(0, ...late);
};
