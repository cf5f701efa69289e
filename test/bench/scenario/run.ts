// One repetition of a scenario with one daemon: fresh process, sessions, load, checks, figures.

import { setTimeout as sleep } from 'node:timers/promises';
import type { LoggedProcess } from '../../support/logged-process.js';
import type { Figures } from '../benchmark.js';
import { usageOf } from '../process-usage.js';
import { startProbe } from './api-probe.js';
import type { ChurnTimes, Converged, Verdict } from './load-process.js';
import { changesRoutes, deliveriesOf, type ScenarioPlan } from './plan.js';
import type { Rival } from './rivals.js';
import type { ScenarioBed } from './scenario-bed.js';
import { runSessions } from './session-run.js';

/** Between the last session and the first UPDATE. */
const QUIET_MS = 1000;
/** It must stay complete for so long; this time is in the processor time as well. */
const SETTLE_MS = 1000;

export interface RunOptions {
  readonly timeoutMs: number;
  /** Ask the daemon's API all the while; the other figures then count that work too. */
  readonly asking: boolean;
}

/** NaN for what was not asked for. */
export interface MeasuredFigures extends Figures {
  readonly api: number;
}

export const runOnce = async (
  bed: ScenarioBed,
  plan: ScenarioPlan,
  rival: Rival,
  options: RunOptions,
): Promise<MeasuredFigures> =>
  plan.kind === 'sessions' ? runSessions(bed, plan, rival, options) : runLoad(bed, plan, rival, options);

const runLoad = async (
  bed: ScenarioBed,
  plan: ScenarioPlan,
  rival: Rival,
  options: RunOptions,
): Promise<MeasuredFigures> => {
  await bed.load.call('prepare', plan);
  const daemon = await bed.startDaemon(rival, plan);
  const ended = daemon.exited.then(({ code, signal }) => {
    throw new Error(`it ended: ${code ?? signal}; ${daemon.log().slice(-1000)}`);
  });
  try {
    return await Promise.race([measure(bed, plan, rival, daemon, options), ended]);
  } finally {
    ended.catch(() => {});
    await bed.load.call('close', null).catch(() => {});
    await bed.witnesses.call('close', null).catch(() => {});
    await daemon.stop();
  }
};

const measure = async (
  bed: ScenarioBed,
  plan: ScenarioPlan,
  rival: Rival,
  daemon: LoggedProcess,
  { timeoutMs, asking }: RunOptions,
): Promise<MeasuredFigures> => {
  const { load, witnesses } = bed;
  await load.call('open', { timeoutMs });
  if (rival.witnesses) await witnesses.call('open', plan);
  await sleep(QUIET_MS);
  if (plan.kind === 'churn' || plan.kind === 'reconnect') {
    await load.call('announce', { timeoutMs });
    await sleep(SETTLE_MS);
  }
  const from = await witnesses.call('now', null);
  const cpu = usageOf(daemon.pid).cpuSeconds;
  const probe = asking && rival.socket !== undefined ? startProbe(rival.socket(bed.directory)) : null;
  const times = await job(bed, plan, timeoutMs);
  await sleep(SETTLE_MS);
  const api = await probe?.stop();
  const usage = usageOf(daemon.pid);
  const late = rival.witnesses ? await witnesses.call('lateness', from) : Number.NaN;
  check(await load.call('verdict', null));
  return {
    ...times,
    cpu: usage.cpuSeconds - cpu,
    each: ((usage.cpuSeconds - cpu) * 1e9) / changesOf(plan),
    peak: usage.peakMiB,
    late,
    api: api?.max ?? Number.NaN,
  };
};

/** Deliveries that are timed. */
const changesOf = (plan: ScenarioPlan): number =>
  changesRoutes(plan) ? plan.rate * plan.seconds * (plan.clients - 1) : deliveriesOf(plan);

const job = async ({ load }: ScenarioBed, plan: ScenarioPlan, timeoutMs: number): Promise<Figures> => {
  switch (plan.kind) {
    case 'churn':
    case 'sessions':
      return churnFigures(await load.call('churn', { timeoutMs: 5000 }), plan.seconds);
    case 'reconnect':
      return convergedFigures(await load.call('reconnect', { timeoutMs }));
    case 'transit':
    case 'reflector':
    case 'fanout':
    case 'busy':
      return convergedFigures(await load.call('announce', { timeoutMs }));
  }
};

const convergedFigures = ({ seconds, busySeconds }: Converged): Figures => ({
  converge: seconds,
  busy: (100 * busySeconds) / seconds,
});

export const churnFigures = (times: ChurnTimes, seconds: number): Figures => {
  const { median, p99, max, heard, expected, busySeconds } = times;
  if (heard !== expected) throw new Error(`${heard} of ${expected} changes heard; p50 ${median} ms`);
  return { median, p99, max, busy: (100 * busySeconds) / seconds };
};

export const check = (verdict: Verdict): void => {
  const { tallies, incomplete, differences, lost, evidence } = verdict;
  const wrong = tallies.unexpected + tallies.wrongAttributes + tallies.malformed + incomplete + differences;
  if (wrong + lost.length === 0) return;
  const found = { ...tallies, incomplete, differences, lost: lost.slice(0, 3) };
  throw new Error(`not verified: ${JSON.stringify(found)}${evidence === null ? '' : `, ${evidence}`}`);
};
