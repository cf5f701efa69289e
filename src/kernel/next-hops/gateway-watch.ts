// Between what the kernel tells of neighbours and what next hops make of it: verdicts on gateways reach those who leave by
// them, and the log.

import type { GatewayStatus, KernelEvent, KernelNeighbour } from '../types.js';
import type { Links } from './links.js';
import type { LeadsTo, Neighbours } from './neighbours.js';
import type { NextHops } from './next-hops.js';

/** Listed in the status. */
const MAX_LISTED = 100;

export class GatewayWatch {
  readonly #neighbours: Neighbours;
  readonly #nextHops: NextHops;
  readonly #links: Links;
  readonly #leadsTo: LeadsTo;
  #heard: KernelNeighbour[] = [];
  #watching = false;

  constructor(neighbours: Neighbours, nextHops: NextHops, links: Links) {
    this.#neighbours = neighbours;
    this.#nextHops = nextHops;
    this.#links = links;
    this.#leadsTo = (ifindex, address) => nextHops.leadsTo(ifindex, address);
  }

  /** Who does not watch any more uses all gateways; what the port still tells then was on its way. */
  watch(watching: boolean): void {
    this.#watching = watching;
    if (watching) return;
    this.#heard = [];
    this.#neighbours.forgetAll();
  }

  /** Judged with the next settling. */
  hear(neighbour: KernelNeighbour): void {
    if (this.#watching) this.#heard.push(neighbour);
  }

  /** Next hops that leave by a gateway of another verdict are to be looked up again. `now` in monotonic milliseconds. */
  settle(now: number): readonly KernelEvent[] {
    if (this.#nextHops.takeDropped()) this.#neighbours.keepOnly(this.#leadsTo);
    for (const { ifindex, address, state } of this.#heard.splice(0))
      this.#neighbours.observe(ifindex, address, state, now, this.#leadsTo);
    this.#neighbours.advance(now);
    return this.#neighbours.takeVerdicts().map(({ ifindex, address, lost }): KernelEvent => {
      this.#nextHops.touchGateway(ifindex, address);
      return {
        kind: lost ? 'gatewayLost' : 'gatewayBack',
        address,
        interface: this.#links.nameOf(ifindex),
      };
    });
  }

  status(): GatewayStatus {
    const lost = [...this.#neighbours.lost()].slice(0, MAX_LISTED);
    return {
      lost: lost.map(({ ifindex, address, since }) => ({
        address,
        interface: this.#links.nameOf(ifindex),
        since,
      })),
      lostCount: this.#neighbours.lostCount,
      losses: this.#neighbours.losses,
    };
  }
}
