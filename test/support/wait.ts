// Bounded waiting for something to become true.

import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitOptions {
  /** Milliseconds, default 15,000. */
  readonly timeout?: number;
  /** Milliseconds between two looks, default 50. */
  readonly interval?: number;
  /** Added to the error when time runs out: logs, tables. */
  readonly evidence?: () => string | Promise<string>;
}

type Falsy = false | null | undefined | 0 | '';

/** The first truthy answer of `probe`. Throws at the bound, naming what was waited for and the last failure of `probe`. */
export const waitFor = async <T>(
  what: string,
  probe: () => T | Promise<T>,
  options: WaitOptions = {},
): Promise<Exclude<T, Falsy>> => {
  const timeout = options.timeout ?? 15_000;
  const deadline = performance.now() + timeout;
  let problem = '';
  for (;;) {
    try {
      const answer = await probe();
      if (answer) return answer as Exclude<T, Falsy>;
      problem = '';
    } catch (error) {
      problem = `; last error: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (performance.now() >= deadline) break;
    await sleep(options.interval ?? 50);
  }
  const evidence = await options.evidence?.();
  throw new Error(
    `waited ${timeout} ms for ${what}${problem}${evidence === undefined ? '' : `\n${evidence}`}`,
  );
};

/** Checks that `probe` stays truthy for the whole time; throws at the first time it does not. */
export const staysTrue = async (
  what: string,
  probe: () => boolean | Promise<boolean>,
  milliseconds: number,
): Promise<void> => {
  const deadline = performance.now() + milliseconds;
  while (performance.now() < deadline) {
    if (!(await probe())) throw new Error(`${what} did not last ${milliseconds} ms`);
    await sleep(50);
  }
};
