// Distinct FIB intents: many prefixes share the same BGP next hops, so what they resolve to is worked out once per
// intent. Counts the prefixes that use each; forgets an intent with its last one.

import type { NextHops } from '../next-hops/next-hops.js';
import { nextHopKey, type TrackedHop } from '../next-hops/tracked-hop.js';
import type { FibIntent, FibNextHop, KernelNextHop } from '../types.js';
import type { GroupObject } from './group-object.js';
import { type NextHopSets, NO_SET } from './next-hop-sets.js';

export interface IntentGroup {
  readonly id: number;
  readonly key: string;
  /** Routes of IPv6 prefixes cannot have an IPv4 gateway. */
  readonly ipv6: boolean;
  readonly kind: 'route' | 'blackhole';
  readonly nextHops: readonly FibNextHop[];
  readonly hops: readonly TrackedHop[];
  /** Id of the next-hop set it resolves to, NO_SET while unresolved. */
  set: number;
  /** RTA_PRIORITY, null for that of the settings. */
  readonly metric: number | null;
  readonly sticky: string | null;
  /** The nexthop object that follows it, null while it has none. */
  object: GroupObject | null;
  /** The kernel refused its set as an object: routes carry the hops themselves until the set changes. */
  plain: boolean;
  /** It has no way since a moment ago, and another one may be on its way: routes that are there stay. */
  waits: boolean;
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
  readonly #waiting = new Set<IntentGroup>();
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

  /** One user less; returns the group when it was the last. */
  release(id: number): IntentGroup | null {
    const group = this.#groups[id];
    if (group === undefined || --group.users > 0) return null;
    this.#groups[id] = undefined;
    this.#byKey.delete(group.key);
    this.#free.push(id);
    for (const hop of group.hops) this.#unlink(hop, group);
    return group;
  }

  /** An intent that resolves to the set, has no nexthop object and `suits` it. */
  withoutObject(set: number, ipv6: boolean, suits: (group: IntentGroup) => boolean): IntentGroup | null {
    if (set === NO_SET) return null;
    for (const group of this.#groups)
      if (group?.set === set && group.ipv6 === ipv6 && group.object === null && suits(group)) return group;
    return null;
  }

  /** The groups that resolve otherwise now that these hops changed. */
  refresh(changed: readonly TrackedHop[]): ReadonlySet<IntentGroup> {
    const affected = new Set<IntentGroup>();
    for (const hop of changed) {
      for (const group of this.#byHop.get(hop) ?? []) {
        const set = this.#resolve(group, group.hops, group.ipv6);
        if (set === group.set) continue;
        group.set = set;
        group.plain = false;
        if (set === NO_SET) this.#wait(group);
        affected.add(group);
      }
    }
    return affected;
  }

  /** Something waits (`IntentGroup.waits`). */
  get someWait(): boolean {
    return this.#waiting.size > 0;
  }

  /** Ends the wait of all but those that `goesOn` names; returns those that still have no way. */
  endWaits(goesOn: (group: IntentGroup) => boolean): ReadonlySet<IntentGroup> {
    const lost = new Set<IntentGroup>();
    for (const group of this.#waiting) {
      const open = group.users > 0 && group.set === NO_SET;
      if (open && goesOn(group)) continue;
      this.#waiting.delete(group);
      group.waits = false;
      if (open) lost.add(group);
    }
    return lost;
  }

  #wait(group: IntentGroup): void {
    group.waits = true;
    this.#waiting.add(group);
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
    const { nextHops, kind = 'route' } = intent;
    const set = this.#resolve(intent, hops, ipv6);
    const metric = intent.metric ?? null;
    const group: IntentGroup = {
      id,
      key,
      ipv6,
      kind,
      nextHops,
      hops,
      set,
      metric,
      sticky: intent.sticky ?? null,
      object: null,
      // A blackhole has no hops that an object could stand for.
      plain: kind === 'blackhole',
      waits: false,
      users: 0,
    };
    if (set === NO_SET) this.#wait(group);
    this.#groups[id] = group;
    this.#byKey.set(key, group);
    for (const hop of hops) this.#link(hop, group);
    return group;
  }

  /** The hops that can be reached, each with its share; suspects only while there is nobody else. */
  #resolve(
    { kind, nextHops }: Pick<FibIntent, 'kind' | 'nextHops'>,
    hops: readonly TrackedHop[],
    ipv6: boolean,
  ): number {
    if (kind === 'blackhole') return this.#sets.intern([], 'blackhole');
    const trusted = hops.some((hop) => hop.suspect) ? this.#shares(nextHops, hops, ipv6, true) : [];
    const usable = trusted.length > 0 ? trusted : this.#shares(nextHops, hops, ipv6, false);
    return usable.length === 0 ? NO_SET : this.#sets.intern(usable);
  }

  #shares(
    nextHops: readonly FibNextHop[],
    hops: readonly TrackedHop[],
    ipv6: boolean,
    trustedOnly: boolean,
  ): readonly KernelNextHop[] {
    const found: KernelNextHop[] = [];
    for (const [i, tracked] of hops.entries()) {
      if (trustedOnly && tracked.suspect) continue;
      const usable = (tracked.hops ?? []).filter((hop) => !ipv6 || hop.gateway?.family !== 'ipv4');
      const whole = usable.reduce((sum, { weight }) => sum + weight, 0);
      const share = nextHops[i]?.weight ?? 1;
      for (const hop of usable) found.push({ ...hop, weight: (share * hop.weight) / whole });
    }
    return found.length === 1 ? [{ ...found[0]!, weight: 1 }] : wholeWeights(found);
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

/** What the kernel takes: rtnh_hops is one octet. */
const LARGEST_WEIGHT = 255;
const EXACT = 5040;

/** Shares in any ratio -> the smallest whole numbers with (about) that ratio. */
function wholeWeights(hops: readonly KernelNextHop[]): readonly KernelNextHop[] {
  if (hops.every(({ weight }) => weight === 1)) return hops;
  const scaled = hops.map(({ weight }) => Math.max(1, Math.round(weight * EXACT)));
  const divisor = scaled.reduce(greatestCommonDivisor, 0);
  const largest = Math.max(...scaled) / divisor;
  const factor = largest > LARGEST_WEIGHT ? LARGEST_WEIGHT / largest : 1;
  return hops.map((hop, i) => ({ ...hop, weight: Math.max(1, Math.round((scaled[i]! / divisor) * factor)) }));
}

const greatestCommonDivisor = (a: number, b: number): number =>
  b === 0 ? a : greatestCommonDivisor(b, a % b);

const keyOf = ({ nextHops, kind = 'route', metric, sticky = '' }: FibIntent, ipv6: boolean): string =>
  `${ipv6 ? 6 : 4} ${kind} ${metric ?? ''} ${sticky} ${nextHops.map(hopKey).join(' ')}`;

const hopKey = (hop: FibNextHop): string => `${nextHopKey(hop)}*${hop.weight ?? 1}`;
