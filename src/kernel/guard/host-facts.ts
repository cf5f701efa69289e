// What the host reaches by itself, and so must keep: its default routes, the subnets of its interfaces, its addresses, the
// gateways of its routes. Worked out anew when something of it may have changed; judges nothing.

import { type FamilyIndex, familyOfAddress } from '../../base/family.js';
import { type IpAddress, isLinkLocal } from '../../base/ip.js';
import { formatPrefix, makePrefix, type Prefix } from '../../base/prefix.js';
import { isSubnet, type Links } from '../next-hops/links.js';
import type { RouteStore, TouchedPrefix } from '../routes/route-store.js';

export type KeptHost = 'gateway' | 'address' | 'peer';

export interface HostFacts {
  /** By family: the host has a default route of its own. */
  readonly hasDefault: readonly [boolean, boolean];
  /** By family. */
  readonly subnets: readonly [readonly Prefix[], readonly Prefix[]];
  readonly hosts: HostSet;
}

/** Addresses that cost little to miss: millions of routes are none of them. */
export class HostSet {
  readonly #byLastWord = new Map<number, { readonly address: IpAddress; readonly kind: KeptHost }[]>();

  add(address: IpAddress, kind: KeptHost): void {
    if (this.kindOf(address) !== null) return;
    const word = lastWord(address);
    this.#byLastWord.set(word, [...(this.#byLastWord.get(word) ?? []), { address, kind }]);
  }

  kindOf(address: IpAddress): KeptHost | null {
    const near = this.#byLastWord.get(lastWord(address));
    return near?.find((each) => same(each.address, address))?.kind ?? null;
  }

  *addresses(): Generator<IpAddress> {
    for (const near of this.#byLastWord.values()) for (const { address } of near) yield address;
  }
}

const lastWord = (address: IpAddress): number =>
  address.family === 'ipv4' ? address.word : address.words[3];

function same(a: IpAddress, b: IpAddress): boolean {
  if (a.family === 'ipv4' || b.family === 'ipv4') return a.family === b.family && lastWord(a) === lastWord(b);
  return a.words.every((word, i) => word === b.words[i]);
}

export const NO_FACTS: HostFacts = {
  hasDefault: [false, false],
  subnets: [[], []],
  hosts: new HostSet(),
};

/** Tells whether facts may have changed, without keeping a second copy of the routes. */
export class FactWatch {
  /** Prefixes whose routes have gateways. */
  readonly #gatewayed = new Set<string>();
  stale = true;

  /** Workload routes have no gateway, so they pass by. */
  touch({ prefix, routes }: TouchedPrefix): void {
    const counts =
      prefix.length === 0 || routes.some((route) => route.nextHops.some((hop) => hop.gateway !== null));
    if (!counts && this.#gatewayed.size === 0) return;
    const key = formatPrefix(prefix);
    if (counts) this.#gatewayed.add(key);
    else if (!this.#gatewayed.delete(key)) return;
    this.stale = true;
  }
}

export function readFacts(store: RouteStore, links: Links, table: number): HostFacts {
  const hasDefault: [boolean, boolean] = [false, false];
  const subnets: [Prefix[], Prefix[]] = [[], []];
  const hosts = new HostSet();
  for (const own of links.addresses) {
    const family: FamilyIndex = familyOfAddress(own.address.family);
    if (!isLinkLocal(own.address)) hosts.add(own.address, 'address');
    if (isSubnet(own)) subnets[family].push(makePrefix(own.address, own.length));
  }
  for (const route of store.routes()) {
    if (route.table !== table || route.type !== 'unicast') continue;
    if (route.prefix.length === 0) hasDefault[familyOfAddress(route.prefix.address.family)] = true;
    for (const { gateway } of route.nextHops) if (gateway !== null) hosts.add(gateway, 'gateway');
  }
  return { hasDefault, subnets, hosts };
}
