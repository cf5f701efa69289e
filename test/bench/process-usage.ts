// What a process has used so far, from /proc: processor time of all its threads, and memory.

import { readdirSync, readFileSync } from 'node:fs';

export interface Usage {
  /** On a processor, all threads, seconds. */
  readonly cpuSeconds: number;
  /** Resident set now, MiB. */
  readonly residentMiB: number;
  /** Its highest value so far, MiB. */
  readonly peakMiB: number;
}

/** The first number of schedstat: nanoseconds on a processor. Its file is per thread; stat would count in steps of 10 ms. */
export const parseCpuSeconds = (schedstats: readonly string[]): number =>
  schedstats.reduce((sum, text) => sum + Number(text.split(' ')[0]), 0) / 1e9;

export const parseMiB = (status: string, field: 'VmRSS' | 'VmHWM'): number =>
  Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024;

/** Throws when the process is gone. */
export const usageOf = (pid: number): Usage => {
  const tasks = `/proc/${pid}/task`;
  const schedstats = readdirSync(tasks).map((thread) => readFileSync(`${tasks}/${thread}/schedstat`, 'utf8'));
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    cpuSeconds: parseCpuSeconds(schedstats),
    residentMiB: parseMiB(status, 'VmRSS'),
    peakMiB: parseMiB(status, 'VmHWM'),
  };
};
