// What the RIB is made with and whom it tells. Data only.

import type { FamilyIndex } from '../base/family.js';
import type { PeerId, PrefixId } from '../base/ids.js';
import type { DecisionOptions } from './decision-steps.js';
import type { ExportRules } from './export/exporter.js';
import type { GroupLimits } from './export/group-limits.js';
import type { OriginValidation } from './hooks.js';
import type { NextHopInterest } from './tables/next-hops.js';

export interface RibOptions {
  readonly routerId: number;
  readonly rules: ExportRules;
  /** Of a reflector: its own and those of its peers that differ. */
  readonly clusterIds: readonly number[];
  /** Null: next hops are not tracked, all are usable. */
  readonly nextHopInterest: NextHopInterest | null;
  /** Default: none, every route is `notFound`. */
  readonly validation?: OriginValidation;
  /** For hash tables that peers can aim at. */
  readonly seed: number;
  /** Default: `DEFAULT_LIMITS`. */
  readonly limits?: GroupLimits;
  /** Default: `DEFAULT_DECISION`. */
  readonly decision?: DecisionOptions;
  readonly listener: RibListener;
}

export interface RibListener {
  /** The best path of a prefix changed, or its multipath set did; asked for during `run`, once per prefix and slice. */
  bestChanged(family: FamilyIndex, prefix: PrefixId): void;
  /** A local route is the best: every time that the prefix is decided. */
  localChosen?(family: FamilyIndex, prefix: PrefixId): void;
  /** The peer has something to pull. */
  wake(peer: PeerId): void;
  /** There is work: `run` should be called soon. Called once until the next `run`. */
  workPending(): void;
}
