// The witnesses, a process of their own, so that a busy load generator does not keep their octets waiting: sessions that
// are sent no routes and take the time of keepalives.

import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from '../remote.js';
import { endOfRib } from './changes.js';
import { keepaliveLateness } from './lateness.js';
import { KEEPALIVE_INTERVAL_MS, type ScenarioPlan, WITNESSES, witnessesOf } from './plan.js';
import { SessionPool } from './session-pool.js';

let pool: SessionPool | null = null;

const timesOf = ({ sessions, lost }: SessionPool): readonly (readonly number[])[] => {
  if (lost.length > 0) throw new Error(`a witness lost its session: ${lost[0]}`);
  return sessions.map((session) => session?.keepalives ?? []);
};

const calls = {
  /** One after the other, so that their keepalives are spread over the second. */
  open: async (plan: ScenarioPlan): Promise<null> => {
    pool?.close();
    const opened = new SessionPool(plan, witnessesOf(plan), {
      update: () => {},
      established: (session) => session.send(endOfRib(plan.family)),
      lost: () => {},
    });
    pool = opened;
    for (let index = 0; index < WITNESSES; index += 1) {
      await opened.open([index], 1);
      await sleep(KEEPALIVE_INTERVAL_MS / WITNESSES);
    }
    return null;
  },
  now: (_: null): number => performance.now(),
  /** From then until now, milliseconds. */
  lateness: (from: number): number =>
    keepaliveLateness(pool === null ? [] : timesOf(pool), from, performance.now()),
  close: (_: null): null => {
    pool?.close();
    pool = null;
    return null;
  },
};

export type WitnessCalls = typeof calls;

serve(calls);
