// What a process holds open, from /proc.

import { readdirSync, readlinkSync } from 'node:fs';

/** Descriptors of sockets in the process. */
export function openSockets(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).filter((fd) => {
    try {
      return readlinkSync(`${folder}/${fd}`).startsWith('socket:');
    } catch {
      return false;
    }
  }).length;
}
