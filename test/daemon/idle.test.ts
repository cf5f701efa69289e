// A daemon that has nothing to do sleeps.

import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { waitFor } from '../support/wait.js';
import { withProcess } from './bgpd-process.js';

/** How often threads of the process have gone to sleep: each time they were awake before. */
function sleeps(pid: number): number {
  const switches = readdirSync(`/proc/${pid}/task`).map((thread) => {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
    return Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(status)?.[1]);
  });
  return switches.reduce((sum, each) => sum + each, 0);
}

/** Milliseconds; and wake-ups in this time, fifteen a second. */
const WATCHED = 2000;
const MOST = 30;

test('without peers it is hardly ever awake, its event loop measured all the same', (t) =>
  withProcess(async (daemon) => {
    const { pid } = await daemon.start({});
    await daemon.ask('/metrics');
    let woken = Number.NaN;
    const calm = async (): Promise<boolean> => {
      const before = sleeps(pid);
      await delay(WATCHED);
      woken = sleeps(pid) - before;
      return woken < MOST;
    };
    await waitFor('a calm while', calm, { timeout: 60_000, evidence: () => `${woken} wake-ups` });
    t.true(woken < MOST);
    t.regex((await daemon.ask('/metrics')).body, /^bgpd_event_loop_lag_max_seconds \d/m);
  }));
