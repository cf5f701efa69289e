// What a pool makes of a learned route on its way to the kernel: in a tunnel, left to the agent, as it is; and the metric
// that its LOCAL_PREF stands for. Equal answers are one object, so that thousands of routes share an intent.

import type { IpAddress } from '../../base/ip.js';
import { formatPrefix, type Prefix } from '../../base/prefix.js';
import type { Config } from '../../config/types.js';
import type { FibIntent } from '../../kernel/types.js';
import type { PathAttributes } from '../../wire/types.js';
import { HIGHEST_PRIORITY, usualMetric } from './local-attributes.js';
import { pathThrough, poolOf, tunnelKey } from './overlay.js';

/** LOCAL_PREF that is this far from the highest at most is a priority, that is a metric; below it is a preference. */
const PRIORITIES = 65_535;

/** A learned route as the feed has it. */
export interface LearnedRoute {
  readonly prefix: Prefix;
  /** 100 where the route has none. */
  readonly localPref: number;
  /** Of the path with this next hop. */
  readonly attributes: (nextHop: IpAddress) => PathAttributes;
}

type PathsConfig = Pick<Config, 'pools' | 'kernel'>;

export class FibPaths {
  readonly #config: PathsConfig;
  readonly #known = new WeakMap<FibIntent, Map<string, FibIntent>>();
  /** No pool and no setting changes anything: nothing has to be asked. */
  readonly plain: boolean;

  constructor(config: PathsConfig) {
    this.#config = config;
    const { pools, kernel } = config;
    const tunnelled = pools.some(
      ({ encapsulation, overlay, anycast }) => encapsulation !== 'None' || overlay === 'agent' || anycast,
    );
    this.plain = !tunnelled && !kernel.localPrefFromMetric;
  }

  /** True when both treat every route alike. */
  equals(other: FibPaths): boolean {
    return this.#key === other.#key;
  }

  /** Null: the node agent programs it. */
  intent(route: LearnedRoute, plain: FibIntent): FibIntent | null {
    const { pools, kernel } = this.#config;
    const pool = poolOf(pools, route.prefix);
    const nextHops = [];
    for (const hop of plain.nextHops) {
      const path = pathThrough(pool, kernel, () => route.attributes(hop.address), hop.address);
      if (path.kind === 'agent') return null;
      nextHops.push(path.kind === 'plain' ? hop : { ...hop, tunnel: path.tunnel });
    }
    const metric = this.#metricOf(route);
    const tunnels = nextHops.map((hop) =>
      'tunnel' in hop && hop.tunnel !== undefined ? tunnelKey(hop.tunnel) : '',
    );
    // Whoever serves the address goes on serving those whom it served when another one goes.
    const sticky = pool?.anycast === true && nextHops.length > 1 ? formatPrefix(route.prefix) : '';
    const key = `${metric ?? ''} ${sticky} ${tunnels.join('|')}`;
    if (key.trim() === '') return plain;
    const more = { ...(metric === null ? {} : { metric }), ...(sticky === '' ? {} : { sticky }) };
    return this.#shared(plain, key, { nextHops, ...more });
  }

  /** Null: that of the settings. */
  #metricOf({ localPref, prefix }: LearnedRoute): number | null {
    const { kernel } = this.#config;
    const metric = HIGHEST_PRIORITY - localPref;
    const isPriority = kernel.localPrefFromMetric && metric > 0 && metric <= PRIORITIES;
    return isPriority && metric !== usualMetric(kernel, prefix) ? metric : null;
  }

  #shared(plain: FibIntent, key: string, intent: FibIntent): FibIntent {
    let known = this.#known.get(plain);
    if (known === undefined) {
      known = new Map();
      this.#known.set(plain, known);
    }
    const same = known.get(key);
    if (same !== undefined) return same;
    known.set(key, intent);
    return intent;
  }

  get #key(): string {
    const { pools, kernel } = this.#config;
    const { ipipDevice, vxlan, localPrefFromMetric, metric, ipv6Metric } = kernel;
    const relevant = pools.map(({ cidr, encapsulation, overlay, anycast }) => ({
      cidr,
      encapsulation,
      overlay,
      anycast,
    }));
    return JSON.stringify([relevant, ipipDevice, vxlan.device, localPrefFromMetric, metric, ipv6Metric]);
  }
}
