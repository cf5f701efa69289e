// One repetition of the scenario of many sessions: what they cost when idle, how soon they are up, whether they all last.

import { setTimeout as sleep } from 'node:timers/promises';
import type { LoggedProcess } from '../../support/logged-process.js';
import { monotonicMs } from '../clock.js';
import { usageOf } from '../process-usage.js';
import type { ScenarioPlan } from './plan.js';
import type { Rival } from './rivals.js';
import { check, churnFigures, type MeasuredFigures, type RunOptions } from './run.js';
import type { ScenarioBed } from './scenario-bed.js';

/** Until memory and processor time are those of a daemon at rest. */
const REST_MS = 10_000;
const SETTLE_MS = 1000;

export const runSessions = async (
  bed: ScenarioBed,
  plan: ScenarioPlan,
  rival: Rival,
  options: RunOptions,
): Promise<MeasuredFigures> => {
  const without = await withDaemon(bed, { ...plan, clients: 0 }, rival, async (daemon) => {
    await sleep(REST_MS);
    return usageOf(daemon.pid).residentMiB;
  });
  await bed.load.call('prepare', plan);
  // Peers that were there before the daemon: they try until somebody listens.
  const arrived = bed.load.call('arrive', { timeoutMs: options.timeoutMs }).then(() => monotonicMs());
  arrived.catch(() => {});
  const startedAt = monotonicMs();
  try {
    return await withDaemon(bed, plan, rival, async (daemon) => {
      const established = ((await arrived) - startedAt) / 1000;
      const idle = await rest(daemon);
      const idleMemory = ((idle.residentMiB - without) * 1024) / plan.clients;
      return {
        established,
        idleMemory,
        idleBusy: idle.busy,
        ...(await changes(bed, plan, rival, daemon, options)),
      };
    });
  } finally {
    await bed.load.call('close', null).catch(() => {});
    await bed.witnesses.call('close', null).catch(() => {});
  }
};

const withDaemon = async <T>(
  bed: ScenarioBed,
  plan: ScenarioPlan,
  rival: Rival,
  body: (daemon: LoggedProcess) => Promise<T>,
): Promise<T> => {
  const daemon = await bed.startDaemon(rival, plan);
  const ended = daemon.exited.then(({ code, signal }) => {
    throw new Error(`it ended: ${code ?? signal}; ${daemon.log().slice(-1000)}`);
  });
  try {
    return await Promise.race([body(daemon), ended]);
  } finally {
    ended.catch(() => {});
    await daemon.stop();
  }
};

const rest = async ({
  pid,
}: LoggedProcess): Promise<{ readonly residentMiB: number; readonly busy: number }> => {
  await sleep(SETTLE_MS);
  const before = usageOf(pid).cpuSeconds;
  await sleep(REST_MS);
  const { cpuSeconds, residentMiB } = usageOf(pid);
  return { residentMiB, busy: (cpuSeconds - before) / (REST_MS / 100_000) };
};

const changes = async (
  { load, witnesses }: ScenarioBed,
  plan: ScenarioPlan,
  rival: Rival,
  daemon: LoggedProcess,
  { timeoutMs }: RunOptions,
): Promise<MeasuredFigures> => {
  if (rival.witnesses) await witnesses.call('open', plan);
  const from = await witnesses.call('now', null);
  await load.call('announce', { timeoutMs });
  await sleep(SETTLE_MS);
  const cpu = usageOf(daemon.pid).cpuSeconds;
  const times = churnFigures(await load.call('churn', { timeoutMs: 5000 }), plan.seconds);
  const usage = usageOf(daemon.pid);
  const late = rival.witnesses ? await witnesses.call('lateness', from) : Number.NaN;
  const verdict = await load.call('verdict', null);
  check(verdict);
  return {
    ...times,
    silence: verdict.longestSilence,
    cpu: usage.cpuSeconds - cpu,
    each: ((usage.cpuSeconds - cpu) * 1e9) / (plan.rate * plan.seconds * (plan.clients - 1)),
    peak: usage.peakMiB,
    late,
    api: Number.NaN,
  };
};
