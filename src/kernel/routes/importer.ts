// Which kernel routes are workloads (config `kernel.import`): pure rules over routes and link names. Remembers what it
// told, so that only differences leave. Never touches the kernel.

import type { FamilyIndex } from '../../base/family.js';
import { maxLength, type Prefix, prefixContains } from '../../base/prefix.js';
import { RTPROT } from '../rtnetlink/numbers.js';
import type { ImportRule, KernelRoute, KernelSettings, WorkloadChange } from '../types.js';
import type { TouchedPrefix } from './route-store.js';

/** A rule with its globs compiled. */
interface CompiledRule {
  readonly rule: ImportRule;
  readonly interfaces: readonly RegExp[];
  readonly ignored: readonly RegExp[];
}

/** `*` is any text, `?` any one character; the whole name must match. */
export function compileGlob(glob: string): RegExp {
  const pattern = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${pattern}$`, 's');
}

export class Importer {
  #rules: readonly CompiledRule[] = [];
  #ownProtocol = 0;
  readonly #linkName: (ifindex: number) => string;
  /** What was last told, by the route store's rows. */
  readonly #told: [(WorkloadChange | undefined)[], (WorkloadChange | undefined)[]] = [[], []];
  #count = 0;

  constructor(linkName: (ifindex: number) => string) {
    this.#linkName = linkName;
  }

  get size(): number {
    return this.#count;
  }

  /** The caller then evaluates every prefix again. */
  configure(settings: KernelSettings): void {
    this.#ownProtocol = settings.protocol;
    this.#rules = settings.import.map((rule) => ({
      rule,
      interfaces: rule.interfaces.map(compileGlob),
      ignored: (rule.ignoreInterfaces ?? []).map(compileGlob),
    }));
  }

  /** What to tell about one prefix, null when nothing changed. */
  evaluate(touched: TouchedPrefix): WorkloadChange | null {
    const told = this.#told[touched.family][touched.row];
    const route = this.#best(touched.routes, told);
    if (route === null) return told === undefined ? null : this.#withdraw(touched, told);
    const change = this.#describe(touched.prefix, route);
    if (told !== undefined && sameWorkload(told, change)) return null;
    if (told === undefined) this.#count++;
    this.#told[touched.family][touched.row] = change;
    return change;
  }

  /** What it would tell of a prefix with these routes that it has never told of; null: nothing. */
  chosen(routes: readonly KernelRoute[]): WorkloadChange | null {
    const route = this.#best(routes, undefined);
    return route === null ? null : this.#describe(route.prefix, route);
  }

  *workloads(): Generator<WorkloadChange> {
    for (const family of this.#told) for (const told of family) if (told !== undefined) yield told;
  }

  #withdraw({ family, row }: { family: FamilyIndex; row: number }, told: WorkloadChange): WorkloadChange {
    this.#told[family][row] = undefined;
    this.#count--;
    return { ...told, present: false };
  }

  /** The lowest metric wins; between equals the one already told, so that a second route changes nothing. */
  #best(routes: readonly KernelRoute[], told: WorkloadChange | undefined): KernelRoute | null {
    let best: KernelRoute | null = null;
    for (const route of routes) {
      if (!this.#accepts(route)) continue;
      const better = best === null || route.metric < best.metric;
      const settled =
        best !== null && route.metric === best.metric && this.#nameOf(route) === told?.interface;
      if (better || settled) best = route;
    }
    return best;
  }

  #describe(prefix: Prefix, route: KernelRoute): WorkloadChange {
    const { metric, protocol } = route;
    return { prefix, present: true, interface: this.#nameOf(route), metric, protocol };
  }

  #nameOf(route: KernelRoute): string {
    return this.#linkName(route.nextHops[0]?.ifindex ?? 0);
  }

  #accepts(route: KernelRoute): boolean {
    if (route.type !== 'unicast') return false;
    if (route.protocol === RTPROT.kernel || route.protocol === this.#ownProtocol) return false;
    return this.#rules.some((rule) => this.#matches(rule, route));
  }

  #matches({ rule, interfaces, ignored }: CompiledRule, route: KernelRoute): boolean {
    const { prefix } = route;
    if (route.table !== rule.table) return false;
    if (!rule.anyLength && prefix.length !== maxLength(prefix.address.family)) return false;
    if (rule.protocols.length > 0 && !rule.protocols.includes(route.protocol)) return false;
    if (rule.prefixes.length > 0 && !rule.prefixes.some((outer) => prefixContains(outer, prefix)))
      return false;
    if (interfaces.length === 0 && ignored.length === 0) return true;
    return route.nextHops.some(({ ifindex }) => {
      const name = this.#linkName(ifindex);
      if (ignored.some((glob) => glob.test(name))) return false;
      return interfaces.length === 0 || interfaces.some((glob) => glob.test(name));
    });
  }
}

const sameWorkload = (a: WorkloadChange, b: WorkloadChange): boolean =>
  a.interface === b.interface && a.metric === b.metric && a.protocol === b.protocol;
