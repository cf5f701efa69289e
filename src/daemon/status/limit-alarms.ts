// The configured limits and what is in use of them: raises an alarm once when one is exceeded and takes it back when there
// is room again. It refuses nothing: to go on with more than planned is better than to lose routes.

import type { LimitStatus } from '../../api/model/types.js';
import type { LimitsConfig } from '../../config/types.js';
import type { Rib } from '../../rib/core.js';
import type { DaemonEvents } from '../events.js';

/** Share of the limit below which an alarm ends, so that one at its edge does not come and go. */
const RELIEF = 0.95;
const MIB = 1024 * 1024;

type LimitName = LimitStatus['name'];

export interface LimitedUse {
  readonly rib: Rib;
  /** Resident octets of the process. */
  readonly rss: () => number;
}

const USED = {
  paths: ({ rib }) => rib.paths[0].size + rib.paths[1].size,
  attributeSets: ({ rib }) => rib.attrSets.size,
  memory: ({ rss }) => rss(),
} as const satisfies Record<LimitName, (use: LimitedUse) => number>;

const UNIT = { paths: 1, attributeSets: 1, memory: MIB } as const satisfies Record<LimitName, number>;

export class LimitAlarms {
  readonly #use: LimitedUse;
  readonly #events: DaemonEvents;
  readonly #raised = new Set<LimitName>();

  constructor(use: LimitedUse, events: DaemonEvents) {
    this.#use = use;
    this.#events = events;
  }

  /** Those that are configured. */
  status(limits: LimitsConfig): readonly LimitStatus[] {
    return (['paths', 'attributeSets', 'memory'] as const).flatMap((name) => {
      const configured = limits[name];
      if (configured === null) return [];
      const limit = configured * UNIT[name];
      const used = USED[name](this.#use);
      return [{ name, limit, used, exceeded: used > (this.#raised.has(name) ? limit * RELIEF : limit) }];
    });
  }

  /** Called now and then. */
  check(limits: LimitsConfig): void {
    const exceeded = new Set<LimitName>();
    for (const status of this.status(limits)) {
      if (status.exceeded) exceeded.add(status.name);
      if (status.exceeded !== this.#raised.has(status.name)) this.#events.emit('limit', status);
    }
    this.#raised.clear();
    for (const name of exceeded) this.#raised.add(name);
  }
}
