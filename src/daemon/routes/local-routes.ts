// Routes that start here: workloads that the node agent programmed, and what the configuration originates. Puts them into
// the RIB and takes them out; never touches the kernel.

import type { FamilyIndex } from '../../base/family.js';
import {
  AGGREGATE_SOURCE,
  KERNEL_SOURCE,
  type PeerId,
  type PrefixId,
  SERVICE_SOURCE,
  STATIC_SOURCE,
} from '../../base/ids.js';
import { formatPrefix, type Prefix, prefixContains } from '../../base/prefix.js';
import type { OriginateConfig } from '../../config/types.js';
import type { WorkloadChange } from '../../kernel/types.js';
import type { Rib } from '../../rib/core.js';
import { Contributors } from './contributors.js';
import { LocalAttributes, type LocalSettings } from './local-attributes.js';

const SOURCES = {
  static: STATIC_SOURCE,
  aggregate: AGGREGATE_SOURCE,
  service: SERVICE_SOURCE,
} as const satisfies Record<OriginateConfig['kind'], PeerId>;

/** Where the routes go, and where those that are conditions for others are looked up. */
export type LocalSink = Pick<Rib, 'applyLocal' | 'prefixes'>;

/** One configured route, and the workloads that it stands for where it needs one. */
interface Origination {
  readonly config: OriginateConfig;
  readonly contributors: Set<string>;
  announced: boolean;
}

export class LocalRoutes {
  readonly #rib: LocalSink;
  readonly #originations = new Map<string, Origination>();
  readonly #company: Contributors;
  #attributes: LocalAttributes;

  constructor(rib: LocalSink, settings: LocalSettings) {
    this.#rib = rib;
    this.#company = new Contributors(rib);
    this.#attributes = new LocalAttributes(settings);
  }

  workloads(changes: Iterable<WorkloadChange>): void {
    for (const change of changes) {
      const { prefix, present } = change;
      const block = present ? this.#attributes.workload(change) : null;
      this.#rib.applyLocal(KERNEL_SOURCE, prefix, block);
      this.#contribute(prefix, present);
    }
  }

  /**
   * Makes exactly the configured routes the originated ones, and judges all workloads again. What stands for others comes
   * before they go, and goes after they have come. Returns the prefixes whose place in the kernel may be another.
   */
  configure(settings: LocalSettings, workloads: Iterable<WorkloadChange>): readonly Prefix[] {
    this.#attributes = new LocalAttributes(settings);
    const wanted = new Map(settings.originate.map((config) => [formatPrefix(config.prefix), config]));
    const before = [...this.#originations.values()];
    this.#originations.clear();
    for (const [key, config] of wanted) {
      this.#originations.set(key, { config, contributors: new Set(), announced: false });
    }
    this.#company.configure(settings.originate);
    const held = [...workloads];
    for (const { prefix, present } of held) this.#count(prefix, present);
    const all = [...this.#originations.values()];
    for (const origination of all) if (this.#isWanted(origination)) this.#decide(origination, true);
    this.workloads(held);
    for (const origination of all) if (!origination.announced) this.#withdraw(origination);
    for (const origination of before) {
      const { kind, prefix } = origination.config;
      if (wanted.get(formatPrefix(prefix))?.kind !== kind) this.#withdraw(origination);
    }
    return [...before.map(({ config }) => config.prefix), ...settings.originate.map(({ prefix }) => prefix)];
  }

  /** The kernel has to drop what goes to this originated prefix. */
  isBlackhole(prefix: Prefix): boolean {
    return this.#originations.get(formatPrefix(prefix))?.config.blackhole ?? false;
  }

  /** Told by the decision: may make originated routes come and go, which `settle` does. */
  bestChanged(family: FamilyIndex, prefix: PrefixId): void {
    this.#company.bestChanged(family, prefix);
  }

  /** Originated routes whose contributors came or went; not while the RIB decides. */
  settle(): void {
    for (const key of this.#company.takeChanged()) {
      const origination = this.#originations.get(key);
      if (origination !== undefined) this.#decide(origination, false);
    }
  }

  #contribute(prefix: Prefix, present: boolean): void {
    for (const origination of this.#count(prefix, present)) this.#decide(origination, false);
  }

  /** The routes that ask for company like this. */
  #count(prefix: Prefix, present: boolean): readonly Origination[] {
    const asking: Origination[] = [];
    for (const origination of this.#originations.values()) {
      const { config, contributors } = origination;
      if (!config.requireContributor.includes('kernel') || !isInside(config.prefix, prefix)) continue;
      if (present) contributors.add(formatPrefix(prefix));
      else contributors.delete(formatPrefix(prefix));
      asking.push(origination);
    }
    return asking;
  }

  #isWanted({ config, contributors }: Origination): boolean {
    const { requireContributor, prefix } = config;
    return requireContributor.length === 0 || contributors.size > 0 || this.#company.has(prefix);
  }

  /** `again`: the attributes may be others. */
  #decide(origination: Origination, again: boolean): void {
    const { config, announced } = origination;
    const wanted = this.#isWanted(origination);
    if (wanted && (again || !announced)) {
      this.#rib.applyLocal(SOURCES[config.kind], config.prefix, this.#attributes.originated(config));
    }
    if (!wanted && (again || announced)) this.#withdraw(origination);
    origination.announced = wanted;
  }

  #withdraw({ config }: Origination): void {
    this.#rib.applyLocal(SOURCES[config.kind], config.prefix, null);
  }
}

const isInside = (outer: Prefix, inner: Prefix): boolean =>
  inner.length > outer.length && prefixContains(outer, inner);
