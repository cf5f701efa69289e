// From the Loc-RIB to the kernel: which best paths are ours to install, and their next hops. Derives everything from the
// RIB; remembers only which prefixes it has asked the kernel for.

import { Bitset } from '../base/bitset.js';
import type { FamilyIndex } from '../base/family.js';
import { type AttrSetId, FIRST_PEER, NONE, type PeerId, type PrefixId } from '../base/ids.js';
import { type IpAddress, isLinkLocal } from '../base/ip.js';
import type { Prefix } from '../base/prefix.js';
import type { FibIntent } from '../kernel/types.js';
import type { Rib } from '../rib/core.js';
import type { CompiledPolicy } from '../rib/hooks.js';
import type { NextHopId } from '../rib/next-hops.js';
import { RouteCursor } from '../rib/route-cursor.js';
import { prefixOf } from '../rib/views.js';

/** Where what is wanted goes. */
export interface FibSink {
  install(prefix: Prefix, intent: FibIntent): void;
  uninstall(prefix: Prefix): void;
}

/** The interface that a peer's link-local next hops are on, null when it has none. */
export type InterfaceOfPeer = (peer: PeerId) => string | null;

export class FibFeed {
  readonly #rib: Rib;
  readonly #kernel: FibSink;
  readonly #interfaceOf: InterfaceOfPeer;
  readonly #route: RouteCursor;
  readonly #wanted = [new Bitset(), new Bitset()] as const;
  /** By the next hop's address, which is one object as long as it is in use: thousands of routes share an intent. */
  readonly #intents = new WeakMap<IpAddress, FibIntent>();
  #policy: CompiledPolicy;
  /** How far the look at everything has come; null: none is under way. */
  #reviewed: { readonly family: FamilyIndex; row: number } | null = null;

  constructor(rib: Rib, kernel: FibSink, policy: CompiledPolicy, interfaceOf: InterfaceOfPeer) {
    this.#rib = rib;
    this.#kernel = kernel;
    this.#policy = policy;
    this.#interfaceOf = interfaceOf;
    this.#route = new RouteCursor(rib.attrSets, rib.validation);
  }

  /** Another install policy: everything is to be looked at again. True when `review` has to be called. */
  setPolicy(policy: CompiledPolicy): boolean {
    if (policy.key === this.#policy.key) return false;
    this.#policy = policy;
    this.#reviewed = { family: 0, row: 0 };
    return true;
  }

  /** Looks at about `budget` prefixes again. True when there are more. */
  review(budget: number): boolean {
    const at = this.#reviewed;
    if (at === null) return false;
    const table = this.#rib.prefixes[at.family];
    const end = Math.min(table.rows, at.row + budget);
    for (; at.row < end; at.row++) {
      if (table.isLive(at.row as PrefixId)) this.update(at.family, at.row as PrefixId);
    }
    if (at.row < table.rows) return true;
    this.#reviewed = at.family === 0 ? { family: 1, row: 0 } : null;
    return this.#reviewed !== null;
  }

  /** The best path of a prefix may have changed. */
  update(family: FamilyIndex, prefix: PrefixId): void {
    const intent = this.#intent(family, prefix);
    if (intent !== null) {
      this.#wanted[family].add(prefix);
      this.#kernel.install(prefixOf(this.#rib, family, prefix), intent);
    } else if (this.#wanted[family].delete(prefix)) {
      this.#kernel.uninstall(prefixOf(this.#rib, family, prefix));
    }
  }

  /** True when the prefix is one that we asked the kernel for. */
  wants(family: FamilyIndex, prefix: PrefixId): boolean {
    return this.#wanted[family].has(prefix);
  }

  /** Null when the best path is none, local, or not to be installed. */
  #intent(family: FamilyIndex, prefix: PrefixId): FibIntent | null {
    const table = this.#rib.prefixes[family];
    // As of the last decision: the path row may have been reused since.
    const peer = table.bestSource[prefix]! as PeerId;
    if (peer === NONE || peer < FIRST_PEER) return null;
    const attrs = table.bestAttrs[prefix]! as AttrSetId;
    this.#route.show(family, table, prefix, 'bgp', this.#rib.sources.get(peer).origin.peer);
    if (this.#policy.evaluate(this.#route.withAttributes(attrs)).action === 'reject') return null;
    const address = this.#rib.nextHops.address(this.#rib.attrSets.nextHop[attrs]! as NextHopId);
    return address === null ? null : this.#intentOf(address, peer);
  }

  #intentOf(address: IpAddress, peer: PeerId): FibIntent {
    if (address.family === 'ipv6' && isLinkLocal(address)) {
      return { nextHops: [{ address, interface: this.#interfaceOf(peer) }] };
    }
    let intent = this.#intents.get(address);
    if (intent === undefined) {
      intent = { nextHops: [{ address, interface: null }] };
      this.#intents.set(address, intent);
    }
    return intent;
  }
}
