// Who asked the kernel for a change: a netlink port is the process id for most programs. Looks the name up while the
// process may still run.

import { readFileSync } from 'node:fs';
import type { DriftCulprit } from '../types.js';

/** Milliseconds that a name is good for: a flush by one program sends thousands of notifications. */
const KEPT = 1000;

export class Senders {
  #port = -1;
  #name: string | null = null;
  #at = Number.NEGATIVE_INFINITY;

  /** `protocol`: of what was written, null for a deletion. */
  culprit(port: number, protocol: number | null): DriftCulprit {
    return { port, name: port === 0 ? 'kernel' : this.#nameOf(port), protocol };
  }

  #nameOf(port: number): string | null {
    const now = performance.now();
    if (port === this.#port && now - this.#at < KEPT) return this.#name;
    this.#port = port;
    this.#at = now;
    this.#name = readName(port);
    return this.#name;
  }
}

function readName(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return null;
  }
}
