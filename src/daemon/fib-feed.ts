// From the Loc-RIB to the kernel: which best paths are ours to install, and their next hops. Derives everything from the
// RIB; remembers only which prefixes it has asked the kernel for.

import { Bitset } from '../base/bitset.js';
import { type FamilyIndex, familyOfAddress } from '../base/family.js';
import { type AttrSetId, FIRST_PEER, KERNEL_SOURCE, NONE, type PeerId, type PrefixId } from '../base/ids.js';
import { type IpAddress, isLinkLocal } from '../base/ip.js';
import type { Prefix } from '../base/prefix.js';
import type { Config } from '../config/types.js';
import type { FibIntent, Kernel } from '../kernel/types.js';
import type { Rib } from '../rib/core.js';
import type { CompiledPolicy } from '../rib/hooks.js';
import type { MultipathSet } from '../rib/multipath/multipath-sets.js';
import type { NextHopId } from '../rib/next-hops.js';
import { RouteCursor } from '../rib/route-cursor.js';
import { findPrefix, prefixOf } from '../rib/views.js';
import { decodeBlock } from '../wire/block.js';
import { FibPaths } from './fib-paths.js';

/** The interface that a peer's link-local next hops are on, null when it has none. */
export type InterfaceOfPeer = (peer: PeerId) => string | null;

export interface FibFeedOptions {
  readonly policy: CompiledPolicy;
  readonly config: Config;
  readonly interfaceOf: InterfaceOfPeer;
  /** Of a prefix that the configuration originates. */
  readonly isBlackhole: (prefix: Prefix) => boolean;
}

const BLACKHOLE: FibIntent = { kind: 'blackhole', nextHops: [] };

export class FibFeed {
  readonly #rib: Rib;
  readonly #kernel: Kernel;
  readonly #interfaceOf: InterfaceOfPeer;
  readonly #route: RouteCursor;
  readonly #wanted = [new Bitset(), new Bitset()] as const;
  /** By the next hop's address, which is one object as long as it is in use: thousands of routes share an intent. */
  readonly #intents = new WeakMap<IpAddress, FibIntent>();
  /** The same of multipath sets. */
  readonly #multipathIntents = new WeakMap<MultipathSet, FibIntent>();
  readonly #isBlackhole: (prefix: Prefix) => boolean;
  #policy: CompiledPolicy;
  #paths: FibPaths;

  constructor(rib: Rib, kernel: Kernel, { policy, config, interfaceOf, isBlackhole }: FibFeedOptions) {
    this.#rib = rib;
    this.#kernel = kernel;
    this.#policy = policy;
    this.#paths = new FibPaths(config);
    this.#interfaceOf = interfaceOf;
    this.#isBlackhole = isBlackhole;
    this.#route = new RouteCursor(rib.attrSets);
  }

  /** Another install policy, other pools: everything is looked at again. `originated` is in any case. */
  configure(config: Config, policy: CompiledPolicy, originated: readonly Prefix[]): void {
    const paths = new FibPaths(config);
    const same = policy.key === this.#policy.key && paths.equals(this.#paths);
    this.#policy = policy;
    if (!same) this.#paths = paths;
    if (same) this.#updateEach(originated);
    else this.#updateAll();
  }

  #updateEach(prefixes: readonly Prefix[]): void {
    for (const prefix of prefixes) {
      const id = findPrefix(this.#rib, prefix);
      if (id !== NONE) this.update(familyOfAddress(prefix.address.family), id as PrefixId);
    }
  }

  #updateAll(): void {
    for (const family of [0, 1] as const) {
      const table = this.#rib.prefixes[family];
      for (let id = 0; id < table.rows; id++)
        if (table.isLive(id as PrefixId)) this.update(family, id as PrefixId);
    }
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
    if (peer === NONE) return null;
    if (peer < FIRST_PEER) return this.#localIntent(family, prefix, peer);
    const attrs = table.bestAttrs[prefix]! as AttrSetId;
    this.#route.show(family, table, prefix, 'bgp');
    if (this.#policy.evaluate(this.#route.withAttributes(attrs)).action === 'reject') return null;
    const set = this.#rib.multipath.of(family, prefix);
    const plain = set === null ? this.#singleIntent(attrs, peer) : this.#multipathIntent(set);
    return plain === null || this.#paths.plain ? plain : this.#pathOf(family, prefix, attrs, plain);
  }

  #singleIntent(attrs: AttrSetId, peer: PeerId): FibIntent | null {
    const address = this.#rib.nextHops.address(this.#rib.attrSets.nextHop[attrs]! as NextHopId);
    return address === null ? null : this.#intentOf(address, peer);
  }

  /** Workloads are in the kernel already; of what is originated only the blackholes go there. */
  #localIntent(family: FamilyIndex, prefix: PrefixId, source: PeerId): FibIntent | null {
    if (source === KERNEL_SOURCE) return null;
    return this.#isBlackhole(prefixOf(this.#rib, family, prefix)) ? BLACKHOLE : null;
  }

  #pathOf(family: FamilyIndex, prefix: PrefixId, attrs: AttrSetId, plain: FibIntent): FibIntent | null {
    const { attrSets } = this.#rib;
    const route = {
      prefix: prefixOf(this.#rib, family, prefix),
      localPref: attrSets.localPref(attrs),
      attributes: () => decodeBlock(attrSets.block(attrs)),
    };
    return this.#paths.intent(route, plain);
  }

  /** Whether a prefix is installed is a question of its best path; the others of the set come with it. */
  #multipathIntent(set: MultipathSet): FibIntent {
    const known = this.#multipathIntents.get(set);
    if (known !== undefined) return known;
    const nextHops = set.members.map(({ address, peer, weight }) => ({
      address,
      interface: peer === null ? null : this.#interfaceOf(peer),
      weight,
    }));
    const intent = { nextHops };
    // The interface of a peer is that of its session.
    if (set.members.every(({ peer }) => peer === null)) this.#multipathIntents.set(set, intent);
    return intent;
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
