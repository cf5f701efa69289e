// What is asked of the JavaScript engine and the memory below it: how large the space for new objects may get, when it
// collects, how eagerly it compiles. An engine that does not have a flag says so on stderr and goes on. Knows nothing of who asks.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { libc } from './libc.js';

/**
 * From now on the space for new objects stays as large as it is. By itself it grows to three times 16 MiB while a program
 * starts, and is not given back; objects that live long are few here, tables being columns.
 */
export const boundNewSpace = (): void => setFlagsFromString('--semi-space-growth-factor=1');

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
