// Watches how many prefixes a peer has told against its `maxPrefix`: warns at the threshold and at the limit, once each, and
// says when the session has to end. The RIB keeps the limit itself; this tells what it did.

import { FAMILY_NAMES, type FamilyIndex, type FamilyName, familyIndex } from '../../base/family.js';
import type { MaxPrefixConfig, PeerConfig } from '../../config/types.js';
import type { Source } from '../../rib/tables/sources.js';

export type PrefixLevel = 'below' | 'near' | 'over';

export interface PrefixLimitNews {
  readonly family: FamilyName;
  readonly level: PrefixLevel;
  readonly received: number;
  readonly config: MaxPrefixConfig;
  /** It was over the limit before. */
  readonly left: boolean;
}

/** Share of a threshold below which its alarm ends, so that one at its edge does not come and go. */
const RELIEF = 0.95;

/** By family index, what the RIB may hold: where only words are wanted it may hold all. */
export const mostPaths = (maxPrefix: PeerConfig['maxPrefix']): readonly [number, number] => {
  const of = (family: FamilyName): number => {
    const config = maxPrefix[family];
    return config === null || config.action === 'warn' ? Number.POSITIVE_INFINITY : config.limit;
  };
  return [of(FAMILY_NAMES[0]), of(FAMILY_NAMES[1])];
};

export const hasMaxPrefix = (maxPrefix: PeerConfig['maxPrefix']): boolean =>
  FAMILY_NAMES.some((family) => maxPrefix[family] !== null);

export class PrefixLimits {
  readonly #levels: [PrefixLevel, PrefixLevel] = ['below', 'below'];
  /** What was dropped when the level was last left. */
  readonly #dropped: [number, number] = [0, 0];

  level(family: FamilyIndex): PrefixLevel {
    return this.#levels[family];
  }

  /** A new session starts from nothing. */
  reset(): void {
    this.#levels.fill('below');
    this.#dropped.fill(0);
  }

  /** The families whose level is another one now. */
  check(maxPrefix: PeerConfig['maxPrefix'], source: Source): readonly PrefixLimitNews[] {
    return FAMILY_NAMES.flatMap((family): readonly PrefixLimitNews[] => {
      const config = maxPrefix[family];
      if (config === null) return [];
      const index = familyIndex(family);
      const level = this.#levelOf(index, config, source);
      const left = this.#levels[index] === 'over';
      if (level === this.#levels[index]) return [];
      this.#levels[index] = level;
      if (level !== 'over') this.#dropped[index] = source.dropped[index];
      return [{ family, level, received: source.received[index], config, left }];
    });
  }

  #levelOf(family: FamilyIndex, { limit, warn }: MaxPrefixConfig, source: Source): PrefixLevel {
    const received = source.received[family];
    const was = this.#levels[family];
    const kept = (threshold: number, held: boolean): boolean =>
      received >= (held ? threshold * RELIEF : threshold);
    const beyond = received > limit || source.dropped[family] > this.#dropped[family];
    if (beyond && (was !== 'over' || kept(limit, true))) return 'over';
    return kept((limit * warn) / 100, was !== 'below') ? 'near' : 'below';
  }
}
