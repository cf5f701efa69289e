// What would become of our routes in the kernel: what is asked for now against what would be asked for then. Asks the same
// code as the running feed; the kernel hears nothing.

import type { KernelPreview } from '../../api/model/preview-types.js';
import type { FamilyIndex } from '../../base/family.js';
import { NONE, type PrefixId } from '../../base/ids.js';
import { formatIp, ipEquals } from '../../base/ip.js';
import { formatPrefix, hostPrefix, type Prefix } from '../../base/prefix.js';
import type { Config } from '../../config/types.js';
import type { FibIntent, FibNextHop, KernelSettings } from '../../kernel/types.js';
import type { Rib } from '../../rib/core.js';
import type { Witness } from '../../rib/what-if/what-if.js';
import { FibFeed, type FibFeedOptions, type FibSink } from '../routes/fib-feed.js';
import { usualMetric } from '../routes/local-attributes.js';
import { tunnelKey } from '../routes/overlay.js';

export interface FibPreviewOptions extends FibFeedOptions {
  readonly running: FibFeed;
  readonly before: Config;
  /** Of the two configurations. */
  readonly settings: readonly [KernelSettings, KernelSettings];
  /** Prefixes to name, of each kind. */
  readonly limit: number;
}

const NOWHERE: FibSink = { install: () => {}, uninstall: () => {} };

const KINDS = ['installed', 'removed', 'changed'] as const;
type Kind = (typeof KINDS)[number];

export class FibPreview implements Witness {
  readonly #options: FibPreviewOptions;
  readonly #gateways: readonly [ReadonlyMap<string, string>, ReadonlyMap<string, string>];
  /** What is in every route of ours is another. */
  readonly #rewritten: boolean;
  readonly #counts: Record<Kind, number> = { installed: 0, removed: 0, changed: 0 };
  readonly #prefixes: Record<Kind, string[]> = { installed: [], removed: [], changed: [] };
  #feed: FibFeed | null = null;

  constructor(options: FibPreviewOptions) {
    this.#options = options;
    this.#gateways = [gatewaysOf(options.before), gatewaysOf(options.config)];
    const [then, later] = options.settings.map(common);
    this.#rewritten = then !== later;
    this.#compareGateways();
  }

  begins(then: Rib): void {
    this.#feed = new FibFeed(then, NOWHERE, this.#options);
  }

  prefix(
    family: FamilyIndex,
    prefix: Prefix,
    now: PrefixId | typeof NONE,
    then: PrefixId | typeof NONE,
  ): void {
    const { running } = this.#options;
    const before = now !== NONE && running.wants(family, now) ? running.intentOf(family, now) : null;
    const after = then === NONE || this.#feed === null ? null : this.#feed.intentOf(family, then);
    if (before === null && after === null) return;
    const text = formatPrefix(prefix);
    this.#record(
      family,
      text,
      this.#gateways[0].has(text) ? null : before,
      this.#gateways[1].has(text) ? null : after,
    );
  }

  report(): KernelPreview {
    return { ...this.#counts, prefixes: this.#prefixes };
  }

  #record(family: FamilyIndex, prefix: string, before: FibIntent | null, after: FibIntent | null): void {
    if (before === null && after === null) return;
    if (before === null) this.#count('installed', prefix);
    else if (after === null) this.#count('removed', prefix);
    else if (this.#rewritten || !this.#isSame(family, before, after)) this.#count('changed', prefix);
  }

  #count(kind: Kind, prefix: string): void {
    this.#counts[kind]++;
    if (this.#prefixes[kind].length < this.#options.limit) this.#prefixes[kind].push(prefix);
  }

  #isSame(family: FamilyIndex, before: FibIntent, after: FibIntent): boolean {
    const [then, later] = this.#options.settings.map(({ metric, ipv6Metric = metric }) =>
      family === 1 ? ipv6Metric : metric,
    );
    return (before.metric ?? then) === (after.metric ?? later) && samePath(before, after);
  }

  /** Host routes to peers (`via`). */
  #compareGateways(): void {
    const [before, after] = this.#gateways;
    for (const [prefix, gateway] of after) {
      const was = before.get(prefix);
      if (was === undefined) this.#count('installed', prefix);
      else if (was !== gateway) this.#count('changed', prefix);
    }
    for (const prefix of before.keys()) if (!after.has(prefix)) this.#count('removed', prefix);
  }
}

const gatewaysOf = ({ peers, kernel }: Config): ReadonlyMap<string, string> =>
  new Map(
    peers.flatMap(({ address, via }) =>
      via === null
        ? []
        : [
            [
              formatPrefix(hostPrefix(address)),
              `${formatIp(via)} ${usualMetric(kernel, hostPrefix(address))}`,
            ] as const,
          ],
    ),
  );

const common = ({ table, protocol, prefsrc }: KernelSettings): string =>
  JSON.stringify([table, protocol, (prefsrc ?? []).map(formatIp)]);

function samePath(a: FibIntent, b: FibIntent): boolean {
  if ((a.kind ?? 'route') !== (b.kind ?? 'route')) return false;
  return (
    a.nextHops.length === b.nextHops.length &&
    a.nextHops.every((hop) => b.nextHops.some((other) => sameHop(hop, other)))
  );
}

const sameHop = (a: FibNextHop, b: FibNextHop): boolean =>
  ipEquals(a.address, b.address) &&
  a.interface === b.interface &&
  (a.weight ?? 1) === (b.weight ?? 1) &&
  (a.tunnel === undefined ? '' : tunnelKey(a.tunnel)) === (b.tunnel === undefined ? '' : tunnelKey(b.tunnel));
