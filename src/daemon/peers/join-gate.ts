// Sessions that come up together are served together: after a mass reconnect the first routes to everybody wait until no
// more sessions come, so that the table is packed once and the routes that the newcomers bring travel in full messages.
// A session that comes up alone does not wait.

import type { PeerId } from '../../base/ids.js';
import type { Clock, Timer } from '../../net/clock.js';

/** Milliseconds: a session that comes up this soon after another one waits for more. */
const TOGETHER = 100;
/** Milliseconds without another one after which those that wait are served. */
const QUIET = 40;
/** Milliseconds that nobody waits longer than. */
const PATIENCE = 300;

export class JoinGate {
  readonly #clock: Clock;
  readonly #open: (peer: PeerId) => void;
  readonly #waiting = new Set<PeerId>();
  readonly #timer: Timer;
  #latest = Number.NEGATIVE_INFINITY;
  /** When the first of those that wait came. */
  #since = 0;

  /** `open` is told of each that need not wait any more. */
  constructor(clock: Clock, open: (peer: PeerId) => void) {
    this.#clock = clock;
    this.#open = open;
    this.#timer = clock.timer(() => this.#serve());
  }

  enter(peer: PeerId): void {
    const now = this.#clock.now();
    const alone = now - this.#latest > TOGETHER;
    this.#latest = now;
    if (alone) return;
    if (this.#waiting.size === 0) this.#since = now;
    this.#waiting.add(peer);
    this.#timer.start(Math.max(0, Math.min(QUIET, this.#since + PATIENCE - now)));
  }

  leave(peer: PeerId): void {
    this.#waiting.delete(peer);
  }

  /** True: the peer's first routes are held back. */
  holds(peer: PeerId): boolean {
    return this.#waiting.size > 0 && this.#waiting.has(peer);
  }

  close(): void {
    this.#timer.close();
  }

  #serve(): void {
    const served = [...this.#waiting];
    this.#waiting.clear();
    for (const peer of served) this.#open(peer);
  }
}
