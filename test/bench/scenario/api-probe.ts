// Asks a daemon's API again and again while it works, and keeps the longest wait.

import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from '../../support/api-client.js';
import { monotonicMs } from '../clock.js';

const PERIOD_MS = 100;

export interface ProbeResult {
  /** Milliseconds from the question to the whole answer; the longest. */
  readonly max: number;
  readonly answers: number;
}

export interface ApiProbe {
  /** Waits for the answer that is outstanding. */
  stop(): Promise<ProbeResult>;
}

export const startProbe = (socketPath: string): ApiProbe => {
  let going = true;
  let max = 0;
  let answers = 0;
  const loop = async (): Promise<ProbeResult> => {
    while (going) {
      const begin = monotonicMs();
      const { status } = await ask(socketPath, '/v1/summary');
      if (status !== 200) throw new Error(`the API answered ${status}`);
      const wait = monotonicMs() - begin;
      max = Math.max(max, wait);
      answers += 1;
      await sleep(Math.max(0, PERIOD_MS - wait));
    }
    return { max, answers };
  };
  const ended = loop();
  ended.catch(() => {});
  return {
    stop: () => {
      going = false;
      return ended;
    },
  };
};
