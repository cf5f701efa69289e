// Keeps learned routes from taking over what the host reaches by itself. Remembers what it refused, and lets it through
// when the reason is gone. Routes of the host's own making are not its business.

import { FAMILY_INDEXES, familyOfAddress } from '../../base/family.js';
import { formatPrefix, hostPrefix, maxLength, type Prefix, prefixContains } from '../../base/prefix.js';
import type { FibIntent, GuardSettings, Refusal } from '../types.js';
import { type HostFacts, HostSet, NO_FACTS } from './host-facts.js';

/** Why a learned route is refused, in the words that the operator sees. */
export const REFUSALS = {
  default: 'the host has a default route of its own',
  wide: "so wide that it takes over the host's own default route",
  subnet: 'inside a subnet of an interface',
  gateway: 'the gateway of a route of the host',
  address: 'an address of the host',
  peer: 'the address of a peer, which the host reaches by a route of its own',
  service: 'service addresses are handled on this host',
} as const;

export type RefusalKind = keyof typeof REFUSALS;

/** By family: shorter prefixes are a default route in pieces (0.0.0.0/1, 2000::/3). */
const WIDE = [8, 16] as const;
const LISTED = 100;

interface Refused extends Refusal {
  readonly intent: FibIntent;
}

export interface GuardTarget {
  /** Both: true when next hops may depend on the route. */
  install(prefix: Prefix, intent: FibIntent): boolean;
  uninstall(prefix: Prefix): boolean;
  /** Learned routes inside `outer` of at most `longest` bits. */
  wantedInside(
    outer: Prefix,
    longest: number,
  ): readonly { readonly prefix: Prefix; readonly intent: FibIntent }[];
  /** By a route that is not ours. */
  reaches(address: Prefix['address']): boolean;
}

export class HostGuard {
  readonly #target: GuardTarget;
  readonly #refused = new Map<string, Refused>();
  /** Times each kind was met. */
  readonly counts: Record<string, number> = {};
  #settings: GuardSettings | null = null;
  #peers = new HostSet();
  #facts: HostFacts = NO_FACTS;
  #news: Refusal[] = [];

  constructor(target: GuardTarget) {
    this.#target = target;
  }

  get active(): boolean {
    return this.#settings !== null;
  }

  get size(): number {
    return this.#refused.size;
  }

  /** What is judged anew follows with `setFacts`. */
  configure(settings: GuardSettings | null): void {
    this.#settings = settings;
    this.#peers = new HostSet();
    for (const peer of settings?.peers ?? []) this.#peers.add(peer, 'peer');
    this.#facts = NO_FACTS;
  }

  /** True when next hops may depend on the route. */
  install(prefix: Prefix, intent: FibIntent): boolean {
    const kind = this.#settings === null || intent.kind === 'blackhole' ? null : this.#judge(prefix);
    if (kind !== null) return this.#refuse(prefix, intent, kind);
    if (this.#refused.size > 0) this.#refused.delete(formatPrefix(prefix));
    return this.#target.install(prefix, intent);
  }

  /** True when next hops may depend on the route. */
  uninstall(prefix: Prefix): boolean {
    if (this.#refused.size > 0) this.#refused.delete(formatPrefix(prefix));
    return this.#target.uninstall(prefix);
  }

  /** The host's own reachability is another: both what was refused and what was not is judged by it. */
  setFacts(facts: HostFacts): void {
    const before = this.#facts;
    this.#facts = facts;
    for (const { prefix, intent } of [...this.#refused.values()]) this.install(prefix, intent);
    if (this.#settings === null) return;
    for (const outer of newlyKept(before, facts)) this.#judgeInside(outer, maxLength(outer.address.family));
    for (const family of FAMILY_INDEXES)
      if (facts.hasDefault[family] && !before.hasDefault[family])
        this.#judgeInside(EVERYTHING[family], WIDE[family] - 1);
    const named = [...this.#settings.services, ...this.#settings.peers.map(hostPrefix)];
    for (const outer of named) this.#judgeInside(outer, maxLength(outer.address.family));
  }

  refusal(prefix: Prefix): string | null {
    return this.#refused.get(formatPrefix(prefix))?.reason ?? null;
  }

  refusals(): readonly Refusal[] {
    return [...this.#refused.values()].slice(0, LISTED).map(({ prefix, reason }) => ({ prefix, reason }));
  }

  get hasNews(): boolean {
    return this.#news.length > 0;
  }

  /** What was refused since the last call. */
  takeNews(): readonly Refusal[] {
    return this.#news.splice(0);
  }

  #judgeInside(outer: Prefix, longest: number): void {
    for (const { prefix, intent } of this.#target.wantedInside(outer, longest)) {
      const kind = this.#judge(prefix);
      if (kind !== null) this.#refuse(prefix, intent, kind);
    }
  }

  #refuse(prefix: Prefix, intent: FibIntent, kind: RefusalKind): boolean {
    const key = formatPrefix(prefix);
    const reason = REFUSALS[kind];
    const before = this.#refused.get(key);
    this.#refused.set(key, { prefix, intent, reason });
    const matters = this.#target.uninstall(prefix);
    if (before?.reason === reason) return matters;
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    if (this.#news.length < LISTED) this.#news.push({ prefix, reason });
    return matters;
  }

  #judge(prefix: Prefix): RefusalKind | null {
    const kind = this.#kindOf(prefix);
    return kind !== null && this.#isAllowed(prefix) ? null : kind;
  }

  #kindOf(prefix: Prefix): RefusalKind | null {
    const family = familyOfAddress(prefix.address.family);
    const { hasDefault, subnets, hosts } = this.#facts;
    if (prefix.length < WIDE[family] && hasDefault[family]) return prefix.length === 0 ? 'default' : 'wide';
    if (prefix.length === maxLength(prefix.address.family)) {
      const host = hosts.kindOf(prefix.address) ?? (this.#isPeer(prefix) ? 'peer' : null);
      if (host !== null) return host;
    }
    const { pools, services } = this.#settings!;
    if (isInside(prefix, services)) return 'service';
    return isInside(prefix, subnets[family]) && !isInside(prefix, pools) ? 'subnet' : null;
  }

  #isPeer({ address }: Prefix): boolean {
    return this.#peers.kindOf(address) !== null && this.#target.reaches(address);
  }

  #isAllowed(inner: Prefix): boolean {
    return this.#settings!.allow.some(
      ({ prefix, ge, le }) => inner.length >= ge && inner.length <= le && prefixContains(prefix, inner),
    );
  }
}

const EVERYTHING: readonly [Prefix, Prefix] = [
  { address: { family: 'ipv4', word: 0 }, length: 0 },
  { address: { family: 'ipv6', words: [0, 0, 0, 0] }, length: 0 },
];

const isInside = (prefix: Prefix, outers: readonly Prefix[]): boolean => {
  for (const outer of outers) if (prefixContains(outer, prefix)) return true;
  return false;
};

/** Subnets and addresses that were not kept before. */
function* newlyKept(before: HostFacts, after: HostFacts): Generator<Prefix> {
  for (const family of FAMILY_INDEXES) {
    const known = new Set(before.subnets[family].map(formatPrefix));
    for (const subnet of after.subnets[family]) if (!known.has(formatPrefix(subnet))) yield subnet;
  }
  for (const address of after.hosts.addresses())
    if (before.hosts.kindOf(address) === null) yield hostPrefix(address);
}
