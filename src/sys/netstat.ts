// What the kernel's TCP counted in the network namespace of this process (/proc/net/netstat). Reads, never resets.

import { readFileSync } from 'node:fs';

const FILE = '/proc/self/net/netstat';

/** The counters of `TcpExt` by name; null where there is no such file. */
export function readTcpExt(): ReadonlyMap<string, number> | null {
  try {
    return parseNetstat(readFileSync(FILE, 'utf8'), 'TcpExt');
  } catch {
    return null;
  }
}

/** Pairs of lines: names, then values, each behind the group and a colon. */
export function parseNetstat(text: string, group: string): ReadonlyMap<string, number> {
  const [names = [], values = []] = text
    .split('\n')
    .filter((line) => line.startsWith(`${group}: `))
    .map((line) => line.split(' ').slice(1));
  return new Map(names.map((name, index) => [name, Number(values[index] ?? 0)]));
}
