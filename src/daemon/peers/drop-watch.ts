// Watches the kernel's counters of segments that it dropped for a signature or a TTL, so that a peer that seems silent can
// be told from one whose keys are wrong. Knows when they rose, never for whom.

import type { KernelDrops } from '../../fsm/blame.js';

/** Names in /proc/net/netstat. */
const COUNTERS = {
  md5NotFound: ['TCPMD5NotFound'],
  md5Unexpected: ['TCPMD5Unexpected'],
  md5Failure: ['TCPMD5Failure'],
  minTtl: ['TCPMinTTLDrop'],
  aoBad: ['TCPAOBad', 'TCPAOKeyNotFound', 'TCPAORequired'],
} as const satisfies Record<keyof KernelDrops, readonly string[]>;

/** Milliseconds for which a look holds: hundreds of sessions that end together read the counters once. */
const FRESH = 100;

/** Rises that are remembered: one look a second for more than two minutes. */
const MOST_LOOKS = 180;

interface Rise {
  readonly at: number;
  readonly drops: KernelDrops;
}

export class DropWatch {
  readonly #read: () => ReadonlyMap<string, number> | null;
  #last: KernelDrops | null;
  #lookedAt = Number.NEGATIVE_INFINITY;
  readonly #rises: Rise[] = [];

  /** `read` gives the counters, null where there are none. */
  constructor(read: () => ReadonlyMap<string, number> | null) {
    this.#read = read;
    this.#last = this.#counters();
  }

  /** True when any rose since the last look. `now`: milliseconds of any steady clock. */
  look(now: number): boolean {
    if (now - this.#lookedAt < FRESH) return false;
    this.#lookedAt = now;
    const before = this.#last;
    const after = this.#counters();
    this.#last = after;
    if (before === null || after === null) return false;
    const drops = combine(before, after, (a, b) => Math.max(0, b - a));
    if (Object.values(drops).every((count) => count === 0)) return false;
    this.#rises.push({ at: now, drops });
    if (this.#rises.length > MOST_LOOKS) this.#rises.shift();
    return true;
  }

  /** Dropped from `since` on, as far as was looked; null where the kernel does not count. */
  since(since: number): KernelDrops | null {
    if (this.#last === null) return null;
    const rises = this.#rises.filter(({ at }) => at >= since);
    return rises.reduce((sum, { drops }) => combine(sum, drops, (a, b) => a + b), NONE);
  }

  #counters(): KernelDrops | null {
    const counters = this.#read();
    if (counters === null) return null;
    const sum = (names: readonly string[]): number =>
      names.reduce((total, name) => total + (counters.get(name) ?? 0), 0);
    return combine(NONE, NONE, (_a, _b, key) => sum(COUNTERS[key]));
  }
}

const NONE: KernelDrops = { md5NotFound: 0, md5Unexpected: 0, md5Failure: 0, minTtl: 0, aoBad: 0 };

const combine = (
  a: KernelDrops,
  b: KernelDrops,
  how: (a: number, b: number, key: keyof KernelDrops) => number,
): KernelDrops => ({
  md5NotFound: how(a.md5NotFound, b.md5NotFound, 'md5NotFound'),
  md5Unexpected: how(a.md5Unexpected, b.md5Unexpected, 'md5Unexpected'),
  md5Failure: how(a.md5Failure, b.md5Failure, 'md5Failure'),
  minTtl: how(a.minTtl, b.minTtl, 'minTtl'),
  aoBad: how(a.aoBad, b.aoBad, 'aoBad'),
});
