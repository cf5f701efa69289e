// Which originated routes have company: a more specific route, best in the RIB, from one of the sources that they ask for.
// Workloads count in `local-routes`, best or not. Never touches the RIB; costs nothing while nobody asks.

import { Bitset } from '../../base/bitset.js';
import { FAMILY_INDEXES, type FamilyIndex, familyOfAddress } from '../../base/family.js';
import {
  AGGREGATE_SOURCE,
  FIRST_PEER,
  NONE,
  type PrefixId,
  SERVICE_SOURCE,
  STATIC_SOURCE,
} from '../../base/ids.js';
import type { Ipv6Words } from '../../base/ip.js';
import { formatPrefix, maskWord, type Prefix, prefixWords } from '../../base/prefix.js';
import type { OriginateConfig } from '../../config/types.js';
import type { Rib } from '../../rib/core.js';
import type { RouteSource } from '../../rib/hooks.js';

/** One originated route that asks for more than workloads. */
interface Condition {
  readonly key: string;
  readonly family: FamilyIndex;
  readonly length: number;
  readonly words: Ipv6Words;
  /** By source id, the last for all peers. */
  readonly counts: readonly boolean[];
  /** Prefixes that contribute now. */
  readonly rows: Bitset;
}

/** -1: workloads are not counted here. */
const SOURCE_IDS: Readonly<Record<RouteSource, number>> = {
  kernel: -1,
  static: STATIC_SOURCE,
  aggregate: AGGREGATE_SOURCE,
  service: SERVICE_SOURCE,
  bgp: FIRST_PEER,
};

export class Contributors {
  readonly #rib: Pick<Rib, 'prefixes'>;
  #conditions: readonly Condition[] = [];
  #changed = new Set<string>();

  constructor(rib: Pick<Rib, 'prefixes'>) {
    this.#rib = rib;
  }

  /** What these routes ask for; the RIB is looked through for those that are new. */
  configure(originate: readonly OriginateConfig[]): void {
    const known = new Map(this.#conditions.map((condition) => [identityOf(condition), condition]));
    const fresh: Condition[] = [];
    this.#conditions = originate.flatMap((config) => {
      const condition = conditionOf(config);
      if (condition === null) return [];
      const same = known.get(identityOf(condition));
      if (same === undefined) fresh.push(condition);
      return [same ?? condition];
    });
    this.#changed.clear();
    for (const family of FAMILY_INDEXES)
      if (fresh.some((condition) => condition.family === family)) this.#lookThrough(family, fresh);
  }

  /** The best path of a prefix may be another. */
  bestChanged(family: FamilyIndex, id: PrefixId): void {
    for (const condition of this.#conditions) {
      if (condition.family === family && this.#note(condition, id)) this.#changed.add(condition.key);
    }
  }

  has(prefix: Prefix): boolean {
    const key = formatPrefix(prefix);
    return this.#conditions.some((condition) => condition.key === key && condition.rows.size > 0);
  }

  /** Prefixes as text whose company came or went since the last call. */
  takeChanged(): ReadonlySet<string> {
    if (this.#changed.size === 0) return NOTHING;
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  #lookThrough(family: FamilyIndex, conditions: readonly Condition[]): void {
    const table = this.#rib.prefixes[family];
    for (let row = 0; row < table.rows; row++) {
      const id = row as PrefixId;
      if (!table.isLive(id)) continue;
      for (const condition of conditions) if (condition.family === family) this.#note(condition, id);
    }
  }

  /** True when it is the first or was the last. */
  #note({ rows, counts, family, length, words }: Condition, id: PrefixId): boolean {
    const table = this.#rib.prefixes[family];
    const source = table.bestSource[id]!;
    const [w0, w1, w2, w3] = words;
    const inside =
      table.length[id]! > length &&
      (table.w0[id]! & maskWord(length)) >>> 0 === w0 &&
      (family === 0 ||
        ((table.w1[id]! & maskWord(length - 32)) >>> 0 === w1 &&
          (table.w2[id]! & maskWord(length - 64)) >>> 0 === w2 &&
          (table.w3[id]! & maskWord(length - 96)) >>> 0 === w3));
    if (inside && source !== NONE && counts[Math.min(source, FIRST_PEER)] === true)
      return rows.add(id) && rows.size === 1;
    return rows.delete(id) && rows.size === 0;
  }
}

const NOTHING: ReadonlySet<string> = new Set();

function conditionOf({ prefix, requireContributor }: OriginateConfig): Condition | null {
  const ids = requireContributor.map((source) => SOURCE_IDS[source]).filter((id) => id >= 0);
  if (ids.length === 0) return null;
  return {
    key: formatPrefix(prefix),
    family: familyOfAddress(prefix.address.family),
    length: prefix.length,
    words: prefixWords(prefix),
    counts: Array.from({ length: FIRST_PEER + 1 }, (_, id) => ids.includes(id)),
    rows: new Bitset(),
  };
}

const identityOf = ({ key, counts }: Condition): string => `${key} ${counts.join()}`;
