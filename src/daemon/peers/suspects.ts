// Next hops whose only source ended its session: until the RIB has worked off what that means for every prefix, routes
// that have other next hops do without them. One change of a nexthop group instead of a hundred thousand routes.

import type { PeerId } from '../../base/ids.js';
import type { IpAddress } from '../../base/ip.js';
import type { Kernel } from '../../kernel/types.js';
import type { Rib } from '../../rib/core.js';
import { soleNextHops } from '../../rib/export/sole-next-hops.js';

export class Suspects {
  readonly #kernel: Kernel;
  #addresses: IpAddress[] = [];
  #stopped = false;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** The session of this source ended; its paths are still in the RIB. */
  add(rib: Rib, source: PeerId): void {
    if (this.#stopped) return;
    for (const address of soleNextHops(rib, source)) {
      this.#kernel.suspectNextHop(address, true);
      this.#addresses.push(address);
    }
  }

  /** Sessions that end from now on end with the daemon: the routes stay as they are. */
  stop(): void {
    this.#stopped = true;
  }

  /** Nothing is left to decide: what the RIB wants now is the truth. */
  clear(): void {
    for (const address of this.#addresses.splice(0)) this.#kernel.suspectNextHop(address, false);
  }
}
