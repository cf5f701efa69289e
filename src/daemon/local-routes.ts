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
  readonly #originated = new Map<string, Prefix>();

  constructor(rib: Rib) {
    this.#rib = rib;
  }

  workloads(changes: readonly WorkloadChange[]): void {
    for (const { prefix, present } of changes) {
      this.#rib.applyLocal(KERNEL_SOURCE, prefix, present ? this.#block : null);
    }
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
