// Host routes to peers over the gateways that the configuration names: in the kernel for as long as the peer is configured.
// Learned routes pass through here, and those to such a peer end here: none of them moves its session.

import { formatIp } from '../../base/ip.js';
import { formatPrefix, hostPrefix, type Prefix } from '../../base/prefix.js';
import type { PeerConfig } from '../../config/types.js';
import type { FibIntent } from '../../kernel/types.js';
import type { FibSink } from './fib-feed.js';

export class PeerGateways implements FibSink {
  readonly #kernel: FibSink;
  /** By prefix: what was asked for. */
  #own = new Map<string, { readonly prefix: Prefix; readonly gateway: string }>();

  constructor(kernel: FibSink) {
    this.#kernel = kernel;
  }

  /** Makes these peers' routes the ones that are there. */
  apply(peers: readonly Pick<PeerConfig, 'address' | 'via'>[]): void {
    const before = this.#own;
    this.#own = new Map();
    for (const { address, via } of peers) {
      if (via === null) continue;
      const prefix = hostPrefix(address);
      const key = formatPrefix(prefix);
      const gateway = formatIp(via);
      this.#own.set(key, { prefix, gateway });
      if (before.get(key)?.gateway === gateway) continue;
      this.#kernel.install(prefix, { nextHops: [{ address: via, interface: null }] });
    }
    for (const [key, { prefix }] of before) if (!this.#own.has(key)) this.#kernel.uninstall(prefix);
  }

  install(prefix: Prefix, intent: FibIntent): void {
    if (!this.#owns(prefix)) this.#kernel.install(prefix, intent);
  }

  uninstall(prefix: Prefix): void {
    if (!this.#owns(prefix)) this.#kernel.uninstall(prefix);
  }

  #owns(prefix: Prefix): boolean {
    return this.#own.size > 0 && this.#own.has(formatPrefix(prefix));
  }
}
