// send(2) on a connected socket that Node owns, without the stream layer above it: most of what it costs to write a small
// message to each of a thousand peers. Moves octets; knows no protocol, queues nothing.

import { type Libc, libc } from './libc.js';

const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_MORE = 0x8000;

/** Found at the first call; null where there is no such thing. */
let send: Libc['send'] | null | undefined;

/**
 * Octets that the kernel took: less than all, or 0, where it does not take more now, where the connection is broken and
 * where the system has no such call. `more`: the rest of the message follows at once.
 */
export function sendNow(fd: number, octets: Uint8Array, more: boolean): number {
  if (send === undefined) send = findSend();
  if (send === null) return 0;
  const flags = MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0);
  return Math.max(0, send(fd, octets, octets.length, flags));
}

function findSend(): Libc['send'] | null {
  if (process.platform !== 'linux') return null;
  try {
    return libc().send;
  } catch {
    return null;
  }
}
