// Routes that start here: workloads that the node agent programmed, and what the configuration originates. Puts them into
// the RIB and takes them out; never touches the kernel.

import { KERNEL_SOURCE, STATIC_SOURCE } from '../base/ids.js';
import { formatPrefix, type Prefix } from '../base/prefix.js';
import type { OriginateConfig } from '../config/types.js';
import type { WorkloadChange } from '../kernel/types.js';
import type { Rib } from '../rib/core.js';
import { encodeBlock, NO_ATTRIBUTES } from '../wire/block.js';
import type { PathAttributes } from '../wire/types.js';

/** ORIGIN IGP, an empty AS_PATH and no next hop: the export fills in our own address. */
const LOCAL_ATTRIBUTES: PathAttributes = { ...NO_ATTRIBUTES, origin: 0 };

export class LocalRoutes {
  readonly #rib: Rib;
  readonly #block = encodeBlock(LOCAL_ATTRIBUTES);
  /** The policies look at interfaces: without it all workloads of a metric have the same attributes. */
  #withInterfaces: boolean;
  /** The last block of a workload: most have the same metric. */
  #workload: {
    readonly metric: number;
    readonly interface: string | null;
    readonly block: Uint8Array;
  } | null = null;
  readonly #originated = new Map<string, Prefix>();

  constructor(rib: Rib, withInterfaces: boolean) {
    this.#rib = rib;
    this.#withInterfaces = withInterfaces;
  }

  workloads(changes: Iterable<WorkloadChange>): void {
    for (const change of changes) {
      this.#rib.applyLocal(KERNEL_SOURCE, change.prefix, change.present ? this.#blockOf(change) : null);
    }
  }

  /** Other policies: where they look at interfaces for the first time, or no more, `workloads` are told again. */
  setInterfaces(wanted: boolean, workloads: () => Iterable<WorkloadChange>): void {
    if (wanted === this.#withInterfaces) return;
    this.#withInterfaces = wanted;
    this.workloads(workloads());
  }

  #blockOf(change: WorkloadChange): Uint8Array {
    const { metric } = change;
    const name = this.#withInterfaces ? change.interface : null;
    const last = this.#workload;
    if (last !== null && last.metric === metric && last.interface === name) return last.block;
    const block = encodeBlock({ ...LOCAL_ATTRIBUTES, local: { weight: null, metric, interface: name } });
    this.#workload = { metric, interface: name, block };
    return block;
  }

  /** Makes exactly these the originated routes. */
  originate(routes: readonly OriginateConfig[]): void {
    const wanted = new Map(routes.map(({ prefix }) => [formatPrefix(prefix), prefix]));
    for (const [key, prefix] of this.#originated) {
      if (!wanted.has(key)) this.#rib.applyLocal(STATIC_SOURCE, prefix, null);
    }
    for (const prefix of wanted.values()) this.#rib.applyLocal(STATIC_SOURCE, prefix, this.#block);
    this.#originated.clear();
    for (const [key, prefix] of wanted) this.#originated.set(key, prefix);
  }
}
