// What a process holds open, from /proc.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

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

/** Octets that the kernel holds for the IPv4 connection from one local port to another: unsent, or not acknowledged. */
export function unacknowledged(from: number, to: number): number {
  const [local, remote] = [from, to].map((port) => port.toString(16).toUpperCase().padStart(4, '0'));
  const row = new RegExp(`: \\S+:${local} \\S+:${remote} \\S+ (\\S+):`).exec(
    readFileSync('/proc/net/tcp', 'utf8'),
  );
  if (row === null) throw new Error(`no connection from port ${from} to ${to}`);
  return Number.parseInt(row[1]!, 16);
}
