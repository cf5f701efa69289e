// From the Loc-RIB to the kernel: which best paths are ours to install, and their next hops. Derives everything from the
// RIB; remembers only which prefixes it has asked the kernel for.

import { Bitset } from '../../base/bitset.js';
import { type FamilyIndex, familyOfAddress } from '../../base/family.js';
import {
  type AttrSetId,
  FIRST_PEER,
  KERNEL_SOURCE,
  NONE,
  type PeerId,
  type PrefixId,
} from '../../base/ids.js';
import { type IpAddress, ipEquals, isLinkLocal } from '../../base/ip.js';
import type { Prefix } from '../../base/prefix.js';
import type { Config } from '../../config/types.js';
import type { FibIntent } from '../../kernel/types.js';
import type { Rib } from '../../rib/core.js';
import type { CompiledPolicy } from '../../rib/hooks.js';
import type { MultipathSet } from '../../rib/multipath/multipath-sets.js';
import type { NextHopId } from '../../rib/tables/next-hops.js';
import { RouteCursor } from '../../rib/tables/route-cursor.js';
import { findPrefix, prefixOf } from '../../rib/views.js';
import { LOCAL_FIELD, localNumber } from '../../wire/attributes/local-facts.js';
import { decodeBlock } from '../../wire/block.js';
import type { AttributeEdits } from '../../wire/types.js';
import { FibPaths } from './fib-paths.js';

/** Where what is wanted goes. */
export interface FibSink {
  install(prefix: Prefix, intent: FibIntent): void;
  uninstall(prefix: Prefix): void;
}

/** The interface that a peer's link-local next hops are on, null when it has none. */
export type InterfaceOfPeer = (peer: PeerId) => string | null;

export interface FibFeedOptions {
  readonly policy: CompiledPolicy;
  readonly config: Config;
  readonly interfaceOf: InterfaceOfPeer;
  /** Of a prefix that the configuration originates. */
  readonly isBlackhole: (prefix: Prefix) => boolean;
}

function lastMetric(edits: AttributeEdits | null): number | null {
  let metric: number | null = null;
  for (let step = edits; step !== null; step = step.more ?? null) metric = step.metric ?? metric;
  return metric;
}

const BLACKHOLE: FibIntent = { kind: 'blackhole', nextHops: [] };

export class FibFeed {
  readonly #rib: Rib;
  readonly #kernel: FibSink;
  readonly #interfaceOf: InterfaceOfPeer;
  readonly #route: RouteCursor;
  readonly #wanted = [new Bitset(), new Bitset()] as const;
  /** By the next hop's address, which is one object as long as it is in use: thousands of routes share an intent. */
  readonly #intents = new WeakMap<IpAddress, FibIntent>();
  /** The same of multipath sets. */
  readonly #multipathIntents = new WeakMap<MultipathSet, FibIntent>();
  /** By the intent without it: routes of one metric share an intent, too. */
  readonly #metrics = new WeakMap<FibIntent, Map<number, FibIntent>>();
  readonly #isBlackhole: (prefix: Prefix) => boolean;
  #policy: CompiledPolicy;
  /** How far the look at everything has come; null: none is under way. */
  #reviewed: { readonly family: FamilyIndex; row: number } | null = null;
  #paths: FibPaths;

  constructor(rib: Rib, kernel: FibSink, { policy, config, interfaceOf, isBlackhole }: FibFeedOptions) {
    this.#rib = rib;
    this.#kernel = kernel;
    this.#policy = policy;
    this.#paths = new FibPaths(config);
    this.#interfaceOf = interfaceOf;
    this.#isBlackhole = isBlackhole;
    this.#route = new RouteCursor(rib.attrSets, rib.validation);
  }

  /**
   * Another install policy, other pools: everything is to be looked at again, `originated` at once. True when `review`
   * has to be called.
   */
  configure(config: Config, policy: CompiledPolicy, originated: readonly Prefix[]): boolean {
    const paths = new FibPaths(config);
    const same = policy.key === this.#policy.key && paths.equals(this.#paths);
    this.#policy = policy;
    if (!same) {
      this.#paths = paths;
      this.#reviewed = { family: 0, row: 0 };
    }
    for (const prefix of originated) {
      const id = findPrefix(this.#rib, prefix);
      if (id !== NONE) this.update(familyOfAddress(prefix.address.family), id as PrefixId);
    }
    return this.#reviewed !== null;
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
    const intent = this.intentOf(family, prefix);
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
  intentOf(family: FamilyIndex, prefix: PrefixId): FibIntent | null {
    const table = this.#rib.prefixes[family];
    // As of the last decision: the path row may have been reused since.
    const peer = table.bestSource[prefix]! as PeerId;
    if (peer === NONE) return null;
    if (peer < FIRST_PEER) return this.#localIntent(family, prefix, peer);
    const attrs = table.bestAttrs[prefix]! as AttrSetId;
    this.#route.show(family, table, prefix, 'bgp', this.#rib.sources.get(peer).origin.peer);
    const verdict = this.#policy.evaluate(this.#route.withAttributes(attrs));
    if (verdict.action === 'reject') return null;
    const set = this.#rib.multipath.of(family, prefix);
    const plain = set === null ? this.#singleIntent(attrs, peer) : this.#multipathIntent(set);
    if (plain === null) return null;
    const intent = this.#paths.plain ? plain : this.#pathOf(family, prefix, attrs, plain);
    return intent === null ? null : this.#withMetric(intent, verdict.edits, attrs);
  }

  /** The metric that the install policy sets, else the one that the import policy set, where one did. */
  #withMetric(intent: FibIntent, edits: AttributeEdits | null, attrs: AttrSetId): FibIntent {
    const { attrSets } = this.#rib;
    const imported = localNumber(
      attrSets.bytes,
      attrSets.startOf(attrs),
      attrSets.endOf(attrs),
      LOCAL_FIELD.metric,
    );
    const metric = lastMetric(edits) ?? (imported < 0 ? null : imported);
    return metric === null ? intent : this.#underMetric(intent, metric);
  }

  #underMetric(intent: FibIntent, metric: number): FibIntent {
    const known = this.#metrics.get(intent) ?? new Map<number, FibIntent>();
    this.#metrics.set(intent, known);
    const same = known.get(metric) ?? { ...intent, metric };
    known.set(metric, same);
    return same;
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
      attributes: (nextHop: IpAddress) =>
        decodeBlock(attrSets.block(this.#attrsOver(family, prefix, nextHop) ?? attrs)),
    };
    return this.#paths.intent(route, plain);
  }

  /** The attributes of a usable path of the prefix with this next hop: each host names its own end of a tunnel. */
  #attrsOver(family: FamilyIndex, prefix: PrefixId, nextHop: IpAddress): AttrSetId | null {
    const { attrSets, nextHops, paths, prefixes } = this.#rib;
    const { accepted, next } = paths[family];
    for (let path = prefixes[family].head[prefix]!; path !== NONE; path = next[path]!) {
      const attrs = accepted[path]!;
      const address = attrs === NONE ? null : nextHops.address(attrSets.nextHop[attrs]! as NextHopId);
      if (address !== null && ipEquals(address, nextHop)) return attrs as AttrSetId;
    }
    return null;
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
