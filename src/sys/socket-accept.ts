// accept4(2) on a listening socket that Node owns: the event loop takes one connection a turn, however many wait.

import { hasLibc, libc } from './libc.js';

const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;

/** Whether there is such a call; found at the first question. */
let offered: boolean | undefined;

/** The descriptor of the next connection, which is the caller's from then on; null where none waits or it can't be had. */
export function acceptNext(listeningFd: number): number | null {
  offered ??= hasLibc();
  if (!offered) return null;
  const fd = libc().accept4(listeningFd, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC);
  return fd < 0 ? null : fd;
}
