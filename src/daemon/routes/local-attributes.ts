// What the routes that start here carry: LOCAL_PREF from the kernel's metric, communities, our end of the tunnel of the
// pool, and NO_ADVERTISE where an aggregate speaks for them. Remembers one block per combination.

import { type Prefix, prefixContains } from '../../base/prefix.js';
import type { OriginateConfig, PoolConfig } from '../../config/types.js';
import type { WorkloadChange } from '../../kernel/types.js';
import { NO_ADVERTISE } from '../../policy/export-rules.js';
import { encodeBlock, NO_ATTRIBUTES } from '../../wire/block.js';
import type { PathAttributes, Tunnel } from '../../wire/types.js';

export interface LocalSettings {
  readonly originate: readonly OriginateConfig[];
  readonly pools: readonly PoolConfig[];
  readonly localPrefFromMetric: boolean;
  /** The metrics of routes that are not on the move (config `kernel.metric`, `kernel.ipv6Metric`). */
  readonly metric: number;
  readonly ipv6Metric: number;
  /** Our end of the tunnels; null: we have none. */
  readonly tunnel: Tunnel | null;
  /** The policies look at interfaces: without it workloads that are alike otherwise have the same attributes. */
  readonly interfaces: boolean;
}

/** Calico's inversion: the lower the metric, the higher the preference. */
export const HIGHEST_PRIORITY = 2147483647;

/** The metric of routes to this prefix that have none of their own. */
export const usualMetric = (
  { metric, ipv6Metric }: Pick<LocalSettings, 'metric' | 'ipv6Metric'>,
  { address }: Prefix,
): number => (address.family === 'ipv6' ? ipv6Metric : metric);

/** ORIGIN IGP, an empty AS_PATH and no next hop: the export fills in our own address. */
const LOCAL_ATTRIBUTES: PathAttributes = { ...NO_ATTRIBUTES, origin: 0 };

export class LocalAttributes {
  readonly #settings: LocalSettings;
  readonly #aggregates: readonly OriginateConfig[];
  readonly #overlays: readonly PoolConfig[];
  /** By what differs between workloads. */
  readonly #blocks = new Map<string, Uint8Array>();

  constructor(settings: LocalSettings) {
    this.#settings = settings;
    this.#aggregates = settings.originate.filter(({ suppressMoreSpecifics }) => suppressMoreSpecifics);
    this.#overlays = settings.tunnel === null ? [] : settings.pools.filter(isOverlay);
  }

  workload(workload: Pick<WorkloadChange, 'prefix' | 'metric' | 'interface'>): Uint8Array {
    const { prefix } = workload;
    const usual = usualMetric(this.#settings, prefix);
    // Metric 0 is one that nobody set.
    const metric = workload.metric === 0 ? usual : workload.metric;
    const name = this.#settings.interfaces ? workload.interface : null;
    // The agent marks a workload on the move by a lower metric than usual.
    const suppressed = metric >= usual && this.#isCovered(prefix);
    const tunnelled = this.#isTunnelled(prefix);
    // Names of interfaces come and go: what is made for one is not kept.
    const key = name === null ? `${metric} ${workload.metric === 0} ${suppressed} ${tunnelled}` : null;
    let block = key === null ? undefined : this.#blocks.get(key);
    if (block === undefined) {
      const communities = suppressed ? [NO_ADVERTISE] : [];
      const local = { weight: null, metric: workload.metric === 0 ? null : metric, interface: name };
      block = encodeBlock({ ...this.#common(metric, tunnelled), local, communities });
      if (key !== null) this.#blocks.set(key, block);
    }
    return block;
  }

  originated({ prefix, communities }: OriginateConfig): Uint8Array {
    return encodeBlock({
      ...this.#common(usualMetric(this.#settings, prefix), this.#isTunnelled(prefix)),
      communities: communities.flatMap((each) => (each.kind === 'standard' ? [each.value] : [])),
      largeCommunities: communities.flatMap((each) => (each.kind === 'large' ? [each.value] : [])),
    });
  }

  #common(metric: number, tunnelled: boolean): PathAttributes {
    const { tunnel, localPrefFromMetric } = this.#settings;
    const tunnels = tunnelled && tunnel !== null ? [tunnel] : [];
    const localPref = localPrefFromMetric ? Math.max(0, HIGHEST_PRIORITY - metric) : null;
    return { ...LOCAL_ATTRIBUTES, localPref, tunnels };
  }

  #isCovered(prefix: Prefix): boolean {
    return this.#aggregates.some(
      (aggregate) => aggregate.prefix.length < prefix.length && prefixContains(aggregate.prefix, prefix),
    );
  }

  #isTunnelled(prefix: Prefix): boolean {
    return this.#overlays.some(({ cidr }) => prefixContains(cidr, prefix));
  }
}

const isOverlay = ({ encapsulation, overlay }: PoolConfig): boolean =>
  encapsulation.startsWith('VXLAN') && overlay === 'bgp';
