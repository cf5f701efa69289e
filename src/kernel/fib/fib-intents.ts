// Distinct FIB intents: many prefixes share the same BGP next hops, so what they resolve to is worked out once per
// intent. Counts the prefixes that use each; forgets an intent with its last one.

import { formatIp } from '../../base/ip.js';
import type { NextHops, TrackedHop } from '../next-hops/next-hops.js';
import type { FibIntent, FibNextHop } from '../types.js';
import { type NextHopSets, NO_SET } from './next-hop-sets.js';

export interface IntentGroup {
  readonly id: number;
  readonly key: string;
  /** Routes of IPv6 prefixes cannot have an IPv4 gateway. */
  readonly ipv6: boolean;
  readonly nextHops: readonly FibNextHop[];
  readonly hops: readonly TrackedHop[];
  /** Id of the next-hop set it resolves to, NO_SET while unresolved. */
  set: number;
  /** Prefixes that want it; 0 once it is forgotten. */
  users: number;
}

export class IntentGroups {
  readonly #nextHops: NextHops;
  readonly #sets: NextHopSets;
  readonly #byKey = new Map<string, IntentGroup>();
  readonly #byHop = new Map<TrackedHop, Set<IntentGroup>>();
  readonly #groups: (IntentGroup | undefined)[] = [];
  readonly #free: number[] = [];
  /** Callers hand in the same object again and again: by family. */
  readonly #seen = [new WeakMap<FibIntent, IntentGroup>(), new WeakMap<FibIntent, IntentGroup>()] as const;

  constructor(nextHops: NextHops, sets: NextHopSets) {
    this.#nextHops = nextHops;
    this.#sets = sets;
  }

  get(id: number): IntentGroup | undefined {
    return this.#groups[id];
  }

  /** The group of an intent, with one more user. */
  acquire(intent: FibIntent, ipv6: boolean): IntentGroup {
    const memo = this.#seen[ipv6 ? 1 : 0];
    let group = memo.get(intent);
    if (group === undefined || group.users === 0) {
      group = this.#intern(intent, ipv6);
      memo.set(intent, group);
    }
    group.users++;
    return group;
  }

  release(id: number): void {
    const group = this.#groups[id];
    if (group === undefined || --group.users > 0) return;
    this.#groups[id] = undefined;
    this.#byKey.delete(group.key);
    this.#free.push(id);
    for (const hop of group.hops) this.#unlink(hop, group);
  }

  /** Ids of the groups that resolve otherwise now that these hops changed. */
  refresh(changed: readonly TrackedHop[]): ReadonlySet<number> {
    const affected = new Set<number>();
    for (const hop of changed) {
      for (const group of this.#byHop.get(hop) ?? []) {
        const set = this.#resolve(group.hops, group.ipv6);
        if (set === group.set) continue;
        group.set = set;
        affected.add(group.id);
      }
    }
    return affected;
  }

  /** Prefixes whose next hops are all unreachable. */
  get unresolvedCount(): number {
    let count = 0;
    for (const group of this.#groups) if (group?.set === NO_SET) count += group.users;
    return count;
  }

  /** Adds every set that a group resolves to. */
  collectSets(into: Set<number>): void {
    for (const group of this.#groups) if (group !== undefined) into.add(group.set);
  }

  #intern(intent: FibIntent, ipv6: boolean): IntentGroup {
    const key = keyOf(intent, ipv6);
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const hops = intent.nextHops.map((hop) => this.#nextHops.use(hop));
    const id = this.#free.pop() ?? this.#groups.length;
    const set = this.#resolve(hops, ipv6);
    const group: IntentGroup = { id, key, ipv6, nextHops: intent.nextHops, hops, set, users: 0 };
    this.#groups[id] = group;
    this.#byKey.set(key, group);
    for (const hop of hops) this.#link(hop, group);
    return group;
  }

  /** The hops that can be reached; an unreachable one among several only narrows the ECMP set. */
  #resolve(hops: readonly TrackedHop[], ipv6: boolean): number {
    const all = hops.flatMap((hop) => hop.hops ?? []);
    const usable = ipv6 ? all.filter((hop) => hop.gateway?.family !== 'ipv4') : all;
    return usable.length === 0 ? NO_SET : this.#sets.intern(usable);
  }

  #link(hop: TrackedHop, group: IntentGroup): void {
    const groups = this.#byHop.get(hop);
    if (groups === undefined) this.#byHop.set(hop, new Set([group]));
    else groups.add(group);
  }

  #unlink(hop: TrackedHop, group: IntentGroup): void {
    const groups = this.#byHop.get(hop);
    groups?.delete(group);
    if (groups?.size === 0) this.#byHop.delete(hop);
    this.#nextHops.unuse(hop);
  }
}

const keyOf = (intent: FibIntent, ipv6: boolean): string =>
  `${ipv6 ? 6 : 4} ${intent.nextHops.map((hop) => `${formatIp(hop.address)}%${hop.interface ?? ''}`).join(' ')}`;
