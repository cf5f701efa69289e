// What is asked of the JavaScript engine and the memory below it: how large the space for new objects may get, when it
// collects, how eagerly it compiles. An engine that does not have a flag says so on stderr and goes on. Knows nothing of who asks.

import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { libc } from './libc.js';

/** Octets of the space for new objects, which consists of two halves. */
const NEW_SPACE = 8 * 1024 * 1024;
/** Arrays of 32 KiB: more than it takes to fill it twice. */
const MOST_KEPT = 512;

/**
 * From now on the space for new objects is 8 MiB. By itself it grows to 32 MiB while the program is loaded, and
 * is not given back; objects that live long are few here, tables being columns. It grows only while objects outlive
 * collections, so some are kept until it is large enough; with less than that it collects twice as often.
 */
export function boundNewSpace(): void {
  const kept: unknown[] = [];
  while (kept.length < MOST_KEPT && newSpace() < NEW_SPACE) kept.push(new Array(4096).fill(kept.length));
  setFlagsFromString('--semi-space-growth-factor=1');
}

const newSpace = (): number =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? NEW_SPACE;

/**
 * From now on code must run three times as long as is usual before it is optimised: for what comes in bursts (two hundred
 * sessions that end at once), to compile it took longer than to run it.
 */
export const compileLess = (): void => setFlagsFromString('--interrupt-budget=400000');

/** A full collection, some milliseconds per 10 MiB of objects. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc()');
}

/** What the C library holds and nobody uses goes back to the system: a few milliseconds. Nothing where it can't. */
export function returnMemory(): void {
  try {
    libc().mallocTrim?.(0);
  } catch {
    // Without libc the memory stays: it is used again.
  }
}
