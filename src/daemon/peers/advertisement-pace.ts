// MinRouteAdvertisementInterval (RFC 4271 9.2.1.1) of one session: what has changed goes out at once, and what changes after
// that waits until the interval is over. Packs nothing, so that what waits stays in its shortest form.

import type { Timer } from '../../net/clock.js';

type Packets = readonly Uint8Array[] | null;

export class AdvertisementPace {
  readonly #timer: Timer;
  readonly #milliseconds: () => number;
  #sending = false;
  #waiting = false;

  /** `wake` is called when there may be something to pull again. */
  constructor(makeTimer: (onExpire: () => void) => Timer, milliseconds: () => number, wake: () => void) {
    this.#milliseconds = milliseconds;
    this.#timer = makeTimer(() => {
      this.#waiting = false;
      wake();
    });
  }

  /** What `take` has, or null while the interval runs. */
  pull(take: () => Packets): Packets {
    if (this.#waiting) return null;
    const packets = take();
    if (packets !== null && !this.#sending) {
      this.#sending = true;
      this.#timer.start(this.#milliseconds());
    } else if (packets === null && this.#sending) {
      this.#sending = false;
      this.#waiting = this.#timer.running;
    }
    return packets;
  }

  close(): void {
    this.#timer.close();
  }
}
